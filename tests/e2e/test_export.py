"""Exports as people get them: a file for whoever asked, or one on a terminal."""

import asyncio
import csv
import gzip
import json
import sys
from datetime import datetime
from pathlib import Path

import pytest

from bot.exports.daily_json import read_snapshot
from tests.standins import discord_people
from tests.standins.bot_process import environment
from tests.standins.discord_api import Answer, CannotAsk
from tests.standins.stage import LONG_AGO, NOTHING_WATCHED, Place, Stage
from tests.standins.terminal import run

pytestmark = pytest.mark.asyncio(loop_scope="session")

HISTORY = """\
date,full_name,stars
2024-05-01,acme/rocket,100
2024-05-03,acme/rocket,125
2024-05-03,acme/site,40
"""
DAYS = "2024-05-01..2024-05-03"


async def two(stage: Stage, name: str) -> Place:
    """A server that has watched two repositories for a week; another one watches a third."""
    place, other = stage.place(name), stage.place(f"{name} next door")
    own = [f"{name.lower()}/one", f"{name.lower()}/two"]
    for number, repository in enumerate([*own, f"{name.lower()}/theirs"]):
        stage.github.add(repository, stars=100 + number)
    await stage.remember(place, " ".join(own), hours_ago=LONG_AGO)
    await stage.remember(other, f"{name.lower()}/theirs", hours_ago=LONG_AGO)
    stage.github.set(own[0], stars=110)
    await place.synced()
    return place


def file_of(answer: Answer) -> tuple[str, str]:
    """The one file, which nobody else sees."""
    assert (answer.deferred, answer.ephemeral) == (True, True)
    ((name, content),) = answer.files.items()
    (words,) = answer.alternatives
    assert words in answer.text
    assert "repositor" in words
    assert name in answer.text
    return name, content.decode("utf-8")


async def test_a_daily_file_comes_as_an_attachment_and_can_be_read(stage: Stage) -> None:
    place = await two(stage, "Daily")

    name, text = file_of(await place.ask("export", format="daily-json"))

    told = json.loads(text)
    assert name == f"{told['collectedAt'][:10]}.json"
    assert {repo: one["stars"] for repo, one in told["repos"].items()} == {
        "daily/one": 110,
        "daily/two": 101,
    }
    now = int(datetime.fromisoformat(told["collectedAt"]).timestamp())
    assert len(list(read_snapshot(text, now=now))) == 2


async def test_a_csv_comes_as_an_attachment(stage: Stage) -> None:
    place = await two(stage, "Long")

    name, text = file_of(await place.ask("export", format="csv", window="2d"))

    head, *rows = csv.reader(text.splitlines())
    assert head == ["date", "full_name", "metric", "value", "status"]
    assert {row[1] for row in rows} == {"long/one", "long/two"}
    stars = [row for row in rows if row[1:3] == ["long/one", "stars"]]
    assert [row[3:] for row in stars] == [
        ["100", "exact"], ["100", "approx"], ["100", "approx"], ["110", "exact"],
    ]  # fmt: skip
    assert name == f"repo-radar-{stars[1][0]}-to-{stars[-1][0]}.csv"


async def test_what_is_refused_is_refused_at_once_and_quietly(stage: Stage) -> None:
    place, empty = await two(stage, "Refusing"), stage.place("Watching nothing")

    for answer, words in (
        (await place.ask("export", format="csv", window="0d"), "no length"),
        (await empty.ask("export", format="csv"), NOTHING_WATCHED),
    ):
        assert words in answer.text
        assert (answer.deferred, answer.ephemeral) == (False, True)
    late = await place.ask("export", format="csv", window="2020")
    assert "Nothing was sampled" in late.text
    assert late.ephemeral


