"""The commands that look after the database, as somebody at a terminal meets them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.exports.notes import Notes
from tests.standins.bot_process import environment
from tests.standins.github import GitHubStandIn
from tests.standins.terminal import run

HISTORY = "date,full_name,stars\n2024-05-01,acme/rocket,100\n2024-05-02,acme/rocket,110\n"


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture(autouse=True)
async def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path, github=github).items():
        if name.startswith("RADAR_") and name != "RADAR_STORAGE__URL":
            monkeypatch.setenv(name, value)
    (tmp_path / "history.csv").write_text(HISTORY)
    assert (await run("import", "history.csv")).code == 0
    return tmp_path


async def test_backup_and_restore_bring_history_back(home: Path) -> None:
    made = (await run("backup", "--json")).json
    (home / "data" / "radar.db").write_bytes(b"SQLite format 3\0" + b"\xa5" * 5000)

    broken = await run("diff", "acme/rocket", "2024-05-02")
    checked = await run("check")
    planned = (await run("restore", made["path"], "--dry-run", "--json")).json
    restored = (await run("restore", made["path"], "--json")).json
    told = (await run("diff", "acme/rocket", "2024-05-02", "--json")).json

    assert "damaged" in broken.sentence
    assert checked.code == 1
    assert f"repo-radar restore {made['path']}" in " ".join(checked.out.split())
    assert planned["set_aside"] is None
    assert restored["backup"]["repositories"] == 1
    assert (home / restored["set_aside"]).read_bytes().startswith(b"SQLite format 3\0\xa5")
    assert told["metrics"][0]["after"] == 110


async def test_a_backup_goes_where_it_is_told(home: Path) -> None:
    said = await run("backup", "--out", "elsewhere/mine.db")

    assert "elsewhere/mine.db" in said.out
    assert (home / "elsewhere" / "mine.db").stat().st_size > 0


async def test_what_is_no_backup_is_refused_in_a_sentence() -> None:
    for path, why in (("nowhere.db", "There is no file"), ("history.csv", "is damaged")):
        said = await run("restore", path)

        assert said.code == 2
        assert why in said.sentence
    assert (await run("diff", "acme/rocket", "2024-05-02")).code == 0


async def test_a_clean_up_tells_first_and_does_it_then() -> None:
    asked = await run("cleanup", "--keep-days", "30", "--dry-run")
    done = (await run("cleanup", "--keep-days", "30", "--json")).json
    nothing = await run("cleanup")

    assert "Would remove 1 observation and 0 repositories" in asked.out
    assert "Would shorten the history of 1 repository." in asked.out
    assert done == {"repositories": 0, "observations": 1, "shortened": 1}
    assert (nothing.code, nothing.sentence) == (
        2,
        "Say what shall go: --keep-days 365, --unwatched, or both.",
    )


async def test_a_check_in_json_has_the_files_and_the_problems(github: GitHubStandIn) -> None:
    await run("backup")
    github.revoke_token()

    said = await run("check", "--json")

    assert said.code == 1
    assert '"repositories": 1' in said.out
    assert "GitHub rejected the token (401)" in said.out


async def test_a_lost_database_is_told_by_whatever_would_begin_a_new_one(home: Path) -> None:
    made = (await run("backup", "--json")).json
    (home / "data" / "radar.db").unlink()

    for words in (("status",), ("import", "history.csv"), ("import", "history.csv", "--dry-run")):
        said = await run(*words)

        assert said.code == 2
        assert f"bring the newest back with repo-radar restore {made['path']}" in said.sentence
    assert not (home / "data" / "radar.db").exists()

    await run("restore", made["path"])
    assert (await run("diff", "acme/rocket", "2024-05-02")).code == 0


async def test_a_backup_that_failed_stands_in_the_status(home: Path) -> None:
    Notes(home / "data" / "radar.db", "backups").write(["Cannot write it (the disk is full)."])

    for words in (("status",), ("check",)):
        told = " ".join((await run(*words)).out.split())
        assert "The last backup failed: Cannot write it (the disk is full)." in told


async def test_a_copy_is_not_written_over_the_database(home: Path) -> None:
    said = await run("backup", "--out", "data/radar.db")

    assert (said.code, said.sentence) == (
        2,
        "data/radar.db is the database itself: name another file for the copy.",
    )
    assert (home / "data" / "radar.db").stat().st_size > 0
