"""The door to GitHub: whoever asks, by GraphQL or REST, waits here for every limit, visibly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from time import monotonic
from typing import NoReturn, Protocol

from bot.core.models import Pause
from bot.errors import GitHubError, RateLimited
from bot.github.breaker import Breaker
from bot.github.purse import Hold, Purse, Resource

HOUR = 3_600.0
POINTS_PER_HOUR = 4_500
CPU_SECONDS = 50.0
"""Of GitHub's about 60 s of GraphQL a minute; the time of an answer stands for what it took."""


class Clock(Protocol):
    def now(self) -> int: ...


@dataclass(eq=False, slots=True)
class Trip:
    """What one page has cost so far, and whom to tell when it must wait."""

    waiting: Callable[[Pause], None]
    urgent: bool = False  # somebody waits for it: it may spend the reserve
    requests: int = 0
    points: int = 0
    patience: float = inf  # seconds, where it has less than the gate
    waited: float = 0
    seconds: float = 0  # that the last answer took
    held: bool = False  # it sleeps at the gate right now
    hurried: asyncio.Event = field(default_factory=asyncio.Event)

    def settle(self) -> tuple[int, int]:
        """Hand over the requests and points spent since the last harvest."""
        spent = self.requests, self.points
        self.requests = self.points = 0
        return spent

    def hurry(self) -> None:
        """Somebody waits for it from now on: what holds back background work no longer does."""
        self.urgent = True
        self.hurried.set()


class Gate:
    def __init__(  # noqa: PLR0913 - every one a limit, and named
        self,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]],
        patience: float,
        *,
        host: str = "api.github.com",
        concurrency: int = 4,
        points_per_hour: int = POINTS_PER_HOUR,
        cpu_seconds: float | None = CPU_SECONDS,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self.clock, self._sleep, self._patience, self._timer = clock, sleep, patience, timer
        self._host, self._concurrency, self._in_flight = host, concurrency, 0
        self._breaker, self._probing = Breaker(), False
        self._moved = asyncio.Event()
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

        Raises RateLimited when this trip would have to wait too long.
        """
        opens_at = self.clock.now() + min(seconds, HOUR)
        for purse in self._purses.values() if resource is None else (self._purses[resource],):
            purse.close(opens_at, reason)
        trip.waited += seconds
        if trip.waited > min(self._patience, trip.patience):
            self._refuse(reason, opens_at)

    def learn(self, headers: Mapping[str, str], resource: Resource) -> None:
        """Take over what an answer's headers say of the hour's points."""
        self._purses[resource].learn(headers, self.clock.now())

    def told(self, resource: Resource) -> tuple[int, int, int] | None:
        """The hour's points as GitHub told them last: granted, left, and when they are new."""
        return self._purses[resource].told(self.clock.now())

    def charge(self, points: int) -> None:
        """Count what a query cost, as its answer says."""
        self._purses[Resource.GRAPHQL].charge(points, self.clock.now(), self._timer())

    def failed(self, reason: str) -> None:
        """GitHub as a whole did not answer."""
        self._breaker.failed(reason, self.clock.now())

    def succeeded(self) -> None:
        self._breaker.succeeded()

    @property
    def doubtful(self) -> bool:
        """GitHub was down and nobody has looked since: ask it something small first."""
        return self._breaker.doubtful(self.clock.now())

    def pause(self) -> Pause | None:
        """What everybody, or who has to wait longest, waits for right now."""
        closed = [(purse.closed_until, purse.reason) for purse in self._purses.values()]
        until, reason = max([*self._held, *closed, self._breaker.rest])
        left = until - self.clock.now()
        return Pause(left, reason) if left > 0 else None

    # Passing it

    @asynccontextmanager
    async def passing(self, trip: Trip, resource: Resource) -> AsyncIterator[None]:
        """Wait until GitHub may be asked; count what the request inside takes."""
        purse = self._purses[resource]
        await self._admitted(purse, trip)
        begun, probe = self._timer(), self.doubtful
        self._probing = self._probing or probe
        self._in_flight += 1
        purse.begin(self.clock.now(), begun)
        try:
            yield
        finally:
            at = self._timer()
            trip.seconds = at - begun
            purse.end(at, trip.seconds)
            self._in_flight -= 1
            self._probing = self._probing and not probe
            self._stir()

    async def _admitted(self, purse: Purse, trip: Trip) -> None:
        self._waiting.append((purse, trip))
        try:
            while True:
                self._fail_fast()
                at = self._timer()
                if hold := purse.hold(self.clock.now(), at, urgent=trip.urgent):
                    await self._rest(hold, trip)
                elif self._full(trip) or purse.crowded(at) or self._lets_pass(purse, trip):
                    await self._moved.wait()
                else:
                    return
        finally:
            self._waiting.remove((purse, trip))
            self._stir()

    def _stir(self) -> None:
        """Somebody came, went or gave up: those who wait for that look again."""
        self._moved.set()
        self._moved = asyncio.Event()

    def _lets_pass(self, purse: Purse, trip: Trip) -> bool:
        """Whether somebody waits for another one that waits here for the same points."""
        others = (other for where, other in self._waiting if where is purse)
        return not trip.urgent and any(other.urgent for other in others)

    def _full(self, trip: Trip) -> bool:
        """One place more is kept for who waits: background pages may all hang at once."""
        most = self._concurrency + trip.urgent
        return self._in_flight >= most or (self._probing and self.doubtful)

    def _fail_fast(self) -> None:
        until, reason = self._breaker.rest
        if until > self.clock.now():
            raise GitHubError(
                f"GitHub does not answer at {self._host} ({reason}): try again at"
                f" {_minute(until)} UTC; https://www.githubstatus.com tells of outages."
            )

    async def _rest(self, hold: Hold, trip: Trip) -> None:
        until = self.clock.now() + hold.seconds
        if hold.seconds > min(trip.patience, self._patience if hold.refusable else inf):
            self._refuse(hold.reason, until)
        trip.waiting(Pause(hold.seconds, hold.reason))
        with self._shown(until, hold.reason, trip):
            await self._sleep_unhurried(hold.seconds, trip)

    async def _sleep_unhurried(self, seconds: float, trip: Trip) -> None:
        """Sleep it off; a hurry ends it, to look again."""
        trip.hurried.clear()
        hurry = asyncio.ensure_future(trip.hurried.wait())
        sleep = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait((hurry, sleep), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (hurry, sleep):
                task.cancel()
            await asyncio.gather(hurry, sleep, return_exceptions=True)

    @contextmanager
    def _shown(self, until: float, reason: str, trip: Trip) -> Iterator[None]:
        self._held.append((until, reason))
        trip.held = True
        try:
            yield
        finally:
            trip.held = False
            self._held.remove((until, reason))

    def _refuse(self, reason: str, until: float) -> NoReturn:
        raise limited(reason, until)


def limited(reason: str, until: float) -> RateLimited:
    """Say when GitHub may be asked again."""
    return RateLimited(f"{reason}: try again at {_minute(until)} UTC.")


def _minute(moment: float) -> str:
    again = datetime.fromtimestamp(moment, UTC) + timedelta(seconds=59)  # a whole minute
    return f"{again:%Y-%m-%d %H:%M}"
