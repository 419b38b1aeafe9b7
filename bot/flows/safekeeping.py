"""The verbs backup and restore: copies of the database, made every night and put back whole."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from bot.core.backups import Backup, Contents, Restoration, kept
from bot.errors import RadarError
from bot.flows.daily_files import Notes
from bot.flows.ports import Clock, Vault

NAME = re.compile(r"radar-(\d{4}-\d{2}-\d{2})\.db")
COPIES, PARTS = "radar-*.db", "radar-*.db.*.part*"
DAY = 86_400
LATE = 2 * DAY
"""Seconds after which a missing backup is a problem: one night may be slept through."""


class Safekeeping:
    """`daily` and `weekly` say how many backups are kept; with neither, none is made by itself."""

    def __init__(  # noqa: PLR0913  # what keeping stands on
        self,
        vault: Vault,
        folder: Path,
        clock: Clock,
        notes: Notes,
        *,
        daily: int,
        weekly: int,
    ) -> None:
        self._vault = vault
        self._folder = folder
        self._clock = clock
        self._notes = notes
        self._daily, self._weekly = daily, weekly

    async def nightly(self) -> Backup | None:
        """Make the backup of this UTC day unless there is one, and drop what is kept no longer.

        That it failed is noted until one is made.
        """
        if not self._daily and not self._weekly:
            return None
        target = self._folder / f"radar-{self._today()}.db"
        try:
            if target.exists():
                return None
            made = await self.make(target)
        except (RadarError, OSError) as error:
            self._notes.write([str(error)])
            raise
        self._notes.write([])
        self._prune()
        return made

    async def make(self, target: Path | None = None) -> Backup:
        """Copy the database; into its folder, by the second, where no file is named."""
        if target is None:
            target = self._folder / f"radar-{self._stamp()}.db"
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
        for path in self._copies():
            try:
                found = await self._vault.contents(path)
            except (RadarError, OSError):  # no backup of ours, or just dropped
                continue
            if not found.damage:
                return found
        return None

    def lost(self) -> str | None:
        """Why no database may be begun here, in one sentence; None: it may, or there is one.

        The nights of a new one would drop the backups of the one before.
        """
        copies = self._copies() if self._vault.is_empty() else []
        if not copies:
            return None
        return (
            f"The database is gone or empty, but {self._folder} holds backups of one: bring the"
            f" newest back with repo-radar restore {copies[0]}, or move them away to begin anew."
        )

    def problem(self) -> str | None:
        """What is wrong with the backups, in one sentence; None: nothing is."""
        if not (self._daily or self._weekly):
            return None
        for why in self._notes.read():
            return f"The last backup failed: {why}"
        today = date.fromisoformat(self._today())
        days = [day for _, day in self._dated() if day <= today]
        if not days or (today - max(days)).days * DAY <= LATE:
            return None
        return (
            f"The newest backup is {(today - max(days)).days} days old: see the log for why, or"
            " make one with repo-radar backup."
        )

    def _prune(self) -> None:
        """Days to come, of a clock that was wrong, neither count nor go."""
        today = date.fromisoformat(self._today())
        dated = [(path, day) for path, day in self._dated() if day <= today]
        keep = kept((day for _, day in dated), daily=self._daily, weekly=self._weekly)
        for path, day in dated:
            if day not in keep:
                path.unlink(missing_ok=True)
        for part in self._folder.glob(PARTS):  # of who was killed; nobody copies for a day
            with suppress(FileNotFoundError):
                if self._clock.now() - part.stat().st_mtime > DAY:
                    part.unlink()

    def _copies(self) -> list[Path]:
        """Newest first by their names: the files' own times do not survive being carried over."""
        try:
            return sorted(self._folder.glob(COPIES), reverse=True)
        except OSError:  # who may not look has none; the night that fails there is noted
            return []

    def _dated(self) -> list[tuple[Path, date]]:
        """The nightly ones; those made by hand have a time in their name, and stay."""
        named = ((path, NAME.fullmatch(path.name)) for path in self._copies())
        found = ((path, _day(name[1])) for path, name in named if name)
        return [(path, day) for path, day in found if day is not None]

    def _today(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%d}"

    def _stamp(self) -> str:
        return f"{datetime.fromtimestamp(self._clock.now(), UTC):%Y-%m-%dT%H%M%SZ}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # somebody else's 2026-02-30
        return None
