"""The database as a file: copied while it is in use, looked at, and put back whole."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from glob import escape
from itertools import chain, count
from pathlib import Path
from secrets import token_hex
from shutil import copyfile

from bot.core.backups import Contents
from bot.errors import RadarError, StoreUnusable, UsageError
from bot.storage.inspection import (
    BESIDE,
    LOG,
    PATIENCE,
    backup_of,
    contents_of,
    damage_of,
    damaged,
    is_busy,
    is_ours,
    opened,
    readable,
)
from bot.storage.locks import held

FEW_PAGES = "PRAGMA cache_size=-200"
"""In kB. Each page is of use once, and a bot kept 3 MB of them for good."""


class Vault:
    """Copies of one database; every copy is whole and checked before it has its name."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def copy(self, target: Path) -> int:
        """Copy the database as it is now, while it is in use; returns the bytes of the copy.

        Raises UsageError where something else than a backup would be lost, StoreUnusable where the
        database is damaged, RadarError where the copy cannot be written; an older copy of that
        name is then as it was.
        """
        return await asyncio.to_thread(_back_up, self._path, target)

    async def contents(self, path: Path | None = None) -> Contents:
        """Look at a copy, or at the database itself; raises StoreUnusable for what is not ours."""
        return await asyncio.to_thread(contents_of, path or self._path, live=path is None)

    async def backup(self, source: Path) -> Contents:
        """Look at a copy that shall be put back; raises StoreUnusable where it cannot be."""
        return await asyncio.to_thread(backup_of, source)

    def exists(self) -> bool:
        """Is there one, or may there be: nobody can tell who may not look?"""
        return self._octets() is not None

    def is_empty(self) -> bool:
        """Is there none, or a file without a byte?"""
        return not self._octets()

    def _octets(self) -> int | None:
        """None: there is no file; 1 where nobody can tell."""
        try:
            return self._path.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return 1

    async def put_back(self, source: Path, stamp: str) -> Path | None:
        """Make a copy the database; returns where the one before is kept, by a dated name.

        Raises StoreUnusable where a bot or a run is at work. Until the last step, which is a
        rename, the database is as it was.
        """
        bot = StoreUnusable(f"A bot runs on {self._path}: stop it first, then restore.")
        run = StoreUnusable(f"A run is writing into {self._path}: restore when it has ended.")
        with held(self._path, "bot", bot), held(self._path, "run", run):
            return await asyncio.to_thread(_put_back, source, _pointed_at(self._path), stamp)


def _back_up(database: Path, target: Path) -> int:
    with readable(database):
        if not database.is_file():  # or SQLite would make an empty one
            raise StoreUnusable(f"There is no database {database} yet: there is nothing to copy.")
    target = _pointed_at(target)
    _spare(database, target)
    # not read-only: who reads the database itself also mends what a crash left of it
    with readable(database), closing(sqlite3.connect(database, timeout=PATIENCE)) as original:
        return _copy(original, database, target)


def _spare(database: Path, target: Path) -> None:
    """Refuse to write where something else than an older backup would be lost."""
    ours = [database, *(Path(f"{_pointed_at(database)}{end}") for end in BESIDE)]
    try:
        if not target.exists():
            return
        if any(one.exists() and one.samefile(target) for one in ours):
            raise UsageError(f"{target} is the database itself: name another file for the copy.")
        if target.is_dir():
            raise UsageError(f"{target} is a folder: name the file that shall be written.")
        if not (target.is_file() and is_ours(target)):
            raise UsageError(f"{target} is there already and no backup: name another file.")
    except OSError as error:
        raise UsageError(f"Cannot write {target} ({error.strerror}): name another file.") from error


def _copy(original: sqlite3.Connection, source: Path, target: Path) -> int:
    part = target.with_name(f"{target.name}.{token_hex(4)}.part")  # two may copy at once
    with _written(target, part):
        target.parent.mkdir(parents=True, exist_ok=True)
        _claim(part, source)
        with _read(source):
            damage = _fill(part, original, source)
        if damage:
            raise StoreUnusable(damaged(source, damage))
        octets = part.stat().st_size
        part.replace(target)
        _settle(target.parent)
    return octets


def _claim(part: Path, source: Path) -> None:
    """Make an empty file for whom the source is for, and for nobody else at any moment."""
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, source.stat().st_mode & 0o777))


