"""One bot a database, one process sampling: locks beside the file that die with their process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.errors import RadarError, StoreUnusable

PATIENCE, STEP = 0.03, 0.005
"""Seconds until a lock counts as held, and between two tries: `taken` has it for an instant."""


@contextmanager
def held(database: Path, purpose: str, refusal: RadarError) -> Iterator[None]:
    """Hold the lock of one purpose on a database, or raise the refusal at once.

    Raises StoreUnusable where there can be no lock.
    """
    lock = _lock(database, purpose)
    try:
        lock.acquire(timeout=PATIENCE, poll_interval=STEP)
    except Timeout as error:
        raise refusal from error
    except OSError as error:
        raise _impossible(lock, error) from error
    try:
        yield
    finally:
        lock.release()


def taken(database: Path, purpose: str) -> bool:
    """Is the lock held, by whichever process? Raises StoreUnusable where there can be none."""
    lock = _lock(database, purpose)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    except OSError as error:
        raise _impossible(lock, error) from error
    lock.release()
    return False


def _impossible(lock: FileLock, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"Cannot write {lock.lock_file} ({error.strerror}): make it and its folder writable for"
        " this user, or be the one who runs the bot."
    )


def _lock(database: Path, purpose: str) -> FileLock:
    return FileLock(f"{database.resolve()}.{purpose}-lock")  # one, by whichever name
