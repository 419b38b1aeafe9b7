"""A Discord in memory for the posting flow: channels are lists, and it stumbles when told to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.core.guild import Post
from bot.core.reports import ScheduledDigest
from bot.errors import NotPosted, Unpostable
from tests.standins.clock import SettableClock


class Killed(BaseException):
    """The program ends right here."""


@dataclass(frozen=True, slots=True)
class Posted:
    post: Post
    report: ScheduledDigest
    at: int


@dataclass(slots=True)
class FakePoster:
    clock: SettableClock
    channels: dict[int, list[Posted]] = field(default_factory=dict)
    before: list[BaseException] = field(default_factory=list)  # raised by sends, nothing is sent
    after: list[BaseException] = field(default_factory=list)  # raised by sends that arrive
    blind: list[BaseException] = field(default_factory=list)  # raised by searches
    unpublished: list[BaseException] = field(default_factory=list)  # raised by publications
    gone: set[int] = field(default_factory=set)  # channels
    searches: int = 0
    published: list[int] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None
    meanwhile: Callable[[], Awaitable[object]] | None = None  # what else happens during a send
    hanging: asyncio.Event | None = None  # no answer ever comes; set when one is waited for

    @property
    def posted(self) -> list[Posted]:
        return [posted for channel in self.channels.values() for posted in channel]

    async def find(self, post: Post) -> int | None:
        self.searches += 1
        self._open(post)
        if self.blind:
            raise self.blind.pop(0)
        await self._hang()
        found = self.channels.get(post.channel_id, [])
        since = post.attempted_at or 0
        ids = [n for n, one in enumerate(found) if one.post.id == post.id and one.at >= since]
        return ids[0] if ids else None

    async def send(self, post: Post, report: ScheduledDigest) -> int:
        if self.meanwhile is not None:
            await self.meanwhile()
        self._open(post)
        self.on_send()
        if self.before:
            raise self.before.pop(0)
        await self._hang()
        channel = self.channels.setdefault(post.channel_id, [])
        channel.append(Posted(post, report, self.clock.now()))
        if self.after:
            raise self.after.pop(0)
        return len(channel) - 1

    async def check(self, _guild_id: int, channel_id: int) -> None:
        if channel_id in self.gone:
            raise Unpostable("The channel is gone.")

    async def publish(self, _post: Post, message_id: int) -> None:
        if self.unpublished:
            raise self.unpublished.pop(0)
        self.published.append(message_id)

    async def _hang(self) -> None:
        if self.hanging is not None:
            self.hanging.set()
            await asyncio.Event().wait()

    def _open(self, post: Post) -> None:
        if post.channel_id in self.gone:
            raise Unpostable("The channel is gone.")


@dataclass(slots=True)
class FakeWarnings:
    """Tells each kind once until it is cleared."""

    told: list[tuple[int, str, str]] = field(default_factory=list)
    known: set[tuple[int, str]] = field(default_factory=set)  # told and not cleared
    fails: list[Exception] = field(default_factory=list)  # raised before anything is told
    cleared: list[tuple[int, str]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None  # what else happens during a warning

    async def warn(self, guild_id: int, kind: str, sentence: str) -> None:
        if self.fails:
            raise self.fails.pop(0)
        if self.meanwhile is not None:
            await self.meanwhile()
        if (guild_id, kind) not in self.known:
            self.known.add((guild_id, kind))
            self.told.append((guild_id, kind, sentence))

    async def clear(self, guild_id: int, kind: str) -> None:
        self.known.discard((guild_id, kind))
        self.cleared.append((guild_id, kind))


def trouble() -> NotPosted:
    return NotPosted("Discord answered 503.")
