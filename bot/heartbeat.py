"""A file that is touched while the bot is well, so that a container's health needs no port.

Well is who has any connection to Discord: one of several that breaks mends itself within minutes,
and a restart would cost the others theirs. A bot without any is worth a restart.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

EVERY = 15.0
"""Seconds between two beats; one that is a minute old is a bot that hangs or is cut off."""

log = structlog.get_logger(__name__)


class Heartbeat:
    """Beats beside the database, in `<database>.heartbeat`, while `well()` holds."""

    def __init__(self, database: Path, well: Callable[[], bool]) -> None:
        self._file = Path(f"{database}.heartbeat")
        self._well = well

    async def run(self) -> None:
        """Beat until cancelled; no beat is left behind by a bot that stopped in peace."""
        try:
            while True:
                if self._well():
                    self._beat()
                await asyncio.sleep(EVERY)
        finally:
            self._file.unlink(missing_ok=True)

    def _beat(self) -> None:
        try:
            self._file.touch()
        except OSError as error:  # a full disk must not end the beating for good
            log.warning("no heartbeat", reason=str(error))
