"""Who asks for what: callers, the repositories they share, and what each is still owed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from bot.core.models import Harvest, Pause, Wanted
from bot.github.trip import Trip

Key = tuple[str | None, str | None]


def key_of(wanted: Wanted) -> Key:
    """One repository, one key: a name may be another's by now, so ids and names never meet."""
    return (wanted.node_id, None) if wanted.node_id else (None, wanted.full_name.lower())


@dataclass(eq=False, slots=True)
class Caller:
    """One harvest."""

    waiting: Callable[[Pause], None]
    urgent: bool
    owed: "dict[Wanted, Entry]" = field(default_factory=dict)
    counted: "deque[Entry]" = field(default_factory=deque)  # to be read; some by others meanwhile
    scalars: "deque[Entry]" = field(default_factory=deque)
    error: BaseException | None = None
    _until: float = 0  # after an error: how long pages in flight are waited for
    _news: deque[Harvest] = field(default_factory=deque)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def behind(self) -> int:
        """Pages read that it has not taken: it must not pile them up."""
        return len(self._news)

    def receive(self, news: Harvest) -> None:
        self._news.append(news)
        self._woken.set()

    def fail(self, error: BaseException, grace: float) -> None:
        """Nothing more is begun; what is in flight may come home within `grace` seconds."""
        if self.error is None:
            self.error, self._until = error, monotonic() + grace
        self._woken.set()

    def stir(self) -> None:
        self._woken.set()

    @property
    def _hopes(self) -> bool:
        """Whether something that it is owed may still come."""
        if self.error is None:
            return bool(self.owed)
        return monotonic() < self._until and any(one.in_flight for one in self.owed.values())

    async def news(self, more: Callable[[], None]) -> AsyncIterator[Harvest]:
        """What was read, before what went wrong is raised; `more` is called after each."""
        while self._news or self._hopes:
            more()
            if self._news:
                yield self._news.popleft()
                continue
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._until - monotonic() if self.error else None):
                    await self._woken.wait()
        if self.error:
            raise self.error.with_traceback(None)

    def queue(self, *, counted: bool) -> "deque[Entry]":
        return self.counted if counted else self.scalars

    def wants(self) -> bool | None:
        """Whether it wants something counted next, or not; None: nothing at all."""
        for counted in (True, False):
            queue = self.queue(counted=counted)
            while queue and not queue[0].waits(counted=counted):
                queue.popleft()
            if queue:
                return counted
        return None


@dataclass(eq=False, slots=True)
class Entry:
    """A repository queued or in flight once, for everybody who asks for it meanwhile."""

    asked: Wanted
    takers: dict[Caller, list[Wanted]] = field(default_factory=dict)
    page: "Page | None" = None

    def waits(self, *, counted: bool) -> bool:
        return self.page is None and bool(self.takers) and self.asked.counted is counted

    @property
    def is_background(self) -> bool:
        """Asked for by nobody who waits: its page may hang, and who waits asks for it anew."""
        trip = self.page.trip if self.page else None
        return trip is not None and not trip.urgent and not trip.held

    @property
    def in_flight(self) -> bool:
        page = self.page
        return page is not None and not page.ended and not page.trip.held

    def widen(self) -> None:
        """Somebody wants it counted: all get that, in their turn."""
        self.asked = self.asked._replace(counted=True)
        for caller in self.takers:
            caller.counted.append(self)


@dataclass(eq=False, slots=True)
class Page:
    """Entries that travel together."""

    entries: dict[Wanted, Entry]  # without an outcome yet
    trip: Trip = field(init=False)
    ended: bool = False

    def __post_init__(self) -> None:
        urgent = any(caller.urgent for caller in self.callers())
        self.trip = Trip(self._tell, urgent=urgent)
        for entry in self.entries.values():
            entry.page = self

    def callers(self) -> Collection[Caller]:
        return dict.fromkeys(who for entry in self.entries.values() for who in entry.takers)

    def _tell(self, pause: Pause) -> None:
        for caller in self.callers():
            caller.waiting(pause)
            caller.stir()
