"""The SQLite adapter on real files: opening, transactions, and what its errors say."""

import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import RadarError, StoreUnusable
from bot.storage.database import BUSY_SECONDS, Database, open_database
from bot.storage.dialect import among, ids, in_order, numbers
from bot.storage.migrating import APPLICATION_ID, MIGRATIONS

NEWEST = max(int(script.name[:4]) for script in MIGRATIONS.glob("*.sql"))
OPEN_WHEN_TOLD = """
import asyncio, sys
from pathlib import Path
from bot.storage.database import open_database

async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    async with open_database(Path(sys.argv[1])) as database:
        print(await database.rows("SELECT count(*) FROM subjects"), flush=True)

asyncio.run(main())
"""


async def put(database: Database, *keys: str | None) -> None:
    async with database.transaction() as transaction:
        rows = [(key,) for key in keys]
        await transaction.run_many("INSERT INTO metrics (key) VALUES ($1)", rows)


async def keys_in(database: Database) -> list[object]:
    return [key for (key,) in await database.rows("SELECT key FROM metrics ORDER BY id")]


async def test_a_new_file_gets_every_migration(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "radar.db"

    async with open_database(path) as database:
        assert await database.rows("PRAGMA user_version") == [(NEWEST,)]
        assert await database.rows("SELECT * FROM watches") == []


async def test_opening_again_migrates_nothing_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    async with open_database(path) as database:
        await put(database, "stars")

    async with open_database(path) as database:
        assert await database.rows("PRAGMA user_version") == [(NEWEST,)]
        assert await keys_in(database) == ["stars"]


async def test_the_file_is_kept_in_small_pages_and_wal(database: Database) -> None:
    assert await database.rows("PRAGMA page_size") == [(512,)]
    assert await database.rows("PRAGMA journal_mode") == [("wal",)]


async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    async with open_database(path):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version={NEWEST + 7}")
    before = path.read_bytes()

    with pytest.raises(StoreUnusable, match=f"newer Repo Radar .*{NEWEST + 7}.*update"):
        async with open_database(path):
            pytest.fail("it was opened")

    assert path.read_bytes() == before


async def test_a_file_of_ours_carries_our_mark(tmp_path: Path) -> None:
    async with open_database(tmp_path / "radar.db") as database:
        assert await database.rows("PRAGMA application_id") == [(APPLICATION_ID,)]

    assert (tmp_path / "radar.db").read_bytes()[68:72] == b"RADR"


@pytest.mark.parametrize("application", [0, APPLICATION_ID - 1])
@pytest.mark.parametrize("version", [0, 1, NEWEST, NEWEST + 7])
@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
async def test_the_database_of_another_program_is_refused_and_left_as_it_is(
    tmp_path: Path, application: int, version: int, journal: str
) -> None:
    """Whatever its version says, and even where its tables are called as ours."""
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA journal_mode={journal}")
        other.execute("CREATE TABLE subjects (id INTEGER PRIMARY KEY)")
        other.execute(f"PRAGMA application_id={application}")
        other.execute(f"PRAGMA user_version={version}")
        other.commit()
    before = path.read_bytes()

    with pytest.raises(StoreUnusable, match=r"belongs to another program: name .*left as it is"):
        async with open_database(path):
            pytest.fail("it was opened")

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208 - pathlib's way is called blocking


async def test_an_empty_file_becomes_ours(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    path.touch()

    async with open_database(path) as database:
        assert await database.rows("PRAGMA application_id") == [(APPLICATION_ID,)]


async def test_opening_and_reading_waits_for_no_writer(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    async with open_database(path) as database:
        await put(database, "stars")

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO metrics (key) VALUES ('forks')")
        async with asyncio.timeout(BUSY_SECONDS / 2), open_database(path) as database:
            assert await keys_in(database) == ["stars"]
        other.execute("COMMIT")

    async with open_database(path) as database:
        assert await keys_in(database) == ["stars", "forks"]


async def test_many_tasks_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"

    async def open_and_look() -> list[tuple[object, ...]]:
        async with open_database(path) as database:
            return list(await database.rows("PRAGMA user_version"))

    assert await asyncio.gather(*(open_and_look() for _ in range(6))) == [[(NEWEST,)]] * 6


async def test_many_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    pipe = asyncio.subprocess.PIPE
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPEN_WHEN_TOLD, str(path), stdin=pipe, stdout=pipe, stderr=pipe
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"

    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))

    assert answers == [(b"[(0,)]\n", b"")] * 4


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into any folder")
async def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)

    with pytest.raises(StoreUnusable, match=r"Cannot write .*radar\.db: make its folder writable"):
        async with open_database(folder / "radar.db"):
            pytest.fail("it was opened")


