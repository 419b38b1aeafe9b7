"""The daily portfolio file on this machine: one a day, whole at every moment."""

import asyncio
import errno
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.core.daily import Daily, content, day_of, merge, without
from bot.errors import RadarError
from bot.exports.daily_json import read_daily
from bot.exports.values import Unusable
from bot.exports.whole import replace

FOLDER = "snapshots"
LOCK = ".lock"
PATIENCE = 30.0
"""Seconds to wait for another process that is writing into the folder."""


class LocalFiles:
    """`<root>/snapshots/YYYY-MM-DD.json`, by the UTC day of what was collected last."""

    def __init__(self, root: Path, *, patience: float = PATIENCE) -> None:
        self._folder = root / FOLDER
        self._patience = patience

    async def keep(self, daily: Daily, *, now: int, hidden: Collection[str] = ()) -> None:
        """Merge a document into the file of its day, in which no `hidden` one stays.

        Raises RadarError where that cannot be read or written; it is then as it was.
        """
        await asyncio.to_thread(self._keep, daily, now, hidden)

    def _keep(self, daily: Daily, now: int, hidden: Collection[str]) -> None:
        path = self._folder / f"{day_of(daily.collected_at)}.json"
        with _told(path), self._alone():
            older = path.read_bytes() if path.exists() else None
            merged = daily if older is None else merge(_read(path, older, now), daily)
            octets = content(without(merged, hidden))
            if octets != older:
                # one name, so that a killed process leaves at most that behind
                replace(path, octets, path.with_name(".snapshot.part"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Reading, merging and writing are one step for everybody; a dead process holds nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._folder / LOCK)
        try:
            lock.acquire(timeout=self._patience)
        except Timeout as error:
            raise RadarError(
                f"Another program has been writing into {self._folder} for {self._patience:g} s:"
                " see what holds its file .lock."
            ) from error
        try:
            yield
        finally:
            lock.release()


def _read(path: Path, octets: bytes, now: int) -> Daily:
    try:
        return read_daily(octets, now=now)
    except Unusable as error:
        raise RadarError(
            f"The daily file {path} stays as it is, as it cannot be merged with: {str(error)[:-1]}."
            " Mend it, or move it away."
        ) from error


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise RadarError(
            f"Cannot write the daily file {path} ({why}): make room, or name another place in"
            " daily_file.path; what was there is as it was."
        ) from error
