"""The SQLite adapter: connections, transactions, placeholders, migrations, and what errors mean.

SQL elsewhere is portable and uses `$1`; what differs between engines is here and in `dialect.py`.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import aiosqlite

from bot.errors import RadarError, StoreUnusable
from bot.storage.dialect import Row, Value, placed
from bot.storage.migrating import APPLICATION_ID, migrate, newest_schema, pragma

BUSY_SECONDS = 10.0
SETTLE_AGAIN = 0.02  # seconds
TIDY_BELOW = 64 * 1024 * 1024
# To move pages from the log into the file took a third of a run: `checkpoint` does so after it.
# Who calls it not, and writes as much, has it done for every 16 MiB. A log that one large write
# made longer is cut to that again when the next one begins it anew.
CONNECTION_PRAGMAS = (
    "PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; PRAGMA foreign_keys=ON;"
    " PRAGMA wal_autocheckpoint=32768; PRAGMA journal_size_limit=16777216;"
)


class Transaction:
    """What may be done while the write lock is held; sees its own writes."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, *arguments: Value) -> list[Row]:
        return list(await self._connection.execute_fetchall(placed(sql), arguments))  # type: ignore[arg-type]

    async def run(self, sql: str, *arguments: Value) -> None:
        await self._connection.execute(placed(sql), arguments)

    async def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        if rows:
            await self._connection.executemany(placed(sql), rows)


class Database:
    """One writer behind a lock and one reader: aiosqlite does not isolate tasks that share one."""

    def __init__(
        self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection
    ) -> None:
        self.path: Final = path
        self._writer = writer
        self._reader = reader
        self._lock = asyncio.Lock()
        self._checkpointing: asyncio.Task[None] | None = None

    async def rows(self, sql: str, *arguments: Value) -> list[Row]:
        """Read what was committed last."""
        with _translated(self.path):
            return list(await self._reader.execute_fetchall(placed(sql), arguments))  # type: ignore[arg-type]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Write all of it or nothing; other tasks and processes wait their turn."""
        async with self._lock:
            with _translated(self.path):
                try:  # from the first word on: a cancelled BEGIN is still carried out
                    await self._writer.execute("BEGIN IMMEDIATE")
                    yield Transaction(self._writer)
                    await self._writer.commit()
                except BaseException:
                    await self._writer.rollback()
                    raise

    async def checkpoint(self) -> None:
        """Move what was written from the log into the file, as far as nobody is waited for.

        A full disk is no matter: the next one moves it all.
        """
        async with self._lock:
            with suppress(sqlite3.DatabaseError):  # whoever reads or writes next is told
                await self._writer.execute_fetchall("PRAGMA wal_checkpoint(PASSIVE)")

    def checkpoint_soon(self) -> None:
        """The same beside what goes on: only who writes next waits for it."""
        self._checkpointing = asyncio.create_task(self.checkpoint())

    async def settled(self) -> None:
        """Wait until nothing goes on beside: who closes it does."""
        if self._checkpointing is not None:
            await asyncio.wait([self._checkpointing])

    async def forget_pages(self) -> None:
        """Let go of the pages that the writer keeps in memory: nobody asks for these again soon."""
        async with self._lock:
            await self._writer.execute("PRAGMA shrink_memory")

    async def tidy(self) -> None:
        """Close up the half-filled pages a bulk import leaves, where that takes a moment only."""
        await self.checkpoint()
        if self.path.stat().st_size <= TIDY_BELOW:
            await self.shrink()

    async def shrink(self) -> None:
        """Give back to the disk what is no longer used; all of the file is written anew."""
        async with self._lock:
            with _translated(self.path):
                await _vacuum(self._writer)

    def size(self) -> int:
        """Bytes of the database, with what waits in its write-ahead log."""
        log = Path(f"{self.path}-wal")
        return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)


