"""Importing at a terminal: a dry run first, folders of daily files, and what export wrote."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.standins.bot_process import environment
from tests.standins.terminal import run

HISTORY = "date,full_name,stars\n2024-05-01,acme/rocket,100\n2024-05-03,acme/rocket,125\n"
BOTH = "2024-05-01..2024-05-04"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "history.csv").write_text(HISTORY)
    return tmp_path


def database(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "radar.db")) as connection:
        return list(connection.iterdump())


def snapshot(folder: Path, day: str, stars: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    repos = {"acme/rocket": {"stars": stars}}
    document = {"collectedAt": f"{day}T18:00:00Z", "version": 1, "repos": repos}
    (folder / f"{day}.json").write_text(json.dumps(document))


async def test_a_dry_run_tells_what_would_come_of_it_and_writes_nothing(home: Path) -> None:
    await run("import", "history.csv")
    before = database(home)
    (home / "more.csv").write_text(f"{HISTORY}2024-05-02,acme/rocket,110\n2024-05-03,acme/rocket,9")
    words = ("import", "more.csv", "history.csv", "--json")

    rehearsed = await run(*words, "--dry-run")

    assert database(home) == before
    assert list((home / "temporary").iterdir()) == []
    told = await run(*words)
    assert (rehearsed.code, told.code) == (2, 2)
    assert json.loads(rehearsed.out) == json.loads(told.out) | {"dry_run": True}
    assert {key: json.loads(told.out)[key] for key in ("rows", "new", "known")} == {
        "rows": 6,
        "new": 1,
        "known": 4,
    }


async def test_a_dry_run_before_there_is_a_database_makes_none(home: Path) -> None:
    told = await run("import", "history.csv", "--dry-run")

    assert (told.code, told.out.splitlines()[0]) == (0, "Would import 2 rows of 1 file")
    assert not (home / "radar.db").exists()
    refused = await run("import", "none.csv", "--dry-run")
    assert refused.code == 2
    assert refused.sentence.startswith("none.csv cannot be imported: No such file")


async def test_a_folder_of_daily_files_is_read_in_order(home: Path) -> None:
    for number, day in enumerate(("2024-05-02", "2024-05-01", "2024-05-03")):
        snapshot(home / "data" / "portfolio" / "snapshots", day, number)

    told = (await run("import", "data/portfolio", "--json")).json
    again = (await run("import", "data/portfolio/snapshots", "--json")).json

    assert (told["files"], told["new"], told["refused"]) == (3, 3, [])
    assert (again["files"], again["known"]) == (3, 3)
    empty = await run("import", "temporary")
    assert empty.code == 2
    assert empty.sentence.startswith("temporary cannot be imported: it has no daily files")


async def test_a_csv_that_export_wrote_is_read_elsewhere_and_written_again_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run("import", "history.csv")
    await run("export", "--format", "csv", BOTH, "--out", "radar.csv")
    monkeypatch.setenv("RADAR_STORAGE__URL", f"sqlite:///{home / 'elsewhere.db'}")

    told = (await run("import", "radar.csv", "--json")).json
    await run("export", "--format", "csv", BOTH, "--out", "again.csv")

    assert (told["rows"], told["new"], told["known"]) == (4, 2, 2)
    assert (home / "again.csv").read_bytes() == (home / "radar.csv").read_bytes()
