"""When things happen by themselves: for now, a collection every interval."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.core.models import Trigger
from bot.errors import RadarError
from bot.flows.ports import Clock, Runs
from bot.flows.sync import Sync

RETRY = 300
"""Seconds to wait after a collection that failed, unless the interval is shorter."""

log = structlog.get_logger(__name__)


class Scheduler:
    """Outlives any failure of a collection, and remembers the last one across restarts."""

    def __init__(
        self,
        sync: Sync,
        runs: Runs,
        clock: Clock,
        interval: int,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sync = sync
        self._runs = runs
        self._clock = clock
        self._interval = interval
        self._sleep = sleep

    async def run(self) -> None:
        """Collect whenever it is due, until cancelled."""
        while True:
            try:
                await self._sleep(await self.due_in())
                await self._collect()
            except Exception as error:  # a timer that dies once is dead for good
                reason = str(error) if isinstance(error, RadarError) else repr(error)
                log.warning("collection failed", reason=reason, exc_info=_unexpected(error))
                await self._sleep(min(RETRY, self._interval))

    async def due_in(self) -> int:
        """Seconds until the next collection: 0 when it is late, or was never made."""
        last = await self._runs.newest(Trigger.SCHEDULE)
        return max(0, last.started_at + self._interval - self._clock.now()) if last else 0

    async def _collect(self) -> None:
        run = (await self._sync.everything(Trigger.SCHEDULE)).run
        log.info(
            "collected",
            status=run.status,
            sampled=run.sampled,
            changed=run.changed,
            failed=run.failed,
            requests=run.requests,
            points=run.points,
        )


def _unexpected(error: Exception) -> Exception | None:
    return None if isinstance(error, RadarError) else error
