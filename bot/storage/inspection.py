"""A database file as it is found: whose it is, what it holds, and whether it is whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.core.backups import Contents
from bot.errors import RadarError, StoreUnusable
from bot.storage.migrating import APPLICATION_ID, newest_schema

PATIENCE = 2.0
"""Seconds for which somebody who lets nobody read is waited for."""
MOST_DAMAGE = 20
"""Findings of an integrity check that are told: a broken file has thousands."""
LOG = "-wal"
BESIDE = (LOG, "-shm")
"""What SQLite keeps next to a file in use."""
MAGIC, ID_AT = b"SQLite format 3\0", 68
"""How every SQLite file begins, and where the application's id stands in it."""
COUNTS = {
    "repositories": "SELECT count(*) FROM subjects",
    "observations": "SELECT count(*) FROM observations",
    "newest_sample_at": "SELECT max(until) FROM coverage",
}
_OF_THE_MOMENT = (
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
)
_UNREADABLE = (
    *(sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ),
    *(sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_DATA),
)
_KIND = 0xFF  # of SQLite's extended codes


def contents_of(path: Path, *, live: bool) -> Contents:
    """What a file holds, damaged or not; raises StoreUnusable for what is not ours.

    `live` is the database itself, which somebody may be writing. RadarError: it cannot be read
    now, which is no damage.
    """
    with readable(path):
        if not path.is_file():
            raise StoreUnusable(f"There is no file {path}: name one that repo-radar backup made.")
        if live and not path.stat().st_size:  # whoever made it may have been killed
            return Contents(str(path), 0, 0, None, None, None, ("the file is empty",))
        return _looked_into(path, live=live)


def backup_of(path: Path) -> Contents:
    """A copy that can be put back; raises StoreUnusable where it cannot."""
    found = contents_of(path, live=False)
    if found.damage:
        raise StoreUnusable(damaged(path, found.damage))
    if found.schema > newest_schema():
        raise StoreUnusable(
            f"{path} was written by a newer Repo Radar: update Repo Radar, then restore."
        )
    return found


def opened(path: Path, *, live: bool) -> sqlite3.Connection:
    """Open a file for reading; beside a copy nothing is left, unless its log is there as well."""
    alone = not live and not any(Path(f"{path}{end}").exists() for end in (LOG, "-journal"))
    how = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=PATIENCE)


def damage_of(database: sqlite3.Connection) -> tuple[str, ...]:
    """What SQLite's integrity check says; empty: it is whole."""
    try:
        found = [str(row[0]) for row in database.execute(f"PRAGMA integrity_check({MOST_DAMAGE})")]
    except sqlite3.DatabaseError as error:
        if _hinders(error):
            raise
        return (str(error),)
    return () if found == ["ok"] else tuple(line for told in found for line in told.splitlines())


def damaged(path: Path, damage: tuple[str, ...]) -> str:
    return f"{path} is damaged ({damage[0]}): repo-radar check tells what can be done."


def is_ours(path: Path) -> bool:
    """Does a file begin as every database of ours does, or is it empty?"""
    with path.open("rb") as file:
        head = file.read(ID_AT + 4)
    return not head or head == MAGIC + head[16:ID_AT] + APPLICATION_ID.to_bytes(4, "big")


def _looked_into(path: Path, *, live: bool) -> Contents:
    try:
        with closing(opened(path, live=live)) as database:
            damage = damage_of(database)
            _recognise(database, path, damage, live=live)
            (schema,) = database.execute("PRAGMA user_version").fetchone()
            counts = {name: _count(database, sql) for name, sql in COUNTS.items()}
    except sqlite3.DatabaseError as error:
        if _hinders(error):
            raise
        return Contents(str(path), path.stat().st_size, 0, None, None, None, (str(error),))
    return Contents(str(path), path.stat().st_size, schema, **counts, damage=damage)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Tell a file that cannot be read now from one that is damaged."""
    try:
        yield
    except OSError as error:
        raise _not_readable(path, error) from error
    except sqlite3.DatabaseError as error:
        if not _hinders(error):
            raise
        if is_busy(error):
            raise RadarError(
                f"Another program keeps the database {path} locked: try again when it is done."
            ) from error
        if _code(error) & _KIND in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL):
            raise RadarError(
                f"There is no room beside {path} to work with it ({error}): free some space."
            ) from error
        raise _not_readable(path, error) from error


def _not_readable(path: Path, error: Exception) -> StoreUnusable:
    why = getattr(error, "strerror", None) or error
    return StoreUnusable(
        f"This user cannot read {path} ({why}): make it and its folder readable and writable for"
        " this user, or be the one who runs the bot."
    )


def is_busy(error: sqlite3.DatabaseError) -> bool:
    """Is somebody else at work with the file?"""
    return _code(error) & _KIND in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _hinders(error: sqlite3.DatabaseError) -> bool:
    """Does it tell of the moment, the disk or the user, and nothing of the file?"""
    kind = _code(error) & _KIND
    full = kind == sqlite3.SQLITE_IOERR and _code(error) not in _UNREADABLE
    return full or kind in _OF_THE_MOMENT


def _code(error: sqlite3.DatabaseError) -> int:
    return int(getattr(error, "sqlite_errorcode", 0))


def _recognise(
    database: sqlite3.Connection, path: Path, damage: tuple[str, ...], *, live: bool
) -> None:
    (ours,) = database.execute("PRAGMA application_id").fetchone()
    if ours == APPLICATION_ID or damage:
        return
    if live:
        raise StoreUnusable(
            f"The database {path} belongs to another program: name another file in storage.url;"
            " it was left as it is."
        )
    raise StoreUnusable(f"{path} is no database of Repo Radar: name one that backup made.")


def _count(database: sqlite3.Connection, sql: str) -> int | None:
    try:
        (number,) = database.execute(sql).fetchone()
    except sqlite3.DatabaseError:
        return None
    return int(number) if number is not None else None
