"""Imports that end early: killed, on a full disk, or at files that broke."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import InvalidFile, RadarError
from bot.exports.reader import read_rows
from bot.flows import importing
from bot.flows.importing import Import
from bot.storage.database import open_database
from tests.bot.storage.test_backups import small_disk
from tests.conftest import Flows
from tests.standins.clock import SettableClock
from tests.standins.stored import SqliteStore, contents, store_on

NAMES = 150
DAYS = 40
HEADER = "date,full_name,stars,forks\n"
SLOW = """
import asyncio, sys
from pathlib import Path
from bot.exports.reader import read_rows
from bot.flows import importing
from bot.flows.importing import Import
from bot.storage.database import open_database
from tests.standins.clock import SettableClock
from tests.standins.stored import store_on

importing.CHUNK = int(sys.argv[3])

async def main():
    async with open_database(Path(sys.argv[1])) as database:
        flow = Import(read_rows, store_on(database).port(), SettableClock(), lambda: "run")
        await flow.files([Path(sys.argv[2])], listener=lambda done: print(done.done, flush=True))

asyncio.run(main())
"""


def history(path: Path, names: int = NAMES, days: int = DAYS) -> Path:
    rows = [
        f"2026-{1 + day // 28:02}-{1 + day % 28:02},o/r{number},{number + day},{day}\n"
        for day in range(days)
        for number in range(names)
    ]
    path.write_text(HEADER + "".join(rows))
    return path


async def days_kept(path: Path) -> list[int]:
    """How many days of each repository there are; it has all of their values or the day is half."""
    async with open_database(path) as database:
        assert await database.rows("PRAGMA integrity_check") == [("ok",)]
        kept = await contents(database)
    for one in kept.values():
        assert len(one.observations["stars"]) == len(one.observations["forks"])
    return sorted((len(one.observations["stars"]) for one in kept.values()), reverse=True)


async def imported(path: Path, file: Path) -> tuple[int, int, int]:
    async with open_database(path) as database:
        flow = Import(read_rows, store_on(database).port(), SettableClock(), lambda: "next")
        report = await flow.files([file])
    return report.new, report.known, len(report.refused)


async def test_a_kill_at_any_moment_leaves_whole_chunks_and_the_next_import_completes(
    tmp_path: Path,
) -> None:
    file, chunk = history(tmp_path / "history.csv"), 5 * NAMES
    for kill in range(4):
        path = tmp_path / f"radar{kill}.db"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SLOW, str(path), str(file), str(chunk)),
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        assert process.stdout is not None
        for _ in range(1 + kill * 2):  # told after each chunk: it is killed within the next one
            told = int(await process.stdout.readline())
        process.kill()
        await process.wait()

        kept = await days_kept(path)
        assert len(kept) == NAMES
        assert len(set(kept)) == 1, "no day is half"
        assert kept[0] % 5 == 0, "no chunk is half"
        assert kept[0] * NAMES >= told, "what was told to be in is in"
        rows = NAMES * DAYS
        assert await imported(path, file) == (rows - kept[0] * NAMES, kept[0] * NAMES, 0)
        assert await days_kept(path) == [DAYS] * NAMES


async def test_a_full_disk_keeps_whole_chunks_and_the_next_import_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 5 * NAMES)
    file = history(tmp_path / "history.csv")
    with small_disk(tmp_path / "disk", 520) as disk:
        path, ballast = disk / "radar.db", disk / "ballast"
        ballast.write_bytes(bytes(150 * 1024))

        with pytest.raises(RadarError, match=r"is full: nothing of this step was written; free"):
            await imported(path, file)

        kept = await days_kept(path)
        assert len(set(kept)) == 1
        assert kept[0] % 5 == 0
        assert 0 < kept[0] < DAYS
        ballast.unlink()
        small = history(tmp_path / "small.csv", days=kept[0] + 1)
        assert await imported(path, small) == (NAMES, kept[0] * NAMES, 0)


@pytest.mark.parametrize(
    ("broken", "place"),
    [
        (b'{"version": 1, "collectedAt": "2026-05-01T18:00:00Z",\n "repos": {"o/a": {"stars"', "2"),
        (HEADER.encode() + b"2026-05-01,o/a,1,1\n2026-05-02,o/\xffa,1,1\n", "3, column 14"),
    ],
)
async def test_a_broken_file_is_refused_with_its_place_and_stays_as_it_is(
    flows: Flows, store: SqliteStore, tmp_path: Path, broken: bytes, place: str
) -> None:
    path = tmp_path / "broken"
    path.write_bytes(broken)

    with pytest.raises(InvalidFile, match=f"at line {place}"):
        await flows.importing.files([path])

    assert path.read_bytes() == broken
    assert await contents(store.database) == {}


async def test_a_bad_day_among_many_costs_no_other(flows: Flows, tmp_path: Path) -> None:
    paths = [tmp_path / f"2026-05-{day:02}.json" for day in range(1, 6)]
    for day, path in enumerate(paths, start=1):
        document = {
            "collectedAt": f"2026-05-{day:02}T18:00:00Z",
            "version": 1,
            "repos": {"o/a": {"stars": day}},
        }
        path.write_text(json.dumps(document))
    paths[2].write_text(paths[2].read_text()[:40])

    report = await flows.importing.files(paths)

    assert (report.rows, report.new) == (4, 4)
    ((file, line, reason),) = [(one.file, one.line, one.reason) for one in report.refused]
    assert (file, line) == (str(paths[2]), None)
    assert "broken at line 1, column 41" in reason
