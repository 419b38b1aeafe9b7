"""Copies of real databases: while they are written, damaged, on a full disk, and put back."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from bot.core.models import Sample
from bot.errors import RadarError, StoreUnusable, UsageError
from bot.storage.backups import Vault
from bot.storage.database import open_database
from bot.storage.histories import Histories
from bot.storage.locks import held
from tests.standins.clock import DAY, moment

NOW = moment("2026-07-01")
RESTORE_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from bot.storage.backups import Vault

async def main():
    path, sources = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    print("ready", flush=True)
    for turn in range(100_000):
        kept = await Vault(path).put_back(sources[turn % len(sources)], "aside")
        kept and kept.unlink(missing_ok=True)

asyncio.run(main())
"""


async def filled(path: Path, names: int, days: int = 3) -> Path:
    rows = [
        (f"o/r{number}", Sample(NOW - day * DAY, {"stars": number * 7 + day}))
        for number in range(names)
        for day in range(days)
    ]
    async with open_database(path) as database:
        await Histories(database).merge(rows, NOW)
    return path


def damage(path: Path) -> None:
    """Scribble over the middle of the file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xa5" * 4000)


def as_it_was(path: Path, before: bytes) -> bool:
    return path.read_bytes() == before


def in_folder(folder: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def names_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(database.execute("SELECT count(*) FROM subjects").fetchone()[0])


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    if not shutil.which("mount") or ran(*mount):
        pytest.skip("this user may not mount a small disk")
    try:
        yield folder
    finally:
        assert ran("umount", str(folder)) == 0


def ran(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603  # ours


async def test_a_copy_holds_what_was_committed_while_the_database_is_in_use(tmp_path: Path) -> None:
    path, copy = await filled(tmp_path / "radar.db", 5), tmp_path / "to" / "copy.db"

    async with open_database(path) as database, database.transaction() as transaction:
        await transaction.run("DELETE FROM observations")
        octets = await Vault(path).copy(copy)

    assert (await Vault(path).contents(copy)).observations == 15
    assert octets == copy.stat().st_size
    assert in_folder(copy.parent) == ["copy.db"]


async def test_a_copy_tells_what_it_holds_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path, copy = await filled(tmp_path / "radar.db", 5), tmp_path / "copy.db"
    await Vault(path).copy(copy)

    found = await Vault(path).contents(copy)

    assert (found.repositories, found.observations, found.newest_sample_at) == (5, 15, NOW)
    assert found.damage == ()
    assert in_folder(tmp_path, "copy.db-*") == []


async def test_a_damaged_database_is_not_copied_over_a_good_backup(tmp_path: Path) -> None:
    path, copy = await filled(tmp_path / "radar.db", 400), tmp_path / "copy.db"
    await Vault(path).copy(copy)
    damage(path)

    with pytest.raises(StoreUnusable, match=r"is damaged .* repo-radar check"):
        await Vault(path).copy(copy)

    assert names_in(copy) == 400
    assert in_folder(tmp_path, "*.part") == []
    assert (await Vault(path).contents()).damage


async def test_there_is_nothing_to_copy_before_there_is_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match=r"There is no database .* nothing to copy"):
        await Vault(tmp_path / "none.db").copy(tmp_path / "copy.db")

    assert in_folder(tmp_path) == []


async def test_a_full_disk_leaves_the_older_backup_and_no_half_one(tmp_path: Path) -> None:
    small, large = await filled(tmp_path / "s.db", 5), await filled(tmp_path / "l.db", 3000)
    with small_disk(tmp_path / "disk", 300) as disk:
        await Vault(small).copy(disk / "copy.db")

        with pytest.raises(RadarError, match=r"the disk is full.* as it was"):
            await Vault(large).copy(disk / "copy.db")

        assert names_in(disk / "copy.db") == 5
        assert in_folder(disk) == ["copy.db"]


async def test_a_full_disk_during_a_restore_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    large = await filled(tmp_path / "l.db", 3000)
    with small_disk(tmp_path / "disk", 400) as disk:
        path = await filled(disk / "radar.db", 5)

        with pytest.raises(RadarError, match=r"the disk is full"):
            await Vault(path).put_back(large, "aside")

        assert names_in(path) == 5
        assert in_folder(disk, "*.part") + in_folder(disk, "*.restored") == []


async def test_a_full_disk_during_a_write_keeps_what_was_there(tmp_path: Path) -> None:
    rows = [(f"o/n{number}", Sample(NOW, {"stars": number})) for number in range(5000)]
    with small_disk(tmp_path / "disk", 500) as disk:
        path = await filled(disk / "radar.db", 5)

        async with open_database(path) as database:
            with pytest.raises(RadarError, match=r"is full: nothing of this step was written"):
                await Histories(database).merge(rows, NOW)

            assert await database.rows("SELECT count(*) FROM subjects") == [(5,)]

        assert names_in(path) == 5


async def test_what_is_put_back_takes_the_place_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 9)

    aside = await Vault(path).put_back(source, "2026-07-01T120000Z")

    assert aside == tmp_path / "radar.db.2026-07-01T120000Z"
    assert (names_in(path), names_in(aside), names_in(source)) == (9, 3, 9)
    async with open_database(path) as database:
        assert await database.rows("PRAGMA journal_mode") == [("wal",)]


async def test_a_damaged_database_is_set_aside_as_it_is(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 400), await filled(tmp_path / "old.db", 9)
    damage(path)
    before = path.read_bytes()

    aside = await Vault(path).put_back(source, "2026-07-01T120000Z")

    assert aside is not None
    assert aside.read_bytes() == before
    assert names_in(path) == 9


async def test_a_log_of_the_old_database_is_not_replayed_into_the_new_one(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 400), await filled(tmp_path / "old.db", 9)
    damage(path)
    log, kept = tmp_path / "radar.db-wal", tmp_path / "radar.db.aside-wal"
    log.write_bytes(b"left by a crash")

    await Vault(path).put_back(source, "aside")

    assert (kept.read_bytes(), log.exists()) == (b"left by a crash", False)
    assert names_in(path) == 9


async def test_the_first_database_of_a_new_machine_is_a_restored_one(tmp_path: Path) -> None:
    source = await filled(tmp_path / "old.db", 9)

    assert await Vault(tmp_path / "radar.db").put_back(source, "aside") is None

    assert names_in(tmp_path / "radar.db") == 9


@pytest.mark.parametrize("purpose", ["bot", "run"])
async def test_nothing_is_put_back_under_a_bot_or_a_run(tmp_path: Path, purpose: str) -> None:
    path, source = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 9)

    with (
        held(path, purpose, StoreUnusable()),
        pytest.raises(StoreUnusable, match=r"restore( when it has ended)?\."),
    ):
        await Vault(path).put_back(source, "aside")

    assert names_in(path) == 3


async def test_nothing_is_put_back_under_somebody_who_has_it_open(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 9)

    async with open_database(path) as database:
        await database.rows("SELECT 1 FROM subjects")
        with pytest.raises(RadarError, match=r"has .* open: close it first"):
            await Vault(path).put_back(source, "aside")

    assert names_in(path) == 3


async def test_only_a_whole_backup_of_ours_is_put_back(tmp_path: Path) -> None:
    path, broken = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 400)
    damage(broken)
    foreign, newer = tmp_path / "foreign.db", await filled(tmp_path / "newer.db", 1)
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE theirs (x)")
    with closing(sqlite3.connect(newer)) as database:
        database.execute("PRAGMA user_version=9999")

    for source, why in (
        (broken, "is damaged"),
        (foreign, "is no database of Repo Radar"),
        (newer, "was written by a newer Repo Radar"),
        (tmp_path / "nowhere.db", "There is no file"),
    ):
        with pytest.raises(StoreUnusable, match=why):
            await Vault(path).put_back(source, "aside")

    assert names_in(path) == 3
    assert in_folder(tmp_path, "*.restored") + in_folder(tmp_path, "*aside*") == []


async def test_a_kill_at_any_moment_of_a_restore_leaves_one_whole_database(tmp_path: Path) -> None:
    path = await filled(tmp_path / "radar.db", 300)
    sources = [await filled(tmp_path / "a.db", 200), await filled(tmp_path / "b.db", 300)]
    command = [sys.executable, "-c", RESTORE_FOR_EVER, str(path), *map(str, sources)]

    for kill in range(6):
        process = await asyncio.create_subprocess_exec(
            *command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        with suppress(TimeoutError):  # somewhere else every time
            async with asyncio.timeout(0.05 + kill * 0.03):
                await process.wait()
        process.kill()
        await process.wait()

        assert names_in(path) in (200, 300)


async def test_a_copy_never_takes_the_place_of_the_database_it_is_of(tmp_path: Path) -> None:
    path = await filled(tmp_path / "radar.db", 3)
    hard, link = tmp_path / "hard.db", tmp_path / "link.db"
    hard.hardlink_to(path)
    link.symlink_to(path)
    async with open_database(path) as database, database.transaction() as transaction:
        await transaction.run("DELETE FROM observations")
        before = path.stat().st_ino

        for target in (path, hard, link, tmp_path / "radar.db-wal", tmp_path / "radar.db-shm"):
            with pytest.raises(UsageError, match="is the database itself: name another file"):
                await Vault(path).copy(target)

    assert path.stat().st_ino == before
    assert link.is_symlink()


async def test_a_copy_takes_the_place_of_an_older_backup_and_of_nothing_else(
    tmp_path: Path,
) -> None:
    path = await filled(tmp_path / "radar.db", 3)
    settings, foreign, pipe = tmp_path / "config.yaml", tmp_path / "x.db", tmp_path / "pipe"
    settings.write_text("log: {level: info}")
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE theirs (x)")
    os.mkfifo(pipe)
    empty = tmp_path / "empty.db"
    empty.touch()

    for target in (settings, foreign, pipe):
        with pytest.raises(UsageError, match="is there already and no backup"):
            await Vault(path).copy(target)
    await Vault(path).copy(empty)
    await Vault(path).copy(empty)

    assert settings.read_text() == "log: {level: info}"
    assert pipe.is_fifo()
    assert names_in(empty) == 3


async def test_a_copy_is_for_nobody_who_may_not_read_the_database(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 9)
    path.chmod(0o600)

    await Vault(path).copy(tmp_path / "copy.db")
    aside = await Vault(path).put_back(source, "aside")

    assert aside is not None
    for one in (tmp_path / "copy.db", aside, path):
        assert one.stat().st_mode & 0o777 == 0o600, one


async def test_copies_of_one_name_at_one_time_are_whole(tmp_path: Path) -> None:
    path, copy = await filled(tmp_path / "radar.db", 400), tmp_path / "copy.db"

    await asyncio.gather(*(Vault(path).copy(copy) for _ in range(6)))

    assert names_in(copy) == 400
    assert in_folder(tmp_path, "*.part*") == []


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program that lets nobody read, as it may for a while."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE late (x)")
        yield


async def test_a_locked_database_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    path, source = await filled(tmp_path / "radar.db", 3), await filled(tmp_path / "old.db", 9)

    with locked(path):
        answers = await asyncio.gather(  # each waits for a while
            Vault(path).contents(),
            Vault(path).copy(tmp_path / "copy.db"),
            Vault(path).put_back(source, "aside"),
            return_exceptions=True,
        )

    assert {str(one) for one in answers} == {
        f"Another program keeps the database {path} locked: try again when it is done."
    }
    assert names_in(path) == 3
    assert in_folder(tmp_path, "*.aside*") + in_folder(tmp_path, "copy*") == []


async def test_an_empty_file_is_a_database_that_was_lost(tmp_path: Path) -> None:
    path, source = tmp_path / "radar.db", await filled(tmp_path / "old.db", 9)
    path.touch()

    found = await Vault(path).contents()
    aside = await Vault(path).put_back(source, "aside")

    assert found.damage == ("the file is empty",)
    assert aside is not None
    assert aside.stat().st_size == 0
    assert names_in(path) == 9
    with pytest.raises(StoreUnusable, match="is no database of Repo Radar"):
        await Vault(path).backup(aside)


async def test_the_database_of_another_program_is_not_set_aside(tmp_path: Path) -> None:
    path, source = tmp_path / "radar.db", await filled(tmp_path / "old.db", 9)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE theirs (x)")

    with pytest.raises(StoreUnusable, match="belongs to another program"):
        await Vault(path).put_back(source, "aside")

    assert in_folder(tmp_path, "*aside*") == []


@pytest.mark.parametrize("broken", [False, True])
async def test_what_was_set_aside_is_never_written_over(tmp_path: Path, *, broken: bool) -> None:
    path, source = await filled(tmp_path / "radar.db", 400), await filled(tmp_path / "old.db", 9)

    first = await Vault(path).put_back(source, "at-noon")
    if broken:
        damage(path)
    second = await Vault(path).put_back(source, "at-noon")

    assert (first, second) == (tmp_path / "radar.db.at-noon", tmp_path / "radar.db.at-noon-2")
    assert first is not None
    assert names_in(first) == 400


async def test_a_link_still_leads_to_the_database_that_was_put_back(tmp_path: Path) -> None:
    (tmp_path / "large-disk").mkdir()
    there, source = tmp_path / "large-disk" / "radar.db", await filled(tmp_path / "old.db", 9)
    await filled(there, 3)
    link = tmp_path / "radar.db"
    link.symlink_to(there)
    busy = StoreUnusable("Another bot runs.")
    with held(there, "bot", busy), pytest.raises(StoreUnusable, match="stop it first"):
        await Vault(link).put_back(source, "aside")

    aside = await Vault(link).put_back(source, "aside")

    assert link.is_symlink()
    assert aside == tmp_path / "large-disk" / "radar.db.aside"
    assert (names_in(there), names_in(aside)) == (9, 3)


async def test_a_raw_copy_with_its_log_is_told_and_put_back_with_it(tmp_path: Path) -> None:
    path, raw = await filled(tmp_path / "radar.db", 3), tmp_path / "raw.db"
    async with open_database(path) as database:
        rows = [(f"o/late{number}", Sample(NOW, {"stars": number})) for number in range(5)]
        await Histories(database).merge(rows, NOW)
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{raw}{end}")

    told = await Vault(path).backup(raw)
    await Vault(path).put_back(raw, "aside")

    assert told.repositories == names_in(path) == 8


@pytest.mark.parametrize("broken", [False, True])
async def test_no_half_file_is_left_however_full_the_disk_is(
    tmp_path: Path, *, broken: bool
) -> None:
    source, small = await filled(tmp_path / "l.db", 600), await filled(tmp_path / "s.db", 300)
    if broken:
        damage(small)
    before, ended = small.read_bytes(), set[str]()
    for kilobytes in range(len(before) // 1024 + 4, 320, 8):
        with small_disk(tmp_path / f"disk-{kilobytes}", kilobytes) as disk:
            path = disk / "radar.db"
            path.write_bytes(before)
            try:
                aside = await Vault(path).put_back(source, "aside")
            except RadarError as error:  # at which sizes is the disk's business
                told = str(error)
                assert "the disk is full" in told or "There is no room beside" in told
                found = shutil.copy(path, tmp_path / "found.db")  # where there is room to look
                assert as_it_was(found, before) if broken else names_in(found) == 300
                assert in_folder(disk, "*.db.[!br]*") == []
                assert in_folder(disk, "*.restored*") == []
                ended.add("refused")
            else:
                assert aside is not None
                assert aside.stat().st_size == len(before)
                assert names_in(path) == 600
                ended.add("done")
    assert ended == {"refused", "done"}


async def test_a_database_without_room_beside_it_is_not_taken_for_a_damaged_one(
    tmp_path: Path,
) -> None:
    filled_elsewhere = (await filled(tmp_path / "radar.db", 3)).read_bytes()
    with small_disk(tmp_path / "disk", len(filled_elsewhere) // 1024 + 12) as disk:
        path = disk / "radar.db"
        path.write_bytes(filled_elsewhere)

        for act in (Vault(path).contents(), Vault(path).copy(tmp_path / "copy.db")):
            with pytest.raises(RadarError, match=r"There is no room beside .*radar\.db"):
                await act
        with pytest.raises(RadarError, match=r"The disk of .* is full"):
            async with open_database(path):
                pytest.fail("it is open")

        assert path.read_bytes() == filled_elsewhere
    assert in_folder(tmp_path, "copy.db*") == []


async def test_a_place_that_cannot_be_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = await filled(tmp_path / "radar.db", 3)

    for target, why in (
        (tmp_path / ("a" * 300), "File name too long"),
        (tmp_path / "radar.db" / "copy.db", "Cannot write"),
        (tmp_path, "is a folder: name the file"),
    ):
        with pytest.raises(RadarError, match=why):
            await Vault(path).copy(target)
    assert in_folder(tmp_path) == ["radar.db"]


async def test_whether_there_is_a_database_is_not_guessed(tmp_path: Path) -> None:
    endless, (one, two) = tmp_path / ("a" * 300), (tmp_path / "one.db", tmp_path / "two.db")
    one.symlink_to(two)
    two.symlink_to(one)

    for unseen in (endless, one):
        assert Vault(unseen).exists(), unseen
        assert not Vault(unseen).is_empty(), unseen
        with pytest.raises(StoreUnusable):
            await Vault(unseen).contents()
    none = Vault(tmp_path / "none.db")
    assert (none.exists(), none.is_empty()) == (False, True)


async def test_nothing_is_lost_that_is_written_while_the_database_is_set_aside(
    tmp_path: Path,
) -> None:
    """Others come and go, as commands of the command line do."""
    path, source = await filled(tmp_path / "radar.db", 800), await filled(tmp_path / "old.db", 9)
    over, kept = asyncio.Event(), list[str]()

    async def others() -> None:
        while not over.is_set():
            with suppress(RadarError):  # the restore is at work, or was so just now
                async with open_database(path) as database, database.transaction() as transaction:
                    name = f"late {len(kept)}"
                    await transaction.run("INSERT INTO told VALUES (1, $1, 1)", name)
                kept.append(name)

    visits, restored = asyncio.create_task(others()), list[Path]()
    async with asyncio.timeout(60):
        while len(restored) < 5 or not kept:  # until both had their turn
            with suppress(RadarError):  # somebody has it open
                aside = await Vault(path).put_back(source, "aside")
                restored += [aside] if aside else []
    over.set()
    await visits

    found = set[str]().union(*map(names_of, [path, *restored]))
    assert kept
    assert found >= set(kept)


def names_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {str(name) for (name,) in database.execute("SELECT warning FROM told")}
