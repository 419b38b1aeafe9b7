"""Daily files while the bot runs: in the background, after each run, outliving any failure."""

from typing import NoReturn

import structlog

from bot.errors import RadarError
from bot.flows.daily_files import DailyFiles

log = structlog.get_logger(__name__)


class DailyFileTimer:
    def __init__(self, files: DailyFiles) -> None:
        self._files = files

    async def run(self) -> NoReturn:
        """Write whenever runs have ended, until cancelled; what ends meanwhile is one more time."""
        while True:
            await self._files.wait()
            await self._write()

    async def _write(self) -> None:
        try:
            for trouble in await self._files.write():
                log.warning("daily file not written", reason=trouble)
        except RadarError as error:
            log.warning("daily file not written", reason=str(error))
        except Exception as error:  # a timer that dies once is dead for good
            log.warning("daily file not written", reason=repr(error), exc_info=error)
