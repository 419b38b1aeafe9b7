"""The desk for threads: posts in forums, waking what is archived, and listing them."""

from datetime import datetime

from tests.standins.discord_channels import checked, needed
from tests.standins.discord_errors import Reason, Refused
from tests.standins.discord_messages import Content, Json, Message
from tests.standins.discord_rest import Call, Route
from tests.standins.discord_world import (
    FORUM_CHANNEL,
    JOINED_AT,
    PUBLIC_THREAD,
    THREADS,
    Channel,
    Permission,
    World,
)
from tests.standins.waiting import Bell

PAGE = 50


def thread_of(parent: Channel, owner_id: int, **more: object) -> Json:
    """What only threads have."""
    return {
        "parent_id": str(parent.id),
        "owner_id": str(owner_id),
        "message_count": 0,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "archive_timestamp": JOINED_AT,
            "auto_archive_duration": 1440,
            "locked": False,
        },
        **more,
    }


def archived_at(thread: Channel) -> datetime:
    return datetime.fromisoformat(thread.more["thread_metadata"]["archive_timestamp"])


class Threads:
    def __init__(self, world: World, bell: Bell) -> None:
        self._world = world
        self._bell = bell

    def routes(self) -> list[Route]:
        one = "/channels/{channel_id}"
        return [
            Route("POST", f"{one}/threads", self._begin),
            Route("PATCH", one, self._change),
            Route("GET", f"{one}/threads/archived/public", self._archived),
            Route("GET", "/guilds/{guild_id}/threads/active", self._active),
        ]

    def _channel(self, call: Call, *wanted: Permission) -> Channel:
        channel = self._world.channels().get(call.id("channel_id"))
        if channel is None:
            raise Refused(Reason.UNKNOWN_CHANNEL)
        held = self._world.guild_of(channel).permissions_of(self._world.bot, channel)
        if Permission.VIEW_CHANNEL not in held:
            raise Refused(Reason.MISSING_ACCESS)
        if any(permission not in held for permission in wanted):
            raise Refused(Reason.MISSING_PERMISSIONS)
        return channel

    def _begin(self, call: Call) -> Json:
        """Open a post in a forum; it has the id of its first message."""
        said = call.body.get("message") or {}
        forum = self._channel(call, *needed(said, call.files))
        if forum.kind != FORUM_CHANNEL:
            raise Refused(Reason.WRONG_CHANNEL_TYPE)
        tags = call.body.get("applied_tags") or []
        if forum.more.get("flags") and not tags:
            raise Refused(Reason.TAG_REQUIRED)
        more = thread_of(forum, self._world.bot.id, applied_tags=tags)
        name, key = call.body["name"], self._world.mint()
        thread = Channel(key, forum.guild_id, name, PUBLIC_THREAD, more=more)
        message = Message(
            id=thread.id,
            channel_id=thread.id,
            guild_id=forum.guild_id,
            author=self._world.bot.json(),
            content=checked(Content().revised(said, call.files, self._world.mint)),
        )
        thread.messages.append(message)
        self._world.guild_of(forum).channels.append(thread)
        self._bell.ring()
        return {**thread.json(), "message": message.json()}

    def _change(self, call: Call) -> Json:
        thread = self._channel(call, Permission.SEND_MESSAGES_IN_THREADS)
        if thread.kind not in THREADS:
            raise Refused(Reason.MISSING_PERMISSIONS)
        if call.body.get("archived") is False:
            thread.more["thread_metadata"]["archived"] = False
        return thread.json()

    def _active(self, call: Call) -> Json:
        channels = self._world.guilds[call.id("guild_id")].channels
        active = [one for one in channels if one.kind in THREADS and not one.archived]
        return {"threads": [thread.json() for thread in active], "members": []}

    def _archived(self, call: Call) -> Json:
        """Return the one archived last first."""
        place = self._channel(call, Permission.READ_MESSAGE_HISTORY)
        channels = self._world.guild_of(place).channels
        found = [one for one in channels if one.parent_id == place.id and one.archived]
        found.sort(key=archived_at, reverse=True)
        if before := call.query.get("before"):
            found = [one for one in found if archived_at(one) < datetime.fromisoformat(before)]
        page = found[: int(call.query.get("limit", PAGE))]
        threads = [one.json() for one in page]
        return {"threads": threads, "members": [], "has_more": len(page) < len(found)}
