"""One bot a database, one run at a time: locks beside the file that die with their process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import RadarError


@contextmanager
def held(database: Path, purpose: str, refusal: RadarError) -> Iterator[None]:
    """Hold the lock of one purpose on a database, or raise the refusal at once."""
    lock = FileLock(f"{database}.{purpose}-lock", blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise refusal from error
    try:
        yield
    finally:
        lock.release()