def _fill(part: Path, original: sqlite3.Connection, source: Path) -> tuple[str, ...]:
    """Copy all pages; returns the damage of what was copied."""
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA locking_mode=EXCLUSIVE")  # no shared memory: less that needs room
        copy.execute("PRAGMA journal_mode=OFF")  # it has no name yet: nothing to roll back to
        copy.execute(FEW_PAGES)
        with readable(source):  # `backup` would wait for ever for whoever lets nobody read
            original.execute("BEGIN")
            original.execute("SELECT 1 FROM sqlite_master").fetchone()
            original.execute(FEW_PAGES)
        original.backup(copy)  # in one step: in WAL mode nobody waits for a reader
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        return damage_of(copy)


def _put_back(source: Path, path: Path, stamp: str) -> Path | None:
    backup_of(source)
    for left in path.parent.glob(f"{escape(path.name)}.*.part*"):  # by one that was killed
        left.unlink(missing_ok=True)
    ready = path.with_name(f"{path.name}.restored")
    try:
        with readable(source), closing(opened(source, live=False)) as original:
            _copy(original, source, ready)
        return _take_place(ready, path, stamp)
    finally:
        ready.unlink(missing_ok=True)


def _take_place(ready: Path, path: Path, stamp: str) -> Path | None:
    """Nobody gets into the database that goes from before it is set aside until it is replaced."""
    with ExitStack() as alone:
        aside = _set_aside(path, stamp, alone) if path.exists() else None
        if os.name == "nt":  # there nobody may have open what is replaced
            alone.close()
        with _written(path, ready):
            if aside is not None:
                _hand_over(ready, path)
            ready.replace(path)
            _settle(path.parent)
    return aside


def _hand_over(ready: Path, path: Path) -> None:
    """To whom the database belongs so far: whoever restores may be another user than the bot."""
    before = path.stat()
    with suppress(OSError, AttributeError):  # only root gives away; Windows has no owners
        os.chown(ready, before.st_uid, before.st_gid)
    ready.chmod(before.st_mode & 0o777)


def _set_aside(path: Path, stamp: str, alone: ExitStack) -> Path:
    """Keep what stands there under a dated name, and leave nothing beside it to be replayed.

    Until `alone` ends nobody else gets into one that is whole.
    """
    aside = _unused(path, stamp)
    if contents_of(path, live=True).damage:
        _keep(path, aside)
        for end in BESIDE:
            Path(f"{path}{end}").unlink(missing_ok=True)
    else:
        _copy(alone.enter_context(_alone_with(path)), path, aside)
    return aside


def _unused(path: Path, stamp: str) -> Path:
    """Nothing that was set aside is ever written over, whatever the clock says."""
    endings = chain([""], (f"-{number}" for number in count(2)))
    names = (path.with_name(f"{path.name}.{stamp}{ending}") for ending in endings)
    return next(name for name in names if not name.exists())


def _keep(path: Path, aside: Path) -> None:
    """As it is, with its log; what it is found by comes last."""
    ends = [end for end in (LOG, "") if Path(f"{path}{end}").exists()]
    try:
        for end in ends:
            _keep_one(Path(f"{path}{end}"), Path(f"{aside}{end}"))
    except RadarError:
        Path(f"{aside}{LOG}").unlink(missing_ok=True)
        raise


def _keep_one(file: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    with _written(target, part):
        part.unlink(missing_ok=True)
        _claim(part, file)
        copyfile(file, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)


@contextmanager
def _alone_with(path: Path) -> Iterator[sqlite3.Connection]:
    """Let nobody else in, so that all that is ever written is kept; leave no log beside it."""
    with closing(sqlite3.connect(path, timeout=1)) as database:
        with readable(path):
            _lock_out(database, path)
        yield database


def _lock_out(database: sqlite3.Connection, path: Path) -> None:
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=DELETE").fetchone()
        database.execute("BEGIN EXCLUSIVE")
        database.commit()  # in this mode the lock stays
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        raise RadarError(
            f"Another program has {path} open: close it first, then restore."
        ) from error


def _pointed_at(path: Path) -> Path:
    """Where a link leads: what it points at is replaced, the link stays."""
    try:
        return path.resolve() if path.is_symlink() else path
    except OSError:  # whoever works with it is told why it cannot be
        return path


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
        for end in ("", *BESIDE):
            with suppress(OSError):
                Path(f"{part}{end}").unlink(missing_ok=True)


@contextmanager
def _read(source: Path) -> Iterator[None]:
    """Tell what is wrong with the file that is read from what goes wrong in writing."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise StoreUnusable(damaged(source, (str(error),))) from error


def _settle(folder: Path) -> None:
    """Let a rename survive a power cut; Windows knows no such call."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
