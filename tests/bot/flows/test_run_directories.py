"""Run directories after runs: one commit each, never at the cost of the run, none forgotten."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.core.models import Run, RunStatus, Trigger, Visibility
from bot.core.rotation import Rotation
from bot.core.run_directory import META, PORTFOLIO, Ground
from bot.core.window import between
from bot.errors import InvalidWindow, RadarError, UsageError
from bot.exports.notes import Notes
from bot.exports.reader import read_rows
from bot.exports.run_directory import portfolio_of, verify
from bot.exports.run_files import read_meta
from bot.flows.collection import Collector
from bot.flows.importing import Import
from bot.flows.portfolio import OPERATOR, Portfolio
from bot.flows.rounds import Rounds
from bot.flows.run_directories import RunDirectories, Wish
from bot.flows.run_portfolio import RunExports, RunPortfolio
from bot.flows.sync import Sync
from bot.github.client import GitHubClient
from bot.github.run_branch import ROUNDS, RunBranch
from bot.storage.finished_runs import FinishedRuns
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import DAY, HOUR, SettableClock, moment
from tests.standins.git_data import WRITING, GitRepository
from tests.standins.github import GitHubStandIn
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore, fresh_store

STATE = "acme/state"
HERE = 11
DirectoriesOf = Callable[..., RunDirectories]


@pytest.fixture(autouse=True)
def looks_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ROUNDS, cap=True):
        yield


@pytest.fixture
async def hub() -> AsyncIterator[GitHubStandIn]:
    """Where the directories go; what is sampled is scripted."""
    async with GitHubStandIn() as hub:
        hub.add(STATE, private=True)
        hub.git.of(STATE).push({"README.md": b"ours\n"}, "Begin")
        yield hub


@pytest.fixture
def git(hub: GitHubStandIn) -> GitRepository:
    return hub.git.of(STATE)


@pytest.fixture
async def branch(hub: GitHubStandIn, clock: SettableClock) -> AsyncIterator[RunBranch]:
    waits = SettableClock()

    async def sleep(seconds: float) -> None:
        waits.pass_(math.ceil(seconds))

    assert clock.now() == waits.now()
    async with aiohttp.ClientSession() as session:
        client = GitHubClient(
            session,
            token=SecretStr(hub.token),
            api_url=hub.api_url,
            clock=waits,
            timeout=0.5,
            sleep=sleep,
        )
        yield RunBranch(client, STATE, "main")


@dataclass
class World:
    """A program whose runs make directories."""

    directories: RunDirectories
    sync: Sync
    clock: SettableClock
    runs: list[Run] = field(default_factory=list)

    async def run(self, trigger: Trigger = Trigger.SCHEDULE) -> Run:
        """One more, six hours after the last."""
        self.clock.pass_(6 * HOUR)
        self.runs.append((await self.sync.everything(trigger)).run)
        return self.runs[-1]


@pytest.fixture
def directories_of(
    flows: Flows, store: SqliteStore, branch: RunBranch, clock: SettableClock, tmp_path: Path
) -> DirectoriesOf:
    def made(trunk: Any = branch, **wish: Any) -> RunDirectories:  # noqa: ANN401  # settings
        return RunDirectories(
            trunk,
            Wish("acme", **wish),
            RunPortfolio(flows.portfolio, store.histories, INTERVAL),
            finished=FinishedRuns(store.database),
            guilds=store.guilds,
            notes=Notes(tmp_path / "radar.db", "run-directories"),
            read_meta=read_meta,
            clock=clock,
        )

    return made


@pytest.fixture
async def world(
    directories_of: DirectoriesOf,
    flows: Flows,
    store: SqliteStore,
    github: ScriptedGitHub,
    clock: SettableClock,
) -> World:
    """The operator watches two, a server another one; all were sampled once by being added."""
    for number, name in enumerate(("acme/site", "acme/tool", "globex/theirs")):
        github.add(name, stars=10 + number)
    await flows.track.add(OPERATOR, "acme/site acme/tool")
    await flows.track.add(HERE, "globex/theirs")
    return world_of(directories_of(), flows, store, github, clock)


def world_of(  # noqa: PLR0913, PLR0917  # what a program stands on
    directories: RunDirectories,
    flows: Flows,
    store: SqliteStore,
    github: ScriptedGitHub,
    clock: SettableClock,
    salt: int = 0,
) -> World:
    ids = (f"{number:08x}{'0' * 24}" for number in range(salt + 1, salt + 100))
    kept = store.port()
    collector = Collector(
        github, kept, clock, interval=INTERVAL, new_id=ids.__next__, ended=directories.ended
    )
    rounds = Rounds(collector, kept, clock, Rotation(INTERVAL))
    sync = Sync(collector, rounds, store.subjects, flows.portfolio, clock)
    return World(directories, sync, clock)


def told(git: GitRepository, directory: str, file: str = META) -> Any:  # noqa: ANN401  # JSON
    return json.loads(git.files()[f"snapshots/{directory}/{file}"])


def stars(git: GitRepository, directory: str) -> dict[str, tuple[int | None, int]]:
    found = {}
    for row in told(git, directory, PORTFOLIO)["data"]:
        (metric,) = row["metrics"]
        found[row["repo"]] = (metric["before"], metric["after"])
    return found


async def audited(store: SqliteStore) -> list[str]:
    rows = await store.database.rows(
        "SELECT detail FROM audit WHERE guild_id = 0 AND action = 'run directory' ORDER BY id"
    )
    return [str(detail) for (detail,) in rows]


def cloned(git: GitRepository, folder: Path) -> Path:
    """As `git clone` leaves it."""
    for path, octets in git.files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(octets)
    return folder


async def test_a_run_is_one_commit_of_the_operators_portfolio(
    world: World, git: GitRepository, github: ScriptedGitHub, tmp_path: Path
) -> None:
    assert not world.directories.due
    github.repositories[0].values["stars"] = 17
    run = await world.run()
    assert world.directories.due

    filed = await world.directories.write()

    assert filed.written == git.directories() == ["2026-07-01T18-00-00-00000001"]
    assert (filed.troubles, filed.warnings, filed.removed) == ([], [], [])
    assert git.log() == ["Begin", "Run 00000001: 2 repositories"]
    meta = told(git, filed.written[0])
    assert (meta["org"], meta["run_id"]) == ("acme", run.id)
    assert meta["generated_at"] == meta["period_end"] == "2026-07-01T18:00:00Z"
    assert meta["period_start"] == "2026-06-30T18:00:00Z"  # no run went before: a day
    assert stars(git, filed.written[0]) == {"acme/site": (10, 17), "acme/tool": (11, 11)}
    assert [one.problems for one in verify(cloned(git, tmp_path / "c"), now=world.clock.now())] == [
        ()
    ]
    assert not world.directories.due


async def test_each_directory_begins_where_the_one_before_ended(
    world: World, git: GitRepository, github: ScriptedGitHub
) -> None:
    for value in (12, 15, 15):
        github.repositories[0].values["stars"] = value
        await world.run()
        await world.directories.write()

    metas = [told(git, name) for name in git.directories()]
    assert [one["period_start"] for one in metas[1:]] == [one["period_end"] for one in metas[:-1]]
    assert [stars(git, name)["acme/site"] for name in git.directories()] == [
        (10, 12), (12, 15), (15, 15),
    ]  # fmt: skip


@pytest.mark.parametrize("status", [403, 404, 409, 422, 500, "reset", "hang"])
@pytest.mark.parametrize("step", ["new blob", "new tree", "new commit", "move"])
async def test_what_fails_half_way_costs_the_run_nothing_and_is_written_after_the_next(  # noqa: PLR0913  # fixtures
    world: World, hub: GitHubStandIn, git: GitRepository, store: SqliteStore, *,
    step: str, status: int | str,
) -> None:  # fmt: skip
    hub.git.fail(step, status, times=50)
    run = await world.run()
    failed = await world.directories.write()

    assert run.status is RunStatus.OK
    assert git.log() == ["Begin"]  # nothing half-committed
    assert len(failed.troubles) == 1
    assert await audited(store) == [f"not written: {failed.troubles[0]}"]
    assert world.directories.troubles() == failed.troubles

    hub.git.heal()
    await world.run()
    filed = await world.directories.write()

    assert [name[-8:] for name in filed.written] == ["00000001", "00000002"]
    assert git.log()[1:] == ["Run 00000001: 2 repositories", "Run 00000002: 2 repositories"]
    assert (filed.troubles, world.directories.troubles()) == ([], [])


async def test_a_failure_is_remembered_by_another_process_too(
    world: World, hub: GitHubStandIn, git: GitRepository, directories_of: DirectoriesOf
) -> None:
    hub.git.fail("move", 403, times=50)
    for _ in range(3):
        await world.run()
        await world.directories.write()
    hub.git.heal()
    await world.run()

    filed = await directories_of().write()

    assert len(filed.written) == len(git.directories()) == 4
    periods = [
        (told(git, one)["period_start"], told(git, one)["period_end"]) for one in filed.written
    ]
    assert [start for start, _ in periods[1:]] == [end for _, end in periods[:-1]]


async def test_what_was_missed_for_long_is_caught_up_within_githubs_limits(
    world: World, hub: GitHubStandIn, git: GitRepository, store: SqliteStore
) -> None:
    for _ in range(30):
        await world.run()
    label = "acme/state, branch main"
    await FinishedRuns(store.database).note(label, world.runs[0].started_at - 1)
    counts = []
    for _ in range(3):
        hub.git.steps.clear()
        await world.directories.write()
        counts.append(sum(step in WRITING for step in hub.git.steps))

    assert len(git.directories()) == 30
    assert all(0 < many < 80 for many in counts)


async def test_a_directory_written_late_tells_of_its_own_time(
    world: World, hub: GitHubStandIn, git: GitRepository, github: ScriptedGitHub
) -> None:
    hub.git.fail("move", 500, times=50)
    for value in (20, 30):
        github.repositories[0].values["stars"] = value
        await world.run()
        await world.directories.write()
    hub.git.heal()
    await world.directories.write()

    assert [stars(git, name)["acme/site"] for name in git.directories()] == [(10, 20), (20, 30)]


@pytest.mark.parametrize("lost", ["lost", 500])
async def test_a_lost_answer_writes_nothing_twice(
    world: World, hub: GitHubStandIn, git: GitRepository, lost: int | str
) -> None:
    hub.git.fail("move", lost)
    await world.run()
    await world.directories.write()
    await world.run()
    await world.directories.write()

    assert len(git.log()) == 3


async def test_what_is_on_the_branch_already_is_left_and_counts_as_written(
    world: World, git: GitRepository, store: SqliteStore
) -> None:
    """As after a kill between the commit and the note, or a restored backup."""
    await world.run()
    (name,) = (await world.directories.write()).written
    label = "acme/state, branch main"
    await FinishedRuns(store.database).note(label, world.clock.now() - DAY)

    filed = await world.directories.write()

    assert (filed.written, git.directories()) == ([], [name])
    assert await FinishedRuns(store.database).written(label) == world.clock.now()


async def test_a_name_that_another_run_has_is_told_and_left(
    world: World, git: GitRepository, store: SqliteStore
) -> None:
    """Of the same second and the same eight characters; or somebody's own."""
    path = f"snapshots/2026-07-01T18-00-00-00000001/{META}"
    git.push({path: b"theirs\n"}, "Theirs")
    await world.run()

    filed = await world.directories.write()
    again = await world.directories.write()

    assert (filed.written, filed.troubles, git.files()[path]) == ([], [], b"theirs\n")
    assert "is none of run 00000001" in filed.warnings[0]
    assert (await audited(store), again.warnings) == (filed.warnings, [])


