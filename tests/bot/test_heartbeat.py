"""The heartbeat: a file that is touched while all is well, and is gone after a stop in peace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from structlog.testing import capture_logs

from bot.heartbeat import Heartbeat

TURNS = 5
"""Turns of the loop in which the first beat comes, and no second one."""


@asynccontextmanager
async def beating(database: Path, *, well: bool) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Heartbeat(database, lambda: well).run())
    try:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def files_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_it_beats_beside_the_database_while_all_is_well(tmp_path: Path) -> None:
    async with beating(tmp_path / "radar.db", well=True):
        assert files_in(tmp_path) == ["radar.db.heartbeat"]


async def test_it_does_not_beat_while_the_bot_is_cut_off(tmp_path: Path) -> None:
    async with beating(tmp_path / "radar.db", well=False) as task:
        assert files_in(tmp_path) == []
        assert not task.done(), "it may be well again"


async def test_an_old_beat_is_not_renewed_while_the_bot_is_cut_off(tmp_path: Path) -> None:
    left = tmp_path / "radar.db.heartbeat"
    left.touch()
    before = left.stat().st_mtime_ns

    async with beating(tmp_path / "radar.db", well=False):
        assert left.stat().st_mtime_ns == before


async def test_nothing_is_left_behind_by_a_stop_in_peace(tmp_path: Path) -> None:
    async with beating(tmp_path / "radar.db", well=True) as task:
        pass

    assert task.cancelled()
    assert files_in(tmp_path) == []


async def test_a_beat_that_cannot_be_written_is_told_and_ends_nothing(tmp_path: Path) -> None:
    with capture_logs() as told:
        async with beating(tmp_path / "no such folder" / "radar.db", well=True) as task:
            assert not task.done()

    assert [(one["event"], one["log_level"]) for one in told] == [("no heartbeat", "warning")]
    assert "No such file" in told[0]["reason"]
