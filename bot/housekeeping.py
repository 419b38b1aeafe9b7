"""What is looked after every hour, beside collections and digests."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

HOUR = 3600.0

log = structlog.get_logger(__name__)


class Housekeeping:
    """Outlives any failure: what failed is tried again an hour later."""

    def __init__(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[object]]],
        ready: Callable[[], bool],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._jobs = jobs
        self._ready = ready
        self._sleep = sleep

    async def run(self) -> None:
        """Do all of it once Discord is there, then every hour, until cancelled."""
        while True:
            while not self._ready():
                await self._sleep(1.0)
            for name, job in self._jobs.items():
                await self._survive(name, job)
            await self._sleep(HOUR)

    async def _survive(self, name: str, job: Callable[[], Awaitable[object]]) -> None:
        try:
            await job()
        except Exception as error:  # a timer that dies once is dead for good
            log.warning("housekeeping failed", job=name, reason=repr(error), exc_info=error)