async def test_a_folder_that_is_a_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StoreUnusable, match=r"Cannot write .*storage\.url"):
        async with open_database(tmp_path / "file" / "radar.db"):
            pytest.fail("it was opened")


def test_a_path_that_is_a_folder_is_a_sentence_and_no_thread_complains(tmp_path: Path) -> None:
    """The loop ends at once, as the command line's does; pytest fails a thread that raises."""

    async def open_it() -> None:
        async with open_database(tmp_path):
            pytest.fail("it was opened")

    with pytest.raises(StoreUnusable, match=r"Cannot write .*storage\.url"):
        asyncio.run(open_it())


@pytest.mark.parametrize("written", [b"date,full_name,stars\n" * 400, b"short", b"\0" * 5_000])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(
    tmp_path: Path, written: bytes
) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(written)

    with pytest.raises(StoreUnusable, match=r"no Repo Radar database.*left as it is"):
        async with open_database(path):
            pytest.fail("it was opened")

    assert path.read_bytes() == written
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208 - pathlib's way is called blocking


async def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await put(database, "stars", None)

    await put(database, "forks")
    assert await keys_in(database) == ["forks"]


async def test_a_cancelled_transaction_leaves_nothing_and_frees_the_lock(
    database: Database,
) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO metrics (key) VALUES ($1)", "stars")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    await asyncio.wait([task])

    await put(database, "forks")
    assert task.cancelled()
    assert await keys_in(database) == ["forks"]


@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_transaction_may_be_cancelled_at_any_step(database: Database, steps: int) -> None:
    """Also while it begins: what was asked of the connection is carried out all the same."""
    task = asyncio.create_task(put(database, "stars", "forks"))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    await put(database, "watchers")

    assert await keys_in(database) in (["watchers"], ["stars", "forks", "watchers"])


