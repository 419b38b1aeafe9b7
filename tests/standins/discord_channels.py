"""The desk for `/channels/…`: the bot posts, reads, edits and deletes, as far as it may."""

from datetime import UTC, datetime, timedelta

from tests.standins.contract import broken_limits
from tests.standins.discord_errors import Reason, Refused
from tests.standins.discord_messages import Content, Json, Message, MessageFlag
from tests.standins.discord_rest import Call, Route
from tests.standins.discord_world import (
    ANNOUNCEMENT_CHANNEL,
    FORUM_CHANNEL,
    THREADS,
    Channel,
    Permission,
    World,
)
from tests.standins.waiting import Bell

NONCE_IS_REMEMBERED = timedelta(minutes=5)
PAGE, LARGEST_PAGE = 50, 100


def checked(content: Content) -> Content:
    """Return a message's new content, or refuse it as Discord does."""
    if broken := list(broken_limits(content)):
        raise Refused(Reason.INVALID_FORM, broken)
    if not content:
        raise Refused(Reason.EMPTY_MESSAGE)
    return content


class Channels:
    def __init__(self, world: World, bell: Bell) -> None:
        self._world = world
        self._bell = bell
        self.remembers_nonces = True

    def routes(self) -> list[Route]:
        one = "/channels/{channel_id}"
        many, message = f"{one}/messages", f"{one}/messages/{{message_id}}"
        return [
            Route("GET", one, lambda call: self._channel(call).json()),
            Route("POST", many, self._post),
            Route("GET", many, self._history),
            Route("GET", message, lambda call: self._read(call).json()),
            Route("PATCH", message, self._edit),
            Route("DELETE", message, self._delete),
            Route("POST", f"{message}/crosspost", self._crosspost),
        ]

    def _channel(self, call: Call, *needed: Permission) -> Channel:
        channel = self._world.channels().get(call.id("channel_id"))
        if channel is None:
            raise Refused(Reason.UNKNOWN_CHANNEL)
        if Permission.VIEW_CHANNEL not in self._held(channel):
            raise Refused(Reason.MISSING_ACCESS)
        self._require(channel, *needed)
        return channel

    def _require(self, channel: Channel, *needed: Permission) -> None:
        held = self._held(channel)
        if any(permission not in held for permission in needed):
            raise Refused(Reason.MISSING_PERMISSIONS)

    def _held(self, channel: Channel) -> Permission:
        return self._world.guild_of(channel).permissions_of(self._world.bot, channel)

    def _post(self, call: Call) -> Json:
        channel = self._channel(call)
        self._require(channel, *needed(call.body, call.files, in_thread=channel.kind in THREADS))
        if channel.kind == FORUM_CHANNEL:
            raise Refused(Reason.WRONG_CHANNEL_TYPE)
        if channel.locked and Permission.MANAGE_THREADS not in self._held(channel):
            raise Refused(Reason.THREAD_LOCKED)
        if channel.archived:  # a message wakes a thread
            channel.more["thread_metadata"]["archived"] = False
        if twin := self._twin(channel, call.body):
            return twin.json()
        message = Message(
            id=self._world.mint(),
            channel_id=channel.id,
            guild_id=channel.guild_id,
            author=self._world.bot.json(),
            content=checked(Content().revised(call.body, call.files, self._world.mint)),
            flags=MessageFlag(call.body.get("flags") or 0),
            nonce=call.body.get("nonce"),
        )
        channel.messages.append(message)
        self._bell.ring()
        return message.json()

    def _twin(self, channel: Channel, body: Json) -> Message | None:
        """Find the message that an enforced nonce has already sent."""
        if not self.remembers_nonces or not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        since = datetime.now(UTC) - NONCE_IS_REMEMBERED
        sent = [message for message in channel.messages if message.sent_at > since]
        return next((message for message in sent if message.nonce == body["nonce"]), None)

    def _history(self, call: Call) -> list[Json]:
        """Return the newest first; without Read Message History nothing, and no error."""
        channel = self._channel(call)
        if Permission.READ_MESSAGE_HISTORY not in self._held(channel):
            return []
        after, before = int(call.query.get("after", 0)), int(call.query.get("before", 2**63))
        found = [message for message in channel.messages if after < message.id < before]
        found = [message for message in found if not message.deleted]
        size = min(int(call.query.get("limit", PAGE)), LARGEST_PAGE)
        page = found[:size] if "after" in call.query else found[-size:]
        return [message.json() for message in reversed(page)]

    def _read(self, call: Call) -> Message:
        channel = self._channel(call, Permission.READ_MESSAGE_HISTORY)
        return _find(channel, call.id("message_id"))

    def _edit(self, call: Call) -> Json:
        message = _find(self._channel(call), call.id("message_id"))
        if message.author["id"] != str(self._world.bot.id):
            raise Refused(Reason.NOT_THE_AUTHOR)
        message.say(checked(message.content.revised(call.body, call.files, self._world.mint)))
        self._bell.ring()
        return message.json()

    def _crosspost(self, call: Call) -> Json:
        channel = self._channel(call, Permission.SEND_MESSAGES)
        message = _find(channel, call.id("message_id"))
        if channel.kind != ANNOUNCEMENT_CHANNEL:
            raise Refused(Reason.WRONG_CHANNEL_TYPE)
        if MessageFlag.CROSSPOSTED in message.flags:
            raise Refused(Reason.CROSSPOSTED_ALREADY)
        message.flags |= MessageFlag.CROSSPOSTED
        return message.json()

    def _delete(self, call: Call) -> None:
        _find(self._channel(call), call.id("message_id")).deleted = True
        self._bell.ring()


def _find(channel: Channel, message_id: int) -> Message:
    for message in channel.messages:
        if message.id == message_id and not message.deleted:
            return message
    raise Refused(Reason.UNKNOWN_MESSAGE)


def needed(body: Json, files: object, *, in_thread: bool = False) -> list[Permission]:
    """Return what it takes to send this."""
    sending = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    wanted = [sending]
    if body.get("embeds"):
        wanted.append(Permission.EMBED_LINKS)
    if files:
        wanted.append(Permission.ATTACH_FILES)
    return wanted
