"""Posting over real discord.py: sent once, found again, and refused with the way to mend it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from discord import TextChannel
from discord.http import Route
from pydantic import SecretStr

from bot.client import RadarBot
from bot.core.chart import Chart, Line, Point
from bot.core.delta import Delta, Status
from bot.core.digest import digest
from bot.core.guild import DigestSettings, Post, PostState
from bot.core.metrics import STARS
from bot.core.models import Subject
from bot.core.rank import Movement
from bot.core.reports import ScheduledDigest
from bot.core.schedule import Every, Plan
from bot.core.window import between
from bot.errors import NotPosted, Unpostable
from bot.notify.poster import DiscordPoster
from bot.settings import Discord
from tests.standins.clock import DAY
from tests.standins.discord_api import DiscordStandIn, Permission
from tests.standins.discord_messages import Json, Message
from tests.standins.discord_world import (
    ANNOUNCEMENT_CHANNEL,
    DISCORD_EPOCH_MS,
    FORUM_CHANNEL,
    Channel,
    Guild,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAN = Plan(9 * 60, Every.DAY, "Europe/Berlin")
SENDS, OPENS = "/channels/*/messages", "/channels/*/threads"


@dataclass
class Scene:
    discord: DiscordStandIn
    guild: Guild
    poster: DiscordPoster
    bot: RadarBot

    def channel(self, name: str = "reports") -> Channel:
        return self.guild.channel(name)

    def post(self, channel: Channel, id_: int = 7) -> Post:
        """Begun just now, by Discord's own clock."""
        now = ((self.discord.add_user("x").id >> 22) + DISCORD_EPOCH_MS) // 1000
        return Post(id_, self.guild.id, "all", now, now - DAY, channel.id, PostState.SENDING, now)

    def report(self, post: Post, **changed: object) -> ScheduledDigest:
        plan = PLAN
        settings = DigestSettings(self.guild.id, "all", post.channel_id, plan, since=0)
        settings = replace(settings, **changed)  # type: ignore[arg-type]  # its own fields
        delta = Delta("stars", Status.EXACT, 40, 52, post.covers_from, post.due_at - 120)
        moved = Movement(Subject(1, "acme/rocket"), (delta,))
        window = between(post.covers_from, post.due_at)
        line = Line("acme/rocket", ((Point(window.start, 40), Point(window.end, 52)),))
        chart = Chart("The leaders", STARS, (line,), window.start, window.end)
        return ScheduledDigest(settings, digest([moved], window), chart)

    async def send(self, post: Post, **changed: object) -> int:
        return await self.poster.send(post, self.report(post, **changed))

    def said(self, channel: Channel) -> list[Message]:
        return [message for message in channel.messages if not message.deleted]

    def sent(self, route: str = "messages") -> list[Json]:
        """The bodies of all attempts."""
        calls = [call for call in self.discord.requests if call.method == "POST"]
        return [call.body for call in calls if call.path.endswith(f"/{route}")]


@dataclass
class Running:
    """A bot without commands, logged in: a login takes longer than any test here."""

    discord: DiscordStandIn
    bot: RadarBot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running() -> AsyncIterator[Running]:
    async with DiscordStandIn() as discord:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Route, "BASE", discord.api_url)
            bot = RadarBot((), Discord(gateway_url=discord.gateway_url))
            serving = asyncio.create_task(bot.serve(SecretStr(discord.token)))
            await discord.ready()
            await bot.wait_until_ready()
            yield Running(discord, bot)
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        assert discord.violations == []
        assert discord.unknown_routes == []


@pytest_asyncio.fixture(loop_scope="module")
async def scene(running: Running) -> AsyncIterator[Scene]:
    """A server of the test's own."""
    discord, bot = running.discord, running.bot
    guild = discord.add_guild("Acme", ["general", "reports"])
    await until(lambda: bot.get_guild(guild.id))
    discord.requests.clear()
    yield Scene(discord, guild, DiscordPoster(bot), bot)
    discord.forget_nonces(forget=False)
    discord.remove_guild(guild)


async def until(seen: Callable[[], object]) -> None:
    """Events travel beside us."""
    async with asyncio.timeout(5):
        while not seen():  # noqa: ASYNC110  # nothing says when
            await asyncio.sleep(0)


