"""The time before the first samples, read in the background: at once for what is new."""

from typing import NoReturn

import structlog

from bot.errors import RadarError
from bot.flows.backfill import Backfill

IDLE = 300.0
"""Seconds between two looks for repositories that others may have begun to watch."""
RETRY = 300.0
"""Seconds to wait after a failure, unless something is added meanwhile."""

log = structlog.get_logger(__name__)


class BackfillTimer:
    """Outlives any failure; what is stored tells where it was."""

    def __init__(self, backfill: Backfill, *, idle: float = IDLE, retry: float = RETRY) -> None:
        self._backfill = backfill
        self._idle = idle
        self._retry = retry

    async def run(self) -> NoReturn:
        """Read whatever there is to read, until cancelled."""
        while True:
            await self._backfill.rest(await self._round())

    async def _round(self) -> float:
        """Returns how many seconds to rest then."""
        try:
            more = await self._backfill.round()
        except RadarError as error:
            log.warning("star history failed", reason=str(error))
            return self._retry
        except Exception as error:  # a timer that dies once is dead for good
            log.warning("star history failed", reason=repr(error), exc_info=error)
            return self._retry
        return 0.0 if more else self._idle
