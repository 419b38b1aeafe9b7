"""The verbs backup and restore: copies of the database, made every night and put back whole."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

from bot.core.backups import Backup, Contents, Restoration, kept
from bot.errors import RadarError, UsageError
from bot.flows.ports import Clock, Vault

NAME = re.compile(r"radar-(\d{4}-\d{2}-\d{2})\.db")
DAY = 86_400
LATE = 2 * DAY
"""Seconds after which a missing backup is a problem: one night may be slept through."""


class Safekeeping:
    """`daily` and `weekly` say how many backups are kept; with neither, none is made by itself."""

    def __init__(
        self, vault: Vault, folder: Path, clock: Clock, *, daily: int, weekly: int
    ) -> None:
        self._vault = vault
        self._folder = folder
        self._clock = clock
        self._daily, self._weekly = daily, weekly

    async def nightly(self) -> Backup | None:
        """Make the backup of this UTC day unless there is one, and drop what is kept no longer."""
        if not self._daily and not self._weekly:
            return None
        target = self._folder / f"radar-{self._today()}.db"
        if target.exists():
            return None
        made = await self.make(target)
        self._prune()
        return made

    async def make(self, target: Path | None = None) -> Backup:
        """Copy the database; into its folder, by the second, where no file is named."""
        if target is None:
            target = self._folder / f"radar-{self._stamp()}.db"
        if target.is_dir():
            raise UsageError(f"{target} is a folder: name the file that shall be written.")
        return Backup(str(target), await self._vault.copy(target))

    async def plan(self, source: Path) -> Restoration:
        """What `restore` would do, or why it would not; nothing is changed."""
        backup = await self._vault.backup(source)
        return Restoration(backup, await self.look(), None)

    async def restore(self, source: Path) -> Restoration:
        """Put a backup back; what stood there is set aside under a dated name."""
        planned = await self.plan(source)
        aside = await self._vault.put_back(source, self._stamp())
        return Restoration(planned.backup, planned.now, str(aside) if aside else None)

    async def look(self) -> Contents | None:
        """What the database holds; None where there is none yet."""
        return await self._vault.contents() if self._vault.exists() else None

    async def newest(self) -> Contents | None:
        """The newest backup that is whole."""
        for path in sorted(self._folder.glob("radar-*.db"), key=_written_at, reverse=True):
            try:
                found = await self._vault.contents(path)
            except RadarError:
                continue
            if not found.damage:
                return found
        return None

    def problem(self) -> str | None:
        """What is wrong with the backups, in one sentence; None: nothing is."""
        days = [day for _, day in self._dated()]
        if not days or not (self._daily or self._weekly):
            return None
        late = date.fromisoformat(self._today()) - max(days)
        if late.days * DAY <= LATE:
            return None
        return (
            f"The newest backup is {late.days} days old: see the log for why, or make one with"
            " repo-radar backup."
        )

    def _prune(self) -> None:
        dated = self._dated()
        keep = kept((day for _, day in dated), daily=self._daily, weekly=self._weekly)
        for path, day in dated:
            if day not in keep:
                path.unlink(missing_ok=True)

    def _dated(self) -> list[tuple[Path, date]]:
        """The nightly ones; those made by hand have a time in their name, and stay."""
        found = ((path, NAME.fullmatch(path.name)) for path in self._folder.glob("radar-*.db"))
        return [(path, date.fromisoformat(named[1])) for path, named in found if named]

    def _today(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%d}"

    def _stamp(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%dT%H%M%SZ}"


def _written_at(path: Path) -> float:
    return path.stat().st_mtime