async def _vacuum(connection: aiosqlite.Connection) -> None:
    try:
        await connection.execute("VACUUM")
    except sqlite3.OperationalError as error:  # another process is at work: no matter
        if "locked" not in str(error):
            raise


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Open, creating and migrating where needed; raises StoreUnusable with the way out."""
    file = _reach(path)
    with _translated(path):
        async with _connected(path) as writer:
            await _settle(writer, path, file)
            async with _with_reader(path, writer) as database:
                yield database


@asynccontextmanager
async def _with_reader(path: Path, writer: aiosqlite.Connection) -> AsyncIterator[Database]:
    async with _connected(path) as reader:
        await reader.execute("PRAGMA query_only=ON")
        database = Database(path, writer, reader)
        try:
            yield database
        finally:
            await database.settled()


@asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[aiosqlite.Connection]:
    # isolation_level=None: transactions begin where this file says, not where the driver guesses
    connect = aiosqlite.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    async with connect as connection:
        await connection.executescript(CONNECTION_PRAGMAS)
        yield connection


async def _settle(connection: aiosqlite.Connection, path: Path, file: int) -> None:
    """Prepare and migrate, again and again while another process does so at this very moment.

    Who waited for a restore has the file from before it open: nothing may be written there.

    Around the switch to WAL SQLite answers "locked" at once, whatever the busy timeout says.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            await _recognise(connection, path)
            if _inode(path) != file:
                raise RadarError(f"The database {path} was restored just now: try again.")
            await _prepare(connection)
            await migrate(connection)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            await asyncio.sleep(SETTLE_AGAIN)
        else:
            return


async def _recognise(connection: aiosqlite.Connection, path: Path) -> None:
    """Refuse, before anything is written, what is not ours or is newer than we are."""
    tables = await connection.execute_fetchall("SELECT 1 FROM sqlite_master LIMIT 1")
    if tables and await pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreUnusable(
            f"The database {path} belongs to another program: name another file in storage.url;"
            " it was left as it is."
        )
    version, newest = await pragma(connection, "user_version"), newest_schema()
    if version > newest:
        raise StoreUnusable(
            f"The database {path} was written by a newer Repo Radar (schema {version}, this one"
            f" knows {newest}): update Repo Radar, or name another file in storage.url."
        )


async def _prepare(connection: aiosqlite.Connection) -> None:
    """Settle what must be so before the first table: both survive in the file."""
    # 512-byte pages: a young store is mostly tables that are empty or nearly so (24.5 instead of 27
    # bytes a repository-day after five months of 120 repositories); one of 10,000 is 2 % larger
    # than with 1 KiB, its seeks take as long and its runs are written 10 % slower.
    await connection.execute("PRAGMA page_size=512")
    await connection.execute("PRAGMA journal_mode=WAL")


def _inode(path: Path) -> int:
    return path.stat().st_ino


def _reach(path: Path) -> int:
    """Make the folder and see that the file opens; returns which file that is.

    Where it does not, aiosqlite is not asked: its thread outlives the loop and complains there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sqlite3.connect(path).close()
        return _inode(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise StoreUnusable(_unwritable(path)) from error


def _unwritable(path: Path) -> str:
    return (
        f"Cannot write the database {path}: make its folder writable for this user,"
        " or name another file in storage.url."
    )


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "readonly" in said or "unable to open" in said:
            raise StoreUnusable(_unwritable(path)) from error
        if "not a database" in said or "malformed" in said:
            raise StoreUnusable(
                f"The file {path} is damaged or no Repo Radar database ({said}): repo-radar check"
                " tells what is lost and how to restore; it was left as it is."
            ) from error
        code = (
            getattr(error, "sqlite_errorcode", 0) & 0xFF
        )  # what the driver itself refuses has none
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):  # the log's index found no room
            full = "is full" if code == sqlite3.SQLITE_FULL else f"is full or fails ({said})"
            raise RadarError(
                f"The disk of {path} {full}: nothing of this step was written; free some space"
                " and try again."
            ) from error
        if "locked" in said or "busy" in said:
            raise RadarError(
                f"Another program keeps the database {path} locked: try again when it is done."
            ) from error
        raise