async def test_two_bots_on_one_branch_are_both_there(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, flows: Flows, git: GitRepository, branch: RunBranch, hub: GitHubStandIn,
    clock: SettableClock, github: ScriptedGitHub, tmp_path: Path,
) -> None:  # fmt: skip
    async with fresh_store() as other:
        portfolio = Portfolio(other.subjects, other.watches, other.follows, [])
        theirs = RunDirectories(
            branch,
            Wish("acme"),
            RunPortfolio(portfolio, other.histories, INTERVAL),
            finished=FinishedRuns(other.database),
            guilds=other.guilds,
            notes=Notes(tmp_path / "other.db", "run-directories"),
            read_meta=read_meta,
            clock=clock,
        )
        second = world_of(theirs, flows, other, github, clock, salt=1_000)
        (subject,) = await other.subjects.ensure(["globex/theirs"], clock.now())
        await other.watches.add(OPERATOR, "all", [subject.id])
        await world.run()
        await second.run()
        second_wrote = False

        async def meanwhile(step: str) -> None:
            nonlocal second_wrote
            if step == "move" and not second_wrote:
                second_wrote = True
                await theirs.write()

        hub.git.before = meanwhile
        await world.directories.write()

    assert [name[-8:] for name in git.directories()] == ["00000001", "000003e9"]
    assert len(git.log()) == 3
    assert list(stars(git, git.directories()[1])) == ["globex/theirs"]


