"""Run directories of the real program: after a run on a branch, checked, and put back elsewhere."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_app
from bot.clock import SystemClock
from bot.core.models import RunStatus, Trigger
from bot.settings import load
from tests.standins.bot_process import environment
from tests.standins.clock import HOUR, SettableClock
from tests.standins.git_data import GitRepository
from tests.standins.github import GitHubStandIn
from tests.standins.stage import Place, Stage
from tests.standins.terminal import run

STATE = "acme/state"


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add("acme/rocket", stars=45, forks=3)
        github.add("acme/hidden", stars=7, private=True)
        github.add(STATE, private=True)
        github.git.of(STATE).push({"README.md": b"ours\n"}, "Begin")
        yield github


@pytest.fixture
def git(github: GitHubStandIn) -> GitRepository:
    return github.git.of(STATE)


@pytest.fixture
def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = {
        "RADAR_PORTFOLIO__REPOSITORIES": "acme/rocket, acme/hidden",
        "RADAR_SNAPSHOTS__ENABLED": "true",
        "RADAR_SNAPSHOTS__REPO_PATH": STATE,
    }
    for name, value in (environment(tmp_path, github=github) | settings).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def cloned(git: GitRepository, folder: Path) -> Path:
    for path, octets in git.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(octets)
    return folder


async def synced_an_hour_ago(home: Path) -> None:
    clock = SettableClock()
    clock.pass_(SystemClock().now() - HOUR - clock.now())
    async with open_app(load(folder=home), clock=clock) as app:
        await app.sync.everything(Trigger.SCHEDULE)
        assert (await app.run_directories.write()).troubles == []


def portfolio(git: GitRepository, number: int) -> dict[str, Any]:
    path = f"snapshots/{git.directories()[number]}/portfolio.json"
    return dict(json.loads(git.files()[path]))


@pytest.mark.usefixtures("home")
async def test_a_sync_is_one_commit_and_says_nothing_of_it(git: GitRepository) -> None:
    synced = await run("sync", "--json")

    run_id = synced.json["run"]["id"]
    assert synced.err == ""
    assert git.log() == ["Begin", f"Run {run_id[:8]}: 2 repositories"]
    assert [row["repo"] for row in portfolio(git, 0)["data"]] == ["acme/hidden", "acme/rocket"]
    assert portfolio(git, 0)["run_id"] == run_id


@pytest.mark.usefixtures("home")
async def test_reading_commands_and_new_repositories_write_none(git: GitRepository) -> None:
    for words in (("status",), ("track", "list"), ("track", "add", "acme/rocket")):
        await run(*words)

    assert git.log() == ["Begin"]


@pytest.mark.usefixtures("home")
async def test_a_failure_is_a_warning_and_a_problem_until_the_next_run_wrote_both(
    git: GitRepository, github: GitHubStandIn
) -> None:
    github.git.fail("new tree", 403)
    failed = await run("sync", "--json")
    status = await run("status", "--json")
    well = await run("sync", "--json")
    after = await run("status", "--json")

    assert failed.json["run"]["status"] == "ok"
    assert failed.err.startswith("warning: GitHub forbids the token to write to acme/state (403)")
    assert len(failed.err.splitlines()) == 1
    assert github.token not in failed.err
    assert failed.err.strip().removeprefix("warning: ") in json.loads(status.out)["problems"]
    assert (well.err, after.json["problems"]) == ("", [])
    ids = [failed.json["run"]["id"], well.json["run"]["id"]]
    assert sorted(name[-8:] for name in git.directories()) == sorted(one[:8] for one in ids)


@pytest.mark.usefixtures("home")
async def test_check_sees_a_destination_that_is_not_there(github: GitHubStandIn) -> None:
    await run("sync")
    well = await run("check", "--json")
    github.delete(STATE)
    said = await run("check", "--json")

    assert well.json["problems"] == []
    assert said.code == 1
    (problem,) = json.loads(said.out)["problems"]
    assert problem.startswith("There is no repository acme/state that the token may write to (404)")


@pytest.mark.usefixtures("home")
async def test_a_public_repository_gets_public_ones_only_and_a_warning(
    git: GitRepository, github: GitHubStandIn
) -> None:
    github.set(STATE, private=False)

    said = [await run("sync"), await run("sync")]

    assert said[0].err.startswith("warning: acme/state, branch main can be read by others")
    assert (said[0].code, said[1].err) == (0, "")
    assert [row["repo"] for row in portfolio(git, 0)["data"]] == ["acme/rocket"]
    assert b"acme/hidden" not in b"".join(git.blobs.values())


async def test_a_clone_is_checked_and_put_back_into_an_empty_store(
    home: Path, git: GitRepository, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await synced_an_hour_ago(home)
    github.set("acme/rocket", stars=52)
    await run("sync")
    cloned(git, home / "clone")
    before = await run("diff", "acme/rocket", "7d", "--json")
    monkeypatch.setenv("RADAR_STORAGE__URL", f"sqlite:///{home / 'other.db'}")
    monkeypatch.setenv("RADAR_SNAPSHOTS__ENABLED", "false")

    checked = await run("verify", "clone")
    tried = await run("restore", "clone", "--dry-run", "--json")
    untouched = not (home / "other.db").exists()
    restored = await run("restore", "clone", "--json")
    again = await run("restore", "clone", "--json")
    after = await run("diff", "acme/rocket", "7d", "--json")

    assert (checked.code, "All is well in 2 run directories" in checked.out) == (0, True)
    assert (tried.json["dry_run"], tried.json["new"], untouched) == (True, 4, True)
    assert (restored.json["new"], again.json["new"]) == (4, 0)
    newest = portfolio(git, 1)["data"][1]["metrics"][0]
    stars = after.json["metrics"][0]
    assert (newest["before"], newest["after"], newest["change"]) == (45, 52, 7)
    assert [stars[key] for key in ("before", "after", "change")] == [45, 52, 7]
    assert before.json["metrics"][0]["change"] == 7


async def test_one_changed_byte_is_told_with_its_file_and_not_restored(
    home: Path, git: GitRepository
) -> None:
    await run("sync")
    path = next(cloned(git, home / "clone").glob("snapshots/*/portfolio.json"))
    path.write_bytes(path.read_bytes().replace(b'"after": 45', b'"after": 46'))

    checked, restored = await run("verify", "clone"), await run("restore", "clone")

    file = path.relative_to(home)
    assert checked.code == 1
    assert f"{file} is damaged: its checksum in meta.json does not fit." in checked.out
    assert restored.code == 2
    assert restored.sentence.startswith(f"{file} is damaged: ")


async def test_an_export_is_a_directory_and_never_in_place_of_another(home: Path) -> None:
    await run("sync")

    made = await run("export", "--format", "run-directory", "7d", "--out", "out")
    nothing = await run("export", "--format", "run-directory", "2020-05", "--out", "out")
    guild = await run("export", "--format", "run-directory", "--guild", "77")

    (directory,) = (home / "out" / "snapshots").iterdir()
    assert (made.code, made.out) == (0, "")
    assert made.err.strip() == f"written to out/snapshots/{directory.name}"
    assert (await run("verify", str(directory))).code == 0
    assert nothing.sentence.startswith("Nothing was sampled by the end of this window")
    assert guild.sentence == "A run directory is of your own portfolio: leave --guild out."


async def until(place: Place, look: Callable[[], object]) -> None:
    """The bot goes on answering meanwhile."""
    async with asyncio.timeout(20):
        while not look():
            await place.ask("help")


def configured(stage: Stage) -> GitRepository:
    stage.github.add("acme/rocket", stars=45)
    stage.github.add(STATE, private=True)
    git = stage.github.git.of(STATE)
    git.push({"README.md": b"ours\n"}, "Begin")
    stage.bot.environ |= {
        "RADAR_PORTFOLIO__REPOSITORIES": "acme/rocket",
        "RADAR_SNAPSHOTS__ENABLED": "true",
        "RADAR_SNAPSHOTS__REPO_PATH": STATE,
        "RADAR_SNAPSHOTS__RETAIN_LAST": "1",
        "RADAR_COLLECTION__INTERVAL": "5m",
    }
    return git


@pytest.mark.asyncio(loop_scope="session")
async def test_the_bot_writes_what_was_missed_beside_its_work(own_stage: Stage) -> None:
    stage, git = own_stage, configured(own_stage)
    place = stage.place("Acme")
    stage.github.git.fail("move", 403)
    async with stage.flows(hours_ago=1) as app:
        missed = await app.sync.everything(Trigger.SCHEDULE)
        (trouble,) = (await app.run_directories.write()).troubles
    assert (missed.run.status, git.log()) == (RunStatus.OK, ["Begin"])
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await until(place, lambda: "run directories removed" in stage.bot.log)
        assert await stage.bot.stop() == 0

    first, second, removal = git.log()[1:]
    assert first == f"Run {missed.run.id[:8]}: 1 repository"
    assert second.startswith("Run ")
    assert removal == "Remove 1 old run directory"
    assert [name[-8:] for name in git.directories()] == [second[4:12]]
    assert stage.bot.log.count("run directory written") == 2
    assert "(403)" in trouble


@pytest.mark.asyncio(loop_scope="session")
async def test_a_failure_costs_the_bot_nothing_and_is_audited(own_stage: Stage) -> None:
    stage, git = own_stage, configured(own_stage)
    place = stage.place("Acme")
    stage.github.git.fail("new commit", 422)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await until(place, lambda: "run directory not written" in stage.bot.log)
        assert (await place.ask("help")).text
        assert await stage.bot.stop() == 0
    with closing(sqlite3.connect(stage.database)) as database:
        runs = database.execute("SELECT status FROM runs ORDER BY started_at DESC").fetchall()
        audit = database.execute("SELECT guild_id, action, detail FROM audit").fetchall()

    assert runs[0] == ("ok",)
    assert git.log() == ["Begin"]
    ((guild_id, action, detail),) = audit
    assert (guild_id, action) == (0, "run directory")
    assert detail.startswith("not written: GitHub answered 422 about acme/state")
