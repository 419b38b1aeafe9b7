"""The growing file of weekly metrics: read whole, written whole, never in place of a broken one."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOENT
from pathlib import Path

from filelock import FileLock, Timeout

from bot.core.snapshots import Snapshots, document, merged, parse_document
from bot.errors import InvalidFile, UsageError
from bot.exports.whole import replace

PATIENCE = 10.0
"""Seconds to wait for another process that writes the same file."""
MOST = 256 * 2**20
"""Bytes of a file that is read: a hundred years of large metrics have fewer."""


class WeeklyFile:
    """`metrics_snapshots.json`; a lock beside it keeps its writers apart."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience

    async def read(self, path: Path) -> Snapshots:
        """Raises InvalidFile for one that is not there or cannot be used."""
        return await asyncio.to_thread(_read, path)

    async def add(self, path: Path, snapshots: Snapshots) -> Snapshots:
        """Write them and what the file holds already, whole or not at all; returns both.

        Raises InvalidFile, leaving it as it is, where what is there cannot be read.
        """
        return await asyncio.to_thread(self._add, path, snapshots)

    def _add(self, path: Path, snapshots: Snapshots) -> Snapshots:
        path = path.resolve() if path.is_symlink() else path  # one lock; the link stays
        if path.exists() and not path.is_file():  # a device may go on for ever
            raise UsageError(f"{path} is no file that can be added to: name another one.")
        with self._alone(path):
            if path.exists():
                snapshots = merged(_read(path), snapshots)
            try:
                replace(path, document(snapshots), path.with_name(f".{path.name}.part"))
            except OSError as error:
                raise _unwritable(path, error) from error
        return snapshots

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        if not path.parent.is_dir():  # the lock would make the folder
            raise _unwritable(path, FileNotFoundError(ENOENT, os.strerror(ENOENT)))
        lock = FileLock(f"{path}.lock", timeout=self._patience)
        try:
            lock.acquire()
        except Timeout:
            raise UsageError(
                f"Another process writes {path}: try again when it is done; it was left as it is."
            ) from None
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            yield
        finally:
            lock.release()


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"Cannot write {path} ({error.strerror or error}): name another file.")


def _read(path: Path) -> Snapshots:
    try:
        with path.open("rb") as file:
            content = file.read(MOST + 1)
        if len(content) > MOST:
            raise InvalidFile(f"{path} has more than {MOST // 2**20} MB: is this the right file?")
        return parse_document(content.decode("utf-8-sig"))
    except OSError as error:
        reason = error.strerror or error
        raise InvalidFile(f"{path} cannot be read ({reason}): check the path.") from error
    except UnicodeError as error:
        raise InvalidFile(f"{path} is not UTF-8 text: it was left as it is.") from error
    except UsageError as error:
        raise InvalidFile(f"{path} was left as it is, as it cannot be used. {error}") from error
