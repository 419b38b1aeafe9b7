"""Daily files of the real program: after a run, whatever becomes of them, in folders and gists."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.standins.bot_process import environment
from tests.standins.github import GitHubStandIn
from tests.standins.stage import Place, Stage
from tests.standins.terminal import run

GIST = "gtt-portfolio-radar.json"


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add("acme/rocket", stars=45, forks=3, watchers=2, open_issues=5, open_prs=1)
        github.add("acme/site", stars=7)
        yield github


@pytest.fixture
def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path, github=github).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("RADAR_PORTFOLIO__REPOSITORIES", "acme/rocket, acme/site")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def only_file(root: Path) -> Path:
    (path,) = (root / "snapshots").glob("*.json")
    return path


def gist_of(github: GitHubStandIn) -> dict[str, dict[str, int]]:
    (kept,) = github.gists.kept.values()
    repos: dict[str, dict[str, int]] = json.loads(kept.files[GIST])["repos"]
    return repos


async def test_a_sync_leaves_the_file_of_its_day_and_says_nothing_of_it(
    home: Path,
) -> None:
    assert (await run("sync", "--json")).err == ""

    path = only_file(home / "data" / "portfolio")
    told = json.loads(path.read_bytes())
    assert path.stem == told["collectedAt"][:10]
    assert told["repos"]["acme/rocket"] == {
        "stars": 45, "forks": 3, "openIssues": 5, "openPRs": 1, "watchers": 2,
    }  # fmt: skip
    assert told["repos"]["acme/site"]["stars"] == 7
    exported = await run("export", "--format", "daily-json", "1d")
    assert exported.out == path.read_text("utf-8")


async def test_adding_a_repository_writes_it_and_reading_commands_do_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RADAR_PORTFOLIO__REPOSITORIES")
    assert (await run("status")).code == 1
    assert not (home / "data").exists()

    assert (await run("track", "add", "acme/site")).code == 0

    assert list(json.loads(only_file(home / "data/portfolio").read_bytes())["repos"]) == [
        "acme/site"
    ]


async def test_a_file_that_cannot_be_written_is_a_warning_and_a_problem_until_it_can(
    home: Path,
) -> None:
    (home / "data").write_text("in the way")

    failed = await run("sync", "--json")
    status = await run("status", "--json")
    (home / "data").unlink()
    well = await run("sync")
    after = await run("status", "--json")

    assert failed.json["run"]["status"] == "ok"
    assert failed.err.startswith("warning: Cannot write the daily file ")
    assert len(failed.err.splitlines()) == 1
    assert (status.code, failed.err.strip().removeprefix("warning: ")) == (
        1, json.loads(status.out)["problems"][0],
    )  # fmt: skip
    assert (well.code, well.err, after.json["problems"]) == (0, "", [])


async def test_a_destination_of_none_writes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADAR_DAILY_FILE__DESTINATION", "none")

    assert (await run("sync")).err == ""

    assert not (home / "data").exists()


@pytest.mark.usefixtures("home")
async def test_both_go_to_the_folder_and_to_a_gist_without_what_is_private(
    home: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADAR_DAILY_FILE__DESTINATION", "both")
    github.set("acme/site", private=True)

    assert (await run("sync")).err == ""

    assert len(json.loads(only_file(home / "data/portfolio").read_bytes())["repos"]) == 2
    assert list(gist_of(github)) == ["acme/rocket"]


@pytest.mark.usefixtures("home")
async def test_a_gist_that_fails_costs_the_folder_nothing_and_tells_no_secret(
    home: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADAR_DAILY_FILE__DESTINATION", "both")
    monkeypatch.setenv("RADAR_DAILY_FILE__GIST_TOKEN", "ghp_other")

    said = await run("sync")

    assert said.code == 0
    assert said.err.startswith("warning: GitHub rejected the token for the gist (401)")
    assert github.token not in said.err + said.out
    assert "ghp_other" not in said.err + said.out + (home / "radar.db.daily-files").read_text()
    assert len(json.loads(only_file(home / "data/portfolio").read_bytes())["repos"]) == 2


async def test_two_programs_that_sync_at_once_are_both_in_the_gist(
    tmp_path: Path, github: GitHubStandIn
) -> None:
    names = [github.add(f"acme/repo-{number}", stars=number).full_name for number in range(3)]
    processes = []
    for number, watched in enumerate((names[:2], names[1:])):
        folder = tmp_path / str(number)
        folder.mkdir()
        told = environment(folder, github=github) | {
            "RADAR_DAILY_FILE__DESTINATION": "gist",
            "RADAR_PORTFOLIO__REPOSITORIES": ",".join(watched),
        }
        pipe = asyncio.subprocess.PIPE
        processes.append(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "sync"),
                cwd=folder,
                env=told,
                stdout=pipe,
                stderr=pipe,
            )
        )
    ended = [await process.communicate() for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert [err for _, err in ended] == [b"", b""]
    first = next(iter(github.gists.kept.values()))
    assert list(json.loads(first.files[GIST])["repos"]) == names


async def until(place: Place, look: Callable[[], object]) -> None:
    """The bot goes on answering meanwhile."""
    async with asyncio.timeout(10):
        while not look():
            await place.ask("help")


@pytest.mark.asyncio(loop_scope="session")
async def test_the_bot_writes_it_beside_its_work(own_stage: Stage) -> None:
    stage = own_stage
    places = [stage.place(name) for name in ("Acme", "Globex", "Initech")]
    first, second, third = places
    stage.github.add("acme/rocket", stars=45)
    stage.bot.environ["RADAR_PORTFOLIO__REPOSITORIES"] = "acme/rocket"
    stage.bot.environ["RADAR_PORTFOLIO__GUILDS"] = ",".join(str(one.guild.id) for one in places)
    folder = stage.folder / "data" / "portfolio" / "snapshots"
    await stage.nothing_due()  # and that the repository is public is known
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await first.synced()
        await until(first, lambda: list(folder.glob("*.json")))
        (path,) = folder.glob("*.json")
        path.write_text("broken")
        await second.synced()
        await until(second, lambda: "daily file not written" in stage.bot.log)
        told = await second.ask("status")
        path.unlink()
        await third.synced()
        await until(third, path.exists)
        assert await stage.bot.stop() == 0

    assert "A daily file could not be written" in told.text
    assert str(folder) not in told.text
    assert json.loads(path.read_bytes())["repos"]["acme/rocket"]["stars"] == 45