@pytest.mark.parametrize(
    ("trigger", "status", "sampled", "due"),
    [
        (Trigger.SCHEDULE, RunStatus.OK, 3, True),
        (Trigger.CLI, RunStatus.PARTIAL, 1, True),
        (Trigger.SCHEDULE, RunStatus.OK, 0, False),
        (Trigger.SCHEDULE, RunStatus.FAILED, 0, False),
        (Trigger.SCHEDULE, RunStatus.STOPPED, 5, False),
        (Trigger.SYNC, RunStatus.OK, 5, False),
        (Trigger.TRACK, RunStatus.OK, 5, False),
        (Trigger.DIGEST, RunStatus.OK, 5, False),
    ],
)
async def test_runs_over_the_portfolio_that_ended_well_make_one_due(
    directories_of: DirectoriesOf, trigger: Trigger, status: RunStatus, sampled: int, *, due: bool
) -> None:
    directories, unwanted = directories_of(), directories_of(None)
    run = Run("1", trigger, status, 0, 1, sampled=sampled)
    directories.ended(run)
    unwanted.ended(run)

    assert (directories.due, unwanted.due) == (due, False)
    assert (await unwanted.write()).written == []
    assert unwanted.troubles() == []


async def test_where_no_run_ended_nothing_is_written(
    directories_of: DirectoriesOf, hub: GitHubStandIn
) -> None:
    assert (await directories_of().write()).written == []
    assert hub.git.steps == []


