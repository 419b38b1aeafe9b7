"""One process at a time samples into a store, with as many runs at once as it likes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from bot.flows.ports import Clock, Runs


class Occupancy:
    """The first run keeps other processes out, the last one lets them in again."""

    def __init__(self, runs: Runs, clock: Clock) -> None:
        self._runs = runs
        self._clock = clock
        self._door = asyncio.Lock()
        self._inside = 0
        self._kept = ExitStack()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Be inside meanwhile; raises RunInProgress while another process is sampling."""
        async with self._door:  # nobody begins before the dead are told from the living
            if not self._inside:
                await self._enter()
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._kept.close()

    async def _enter(self) -> None:
        """Only who has just kept everybody out knows that whatever runs was killed."""
        with ExitStack() as taken:
            taken.enter_context(self._runs.alone())
            await self._runs.stop_killed(self._clock.now())
            self._kept = taken.pop_all()
