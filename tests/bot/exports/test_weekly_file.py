"""metrics_snapshots.json on the disk: whole or not at all, and never in place of a broken one."""

import asyncio
import json
from pathlib import Path

import pytest
from filelock import FileLock

from bot.core.snapshots import Snapshots
from bot.core.weeks import Week
from bot.errors import InvalidFile, UsageError
from bot.exports.weekly_file import WeeklyFile

WEEK = Week(2025, 44)
OLD: Snapshots = {WEEK: {"m": {"value": 1, "timestamp": "2025-10-31T17:00:00Z"}}}
NEW: Snapshots = {WEEK: {"m": {"value": 2, "timestamp": "2025-11-01T17:00:00Z"}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics_snapshots.json"


def content_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def linked(path: Path) -> Path:
    """Where a link leads, made where there is none: a file for its owner only."""
    if not path.is_symlink():
        there = path.parent / "shared.json"
        there.write_bytes(b"{}")
        there.chmod(0o600)
        path.symlink_to(there)
    return path.resolve()


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.endswith(".lock"))


async def test_what_is_written_is_read_back(path: Path) -> None:
    await WeeklyFile().add(path, NEW)

    assert await WeeklyFile().read(path) == NEW
    assert json.loads(content_of(path) or b"") == {"2025-44": NEW[WEEK]}
    assert files(path.parent) == [path.name], "nothing is left behind"


async def test_what_only_the_file_has_stays_in_it(path: Path) -> None:
    other: Snapshots = {Week(2025, 43): {"n": {"value": 5}}}
    await WeeklyFile().add(path, {**other, **NEW})

    assert await WeeklyFile().add(path, OLD) == {**other, **NEW}, "the newer value stays"
    assert await WeeklyFile().read(path) == {**other, **NEW}


async def test_adding_twice_changes_no_byte(path: Path) -> None:
    await WeeklyFile().add(path, NEW)
    before = content_of(path)
    await WeeklyFile().add(path, NEW)

    assert content_of(path) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"2025-44": {"m": {"value": 1}', b"[]", b"\xff\xfe", b'{"2025-99": {}}', b"null"],
)
async def test_a_broken_file_is_never_overwritten(path: Path, content: bytes) -> None:
    put(path, content)

    with pytest.raises(InvalidFile, match="left as it is"):
        await WeeklyFile().add(path, NEW)
    with pytest.raises(InvalidFile):
        await WeeklyFile().read(path)

    assert content_of(path) == content
    assert files(path.parent) == [path.name]


async def test_a_file_that_is_not_there_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="No such file"):
        await WeeklyFile().read(tmp_path / "nothing.json")
    with pytest.raises(UsageError, match="Cannot write"):
        await WeeklyFile().add(tmp_path / "nowhere" / "file.json", NEW)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidFile, match="cannot be read"):
        await WeeklyFile().read(tmp_path / "folder")
    for endless in (tmp_path / "folder", Path("/dev/zero")):
        with pytest.raises(UsageError, match="is no file that can be added to"):
            await WeeklyFile().add(endless, NEW)


async def test_another_writer_is_waited_for_and_then_told_of(path: Path) -> None:
    with FileLock(f"{path}.lock"), pytest.raises(UsageError, match="Another process writes"):
        await WeeklyFile(patience=0.01).add(path, NEW)

    assert content_of(path) is None
    await WeeklyFile(patience=0.01).add(path, NEW)
    assert content_of(path) is not None


async def test_writers_at_the_same_time_lose_nothing_of_each_other(path: Path) -> None:
    each: list[Snapshots] = [{WEEK.later(n): {"m": {"value": n}}} for n in range(20)]

    await asyncio.gather(*(WeeklyFile().add(path, one) for one in each))

    found = await WeeklyFile().read(path)
    assert {week: metrics["m"]["value"] for week, metrics in found.items()} == {
        WEEK.later(n): n for n in range(20)
    }


async def test_a_link_stays_one_and_who_may_read_the_file_stays_so(path: Path) -> None:
    there = linked(path)

    await WeeklyFile().add(path, NEW)

    assert linked(path) == there
    assert await WeeklyFile().read(there) == NEW
    assert there.stat().st_mode & 0o777 == 0o600
