"""Status: is everything well, and what to do where it is not."""

import asyncio

import pytest

from bot import __version__
from bot.core.models import Allowance, Refusal, Refused, Run, RunStatus, Trigger
from bot.errors import TokenRejected
from bot.flows.allowance import FRESH
from bot.flows.rounds import RETRY
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, OPERATOR = 11, 0


async def problems(flows: Flows) -> list[str]:
    return list((await flows.status.report()).problems)


@pytest.fixture
async def watched(flows: Flows, github: ScriptedGitHub) -> None:
    github.add("o/one", stars=1)
    github.add("o/two", stars=2)
    await flows.track.add(OPERATOR, "o/one")
    await flows.track.add(HERE, "o/one o/two")


@pytest.mark.usefixtures("watched")
async def test_all_is_well(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    github.granted = Allowance(login="radar", points_limit=5_000, points_left=4_990)
    started = clock.pass_(HOUR)
    await flows.sync.everything(Trigger.SCHEDULE)

    report = await flows.status.report()

    assert (report.version, report.now) == (__version__, clock.now())
    assert (report.watched, report.gone, report.failing) == (2, 0, 0)
    assert report.allowances == (github.granted,)
    assert report.last_run is not None
    assert (report.last_run.trigger, report.last_run.sampled) == (Trigger.SCHEDULE, 2)
    assert report.next_run_at == started + INTERVAL
    assert report.database_bytes > 0
    assert report.problems == ()


async def test_a_new_store_says_how_to_start(flows: Flows) -> None:
    report = await flows.status.report()

    assert (report.watched, report.last_run, report.next_run_at) == (0, None, None)
    assert report.problems == ("Nothing is watched yet: start with track add owner/name.",)


async def test_watched_and_never_sampled_says_what_to_do(flows: Flows) -> None:
    await flows.portfolio.adopt(["o/one"], [], at=0)

    assert await problems(flows) == [
        "Nothing was sampled yet: start with sync, or let the bot run."
    ]


@pytest.mark.usefixtures("watched")
async def test_a_run_long_ago_is_a_problem(flows: Flows, clock: SettableClock) -> None:
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(2 * INTERVAL)
    assert await problems(flows) == []

    clock.pass_(1)
    assert [one.split(":")[0] for one in await problems(flows)] == ["The last sampling is long ago"]


@pytest.mark.usefixtures("watched")
async def test_what_github_refuses_is_a_problem_and_no_failure(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.granted = TokenRejected("The GitHub token was revoked: make a new one.")

    report = await flows.status.report()

    assert [one.refused for one in report.allowances] == [True]
    assert "The GitHub token was revoked: make a new one." in report.problems


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize(
    ("left", "told"),
    [
        (15 * DAY, None),
        (14 * DAY, "in 14 days"),
        (2 * DAY - 1, "in 1 day:"),
        (HOUR, "in 0 days"),
        (-DAY, "in 0 days"),
    ],
)
async def test_a_token_that_ends_soon_is_told_with_its_days(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, left: int, told: str | None
) -> None:
    github.granted = Allowance(token_expires_at=clock.now() + left)

    said = [problem for problem in await problems(flows) if "token ends" in problem]

    assert len(said) == (told is not None)
    assert all(str(told) in problem and "RADAR_GITHUB__TOKEN" in problem for problem in said)


@pytest.mark.usefixtures("watched")
async def test_each_token_is_reported_by_name(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    ends = clock.now() + 3 * DAY
    acme = Allowance(
        name="token for acme, globex", owners=("acme", "globex"), token_expires_at=ends
    )
    github.others = [acme]

    report = await flows.status.report()

    assert report.allowances == (acme, github.granted)
    assert [problem for problem in report.problems if "token" in problem] == [
        "The GitHub token for acme, globex ends in 3 days: make a new one and set github.tokens."
    ]


@pytest.mark.usefixtures("watched")
async def test_gone_and_failing_repositories_are_counted(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.repositories.pop(0)
    github.refusals["o/two"] = Refusal(Refused.TIMEOUT, "too long")
    clock.pass_(HOUR)
    await flows.sync.everything(Trigger.SCHEDULE)

    report = await flows.status.report()

    assert (report.gone, report.failing) == (1, 1)
    assert "Some repositories cannot be read: sync tells which, and why." in report.problems


@pytest.mark.usefixtures("watched")
async def test_a_run_that_failed_is_told_with_its_reason(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    clock.pass_(HOUR)
    github.raises[0] = TokenRejected("The token was revoked.")
    with pytest.raises(TokenRejected):
        await flows.sync.everything(Trigger.SCHEDULE)

    assert "The last run did not end well: The token was revoked." in await problems(flows)


@pytest.mark.usefixtures("watched")
async def test_a_run_that_read_a_part_says_why_once(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    for number in range(3):
        github.add(f"o/more-{number}", stars=1)
        await flows.track.add(HERE, f"o/more-{number}")
    clock.pass_(HOUR)
    github.raises[1] = TokenRejected("The token ended.")
    await flows.sync.everything(Trigger.SCHEDULE)
    assert await problems(flows) == ["The last run read a part only: The token ended."]

    clock.pass_(FRESH)
    github.granted = TokenRejected("The token ended.")
    assert await problems(flows) == ["The token ended."]


@pytest.mark.usefixtures("watched")
async def test_a_run_that_was_cut_short_or_read_nothing_is_told(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    at = clock.pass_(HOUR)
    ended = Run("x", Trigger.SCHEDULE, RunStatus.PARTIAL, at, at, message="The token ended.")
    await store.runs.note(ended)
    assert "The last run read a part only: The token ended." in await problems(flows)

    at = clock.pass_(HOUR)
    github.refusals = dict.fromkeys(("o/one", "o/two"), Refusal(Refused.TIMEOUT, "too long"))
    await flows.sync.everything(Trigger.SCHEDULE)
    assert "The last run did not end well: nothing could be read." in await problems(flows)


@pytest.mark.usefixtures("watched")
async def test_what_was_cut_short_is_due_soon(
    flows: Flows, clock: SettableClock, store: SqliteStore
) -> None:
    at = clock.pass_(HOUR)
    ended = Run("x", Trigger.SCHEDULE, RunStatus.PARTIAL, at, at + 60, message="The token ended.")
    await store.runs.note(ended)
    assert (await flows.status.report()).next_run_at == at + 60 + RETRY

    rest = Run("y", Trigger.SCHEDULE, RunStatus.OK, at + 400, at + 500, round_at=at)
    await store.runs.note(rest)
    assert (await flows.status.report()).next_run_at == at + INTERVAL


@pytest.mark.usefixtures("watched")
async def test_what_is_under_way_is_told_and_no_problem(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    clock.pass_(HOUR)
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(HOUR)
    hold = github.hold_timer(page=0)
    task = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()
    report = await flows.status.report()
    hold.released.set()
    await task

    assert [(run.trigger, run.done, run.total) for run in report.underway] == [
        (Trigger.SCHEDULE, 0, 2)
    ]
    assert (report.full_round, report.problems) == (0, ())


@pytest.mark.usefixtures("watched")
async def test_a_run_of_a_dead_process_is_told_as_killed(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    """Nobody has marked it yet: the command line looks before a bot is started again."""
    at = clock.pass_(HOUR)
    await store.runs.begin(Run("killed", Trigger.SCHEDULE, RunStatus.RUNNING, at))

    report = await flows.status.report()

    assert report.underway == ()
    assert report.last_run is not None
    assert report.last_run.status is RunStatus.STOPPED
    assert "The last run did not end well: it was killed." in report.problems


@pytest.mark.usefixtures("watched")
async def test_a_run_that_was_killed_is_told(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    at = clock.pass_(HOUR)
    await store.runs.begin(Run("killed", Trigger.SCHEDULE, RunStatus.RUNNING, at))
    await store.runs.stop_killed(at + 1)

    assert "The last run did not end well: it was killed." in await problems(flows)