async def test_a_large_file_is_packed_and_one_too_large_is_left_to_the_operator(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await two(stage, "Large")
    _, text = file_of(await place.ask("export", format="csv"))

    monkeypatch.setattr(discord_people, "LARGEST_UPLOAD", len(text) - 1)
    ((name, content),) = (await place.ask("export", format="csv")).files.items()
    monkeypatch.setattr(discord_people, "LARGEST_UPLOAD", 10)
    refused = await place.ask("export", format="csv")

    assert name.endswith(".csv.gz")
    assert gzip.decompress(content).decode() == text
    assert f"repo-radar export --format csv 30d --tz UTC --guild {place.guild.id}" in refused.text
    assert refused.ephemeral
    assert refused.files == {}


async def test_only_who_manages_the_server_may_export(stage: Stage) -> None:
    place = await two(stage, "Managed")

    with pytest.raises(CannotAsk):
        await place.ask("export", place.bob, format="csv")


async def test_windows_are_offered(stage: Stage) -> None:
    place = stage.place("Offering")

    assert "2026-05" in [one.name for one in await place.complete("export", "window", "2026-05")]


# The command line


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an imported history."""
    for name, value in environment(tmp_path).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "history.csv").write_text(HISTORY)
    await run("import", "history.csv")
    return tmp_path


def parts(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


@pytest.mark.usefixtures("home")
async def test_a_csv_on_a_terminal() -> None:
    said = await run("export", "--format", "csv", DAYS)

    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "date,full_name,metric,value,status\n"
        "2024-05-01,acme/rocket,stars,100,exact\n"
        "2024-05-02,acme/rocket,stars,100,approx\n"
        "2024-05-03,acme/rocket,stars,125,exact\n"
        "2024-05-03,acme/site,stars,40,exact\n"
    )


async def test_a_file_is_written_whole_and_replaces_the_one_before(home: Path) -> None:
    out = home / "snapshots.json"
    out.write_text("before")

    said = await run("export", "--format", "daily-json", DAYS, "--out", "snapshots.json")

    assert (said.code, said.out, said.err) == (0, "", "written to snapshots.json\n")
    assert json.loads(out.read_text("utf-8")) == {
        "collectedAt": "2024-05-03T12:00:00Z",
        "version": 1,
        "repos": {"acme/rocket": {"stars": 125}, "acme/site": {"stars": 40}},
    }
    assert parts(home) == []
    assert (await run("import", "snapshots.json", "--json")).json["known"] == 2


async def test_a_file_that_cannot_be_written_leaves_nothing_behind(home: Path) -> None:
    (home / "taken").mkdir()

    for out in ("taken", "nowhere/file.csv"):
        said = await run("export", "--format", "csv", DAYS, "--out", out)

        assert said.code == 2
        assert said.sentence.startswith(f"Cannot write {out} (")
    assert parts(home) == []


async def test_a_file_touches_nothing_beside_it_and_a_link_stays_one(home: Path) -> None:
    (home / "own.csv.part").write_text("mine")
    (home / "far").mkdir()
    (home / "own.csv").symlink_to(home / "far" / "real.csv")
    (home / "circle.csv").symlink_to(home / "circle.csv")

    await run("export", "--format", "csv", DAYS, "--out", "own.csv")
    circle = await run("export", "--format", "csv", DAYS, "--out", "circle.csv")

    assert (home / "own.csv.part").read_text() == "mine"
    assert (home / "own.csv").is_symlink()
    assert (home / "far" / "real.csv").read_text().startswith("date,full_name")
    assert circle.sentence.startswith("Cannot write circle.csv (")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize(
    "words",
    [
        ("export", "--format", "csv", DAYS),
        ("export", "--format", "daily-json", DAYS),
        ("diff", "acme/rocket", "--json"),
        ("track", "list"),
    ],
)
async def test_a_full_disk_behind_standard_output_is_a_sentence(
    home: Path, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230  # a device
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *words),
            cwd=home,
            env=environment(home),
            stdout=full,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()

    assert process.returncode == 1
    assert said.decode().splitlines() == [
        "Cannot print the answer (No space left on device): make room, then ask again."
    ]


@pytest.mark.usefixtures("home")
async def test_mistakes_are_told_in_a_sentence() -> None:
    for words, told in (
        (("--format", "xml"), "There is no format 'xml': take daily-json or csv."),
        (("--format", "csv", "--guild", "5"), NOTHING_WATCHED),
        (("--format", "csv", "--tz", "Nowhere"), "is no time zone"),
    ):
        said = await run("export", *words)

        assert said.code == 2
        assert told in said.sentence