async def test_a_digest_is_sent_with_its_picture_and_found_by_its_marker(scene: Scene) -> None:
    post = scene.post(scene.channel())
    assert await scene.poster.find(post) is None
    sent = await scene.send(post)

    (message,) = scene.said(scene.channel())
    assert sent == message.id == await scene.poster.find(post)
    assert await scene.poster.find(replace(post, id=70)) is None
    assert message.text.startswith("Daily digest · ")
    assert "[acme/rocket](https://github.com/acme/rocket) · ★ 52 · +12" in message.text
    assert list(message.files) == ["chart.png"]
    assert message.alternatives[0].startswith("Line chart: The leaders.")
    assert scene.sent()[0]["allowed_mentions"] == {"parse": []}
    assert message.nonce == "radar-7"


async def test_the_nonce_makes_a_second_message_the_first(scene: Scene) -> None:
    post = scene.post(scene.channel())

    assert await scene.send(post) == await scene.send(post)
    assert len(scene.said(scene.channel())) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_answer_that_is_lost_is_not_repeated_but_found(scene: Scene, status: int) -> None:
    scene.discord.forget_nonces()
    scene.discord.fail("POST", SENDS, status=status, carried_out=True)
    post = scene.post(scene.channel())
    with pytest.raises(NotPosted) as told:
        await scene.send(post)

    assert not isinstance(told.value, Unpostable)
    (message,) = scene.said(scene.channel())
    assert len(scene.sent()) == 1
    assert await scene.poster.find(post) == message.id


@pytest.mark.parametrize("is_global", [False, True])
async def test_a_rate_limit_is_waited_for_once(scene: Scene, *, is_global: bool) -> None:
    scene.discord.limit("POST", SENDS, 0.05, is_global=is_global)
    post = scene.post(scene.channel())
    with pytest.raises(NotPosted):
        await scene.send(post)
    await scene.send(post)

    assert len(scene.said(scene.channel())) == 1


async def test_only_the_chosen_role_is_mentioned(scene: Scene) -> None:
    role = scene.discord.add_role(scene.guild, "watchers")
    await scene.send(scene.post(scene.channel()), mention_role_id=role.id)

    (body,) = scene.sent()
    assert body["content"] == f"<@&{role.id}>"
    assert body["allowed_mentions"] == {"parse": [], "roles": [role.id]}


async def test_other_peoples_messages_are_passed_over(scene: Scene) -> None:
    """They copy the marker, and there are more of them than a page holds."""
    channel = scene.channel()
    post = scene.post(channel)
    sent = await scene.send(post)
    ours = scene.said(channel)[0]
    channel.messages.clear()
    mallory = scene.discord.add_user("mallory")
    for _ in range(120):
        id_ = scene.discord.add_user("x").id
        channel.messages.append(replace(ours, id=id_, author=mallory.json(), nonce=None))
    assert await scene.poster.find(post) is None

    ours.id = scene.discord.add_user("x").id
    channel.messages.append(ours)
    assert await scene.poster.find(post) == ours.id != sent


async def test_the_search_ends_where_the_attempt_did(scene: Scene) -> None:
    """A day later a busy channel has thousands of messages that cannot be it."""
    channel = scene.channel()
    post = scene.post(channel)
    await scene.send(post)
    ours = scene.said(channel)[0]
    channel.messages.clear()
    yesterday = replace(post, attempted_at=post.due_at - DAY)
    for _ in range(350):
        copied = replace(ours, id=scene.discord.add_user("x").id)
        channel.messages.append(copied)
    scene.discord.requests.clear()

    assert await scene.poster.find(yesterday) is None
    assert [call.method for call in scene.discord.requests] == ["GET"]


async def test_an_archived_thread_is_woken(scene: Scene) -> None:
    thread = scene.discord.add_thread(scene.guild, "radar", "reports")
    await until(lambda: scene.bot.get_channel(thread.id))
    scene.discord.archive(scene.guild, thread)
    await until(lambda: not scene.bot.get_channel(thread.id))
    post = scene.post(thread)
    sent = await scene.send(post)

    woken, said = scene.discord.requests[-2:]
    assert (woken.method, woken.body) == ("PATCH", {"archived": False})
    assert (said.method, said.path) == ("POST", f"/channels/{thread.id}/messages")
    assert not thread.archived
    assert await scene.poster.find(post) == sent == scene.said(thread)[0].id


async def test_an_announcement_is_published_once(scene: Scene) -> None:
    news = scene.discord.add_channel(scene.guild, "news", ANNOUNCEMENT_CHANNEL)
    post = scene.post(news)
    sent = await scene.send(post)
    await scene.poster.publish(post, sent)
    await scene.poster.publish(post, sent)

    assert scene.said(news)[0].flags & 1
    reports = scene.post(scene.channel())
    await scene.poster.publish(reports, await scene.send(replace(reports, id=8)))


# -- forums ----------------------------------------------------------------------------------------


