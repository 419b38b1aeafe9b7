"""Digests on Discord: found by their marker, sent once, in channels, threads and forums."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import discord
import structlog
from discord.http import MultipartParameters, Route, handle_message_parameters
from discord.utils import MISSING

from bot.core.card import Card
from bot.core.guild import ATTEMPT_SECONDS, SETTLE, Post
from bot.core.reports import ScheduledDigest
from bot.destinations import Destination, tags_for
from bot.notify import marker
from bot.notify.once import send_once
from bot.notify.places import open_place, refusals, require_rights, require_room
from bot.render import cards
from bot.render.discord import THREAD_NAME, file_of, message
from bot.render.picture import Picture, picture

SKEW = 300
"""Seconds by which our clock and Discord's may differ: the search is so much wider."""
DELETED = (10003, 10008)
"""Discord's codes of a channel and of a message that are no more."""
PUBLISH_SECONDS = 10.0
"""Publishing is limited to ten an hour and channel: nobody waits for that."""

log = structlog.get_logger(__name__)


class _Times(NamedTuple):
    """Between them an attempt arrived, if it did."""

    first: datetime
    last: datetime


class DiscordPoster:
    """Satisfies `flows.ports.Poster`."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def find(self, post: Post) -> int | None:
        place = await open_place(self._client, post.guild_id, post.channel_id)
        require_rights(place)
        times = _times(post)
        with refusals():
            if isinstance(place, discord.ForumChannel):
                return await self._in_forum(place, post, times)
            history = place.history(
                limit=None, after=times.first, before=times.last, oldest_first=True
            )
            async for said in history:
                if self._is(said, post):
                    return said.id
        return None

    async def check(self, guild_id: int, channel_id: int) -> None:
        place = await open_place(self._client, guild_id, channel_id)
        require_rights(place)
        require_room(place)

    async def send(self, post: Post, report: ScheduledDigest) -> int:
        place = await open_place(self._client, post.guild_id, post.channel_id)
        require_rights(place)
        require_room(place)
        card = cards.scheduled_digest(report)
        drawn = await _drawn(report)
        with refusals():
            if isinstance(place, discord.Thread) and place.archived:
                await place.edit(archived=False)
            with _parameters(post, report, card, place, drawn) as params:
                return await self._send(place, params)

    async def publish(self, post: Post, message_id: int) -> None:
        place = await open_place(self._client, post.guild_id, post.channel_id)
        if not (isinstance(place, discord.TextChannel) and place.is_news()):
            return
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await place.get_partial_message(message_id).publish()
        except (discord.HTTPException, TimeoutError) as error:  # it is posted all the same
            log.warning("not published", guild=post.guild_id, reason=str(error) or "too slow")

    async def _send(self, place: Destination, params: MultipartParameters) -> int:
        if isinstance(place, discord.ForumChannel):
            route = Route("POST", "/channels/{channel_id}/threads", channel_id=place.id)
            thread = await send_once(self._client.http, route, params, {"use_nested_fields": 1})
            return int(thread["id"])  # also the id of its first message
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=place.id)
        return int((await send_once(self._client.http, route, params, {}))["id"])

    async def _in_forum(self, forum: discord.ForumChannel, post: Post, times: _Times) -> int | None:
        """A post is a thread of its own; quiet ones are archived after an hour at the earliest."""
        for thread in await forum.guild.active_threads():
            if thread.parent_id == forum.id and await self._begins_with(thread, post, times):
                return thread.id
        async for thread in forum.archived_threads(limit=None):  # archived last comes first
            if thread.archive_timestamp < times.first:
                break
            if await self._begins_with(thread, post, times):
                return thread.id
        return None

    async def _begins_with(self, thread: discord.Thread, post: Post, times: _Times) -> bool:
        own = self._client.user is not None and thread.owner_id == self._client.user.id
        if not own or not times.first <= discord.utils.snowflake_time(thread.id) <= times.last:
            return False
        try:
            return self._is(await thread.fetch_message(thread.id), post)
        except discord.NotFound as error:
            if error.code in DELETED:
                return False
            raise  # not Discord's own answer: it may be there all the same

    def _is(self, said: discord.Message, post: Post) -> bool:
        return said.author == self._client.user and marker.carries(said, post)


def _times(post: Post) -> _Times:
    begun = post.attempted_at or post.due_at
    ended = begun + ATTEMPT_SECONDS + SETTLE
    return _Times(
        datetime.fromtimestamp(begun - SKEW, UTC), datetime.fromtimestamp(ended + SKEW, UTC)
    )


async def _drawn(report: ScheduledDigest) -> Picture | None:
    if report.chart is None:
        return None
    return await picture(report.chart, ZoneInfo(report.settings.plan.zone))


def _parameters(
    post: Post, report: ScheduledDigest, card: Card, place: Destination, drawn: Picture | None
) -> MultipartParameters:
    """The request's body; only the role that was chosen may be pinged."""
    role = report.settings.mention_role_id
    view = discord.ui.View(timeout=None)
    view.add_item(marker.button(post, card.actions[0]))
    mentions = discord.AllowedMentions.none()
    if role:
        mentions.roles = [discord.Object(role)]
    forum = place if isinstance(place, discord.ForumChannel) else None
    return handle_message_parameters(
        content=f"<@&{role}>" if role else MISSING,
        embed=message(card, drawn)["embed"],
        file=file_of(drawn) if drawn else MISSING,
        view=view,
        allowed_mentions=mentions,
        nonce=None if forum else marker.nonce(post),
        channel_payload=_thread(forum, card) if forum else MISSING,
    )


def _thread(forum: discord.ForumChannel, card: Card) -> dict[str, object]:
    """The post in a forum around the message."""
    tags = [str(tag.id) for tag in tags_for(forum)]
    return {"name": card.title[:THREAD_NAME], "applied_tags": tags}
