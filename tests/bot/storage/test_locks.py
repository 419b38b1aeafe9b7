"""One holder a purpose, in whatever process, and none after its death."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import RunInProgress, StoreUnusable
from bot.storage.locks import held, taken
from tests.standins.stored import SqliteStore

TAKEN = StoreUnusable("Another bot runs on this database.")
HOLD_IT = """
import sys
from pathlib import Path
from bot.errors import RadarError
from bot.storage.locks import held

with held(Path(sys.argv[1]), sys.argv[2], RadarError("taken")):
    print("held", flush=True)
    sys.stdin.read()
"""


@asynccontextmanager
async def held_elsewhere(path: Path, purpose: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that holds the lock until it ends."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_IT, str(path), purpose, stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    try:
        yield process
    finally:
        await process.communicate(b"")  # closes its stdin: it ends


def test_a_second_holder_is_refused_in_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"

    with (
        held(path, "bot", TAKEN),
        pytest.raises(StoreUnusable, match="Another bot runs"),
        held(path, "bot", TAKEN),
    ):
        pytest.fail("two hold it")


def test_it_is_free_again_afterwards_also_after_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    with pytest.raises(ZeroDivisionError), held(path, "bot", TAKEN):
        raise ZeroDivisionError

    with held(path, "bot", TAKEN):
        pass


def test_purposes_and_databases_have_locks_of_their_own(tmp_path: Path) -> None:
    with (
        held(tmp_path / "one.db", "bot", TAKEN),
        held(tmp_path / "one.db", "run", TAKEN),
        held(tmp_path / "two.db", "bot", TAKEN),
    ):
        pass


async def test_another_process_is_refused_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"

    async with held_elsewhere(path, "bot"):
        with pytest.raises(StoreUnusable), held(path, "bot", TAKEN):
            pytest.fail("two hold it")

    with held(path, "bot", TAKEN):
        pass


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"

    async with held_elsewhere(path, "bot") as process:
        process.kill()
        await process.wait()

        with held(path, "bot", TAKEN):
            pass


async def test_one_run_at_a_time_across_processes(store: SqliteStore) -> None:
    async with held_elsewhere(store.database.path, "run"):
        with (
            pytest.raises(RunInProgress, match="sampling into this database right now: try again"),
            store.runs.alone(),
        ):
            pytest.fail("two runs")

    with store.runs.alone():
        pass


async def test_it_can_be_told_whether_a_lock_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "radar.db"
    assert not taken(path, "run")

    async with held_elsewhere(path, "run"):
        assert taken(path, "run")
        assert not taken(path, "bot")
    with held(path, "run", TAKEN):
        assert taken(path, "run")
    assert not taken(path, "run")


def test_where_no_lock_can_be_a_sentence_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # no folder: also root cannot write there
    path = tmp_path / "file" / "radar.db"

    with pytest.raises(StoreUnusable, match=r"Cannot write .*bot-lock"), held(path, "bot", TAKEN):
        pytest.fail("it is held")
    with pytest.raises(StoreUnusable, match="make it and its folder writable"):
        taken(path, "run")


def test_a_database_has_one_lock_by_whichever_name(tmp_path: Path) -> None:
    (tmp_path / "radar.db").touch()
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "radar.db")

    with held(link, "bot", TAKEN):
        assert taken(tmp_path / "radar.db", "bot")
