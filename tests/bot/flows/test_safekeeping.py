"""Backups over the days: one a night, the right ones kept, and put back whole."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.models import Allowance, Sample
from bot.errors import RadarError, StoreUnusable, UsageError
from bot.exports.notes import Notes
from bot.flows.check import Check
from bot.flows.safekeeping import Safekeeping
from bot.storage.backups import Vault
from bot.storage.database import open_database
from bot.storage.histories import Histories
from tests.standins.clock import DAY, HOUR, SettableClock


async def fill(path: Path, name: str, at: int) -> None:
    async with open_database(path) as database:
        await Histories(database).merge([(name, Sample(at, {"stars": 1}))], at)


@pytest.fixture
async def path(tmp_path: Path, clock: SettableClock) -> Path:
    await fill(tmp_path / "radar.db", "o/first", clock.now() - DAY)
    return tmp_path / "radar.db"


def keeping(
    path: Path, clock: SettableClock, *, daily: int = 3, weekly: int = 2
) -> tuple[Safekeeping, Path]:
    folder = path.parent / "backups"
    notes = Notes(path, "backups")
    return Safekeeping(Vault(path), folder, clock, notes, daily=daily, weekly=weekly), folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def octets(path: Path) -> bytes:
    return path.read_bytes()


def scribble(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 4000)


def lose(path: Path, *, emptied: bool) -> None:
    path.unlink()
    if emptied:
        path.touch()


async def test_a_night_makes_one_backup(path: Path, clock: SettableClock) -> None:
    safekeeping, folder = keeping(path, clock)

    made = await safekeeping.nightly()
    clock.pass_(HOUR)
    again = await safekeeping.nightly()

    assert made is not None
    assert again is None
    assert names(folder) == ["radar-2026-07-01.db"]


async def test_the_newest_days_and_weeks_are_kept_and_those_made_by_hand(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, folder = keeping(path, clock, weekly=3)
    by_hand = await safekeeping.make()

    for _ in range(20):
        await safekeeping.nightly()
        clock.pass_(DAY)

    assert names(folder) == [
        Path(by_hand.path).name,
        "radar-2026-07-12.db",  # the newest of the week before the last
        "radar-2026-07-18.db",
        "radar-2026-07-19.db",
        "radar-2026-07-20.db",
    ]


async def test_whoever_wants_none_gets_none(path: Path, clock: SettableClock) -> None:
    safekeeping, folder = keeping(path, clock, daily=0, weekly=0)

    assert await safekeeping.nightly() is None
    assert names(folder) == []
    assert safekeeping.problem() is None


async def test_a_night_that_fails_drops_no_older_backup(path: Path, clock: SettableClock) -> None:
    safekeeping, folder = keeping(path, clock, daily=1, weekly=0)
    await safekeeping.nightly()
    clock.pass_(DAY)
    scribble(path)

    with pytest.raises(RadarError, match="is damaged"):
        await safekeeping.nightly()

    assert names(folder) == ["radar-2026-07-01.db"]


async def test_backups_that_stopped_are_a_problem(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)
    await safekeeping.nightly()
    clock.pass_(2 * DAY)
    assert safekeeping.problem() is None

    clock.pass_(DAY)

    assert "newest backup is 3 days old" in (safekeeping.problem() or "")


async def test_a_backup_is_not_written_over_a_folder(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)

    with pytest.raises(UsageError, match="is a folder: name the file"):
        await safekeeping.make(path.parent)


async def test_a_plan_changes_nothing(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)
    made = await safekeeping.make()
    await fill(path, "o/second", clock.now())
    before = octets(path)

    report = await safekeeping.plan(Path(made.path))

    assert report.now is not None
    assert (report.backup.repositories, report.now.repositories) == (1, 2)
    assert report.aside is None
    assert octets(path) == before


async def test_a_restore_tells_what_came_back_and_where_the_rest_is(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, _ = keeping(path, clock)
    made = await safekeeping.make()
    await fill(path, "o/second", clock.now())

    report = await safekeeping.restore(Path(made.path))

    now = await safekeeping.look()
    assert now is not None
    assert (now.repositories, now.newest_sample_at) == (1, clock.now() - DAY)
    assert report.aside == f"{path}.2026-07-01T120000Z"
    assert (await Vault(path).contents(Path(report.aside))).repositories == 2


async def test_the_newest_whole_backup_is_found_behind_broken_ones(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, folder = keeping(path, clock)
    whole = await safekeeping.make()
    scribble(folder / "radar-2026-08-01.db")
    scribble(folder / "radar-2026-08-02.db")

    found = await safekeeping.newest()

    assert found is not None
    assert found.path == whole.path


class Asked:
    """A GitHub that counts who asks."""

    def __init__(self, *problems: str) -> None:
        self.times, self._problems = 0, problems

    async def __call__(self) -> tuple[list[Allowance], list[str]]:
        self.times += 1
        return [Allowance("radar", 5000, 4990)], list(self._problems)


async def test_a_check_over_a_whole_database_asks_github(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)
    asked = Asked("The token ends tomorrow.")

    report = await Check(safekeeping, clock).report(asked)

    assert report.problems == ("The token ends tomorrow.",)
    assert report.database is not None
    assert asked.times == 1


async def test_a_check_tells_what_damage_costs_and_how_to_restore(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, _ = keeping(path, clock)
    made = await safekeeping.make()
    scribble(path)
    asked = Asked()

    report = await Check(safekeeping, clock).report(asked)

    (problem,) = report.problems
    assert "What was sampled after 2026-06-30 12:00 UTC is lost" in problem
    assert problem.endswith(f"repo-radar restore {made.path}.")
    assert asked.times == 0  # asking would open it


async def test_damage_without_a_backup_is_told_without_a_promise(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, _ = keeping(path, clock)
    scribble(path)

    (problem,) = (await Check(safekeeping, clock).report(Asked())).problems

    assert "there is no backup of it: it stays as it is" in problem


async def test_a_machine_without_a_database_is_well(tmp_path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(tmp_path / "none.db", clock)

    report = await Check(safekeeping, clock).report(Asked())

    assert (report.database, report.backup, report.problems) == (None, None, ())
    with pytest.raises(StoreUnusable, match="There is no database"):
        await safekeeping.make()


async def test_a_night_that_failed_is_told_until_a_backup_is_made(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, folder = keeping(path, clock)
    folder.touch()  # a file where the folder should be
    with pytest.raises(RadarError):
        await safekeeping.nightly()

    told, _ = keeping(path, clock)  # by another process
    assert "The last backup failed: Cannot write" in (told.problem() or "")

    folder.unlink()
    await safekeeping.nightly()
    assert told.problem() is None


async def test_days_to_come_neither_count_nor_go(path: Path, clock: SettableClock) -> None:
    safekeeping, folder = keeping(path, clock, daily=1, weekly=0)
    clock.pass_(3_000 * DAY)
    await safekeeping.nightly()
    clock.pass_(-3_000 * DAY)
    ahead = names(folder)

    for _ in range(3):
        await safekeeping.nightly()
        clock.pass_(DAY)

    assert names(folder) == ["radar-2026-07-03.db", *ahead]
    clock.pass_(5 * DAY)
    assert "newest backup is 6 days old" in (safekeeping.problem() or "")


async def test_a_clock_that_was_reset_drops_no_backup(path: Path, clock: SettableClock) -> None:
    safekeeping, folder = keeping(path, clock, daily=2, weekly=0)
    for _ in range(2):
        await safekeeping.nightly()
        clock.pass_(DAY)
    before = names(folder)
    now = clock.now()
    clock.pass_(3 * DAY - now)  # 1970

    await safekeeping.nightly()

    assert names(folder) == ["radar-1970-01-04.db", *before]


async def test_names_of_others_and_what_a_kill_left_do_no_harm(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, folder = keeping(path, clock)
    folder.mkdir()
    (folder / "radar-2026-02-30.db").touch()
    for name, age in (("old", 2 * DAY), ("fresh", HOUR)):
        part = folder / f"radar-2026-06-30.db.{name}.part"
        part.touch()
        os.utime(part, (0, clock.now() - age))

    await safekeeping.nightly()

    assert safekeeping.problem() is None
    assert names(folder) == [
        "radar-2026-02-30.db", "radar-2026-06-30.db.fresh.part", "radar-2026-07-01.db",
    ]  # fmt: skip


async def test_the_newest_backup_is_so_by_its_name(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)
    old = await safekeeping.nightly()
    clock.pass_(DAY)
    new = await safekeeping.nightly()
    assert old is not None
    assert new is not None
    os.utime(new.path, (0, 0))  # carried over from another machine

    found = await safekeeping.newest()

    assert found is not None
    assert found.path == new.path


async def test_a_dry_run_refuses_what_a_restore_would(path: Path, clock: SettableClock) -> None:
    safekeeping, _ = keeping(path, clock)
    broken, newer = Path((await safekeeping.make(path.parent / "b.db")).path), path.parent / "n.db"
    await safekeeping.make(newer)
    scribble(broken)
    with closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version=9999")

    for source, why in ((broken, "is damaged"), (newer, "written by a newer Repo Radar")):
        with pytest.raises(StoreUnusable, match=why):
            await safekeeping.plan(source)


@pytest.mark.parametrize("emptied", [False, True])
async def test_no_database_is_begun_where_one_was_lost(
    path: Path, clock: SettableClock, *, emptied: bool
) -> None:
    safekeeping, _ = keeping(path, clock)
    assert safekeeping.lost() is None
    made = await safekeeping.make()
    assert safekeeping.lost() is None
    lose(path, emptied=emptied)
    asked = Asked()

    report = await Check(safekeeping, clock).report(asked)

    assert f"repo-radar restore {made.path}" in (safekeeping.lost() or "")
    (problem,) = report.problems
    assert f"repo-radar restore {made.path}" in problem
    assert asked.times == 0
    await safekeeping.restore(Path(made.path))
    assert safekeeping.lost() is None


async def test_an_empty_file_without_a_backup_is_a_beginning(
    tmp_path: Path, clock: SettableClock
) -> None:
    (tmp_path / "radar.db").touch()
    safekeeping, _ = keeping(tmp_path / "radar.db", clock)

    assert (await Check(safekeeping, clock).report(Asked())).problems == ()
    assert safekeeping.lost() is None


async def test_what_cannot_be_opened_is_a_problem_of_the_check(
    path: Path, clock: SettableClock
) -> None:
    safekeeping, _ = keeping(path, clock)

    async def newer() -> tuple[list[Allowance], list[str]]:
        raise StoreUnusable("It was written by a newer Repo Radar.")

    assert (await Check(safekeeping, clock).report(newer)).problems == (
        "It was written by a newer Repo Radar.",
    )


async def test_a_folder_that_cannot_be_looked_into_is_noted(
    path: Path, clock: SettableClock
) -> None:
    notes, folder = Notes(path, "backups"), path.parent / ("a" * 300)
    safekeeping = Safekeeping(Vault(path), folder, clock, notes, daily=1, weekly=0)

    with pytest.raises((RadarError, OSError)):
        await safekeeping.nightly()

    assert await safekeeping.newest() is None
    assert safekeeping.lost() is None
    assert "The last backup failed" in (safekeeping.problem() or "")
