"""Several runs in one process, and none in another meanwhile."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.models import Run, RunStatus, Trigger
from bot.errors import RunInProgress
from bot.flows.occupancy import Occupancy
from bot.storage.locks import taken
from tests.standins.clock import SettableClock
from tests.standins.stored import SqliteStore


@pytest.fixture
def occupancy(store: SqliteStore, clock: SettableClock) -> Occupancy:
    return Occupancy(store.runs, clock)


def begun(id_: str, clock: SettableClock) -> Run:
    return Run(id_, Trigger.SYNC, RunStatus.RUNNING, clock.now())


async def test_the_first_locks_and_the_last_unlocks(
    occupancy: Occupancy, store: SqliteStore
) -> None:
    path = store.database.path
    async with occupancy.shared():
        async with occupancy.shared():
            assert taken(path, "run")
        assert taken(path, "run"), "one is left"
    assert not taken(path, "run")

    async with occupancy.shared():
        assert taken(path, "run")
    assert not taken(path, "run")


async def test_another_process_is_respected_and_leaves_no_trace(
    occupancy: Occupancy, store: SqliteStore
) -> None:
    for _ in range(2):
        with store.runs.alone(), pytest.raises(RunInProgress):
            async with occupancy.shared():
                pytest.fail("two processes")

    async with occupancy.shared():
        assert taken(store.database.path, "run")


async def test_only_who_takes_the_lock_tells_the_killed(
    occupancy: Occupancy, store: SqliteStore, clock: SettableClock
) -> None:
    killed = begun("killed", clock)
    await store.runs.begin(killed)
    clock.pass_(60)
    async with occupancy.shared():
        alive = begun("alive", clock)
        await store.runs.begin(alive)
        clock.pass_(60)
        async with occupancy.shared():
            assert await store.runs.newest() == alive

    marked = replace(killed, status=RunStatus.STOPPED, finished_at=killed.started_at + 60)
    rows = await store.database.rows("SELECT status, finished_at FROM runs WHERE id = 'killed'")
    assert rows == [(marked.status, marked.finished_at)]


async def test_who_comes_with_the_first_is_not_taken_for_killed(
    occupancy: Occupancy, store: SqliteStore, clock: SettableClock
) -> None:
    async def live(id_: str) -> None:
        async with occupancy.shared():
            await store.runs.begin(begun(id_, clock))

    await asyncio.gather(*(live(str(number)) for number in range(5)))

    statuses = await store.database.rows("SELECT status FROM runs")
    assert statuses == [("running",)] * 5


async def test_a_failure_and_a_cancelled_first_leave_the_lock_free(
    occupancy: Occupancy, store: SqliteStore
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with occupancy.shared():
            raise ZeroDivisionError
    assert not taken(store.database.path, "run")

    async def come() -> None:
        async with occupancy.shared():
            pytest.fail("it was cancelled at the door")

    task = asyncio.create_task(come())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert not taken(store.database.path, "run")
