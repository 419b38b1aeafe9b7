"""The numbers of many repositories: each read by the connection that may see it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from math import inf
from time import monotonic

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.core.models import Allowance, Harvest, Pause, Refusal, Wanted
from bot.core.traffic import Capture
from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github import traffic
from bot.github.connection import Connection
from bot.github.credentials import (
    AppLogin,
    Credential,
    Nobody,
    OwnersToken,
    Secrets,
    token_page,
)
from bot.github.gate import CPU_SECONDS, POINTS_PER_HOUR, Gate
from bot.github.host import Host
from bot.github.keyring import Keyring
from bot.github.lane import Lane
from bot.github.one_by_one import OneByOne
from bot.github.pages import ask_allowance
from bot.github.purse import Resource
from bot.github.streams import doubted, merged
from bot.github.trip import Clock, Trip, in_silence

PROMPT = 20.0
"""Seconds that the App may take to list its installations where somebody waits."""
IMPATIENT = 5.0
"""Seconds that who asks for a token's state waits: the wait may be the very answer."""


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
        points_per_hour: int = POINTS_PER_HOUR,
        cpu_seconds: float | None = CPU_SECONDS,
        timeout: float = 20,
        patience: float = 900,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        host = Host(URL(api_url).host or api_url, clock, concurrency=concurrency)

        def connect(credential: Credential) -> Connection:
            """Open one with points of its own; nobody's few requests are not waited for."""
            gate = Gate(
                clock,
                sleep,
                0 if isinstance(credential, Nobody) else patience,
                host=host,
                points_per_hour=points_per_hour,
                cpu_seconds=cpu_seconds,
                timer=timer,
            )
            return Connection(
                session, gate, credential=credential, api_url=api_url, timeout=timeout
            )

        secrets = Secrets(token, tuple(tokens), app)
        self._keyring = Keyring(connect, clock, secrets, token_page(api_url))
        self._clock, self._concurrency = clock, concurrency
        self._readers: dict[Connection, Lane | OneByOne] = {}

    async def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = in_silence,
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest, None]:
        """Read every repository once; close the generator to stop early, and nothing goes on.

        What several harvests want meanwhile is read once for all of them.
        A token that is refused costs what it alone may read: its error comes when the others are
        done.
        """
        trip = _settling(waiting, urgent=urgent)
        trouble = await self._keyring.settle(_owners(wanted), trip)
        self._forget_closed()
        requests, points = trip.settle()
        if requests:
            yield Harvest(self._clock.now(), requests=requests, points=points)
        groups = self._keyring.groups(wanted)
        unsure = groups.pop(self._keyring.default, []) if trouble else []
        streams = [
            self._reader(connection).harvest(group, waiting, urgent=urgent)
            for connection, group in groups.items()
        ]
        if unsure and not self._keyring.default.nobody:
            reader = self._reader(self._keyring.default)
            streams.append(doubted(reader.harvest(unsure, waiting, urgent=urgent)))
        async with aclosing(merged(streams, [trouble] if trouble else [])) as parts:
            async for part in parts:
                yield part

    def pause(self) -> Pause | None:
        """What it waits for right now; of several tokens the longest wait."""
        pauses = [pause for one in self._keyring.opened() if (pause := one.gate.pause())]
        return max(pauses, key=lambda pause: pause.seconds, default=None)

    async def connection_of(self, owner: str, *, urgent: bool = False) -> Connection:
        """The connection whose token may see what this user or organisation owns.

        Raises GitHubError when the App cannot say whether it is installed there.
        """
        return await self._keyring.connection_of(owner, _settling(in_silence, urgent=urgent))

    async def traffic(self, full_name: str, on: int) -> Capture | Refusal:
        """Read what GitHub still knows of a repository's traffic; nobody waits for it."""
        connection = await self.connection_of(full_name.partition("/")[0])
        return await traffic.capture(connection, full_name, on, Trip())

    async def allowances(self, owners: Collection[str] = ()) -> list[Allowance]:
        """Ask what each token may still spend and when it ends; one's trouble is in its answer.

        The App is asked about its installations on these owners only: it may have thousands.
        """
        trouble = await self._keyring.refresh(_impatient())
        connections = self._keyring.connections(owners)
        asked = await asyncio.gather(*map(self._allowance, connections))
        return [*([_troubled("App's key", (), trouble)] if trouble else []), *asked]

    def _reader(self, connection: Connection) -> Lane | OneByOne:
        if connection not in self._readers:
            self._readers[connection] = (
                OneByOne(connection, self._clock)
                if connection.nobody
                else Lane(connection, concurrency=self._concurrency)
            )
        return self._readers[connection]

    def _forget_closed(self) -> None:
        """What is under way at an installation that is gone goes on without being known here."""
        opened = set(self._keyring.opened())
        self._readers = {one: reader for one, reader in self._readers.items() if one in opened}

    async def _allowance(self, connection: Connection) -> Allowance:
        try:
            reader = self._reader(connection)
            if isinstance(reader, OneByOne):
                return await reader.allowance(_impatient())
            return await ask_allowance(connection, _impatient())
        except GitHubError as error:
            label = connection.credential.label
            troubled = _troubled(label.what, label.owners, error)
            ends, configured = connection.token_expires_at, not connection.nobody
            known = replace(troubled, token_expires_at=ends, configured=configured)
            told = connection.gate.told(Resource.GRAPHQL)
            if told is None or not isinstance(error, RateLimited):
                return known
            limit, left, resets_at = told
            return replace(known, points_limit=limit, points_left=left, resets_at=resets_at)


def _owners(wanted: Sequence[Wanted]) -> set[str]:
    return {one.full_name.partition("/")[0] for one in wanted}


def _settling(waiting: Callable[[Pause], None], *, urgent: bool) -> Trip:
    """To find out who reads what; the answer itself may be waited for longer."""
    return Trip(waiting, urgent=urgent, patience=PROMPT if urgent else inf)


def _impatient() -> Trip:
    return Trip(urgent=True, patience=IMPATIENT)


def _troubled(name: str, owners: tuple[str, ...], error: GitHubError) -> Allowance:
    refused = isinstance(error, TokenRejected)
    return Allowance(name=name, owners=owners, trouble=str(error), refused=refused)
