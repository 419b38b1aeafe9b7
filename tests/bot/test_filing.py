"""Daily files in the background: written after runs, outliving any failure."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.core.daily import Daily
from bot.core.models import Run, RunStatus, Trigger
from bot.errors import RadarError
from bot.exports.notes import Notes
from bot.filing import DailyFileTimer
from bot.flows.daily_files import DailyFiles, Place
from bot.flows.deltas import Deltas
from bot.flows.portfolio import OPERATOR
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

pytestmark = pytest.mark.usefixtures("watched")
RUN = Run("r", Trigger.SCHEDULE, RunStatus.OK, 0, sampled=1)


class Slow:
    """A destination that is at it until it is let go, and fails in whatever way."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Semaphore(0), asyncio.Semaphore(0)
        self.trouble: Exception | None = None

    async def keep(self, daily: Daily, *, now: int, hidden: Collection[str] = ()) -> None:  # noqa: ARG002  # a destination has it
        assert daily.collected_at <= now
        self.begun.release()
        await self.go.acquire()
        if self.trouble is not None:
            raise self.trouble


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def watched(flows: Flows, github: ScriptedGitHub) -> None:
    github.add("o/site", stars=9)
    await flows.track.add(OPERATOR, "o/site")


@pytest.fixture
def files(
    flows: Flows, store: SqliteStore, clock: SettableClock, slow: Slow, tmp_path: Path
) -> DailyFiles:
    deltas, notes = Deltas(store.histories, INTERVAL, store.stars), Notes(tmp_path / "radar.db")
    return DailyFiles([Place(slow)], notes, flows.portfolio, deltas, clock)


@asynccontextmanager
async def running(files: DailyFiles) -> AsyncIterator[None]:
    task = asyncio.create_task(DailyFileTimer(files).run())
    try:
        async with asyncio.timeout(5):
            yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_runs_that_end_while_it_writes_are_one_more_time(
    files: DailyFiles, slow: Slow
) -> None:
    async with running(files):
        files.ended(RUN)
        await slow.begun.acquire()
        for _ in range(3):
            files.ended(RUN)
        slow.go.release()
        await slow.begun.acquire()

        slow.go.release()
        while files.due:  # noqa: ASYNC110 - a flow has no event for it
            await asyncio.sleep(0)
        assert slow.begun.locked()


@pytest.mark.parametrize("trouble", [RadarError("The disk is full."), ValueError("a mistake")])
async def test_it_outlives_any_failure(files: DailyFiles, slow: Slow, trouble: Exception) -> None:
    slow.trouble = trouble
    async with running(files):
        for _ in range(2):
            files.ended(RUN)
            await slow.begun.acquire()
            slow.go.release()