async def test_an_open_repository_gets_what_is_public_only_and_that_is_told_once(
    world: World, hub: GitHubStandIn, git: GitRepository, github: ScriptedGitHub,
    store: SqliteStore,
) -> None:  # fmt: skip
    hub.set(STATE, private=False)
    github.repositories[0].visibility = Visibility.PRIVATE
    filed = []
    for _ in range(2):
        await world.run()
        filed.append(await world.directories.write())
    hub.set(STATE, private=True)
    await world.run()
    filed.append(await world.directories.write())

    assert [list(stars(git, name)) for name in git.directories()] == [
        ["acme/tool"], ["acme/tool"], ["acme/site", "acme/tool"],
    ]  # fmt: skip
    assert b"acme/site" not in b"".join(
        octets for path, octets in git.files().items() if git.directories()[2] not in path
    )
    (warning,) = filed[0].warnings
    assert warning.startswith("acme/state, branch main can be read by others, so only public")
    assert (filed[1].warnings, filed[2].warnings, await audited(store)) == ([], [], [warning])


@pytest.mark.parametrize("step", ["new blob", "new tree", "new commit"])
async def test_one_that_is_opened_meanwhile_gets_nothing_private(
    world: World, hub: GitHubStandIn, git: GitRepository, github: ScriptedGitHub, step: str
) -> None:
    github.repositories[0].visibility = Visibility.PRIVATE
    await world.run()

    async def open_it(now: str) -> None:
        if now == step:
            hub.set(STATE, private=False)

    hub.git.before = open_it
    (trouble,) = (await world.directories.write()).troubles
    assert (git.log(), "can be read by others since just now" in trouble) == (["Begin"], True)

    assert (await world.directories.write()).troubles == []
    assert list(stars(git, *git.directories())) == ["acme/tool"]


async def test_an_open_repository_does_not_tell_what_is_forbidden_from_what_is_gone(
    world: World, hub: GitHubStandIn, git: GitRepository, store: SqliteStore, clock: SettableClock
) -> None:
    hub.set(STATE, private=False)
    await world.run()
    async with store.database.transaction() as transaction:
        await transaction.run(
            "UPDATE subjects SET forbidden_at = $1 WHERE full_name = 'acme/site'", clock.now()
        )
    await world.directories.write()

    rows = told(git, git.directories()[0], PORTFOLIO)["data"]
    assert [(row["repo"], row["state"]) for row in rows] == [
        ("acme/site", "gone"), ("acme/tool", "active"),
    ]  # fmt: skip
    assert {metric["status"] for metric in rows[0]["metrics"]} == {"gone"}