def forum_of(scene: Scene, **more: object) -> Channel:
    return scene.discord.add_channel(scene.guild, "forum", FORUM_CHANNEL, **more)


async def test_a_forum_gets_a_post_of_its_own(scene: Scene) -> None:
    forum = forum_of(scene)
    post = scene.post(forum)
    sent = await scene.send(post)

    (thread,) = scene.discord.posts(forum)
    assert thread.name.startswith("Daily digest · ")
    assert len(thread.name) <= 100
    assert sent == thread.id == await scene.poster.find(post)
    assert await scene.poster.find(replace(post, id=8)) is None
    assert "nonce" not in scene.sent("threads")[0]["message"]


async def test_a_forum_that_wants_a_tag_gets_its_first(scene: Scene) -> None:
    tags = [
        {"id": str(number), "name": name, "moderated": moderated, "emoji_name": None}
        for number, name, moderated in ((1, "ours", True), (2, "news", False), (3, "all", False))
    ]
    forum = forum_of(scene, available_tags=tags, flags=1 << 4)
    await scene.send(scene.post(forum))

    assert scene.discord.posts(forum)[0].more["applied_tags"] == ["2"]


@pytest.mark.parametrize("archived", [False, True])
async def test_a_forum_post_whose_answer_is_lost_is_not_repeated_but_found(
    scene: Scene, *, archived: bool
) -> None:
    forum = forum_of(scene)
    await scene.send(scene.post(forum, 6))
    scene.discord.fail("POST", OPENS, status=502, carried_out=True)
    post = scene.post(forum)
    with pytest.raises(NotPosted):
        await scene.send(post)
    first, second = scene.discord.posts(forum)
    if archived:
        scene.discord.archive(scene.guild, second)

    assert await scene.poster.find(post) == second.id != first.id
    assert len(scene.sent("threads")) == 2


async def test_posts_archived_before_the_attempt_are_not_paged_through(scene: Scene) -> None:
    forum = forum_of(scene)
    post = scene.post(forum)
    sent = await scene.send(post)
    (ours,) = scene.discord.posts(forum)
    scene.discord.archive(scene.guild, ours)
    long_ago = datetime.fromtimestamp(post.due_at - DAY, UTC).isoformat()
    for _ in range(250):
        old = scene.discord.add_thread(scene.guild, "old", "forum")
        old.more["owner_id"] = ours.more["owner_id"]
        old.more["thread_metadata"] |= {"archived": True, "archive_timestamp": long_ago}

    assert await scene.poster.find(post) == sent
    scene.discord.requests.clear()
    assert await scene.poster.find(replace(post, id=8)) is None
    listed = [call for call in scene.discord.requests if call.path.endswith("/archived/public")]
    assert len(listed) == 1
    scene.discord.requests.clear()
    yesterday = replace(post, attempted_at=post.due_at - 2 * DAY)
    assert await scene.poster.find(yesterday) is None
    assert not [call for call in scene.discord.requests if "/messages/" in call.path], "too young"


@pytest.mark.parametrize("status", [403, 404])
async def test_a_proxys_not_found_does_not_pass_for_a_deleted_post(
    scene: Scene, status: int
) -> None:
    forum = forum_of(scene)
    post = scene.post(forum)
    sent = await scene.send(post)
    scene.discord.fail("GET", "/channels/*/messages/*", status=status)

    with pytest.raises(NotPosted):
        await scene.poster.find(post)
    assert await scene.poster.find(post) == sent


# -- trouble ---------------------------------------------------------------------------------------


async def test_a_deleted_channel_takes_no_digest(scene: Scene) -> None:
    post = scene.post(scene.channel())
    scene.discord.delete_channel(scene.guild, "reports")

    with pytest.raises(Unpostable, match="it was deleted, or I need the right View Channel"):
        await scene.send(post)
    with pytest.raises(Unpostable):
        await scene.poster.find(post)


def overwrites(scene: Scene) -> object:
    """What the bot has heard of the channel's permissions."""
    channel = scene.bot.get_channel(scene.channel().id)
    assert isinstance(channel, TextChannel)
    return channel.overwrites


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        (Permission.SEND_MESSAGES, "Send Messages"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History"),
        (Permission.EMBED_LINKS | Permission.ATTACH_FILES, "Embed Links, Attach Files"),
    ],
)
async def test_a_missing_right_is_named(scene: Scene, denied: Permission, named: str) -> None:
    post = scene.post(scene.channel())
    scene.discord.deny(scene.guild, "reports", denied)
    await until(lambda: overwrites(scene))

    with pytest.raises(Unpostable) as told:
        await scene.poster.find(post)
    assert str(told.value) == (
        f"I may not post in #reports, I lack {named}: give it to my role there, then"
        " /settings digest action:resume."
    )


