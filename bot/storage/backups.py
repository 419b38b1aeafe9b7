"""The database as a file: copied while it is in use, looked at, and put back whole."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import copyfile

from bot.core.backups import Contents
from bot.errors import RadarError, StoreUnusable
from bot.storage.database import APPLICATION_ID, newest_schema
from bot.storage.locks import held

MOST_DAMAGE = 20
"""Findings of an integrity check that are told: a broken file has thousands."""
BESIDE = ("-wal", "-shm")
"""What SQLite keeps next to a file in use."""
COUNTS = {
    "repositories": "SELECT count(*) FROM subjects",
    "observations": "SELECT count(*) FROM observations",
    "newest_sample_at": "SELECT max(until) FROM coverage",
}


class Vault:
    """Copies of one database; every copy is whole and checked before it has its name."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def copy(self, target: Path) -> int:
        """Copy the database as it is now, while it is in use; returns the bytes of the copy.

        Raises StoreUnusable where the database is damaged, RadarError where the copy cannot be
        written; an older copy of that name is then as it was.
        """
        return await asyncio.to_thread(_copy, self._path, target)

    async def contents(self, path: Path | None = None) -> Contents:
        """Look at a copy, or at the database itself; raises StoreUnusable for what is not ours."""
        return await asyncio.to_thread(_contents, path or self._path, live=path is None)

    def exists(self) -> bool:
        return self._path.exists()

    async def put_back(self, source: Path, stamp: str) -> Path | None:
        """Make a copy the database; returns where the one before is kept, by a dated name.

        Raises StoreUnusable where a bot or a run is at work. Until the last step, which is a
        rename, the database is as it was.
        """
        bot = StoreUnusable(f"A bot runs on {self._path}: stop it first, then restore.")
        run = StoreUnusable(f"A run is writing into {self._path}: restore when it has ended.")
        with held(self._path, "bot", bot), held(self._path, "run", run):
            return await asyncio.to_thread(_put_back, source, self._path, stamp)


def _copy(source: Path, target: Path) -> int:
    part = target.with_name(f"{target.name}.part")
    if not source.is_file():  # or SQLite would make an empty one
        raise StoreUnusable(f"There is no file {source}: name one that repo-radar backup made.")
    with _written(target, part), _read(source):
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(part)) as copy:
            copy.execute("PRAGMA journal_mode=OFF")  # it has no name yet: nothing to roll back to
            live.backup(copy)  # in one step: in WAL mode nobody waits for a reader
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            damage = _damage(copy)
        if damage:
            raise StoreUnusable(_damaged(source, damage))
        octets = part.stat().st_size
        part.replace(target)
        _settle(target.parent)
    return octets


def _contents(path: Path, *, live: bool) -> Contents:
    if not path.is_file():
        raise StoreUnusable(f"There is no file {path}: name one that repo-radar backup made.")
    how = "mode=ro" if live else "mode=ro&immutable=1"  # a copy leaves nothing beside it
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as database:
            damage = _damage(database)
            _recognise(database, path, damage)
            (schema,) = database.execute("PRAGMA user_version").fetchone()
            counts = {name: _count(database, sql) for name, sql in COUNTS.items()}
    except sqlite3.DatabaseError as error:
        return Contents(str(path), path.stat().st_size, 0, None, None, None, (str(error),))
    return Contents(str(path), path.stat().st_size, schema, **counts, damage=damage)


def _recognise(database: sqlite3.Connection, path: Path, damage: tuple[str, ...]) -> None:
    (ours,) = database.execute("PRAGMA application_id").fetchone()
    if ours != APPLICATION_ID and not damage:
        raise StoreUnusable(f"{path} is no database of Repo Radar: name one that backup made.")


def _count(database: sqlite3.Connection, sql: str) -> int | None:
    try:
        (number,) = database.execute(sql).fetchone()
    except sqlite3.DatabaseError:
        return None
    return int(number) if number is not None else None


def _damage(database: sqlite3.Connection) -> tuple[str, ...]:
    try:
        found = [str(row[0]) for row in database.execute(f"PRAGMA integrity_check({MOST_DAMAGE})")]
    except sqlite3.DatabaseError as error:
        return (str(error),)
    return () if found == ["ok"] else tuple(line for told in found for line in told.splitlines())


def _put_back(source: Path, path: Path, stamp: str) -> Path | None:
    found = _contents(source, live=False)
    if found.damage:
        raise StoreUnusable(_damaged(source, found.damage))
    if found.schema > newest_schema():
        raise StoreUnusable(
            f"{source} was written by a newer Repo Radar: update Repo Radar, then restore."
        )
    ready = path.with_name(f"{path.name}.restored")
    try:
        _copy(source, ready)
        aside = _set_aside(path, stamp) if path.exists() else None
        with _written(path, ready):
            ready.replace(path)
            _settle(path.parent)
    finally:
        ready.unlink(missing_ok=True)
    return aside


def _set_aside(path: Path, stamp: str) -> Path:
    """Keep what stands there under a dated name, and leave nothing beside it to be replayed."""
    aside = path.with_name(f"{path.name}.{stamp}")
    if not _contents(path, live=True).damage:
        _copy(path, aside)
        _close_log(path)
        return aside
    for end in ("", *BESIDE):  # as it is, with all that belongs to it
        if Path(f"{path}{end}").exists():
            with _written(aside, aside.with_name(f"{aside.name}.part")):
                copyfile(f"{path}{end}", f"{aside}{end}")
    for end in BESIDE:
        Path(f"{path}{end}").unlink(missing_ok=True)
    return aside


def _close_log(path: Path) -> None:
    """Write the log into the file and remove it; nobody else may have the file open."""
    with closing(sqlite3.connect(path, timeout=1)) as database:
        try:
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise RadarError(
                f"Another program has {path} open: close it first, then restore."
            ) from error


@contextmanager
def _written(target: Path, part: Path) -> Iterator[None]:
    """Translate what can go wrong in writing, and leave no half file."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "disk is full" in str(error)
        why = "the disk is full" if full else str(getattr(error, "strerror", None) or error)
        raise RadarError(
            f"Cannot write {target} ({why}): make room, or name another place; what was there is"
            " as it was."
        ) from error
    finally:
        with suppress(OSError):
            if part != target:
                part.unlink(missing_ok=True)


@contextmanager
def _read(source: Path) -> Iterator[None]:
    """Tell what is broken in the file that is read from what goes wrong in writing."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(_damaged(source, (str(error),))) from error


def _settle(folder: Path) -> None:
    """Let a rename survive a power cut; Windows knows no such call."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _damaged(path: Path, damage: tuple[str, ...]) -> str:
    return f"{path} is damaged ({damage[0]}): repo-radar check tells what can be done."
