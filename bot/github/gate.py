"""The door to GitHub: whoever asks, by GraphQL or REST, waits here for every limit, visibly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic

from bot.core.models import Pause
from bot.errors import RateLimited
from bot.github.host import Host
from bot.github.purse import Hold, Purse, Resource
from bot.github.trip import Clock, Trip

HOUR = 3_600.0
POINTS_PER_HOUR = 4_500
CPU_SECONDS = 50.0
"""Of GitHub's about 60 s of GraphQL a minute; the time of an answer stands for what it took."""


class Gate:
    def __init__(  # noqa: PLR0913 - every one a limit, and named
        self,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]],
        patience: float,
        *,
        host: Host,
        points_per_hour: int = POINTS_PER_HOUR,
        cpu_seconds: float | None = CPU_SECONDS,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self.clock, self._sleep, self._patience, self._timer = clock, sleep, patience, timer
        self.host, self._moved = host, asyncio.Event()
        self._held: list[tuple[float, str]] = []
        self._waiting: list[tuple[Purse, Trip]] = []
        self._purses = {
            Resource.GRAPHQL: Purse(Resource.GRAPHQL, points_per_hour, cpu_seconds),
            Resource.CORE: Purse(Resource.CORE, points_per_hour, None),
        }

    # What is known of GitHub

    def close(
        self, seconds: float, reason: str, trip: Trip, resource: Resource | None = None
    ) -> None:
        """Stay shut for so long, for one resource or all; none of GitHub's limits outlives an hour.

        Whoever is sent away again and again waits longer each time, as GitHub asks:
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        Raises RateLimited when this trip would have to wait too long.
        """
        patience = min(self._patience, trip.patience)
        seconds = max(seconds, min(trip.waited, patience - trip.waited))
        now = self.clock.now()
        opens_at = now + min(seconds, HOUR)
        for purse in self._purses.values() if resource is None else (self._purses[resource],):
            purse.close(opens_at, reason, now)
        trip.waited += seconds
        if trip.waited > patience:
            raise limited(reason, opens_at)

    def learn(self, headers: Mapping[str, str], resource: Resource) -> None:
        """Take over what an answer's headers say of the hour's points."""
        self._purses[resource].learn(headers, self.clock.now())

    def told(self, resource: Resource) -> tuple[int, int, int] | None:
        """The hour's points as GitHub told them last: granted, left, and when they are new."""
        return self._purses[resource].told(self.clock.now())

    def charge(self, points: int) -> None:
        """Count what a query cost, as its answer says."""
        self._purses[Resource.GRAPHQL].charge(points, self.clock.now(), self._timer())

    def pause(self) -> Pause | None:
        """What everybody, or who has to wait longest, waits for right now."""
        now = self.clock.now()
        closed = [purse.closed(now) for purse in self._purses.values()]
        until, reason = max([*self._held, *closed, self.host.rest])
        left = until - now
        return Pause(left, reason) if left > 0 else None

    # Passing it

    @asynccontextmanager
    async def passing(self, trip: Trip, resource: Resource) -> AsyncIterator[None]:
        """Wait until GitHub may be asked; count what the request inside takes."""
        purse = self._purses[resource]
        await self._admitted(purse, trip)
        begun = self._timer()
        purse.begin(self.clock.now(), begun)
        try:
            yield
        finally:
            at = self._timer()
            trip.seconds = at - begun
            purse.end(at, trip.seconds)
            self.host.leave()
            self._stir()

    async def _admitted(self, purse: Purse, trip: Trip) -> None:
        """Wait until nothing holds it back, then for a place; that took its time: look again."""
        self._waiting.append((purse, trip))
        trip.held = True
        try:
            while True:
                await self._unheld(purse, trip)
                await self.host.enter(trip)
                if self._is_free(purse, trip):
                    return
                self.host.leave()
        finally:
            trip.held = False
            self._waiting.remove((purse, trip))
            self._stir()

    async def _unheld(self, purse: Purse, trip: Trip) -> None:
        while True:
            self._fail_fast()
            if hold := self._hold(purse, trip):
                await self._rest(hold, trip)
            elif self._waits_for_others(purse, trip):
                await self._moved.wait()
            else:
                return

    def _is_free(self, purse: Purse, trip: Trip) -> bool:
        rests = self.host.rest[0] > self.clock.now()
        return not (rests or self._hold(purse, trip) or self._waits_for_others(purse, trip))

    def _hold(self, purse: Purse, trip: Trip) -> Hold | None:
        return purse.hold(self.clock.now(), self._timer(), urgent=trip.urgent)

    def _waits_for_others(self, purse: Purse, trip: Trip) -> bool:
        """Until those in flight are back, or somebody who waits for it has passed."""
        others = (other for where, other in self._waiting if where is purse)
        passed_over = not trip.urgent and any(other.urgent for other in others)
        return passed_over or purse.crowded(self._timer())

    def _stir(self) -> None:
        """Somebody came, went or gave up: those who wait for that look again."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _fail_fast(self) -> None:
        until, reason = self.host.rest
        if until > self.clock.now():
            raise self.host.silent(reason, f"at {_minute(until)} UTC")

    async def _rest(self, hold: Hold, trip: Trip) -> None:
        until = self.clock.now() + hold.seconds
        if hold.seconds > min(trip.patience, self._patience if hold.refusable else inf):
            raise limited(hold.reason, until)
        trip.waiting(Pause(hold.seconds, hold.reason))
        with self._shown(until, hold.reason):
            await self._sleep_unhurried(hold.seconds, trip)

    async def _sleep_unhurried(self, seconds: float, trip: Trip) -> None:
        """Sleep it off; a hurry ends it, to look again."""
        trip.stirred.clear()
        hurry = asyncio.ensure_future(trip.stirred.wait())
        sleep = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait((hurry, sleep), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hurry, sleep):
                task.cancel()
            await asyncio.gather(hurry, sleep, return_exceptions=True)

    @contextmanager
    def _shown(self, until: float, reason: str) -> Iterator[None]:
        self._held.append((until, reason))
        try:
            yield
        finally:
            self._held.remove((until, reason))


def limited(reason: str, until: float) -> RateLimited:
    """Say when GitHub may be asked again."""
    return RateLimited(f"{reason}: try again at {_minute(until)} UTC.")


def _minute(moment: float) -> str:
    again = datetime.fromtimestamp(moment, UTC) + timedelta(seconds=59)  # a whole minute
    return f"{again:%Y-%m-%d %H:%M}"
