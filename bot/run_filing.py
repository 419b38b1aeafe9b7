"""Run directories while the bot runs: in the background, after each run, outliving any failure."""

from typing import NoReturn

import structlog

from bot.flows.run_directories import RunDirectories

log = structlog.get_logger(__name__)


class RunDirectoryTimer:
    def __init__(self, directories: RunDirectories) -> None:
        self._directories = directories

    async def run(self) -> NoReturn:
        """Write whenever runs have ended, until cancelled; what ends meanwhile is one more time."""
        while True:
            await self._directories.wait()
            await self._write()

    async def _write(self) -> None:
        try:
            filed = await self._directories.write()
        except Exception as error:  # a timer that dies once is dead for good
            log.warning("run directory not written", reason=repr(error), exc_info=error)
            return
        for name in filed.written:
            log.info("run directory written", directory=name)
        if filed.removed:
            log.info("run directories removed", number=len(filed.removed))
        for warning in filed.warnings:
            log.warning("run directories", reason=warning)
        for trouble in filed.troubles:
            log.warning("run directory not written", reason=trouble)