async def test_one_task_writes_at_a_time(database: Database) -> None:
    """A connection shared without turns would keep with one task's commit what another undoes."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        async with database.transaction() as transaction:
            await transaction.run("INSERT INTO metrics (key) VALUES ($1)", "stars")
            inside.set()
            await go_on.wait()
            raise ZeroDivisionError

    failing = asyncio.create_task(fail())
    await inside.wait()
    writing = asyncio.create_task(put(database, "forks"))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([failing, writing])

    assert isinstance(failing.exception(), ZeroDivisionError)
    assert await keys_in(database) == ["forks"]


async def test_readers_see_only_what_was_committed(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run("INSERT INTO metrics (key) VALUES ($1)", "stars")
        assert await transaction.rows("SELECT key FROM metrics") == [("stars",)]
        assert await keys_in(database) == []

    assert await keys_in(database) == ["stars"]


async def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(StoreUnusable):
        await database.rows("INSERT INTO metrics (key) VALUES ('stars')")

    assert await keys_in(database) == []


async def test_placeholders_may_come_twice_and_in_any_order(database: Database) -> None:
    assert await database.rows("SELECT $2, $1, $2, $1", "one", "two") == [
        ("two", "one", "two", "one")
    ]
    numbers = ", ".join(f"${number}" for number in range(12, 0, -1))
    assert await database.rows(f"SELECT {numbers}", *range(1, 13)) == [tuple(range(12, 0, -1))]


async def test_a_list_is_one_argument(database: Database) -> None:
    await put(database, "stars", "forks", "it's", 'a "quote"')
    asked = f"SELECT key FROM metrics WHERE {among('key', 1)} ORDER BY id"  # noqa: S608 - ours

    assert await database.rows(asked, ids(["it's", 'a "quote"', "nobody"])) == [
        ("it's",),
        ('a "quote"',),
    ]
    assert await database.rows(asked, ids([])) == []


async def test_a_full_disk_is_a_sentence_and_nothing_is_kept(database: Database) -> None:
    async with database.transaction() as transaction:
        ((pages,),) = await transaction.rows("PRAGMA page_count")
        await transaction.rows(f"PRAGMA max_page_count={pages}")

    with pytest.raises(RadarError, match=r"disk of .* is full.*free some space"):
        await put(database, *(f"metric {number}" for number in range(5_000)))

    assert await keys_in(database) == []


async def test_a_mistake_of_ours_is_told_as_it_is(database: Database) -> None:
    with pytest.raises(sqlite3.ProgrammingError, match="bindings"):
        await database.rows("SELECT $1, $2", 1)


def log_of(database: Database) -> int:
    return Path(f"{database.path}-wal").stat().st_size


async def test_the_log_of_a_large_write_is_not_kept(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run("CREATE TABLE large (number INTEGER, told TEXT)")
        rows = [(number, "x" * 500_000) for number in range(40)]
        await transaction.run_many("INSERT INTO large (number, told) VALUES ($1, $2)", rows)
    grown = log_of(database)
    await database.checkpoint()

    async with database.transaction() as transaction:
        await transaction.run("DELETE FROM large WHERE number < 2")

    assert grown > 20_000_000
    assert log_of(database) <= 16 * 1024 * 1024


async def test_what_goes_on_beside_has_ended_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    async with open_database(path) as reader, open_database(path) as database:
        await put(database, *(f"metric {number}" for number in range(200)))
        before = path.stat().st_size
        database.checkpoint_soon()
        assert await keys_in(reader), "nobody waits for it"
        await database.settled()

        assert path.stat().st_size > before
        database.checkpoint_soon()
    async with open_database(path) as database:
        assert len(await keys_in(database)) == 200


async def test_numbers_come_in_the_order_that_was_asked_for(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.run("CREATE TABLE placed (place INTEGER, number INTEGER)")
        rows = [(place * 7 % 100, place * 7 % 100 - 50) for place in range(100)]
        await transaction.run_many("INSERT INTO placed (place, number) VALUES ($1, $2)", rows)
    up, down = (
        in_order("number", f"placed WHERE {among('place', 1)}", f"place {way}")
        for way in ("ASC", "DESC")
    )

    for sql, order in ((up, range(3, 60)), (down, range(59, 2, -1))):
        ((text,),) = await database.rows(sql, ids(range(3, 60)))
        assert numbers(text) == [place - 50 for place in order]
    ((nothing,),) = await database.rows(up, ids([]))
    assert numbers(nothing) == []


async def test_pages_that_were_let_go_of_are_read_again(database: Database) -> None:
    await put(database, *(f"metric {number}" for number in range(200)))

    await database.forget_pages()

    await put(database, "one more")
    assert len(await keys_in(database)) == 201


async def test_tidying_shrinks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    async with open_database(path) as database:
        await put(database, *(f"metric {number}" for number in range(20_000)))
        async with database.transaction() as transaction:
            await transaction.run("DELETE FROM metrics WHERE id > 100")
    before = path.stat().st_size

    async with open_database(path) as database:
        await database.tidy()

    assert path.stat().st_size < before / 2
    async with open_database(path) as database:
        assert len(await keys_in(database)) == 100


async def test_tidying_does_not_mind_another_reader(database: Database) -> None:
    await put(database, *(f"metric {number}" for number in range(2_000)))
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM metrics").fetchone() == (2_000,)

        await database.tidy()

        assert other.execute("SELECT count(*) FROM metrics").fetchone() == (2_000,)
    assert len(await keys_in(database)) == 2_000


async def test_what_another_connection_commits_is_seen(database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("INSERT INTO metrics (key) VALUES ('stars')")
        other.commit()

    assert await keys_in(database) == ["stars"]
