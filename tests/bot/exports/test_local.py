"""The daily file on a disk: whole at every moment, whoever writes, dies or fills it meanwhile."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from bot.core.daily import Daily, Entry, content, document
from bot.errors import RadarError
from bot.exports.local import LocalFiles
from tests.bot.storage.test_backups import small_disk
from tests.standins.bot_process import ROOT
from tests.standins.clock import DAY, HOUR, moment

NOON = moment("2026-07-01")
NOW = NOON + DAY + HOUR
KEEP = """
import asyncio, sys
from pathlib import Path
from bot.core.daily import Entry, document
from bot.exports.local import LocalFiles

async def main(root, name, at, turns):
    print("ready", flush=True)
    for turn in range(int(turns)):
        said = int(at) + turn
        entries = [Entry(f"{name}-{number}", {"stars": turn}, None, said) for number in range(200)]
        await LocalFiles(Path(root)).keep(document(said, entries), now=said)

asyncio.run(main(*sys.argv[1:]))
"""

# Before the step of that number at which something in the folder is opened, renamed or removed.
KEEP_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.core.daily import Entry, document
from bot.exports.local import LocalFiles

root, at, left = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])

def step(event, arguments):
    global left
    if event in {"open", "os.rename", "os.remove"} and str(root) in str(arguments[0]):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(step)
entries = [Entry(f"o/{name}", {"stars": 2}, None, at) for name in "ab"]
asyncio.run(LocalFiles(root).keep(document(at, entries), now=at))
"""


def daily(at: int = NOON, **repos: int) -> Daily:
    entries = [Entry(f"o/{name}", {"stars": stars}, None, at) for name, stars in repos.items()]
    return document(at, entries)


def day_file(root: Path, day: str = "2026-07-01") -> Path:
    return root / "snapshots" / f"{day}.json"


def stars(root: Path, day: str = "2026-07-01") -> dict[str, int]:
    told = json.loads(day_file(root, day).read_bytes())
    return {name: entry["stars"] for name, entry in told["repos"].items()}


def in_folder(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "snapshots").iterdir() if path.name != ".lock")


async def keep(root: Path, *dailies: Daily) -> None:
    for one in dailies:
        await LocalFiles(root, patience=0.1).keep(one, now=NOW)


async def test_a_day_is_a_file_and_its_second_run_is_merged_into_it(tmp_path: Path) -> None:
    await keep(tmp_path / "new" / "root", daily(a=1, b=1), daily(NOON + HOUR, a=2))
    await keep(tmp_path / "new" / "root", daily(NOON + DAY, a=3))

    root = tmp_path / "new" / "root"
    assert in_folder(root) == ["2026-07-01.json", "2026-07-02.json"]
    assert stars(root) == {"o/a": 2, "o/b": 1}
    assert day_file(root, "2026-07-02").read_bytes() == content(daily(NOON + DAY, a=3))


async def test_a_document_that_comes_late_overwrites_nothing_newer(tmp_path: Path) -> None:
    await keep(tmp_path, daily(NOON + HOUR, a=2), daily(a=1, b=1))

    assert stars(tmp_path) == {"o/a": 2, "o/b": 1}


async def test_what_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    await keep(tmp_path, daily(a=1))
    before = day_file(tmp_path).stat()

    await keep(tmp_path, daily(a=1))

    assert day_file(tmp_path).stat().st_ino == before.st_ino


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (b"", "broken at line 1"),
        (content(daily(a=1))[:50], "broken at line"),
        (content(daily(a=1)).replace(b'"version": 1', b'"version": 2'), "update Repo Radar"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
async def test_a_file_that_cannot_be_read_is_never_overwritten(
    tmp_path: Path, held: bytes, why: str
) -> None:
    path = day_file(tmp_path)
    path.parent.mkdir()
    path.write_bytes(held)

    with pytest.raises(RadarError, match=rf"stays as it is.*{why}.*Mend it, or move it away\.$"):
        await keep(tmp_path, daily(NOON + HOUR, a=2))

    assert path.read_bytes() == held
    assert in_folder(tmp_path) == [path.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    await keep(tmp_path, daily(a=1))
    (tmp_path / "snapshots").chmod(0o500)
    try:
        with pytest.raises(RadarError, match=r"Cannot write .* daily_file.path"):
            await keep(tmp_path, daily(NOON + HOUR, a=2))
    finally:
        (tmp_path / "snapshots").chmod(0o700)

    assert stars(tmp_path) == {"o/a": 1}


async def test_a_file_where_a_folder_should_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("mine")

    with pytest.raises(RadarError, match=r"Cannot write .* as it was\.$"):
        await keep(tmp_path, daily(a=1))

    assert (tmp_path / "snapshots").read_text() == "mine"


async def test_a_full_disk_leaves_the_file_of_before_and_no_half_one(tmp_path: Path) -> None:
    many = {f"repository-{number}": number for number in range(9000)}
    with small_disk(tmp_path / "disk", 300) as disk:
        await keep(disk, daily(a=1))

        with pytest.raises(RadarError, match=r"the disk is full.* as it was\.$"):
            await keep(disk, daily(NOON + HOUR, **many))

        assert stars(disk) == {"o/a": 1}
        assert in_folder(disk) == ["2026-07-01.json"]
        await keep(disk, daily(NOON + HOUR, a=2))
        assert stars(disk) == {"o/a": 2}


async def test_who_writes_for_too_long_is_not_waited_for(tmp_path: Path) -> None:
    await keep(tmp_path, daily(a=1))

    with (
        FileLock(tmp_path / "snapshots" / ".lock"),
        pytest.raises(RadarError, match=r"Another program .* \.lock"),
    ):
        await keep(tmp_path, daily(NOON + HOUR, a=2))

    assert stars(tmp_path) == {"o/a": 1}


async def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KEEP, str(tmp_path), name, str(NOON + late), "20"),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        for late, name in enumerate(("o/one", "o/two", "o/three"))
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]

    found = stars(tmp_path)
    assert len(found) == 600
    assert set(found.values()) == {19}


async def test_a_kill_at_any_step_leaves_a_whole_file_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    await keep(tmp_path, daily(a=1))
    whole = {content(daily(a=1)), content(daily(NOON + HOUR, a=2, b=2))}
    found, killed, step = [], True, 0
    while killed:
        step += 1
        ended = subprocess.run(  # noqa: ASYNC221, S603  # ours
            [sys.executable, "-c", KEEP_AND_DIE, str(tmp_path), str(NOON + HOUR), str(step)],
            cwd=ROOT, check=False,
        )  # fmt: skip
        killed = ended.returncode == -signal.SIGKILL
        assert killed or ended.returncode == 0
        found.append(day_file(tmp_path).read_bytes())
        if killed and found[-1] != content(daily(a=1)):
            day_file(tmp_path).write_bytes(content(daily(a=1)))  # the next step from the start

    assert step > 4
    assert set(found) == whole
    assert stars(tmp_path) == {"o/a": 2, "o/b": 2}
    assert in_folder(tmp_path) == ["2026-07-01.json"]
