"""What a database file holds, and which backups of it are worth keeping."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Contents:
    """A database file as it was found; counts that could not be read are None, never 0."""

    path: str
    octets: int
    schema: int  # number of its newest migration
    repositories: int | None
    observations: int | None
    newest_sample_at: int | None  # None: nothing was sampled, or nobody can tell
    damage: tuple[str, ...] = ()  # what SQLite's integrity check says; empty: it is whole


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy of the database, made in one piece."""

    path: str
    octets: int


@dataclass(frozen=True, slots=True)
class Restoration:
    """What putting a backup back does, or did; `now` is what stood there before."""

    backup: Contents
    now: Contents | None  # None: there was no database
    aside: str | None  # where what stood there is kept; None: it was nothing, or only asked about


def kept(days: Iterable[date], *, daily: int, weekly: int) -> set[date]:
    """The newest `daily` days, and the newest day of each of the newest `weekly` ISO weeks."""
    newest = sorted(set(days), reverse=True)
    weeks: dict[tuple[int, int], date] = {}
    for day in newest:
        year, week, _ = day.isocalendar()
        weeks.setdefault((year, week), day)
    return {*newest[:daily], *list(weeks.values())[:weekly]}