async def test_runs_after_a_clock_was_set_back_are_written_as_any_other(
    world: World, hub: GitHubStandIn, git: GitRepository
) -> None:
    await world.run()
    await world.directories.write()
    world.clock.pass_(30 * DAY)
    await world.run()
    await world.directories.write()
    world.clock.pass_(-30 * DAY)

    hub.git.fail("move", 403, times=50)
    await world.run()
    await world.directories.write()
    hub.git.heal()
    await world.run()
    late = await world.directories.write()
    await world.run()
    await world.directories.write()

    assert [name[-8:] for name in late.written] == ["00000003", "00000004"]
    assert [name[-8:] for name in git.directories()] == [
        "00000001", "00000003", "00000004", "00000005", "00000002",
    ]  # fmt: skip
    metas = [told(git, name) for name in git.directories()[:4]]
    assert all(one["period_start"] < one["period_end"] for one in metas)


async def test_a_directory_is_never_removed_as_soon_as_it_is_written(
    world: World, git: GitRepository, directories_of: DirectoriesOf
) -> None:
    directories = directories_of(retain_last=1)
    git.push({f"snapshots/2031-01-01T00-00-00-ffffffff/{META}": b"{}\n"}, "Ahead")
    for _ in range(2):
        await world.run()
        await directories.write()

    assert [name[-8:] for name in git.directories()] == ["00000002", "ffffffff"]


async def test_an_end_of_the_program_meanwhile_takes_no_trouble_away(
    world: World, hub: GitHubStandIn
) -> None:
    hub.git.fail("move", 403)
    await world.run()
    before = (await world.directories.write()).troubles
    under_way = asyncio.Event()

    async def hang(_step: str) -> None:
        under_way.set()
        await asyncio.Event().wait()

    hub.git.before = hang
    writing = asyncio.create_task(world.directories.write())
    await under_way.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing

    assert world.directories.troubles() == before != []


async def test_one_that_nobody_asked_github_about_goes_to_no_open_place(
    world: World, hub: GitHubStandIn, git: GitRepository, flows: Flows, store: SqliteStore
) -> None:
    hub.set(STATE, private=False)
    await world.run()
    (imported,) = await store.subjects.ensure(["acme/imported"], 0)
    await store.watches.add(OPERATOR, "all", [imported.id])
    await world.directories.write()

    assert (await flows.portfolio.repositories(OPERATOR))[0].visibility is Visibility.UNKNOWN
    assert list(stars(git, git.directories()[0])) == ["acme/site", "acme/tool"]


async def test_the_newest_stay_and_the_rest_go_in_a_commit_of_its_own(
    world: World, git: GitRepository, directories_of: DirectoriesOf
) -> None:
    filed = []
    for _ in range(3):
        await world.run()
        filed.append(await directories_of(retain_last=2).write())

    assert [one.removed for one in filed] == [[], [], ["2026-07-01T18-00-00-00000001"]]
    assert [name[-8:] for name in git.directories()] == ["00000002", "00000003"]
    assert git.log()[-2:] == ["Run 00000003: 2 repositories", "Remove 1 old run directory"]


async def test_a_removal_that_fails_is_told_and_the_directory_is_there_all_the_same(
    world: World, hub: GitHubStandIn, git: GitRepository, directories_of: DirectoriesOf,
    store: SqliteStore,
) -> None:  # fmt: skip
    await world.run()
    await world.directories.write()
    await world.run()
    moves = iter([None])

    async def second_move(step: str) -> None:
        if step == "move" and next(moves, True):
            hub.git.fail("move", 403)

    hub.git.before = second_move
    filed = await directories_of(retain_last=1).write()

    assert (len(filed.written), filed.removed, len(filed.troubles)) == (1, [], 1)
    assert len(git.directories()) == 2
    assert len(await audited(store)) == 1


async def test_what_did_not_change_is_referenced_when_that_is_wanted(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, hub: GitHubStandIn, git: GitRepository, directories_of: DirectoriesOf,
    github: ScriptedGitHub, tmp_path: Path,
) -> None:  # fmt: skip
    """The portfolio is unchanged where none of it was sampled: only what a server watches was."""
    del github.repositories[:2]
    directories = directories_of(incremental=True)
    await world.run()  # both are gone since
    for _ in range(3):
        await world.run()
        await directories.write()
    uploads = hub.git.steps.count("new blob")
    first, *_, last = (told(git, name) for name in git.directories())
    blobs = [git.files()[f"snapshots/{name}/{PORTFOLIO}"] for name in git.directories()]

    assert len(git.directories()) == 3
    assert (len(set(blobs)), uploads) == (1, 3 + 1)  # a meta.json each, and one portfolio
    assert last["files"][PORTFOLIO]["run_id"] == first["run_id"] != last["run_id"]
    assert [one.problems for one in verify(cloned(git, tmp_path / "c"), now=world.clock.now())] == [
        (),
    ] * 3


