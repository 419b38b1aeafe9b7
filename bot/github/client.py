"""GitHub as the flows know it: the numbers of many repositories, and what may still be asked."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from time import monotonic

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.core.models import Allowance, Harvest, Pause, Wanted
from bot.github.connection import Connection
from bot.github.gate import CPU_SECONDS, POINTS_PER_HOUR, Clock, Gate, Trip
from bot.github.lane import Lane
from bot.github.pages import ask_allowance


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
        points_per_hour: int = POINTS_PER_HOUR,
        cpu_seconds: float | None = CPU_SECONDS,
        timeout: float = 20,
        patience: float = 900,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        gate = Gate(
            clock,
            sleep,
            patience,
            host=URL(api_url).host or api_url,
            concurrency=concurrency,
            points_per_hour=points_per_hour,
            cpu_seconds=cpu_seconds,
            timer=timer,
        )
        self._github = Connection(session, gate, token=token, api_url=api_url, timeout=timeout)
        self._lane = Lane(self._github, concurrency=concurrency)

    def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = _say_nothing,
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest, None]:
        """Read every repository once; close the generator to stop early, and nothing goes on.

        What several harvests want meanwhile is read once for all of them.
        """
        return self._lane.harvest(wanted, waiting, urgent=urgent)

    def connection_of(self, owner: str) -> Connection:  # noqa: ARG002  # one token for all owners
        """The connection whose token may see what this user or organisation owns."""
        return self._github

    def pause(self) -> Pause | None:
        """What it waits for right now."""
        return self._github.gate.pause()

    async def allowance(self) -> Allowance:
        """Ask what the token may still spend and when it ends."""
        return await ask_allowance(self._github, Trip(_say_nothing))
