"""The numbers of many repositories: pages in flight, halved where GitHub cannot manage them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice

import aiohttp
from pydantic import SecretStr

from bot.core.models import Allowance, Harvest, Pause, Reading, Refusal, Refused, Wanted
from bot.core.traffic import Capture
from bot.errors import GitHubError
from bot.github import traffic
from bot.github.connection import ATTEMPTS, Connection, Unanswered
from bot.github.gate import Clock, Gate, Trip
from bot.github.protocol import ALLOWANCE, counts_of, read_counts

PAGE_SIZE = 50  # GitHub gives a query 10 s and takes about 0.09 s a repository with its counts
PAGE_ATTEMPTS = 2  # what fails twice is sooner read in halves
TOO_HEAVY = (Refused.TIMEOUT, Refused.LIMIT)  # alone it may well be counted


def _say_nothing(_: Pause) -> None:
    pass


class GitHubClient:
    def __init__(  # noqa: PLR0913 - every one a setting, and named
        self,
        session: aiohttp.ClientSession,
        *,
        token: SecretStr | None,
        api_url: str,
        clock: Clock,
        concurrency: int = 4,
        timeout: float = 20,
        patience: float = 900,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        gate = Gate(clock, sleep, patience)
        self._github = Connection(session, gate, token=token, api_url=api_url, timeout=timeout)
        self._clock, self._concurrency = clock, concurrency

    async def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = _say_nothing,
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest, None]:
        """Read every repository once; close the generator to stop early, and nothing goes on."""
        queue = iter(dict.fromkeys(wanted))
        running: set[asyncio.Task[list[Harvest]]] = set()
        try:
            while self._fill(running, queue, waiting, urgent=urgent):
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for part in _parts(done, running):
                    yield part
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def connection_of(self, owner: str) -> Connection:  # noqa: ARG002  # one token for all owners
        """The connection whose token may see what this user or organisation owns."""
        return self._github

    async def traffic(self, full_name: str, on: int) -> Capture | Refusal:
        """Read what GitHub still knows of a repository's traffic; nobody waits for it."""
        connection = self.connection_of(full_name.partition("/")[0])
        return await traffic.capture(connection, full_name, on, Trip(_say_nothing))

    async def allowance(self) -> Allowance:
        """Ask what the token may still spend and when it ends."""
        return await self._allowance(Trip(_say_nothing))

    def _fill(
        self,
        running: set[asyncio.Task[list[Harvest]]],
        queue: Iterator[Wanted],
        waiting: Callable[[Pause], None],
        *,
        urgent: bool,
    ) -> bool:
        while len(running) < self._concurrency and (page := tuple(islice(queue, PAGE_SIZE))):
            running.add(asyncio.create_task(self._page(page, Trip(waiting, urgent=urgent))))
        return bool(running)

    async def _page(self, page: Sequence[Wanted], trip: Trip) -> list[Harvest]:
        try:
            return await self._read(page, trip, PAGE_ATTEMPTS)
        except Unanswered:
            await self._allowance(trip)  # raises when it is GitHub that is down, and not the page
            return await self._halves(page, trip)

    async def _read(self, page: Sequence[Wanted], trip: Trip, attempts: int) -> list[Harvest]:
        reply = await self._github.ask(counts_of(page), trip, attempts=attempts)
        found, refused = read_counts(page, reply)
        heavy = [one for one, why in refused.items() if len(page) > 1 and why.kind in TOO_HEAVY]
        final = {one: why for one, why in refused.items() if one not in heavy}
        return [self._harvest(trip, found, final), *await self._halves(heavy, trip)]

    async def _halves(self, page: Sequence[Wanted], trip: Trip) -> list[Harvest]:
        middle = (len(page) + 1) // 2
        halves = [half for half in (page[:middle], page[middle:]) if half]
        return [part for half in halves for part in await self._half(half, trip)]

    async def _half(self, half: Sequence[Wanted], trip: Trip) -> list[Harvest]:
        alone = len(half) == 1
        try:
            return await self._read(half, trip, ATTEMPTS if alone else 1)
        except Unanswered as trouble:
            if not alone:
                return await self._halves(half, trip)
            refused = {half[0]: Refusal(trouble.kind, trouble.reason)}
            return [self._harvest(trip, {}, refused)]

    def _harvest(
        self, trip: Trip, found: Mapping[Wanted, Reading], refused: Mapping[Wanted, Refusal]
    ) -> Harvest:
        requests, points = trip.settle()
        return Harvest(self._clock.now(), found, refused, requests, points)

    async def _allowance(self, trip: Trip) -> Allowance:
        try:
            reply = await self._github.ask(ALLOWANCE, trip)
        except Unanswered as trouble:
            raise GitHubError(
                f"GitHub does not answer at {self._github.host} ({trouble.reason}): try again"
                " later; https://www.githubstatus.com tells of outages."
            ) from None
        limit = reply.rate_limit
        return Allowance(
            login=reply.login,
            points_limit=limit.limit if limit else None,
            points_left=limit.remaining if limit else None,
            resets_at=int(limit.reset_at.timestamp()) if limit else None,
            token_expires_at=self._github.token_expires_at,
        )


def _parts(
    done: set[asyncio.Task[list[Harvest]]], running: set[asyncio.Task[list[Harvest]]]
) -> Iterator[Harvest]:
    """Hand over what was read, before what went wrong is raised."""
    for task in sorted(done, key=_failed):
        running.discard(task)
        yield from task.result()


def _failed(task: asyncio.Task[list[Harvest]]) -> bool:
    return task.cancelled() or task.exception() is not None