async def test_a_sentence_goes_nowhere_where_none_can_be_written(scene: Scene) -> None:
    assert await scene.bot.say(scene.channel().id, "Look here.")
    for status, said in ((400, False), (403, False), (404, False)):
        scene.discord.fail("POST", SENDS, status=status)
        assert await scene.bot.say(scene.channel().id, "Look here.") is said

    assert [message.text for message in scene.said(scene.channel())] == ["Look here."]


async def test_a_server_out_of_reach_is_tried_later(scene: Scene) -> None:
    post = replace(scene.post(scene.channel()), guild_id=1)

    with pytest.raises(NotPosted) as told:
        await scene.send(post)
    assert not isinstance(told.value, Unpostable)


async def test_what_discord_refuses_is_not_tried_for_ever(scene: Scene) -> None:
    scene.discord.fail("POST", SENDS, status=400, code=50_035)

    with pytest.raises(Unpostable, match="Discord refuses it: 400: ordered by the test"):
        await scene.send(scene.post(scene.channel()))


@pytest.mark.parametrize(
    ("status", "code"), [(404, 10_003), (403, 50_001), (403, 50_013), (400, 50_083), (403, 160_005)]
)
async def test_a_refusal_that_somebody_has_to_mend_is_known_by_its_code(
    scene: Scene, status: int, code: int
) -> None:
    scene.discord.fail("POST", SENDS, status=status, code=code)

    with pytest.raises(Unpostable):
        await scene.send(scene.post(scene.channel()))


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, 0), (403, 40_333), (404, 0), (400, 0), (400, 160_006), (401, 0), (429, 20_028)],
)
async def test_any_other_refusal_is_tried_later(scene: Scene, status: int, code: int) -> None:
    """A page of Cloudflare's or of a proxy's says nothing about the channel."""
    scene.discord.fail("POST", SENDS, status=status, code=code)

    with pytest.raises(NotPosted) as told:
        await scene.send(scene.post(scene.channel()))
    assert not isinstance(told.value, Unpostable)


async def test_a_locked_thread_takes_no_digest(scene: Scene) -> None:
    thread = scene.discord.add_thread(scene.guild, "radar", "reports")
    thread.more["thread_metadata"] |= {"archived": True, "locked": True}
    scene.discord.archive(scene.guild, thread)
    await until(lambda: not scene.bot.get_channel(thread.id))

    with pytest.raises(Unpostable, match="The thread #radar is locked: unlock it"):
        await scene.send(scene.post(thread))
    with pytest.raises(Unpostable, match="is locked"):
        await scene.poster.check(scene.guild.id, thread.id)
    assert scene.sent() == []


async def test_a_forum_whose_tags_are_all_the_moderators_takes_no_digest(scene: Scene) -> None:
    tag = {"id": "1", "name": "ours", "moderated": True, "emoji_name": None}
    forum = forum_of(scene, available_tags=[tag], flags=1 << 4)

    with pytest.raises(Unpostable, match="#forum wants a tag on every post"):
        await scene.send(scene.post(forum))
    assert scene.sent("threads") == []


async def test_a_channel_is_checked_without_a_message(scene: Scene) -> None:
    place = scene.channel()
    await scene.poster.check(scene.guild.id, place.id)
    scene.discord.deny(scene.guild, "reports", Permission.ATTACH_FILES)
    await until(lambda: overwrites(scene))

    with pytest.raises(Unpostable, match="I lack Attach Files"):
        await scene.poster.check(scene.guild.id, place.id)
    assert scene.said(place) == []


# -- sentences -------------------------------------------------------------------------------------


async def test_a_sentence_is_said_where_it_can_be(scene: Scene) -> None:
    forum = forum_of(scene)
    thread = scene.discord.add_thread(scene.guild, "radar", "reports")
    thread.more["thread_metadata"] |= {"archived": True, "locked": True}
    scene.discord.deny(scene.guild, "general", Permission.SEND_MESSAGES)

    assert await scene.bot.say(scene.channel().id, "It leaks.")
    for place in (forum.id, thread.id, scene.channel("general").id, 4_711):
        assert not await scene.bot.say(place, "It leaks.")
    assert [said.text for said in scene.said(scene.channel())] == ["It leaks."]


async def test_whether_a_sentence_was_taken_may_be_unknown(scene: Scene) -> None:
    scene.discord.fail("POST", SENDS, status=501)

    with pytest.raises(NotPosted, match="Discord answered 501"):
        await scene.bot.say(scene.channel().id, "It leaks.")
