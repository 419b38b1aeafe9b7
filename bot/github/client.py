"""The numbers of many repositories: each read by the connection that may see it.

With a token in pages, some in flight, halved where GitHub cannot manage them.
"""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import replace
from itertools import islice

import aiohttp
from pydantic import SecretStr

from bot.core.models import Allowance, Harvest, Pause, Reading, Refusal, Refused, Wanted
from bot.errors import GitHubError, TokenRejected
from bot.github.connection import ATTEMPTS, Connection, Unanswered, token_page
from bot.github.credentials import AppLogin, Credential, Nobody, OwnersToken, Secrets
from bot.github.gate import Clock, Gate, Trip
from bot.github.keyring import Keyring
from bot.github.one_by_one import OneByOne
from bot.github.protocol import ALLOWANCE, counts_of, read_counts
from bot.github.streams import doubted, merged

PAGE_SIZE = 50  # GitHub gives a query 10 s and takes about 0.09 s a repository with its counts
PAGE_ATTEMPTS = 2  # what fails twice is sooner read in halves
TOO_HEAVY = (Refused.TIMEOUT, Refused.LIMIT)  # alone it may well be counted


def _say_nothing(_: Pause) -> None:
    pass


class Pages:
    """What one connection reads."""

    def __init__(self, github: Connection, clock: Clock, concurrency: int) -> None:
        self._github = github
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
            raise self._github.silent(trouble) from None
        limit = reply.rate_limit
        label = self._github.credential.label
        return Allowance(
            name=label.what,
            owners=label.owners,
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


class GitHubClient:
    def __init__(  # noqa: PLR0913 - every one a setting, and named
        self,
        session: aiohttp.ClientSession,
        *,
        token: SecretStr | None,
        tokens: Iterable[OwnersToken] = (),
        app: AppLogin | None = None,
        api_url: str,
        clock: Clock,
        concurrency: int = 4,
        timeout: float = 20,
        patience: float = 900,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        def connect(credential: Credential) -> Connection:
            """Open one with limits of its own; nobody's few requests are not waited for."""
            gate = Gate(clock, sleep, 0 if isinstance(credential, Nobody) else patience)
            return Connection(
                session, gate, credential=credential, api_url=api_url, timeout=timeout
            )

        secrets = Secrets(token, tuple(tokens), app)
        self._keyring = Keyring(connect, clock, secrets, token_page(api_url))
        self._clock, self._concurrency = clock, concurrency
        self._readers: dict[Connection, Pages | OneByOne] = {}

    async def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = _say_nothing,
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest, None]:
        """Read every repository once; close the generator to stop early, and nothing goes on.

        A token that is refused costs what it alone may read: its error comes when the others are
        done.
        """
        trip = Trip(waiting, urgent=urgent)
        trouble = await self._keyring.refresh(trip)
        requests, points = trip.settle()
        if requests:
            yield Harvest(self._clock.now(), requests=requests, points=points)
        groups = self._keyring.groups(wanted)
        unsure = groups.pop(self._keyring.default, []) if trouble else []
        streams = [
            self._reader(connection).harvest(group, waiting=waiting, urgent=urgent)
            for connection, group in groups.items()
        ]
        if unsure and not self._keyring.default.nobody:
            reader = self._reader(self._keyring.default)
            streams.append(doubted(reader.harvest(unsure, waiting=waiting, urgent=urgent)))
        async with aclosing(merged(streams, [trouble] if trouble else [])) as parts:
            async for part in parts:
                yield part

    async def connection_of(self, owner: str) -> Connection:
        """The connection whose token may see what this user or organisation owns.

        Raises GitHubError when the App cannot say whether it is installed there.
        """
        return await self._keyring.connection_of(owner, Trip(_say_nothing))

    async def allowances(self, owners: Collection[str] = ()) -> list[Allowance]:
        """Ask what each token may still spend and when it ends; one's trouble is in its answer.

        The App is asked about its installations on these owners only: it may have thousands.
        """
        trouble = await self._keyring.refresh(Trip(_say_nothing))
        connections = self._keyring.connections(owners)
        turns = asyncio.Semaphore(self._concurrency)
        asked = await asyncio.gather(*(self._allowance(one, turns) for one in connections))
        return [*([_troubled("App's key", (), trouble)] if trouble else []), *asked]

    def _reader(self, connection: Connection) -> Pages | OneByOne:
        if connection not in self._readers:
            self._readers[connection] = (
                OneByOne(connection, self._clock)
                if connection.nobody
                else Pages(connection, self._clock, self._concurrency)
            )
        return self._readers[connection]

    async def _allowance(self, connection: Connection, turns: asyncio.Semaphore) -> Allowance:
        try:
            async with turns:
                return await self._reader(connection).allowance()
        except GitHubError as error:
            label = connection.credential.label
            troubled = _troubled(label.what, label.owners, error)
            ends, configured = connection.token_expires_at, not connection.nobody
            return replace(troubled, token_expires_at=ends, configured=configured)


def _troubled(name: str, owners: tuple[str, ...], error: GitHubError) -> Allowance:
    refused = isinstance(error, TokenRejected)
    return Allowance(name=name, owners=owners, trouble=str(error), refused=refused)