async def test_without_it_every_directory_has_files_of_its_own(
    world: World, hub: GitHubStandIn, github: ScriptedGitHub
) -> None:
    del github.repositories[:2]
    for _ in range(2):
        await world.run()
        await world.directories.write()

    assert hub.git.steps.count("new blob") == 4


async def test_the_newest_directory_in_an_empty_store_gives_the_same_deltas(
    world: World, git: GitRepository, github: ScriptedGitHub, clock: SettableClock, tmp_path: Path
) -> None:
    for number in range(4):
        for place, one in enumerate(github.repositories):
            one.values = {"stars": 10 + number * place, "forks": 5 - number, "open_issues": number}
        if number == 3:
            github.repositories.pop(0)  # gone
        await world.run()
        await world.directories.write()
    newest = git.directories()[-1]
    meta, data = told(git, newest), told(git, newest, PORTFOLIO)["data"]
    window = between(moment(meta["period_start"][:16]), moment(meta["period_end"][:16]))

    async with fresh_store() as empty:
        portfolio = Portfolio(empty.subjects, empty.watches, empty.follows, [])
        importing = Import(read_rows, empty.port(), clock, iter(["import"]).__next__)
        path = portfolio_of(cloned(git, tmp_path / "clone"), now=clock.now())
        report = await importing.files([path])
        rows = await RunPortfolio(portfolio, empty.histories, INTERVAL).rows(
            window, public_only=False
        )

    assert not report.refused
    assert [row["metrics"] for row in rows] == [row["metrics"] for row in data]
    assert [(row["repo"], row["state"]) for row in rows] == [
        ("acme/site", "gone"), ("acme/tool", "active"),
    ]  # fmt: skip
    changes = {m["metric"]: m["change"] for m in data[1]["metrics"]}
    assert changes == {"stars": 1, "forks": -1, "open_issues": 1}


async def test_two_readings_of_one_run_have_the_same_bytes(
    world: World, flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    run = await world.run()
    portfolio = RunPortfolio(flows.portfolio, store.histories, INTERVAL)
    exports = RunExports(
        portfolio, FinishedRuns(store.database), clock, new_id=lambda: "f" * 32, org=None
    )

    one, other = await exports.files("7d", UTC), await exports.files("7d", UTC)

    assert one == other
    assert one[0] == f"2026-07-01T18-00-00-{run.id[:8]}"
    assert read_meta(one[1][META]).head.org == "acme"


async def test_an_export_before_any_run_has_an_id_of_its_own_and_of_nothing_there_is_none(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    portfolio = RunPortfolio(flows.portfolio, store.histories, INTERVAL)
    exports = RunExports(
        portfolio, FinishedRuns(store.database), clock, new_id=lambda: "f" * 32, org="globex"
    )
    with pytest.raises(UsageError, match="Nothing was sampled by the end"):
        await exports.files("7d", UTC)
    with pytest.raises(InvalidWindow):
        await exports.files("0d", UTC)


@dataclass
class Broken:
    """A destination that fails as nobody expects."""

    label: str = "broken"

    async def look(self) -> Ground:
        raise ZeroDivisionError


async def test_what_nobody_expected_is_audited_and_raised(
    world: World, directories_of: DirectoriesOf, store: SqliteStore
) -> None:
    await world.run()
    with pytest.raises(ZeroDivisionError):
        await directories_of(Broken()).write()

    assert await audited(store) == ["not written: It failed unexpectedly (ZeroDivisionError)."]
    assert not issubclass(ZeroDivisionError, RadarError)


async def test_runs_that_end_in_one_second_have_a_directory_each(
    world: World, git: GitRepository
) -> None:
    await world.run()
    await world.directories.write()
    world.runs.append((await world.sync.everything(Trigger.SCHEDULE)).run)
    await world.directories.write()
    await world.run()
    await world.directories.write()

    assert [name[-8:] for name in git.directories()] == ["00000001", "00000002", "00000003"]
    assert len(git.log()) == 4
