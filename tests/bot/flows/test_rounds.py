"""The timer's rounds: they go on where they were cut short, and count in rotation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC
from itertools import count

import pytest

from bot.core.delta import Status
from bot.core.metrics import METRICS
from bot.core.models import Refusal, Refused, Run, RunStatus, Subject, Trigger, Wanted
from bot.core.rotation import Rotation
from bot.core.window import parse_window
from bot.errors import GitHubError, RateLimited, Stopped, TokenRejected
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.rounds import Rounds, due_after, unwatched
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore, contents

MINUTE = 60
SIX = [f"o/{letter}" for letter in "abcdef"]  # three pages of the stand-in
SLOW = Refusal(Refused.TIMEOUT, "GitHub took too long")


@pytest.fixture(autouse=True)
async def six(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    for number, name in enumerate(SIX):
        github.add(name, stars=number, forks=0, watchers=1, open_issues=2, open_prs=3)
    await flows.portfolio.adopt(SIX, [], clock.now())


@pytest.fixture
async def again(
    store: SqliteStore, github: ScriptedGitHub, clock: SettableClock
) -> AsyncIterator[Callable[[Rotation], Rounds]]:
    """The program started anew on the same store, as if the one before had been killed."""
    begun: list[Collector] = []
    numbers = count(100)

    def start(rotation: Rotation) -> Rounds:
        kept = store.port()
        collector = Collector(
            github, kept, clock, interval=rotation.interval, new_id=lambda: f"run-{next(numbers)}"
        )
        begun.append(collector)
        return Rounds(collector, kept, clock, rotation)

    yield start
    for collector in begun:
        await collector.close()


async def collect(rounds: Rounds, store: SqliteStore) -> Run:
    return (await rounds.collect(await store.subjects.watched(), lambda _: None)).run


def asked(github: ScriptedGitHub) -> list[list[str]]:
    found = [[want.full_name for want in wanted] for wanted in github.asked]
    github.asked.clear()
    return found


async def cut_short(flows: Flows, github: ScriptedGitHub, page: int = 1) -> Run:
    """A round of which GitHub gave so many pages only."""
    github.raises[page] = RateLimited("GitHub's limit ends at 15:00.")
    run = (await flows.sync.everything(Trigger.SCHEDULE)).run
    github.raises.clear()
    assert run.status is RunStatus.PARTIAL
    return run


async def test_a_round_that_was_cut_short_goes_on_with_the_rest(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    first = await cut_short(flows, github)
    clock.pass_(5 * MINUTE)
    rest = (await flows.sync.everything(Trigger.SCHEDULE)).run

    assert asked(github) == [SIX, SIX[2:]]
    assert (rest.status, rest.wanted, rest.sampled) == (RunStatus.OK, 4, 4)
    assert rest.round_began_at == first.started_at
    clock.pass_(INTERVAL)
    await flows.sync.everything(Trigger.SCHEDULE)
    assert asked(github) == [SIX], "the next round is a whole one"


async def test_what_nobody_knew_yet_is_read_with_the_rest(
    flows: Flows,
    github: ScriptedGitHub,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    await cut_short(flows, github)
    github.add("o/new", stars=1)
    rounds = again(Rotation(INTERVAL))

    watched = await store.subjects.watched()
    report = await rounds.collect(watched, lambda _: None, [Wanted("o/new")])

    assert asked(github)[1] == ["o/new", *SIX[2:]]
    assert set(report.found) == {"o/new"}


async def test_it_goes_on_in_as_many_runs_as_it_takes(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    began_at = clock.now()
    for _ in range(2):
        run = await cut_short(flows, github)
        assert run.round_began_at == began_at
        clock.pass_(5 * MINUTE)
    github.raises[0] = GitHubError("GitHub is down.")
    with pytest.raises(GitHubError):
        await flows.sync.everything(Trigger.SCHEDULE)
    github.raises.clear()
    await flows.sync.everything(Trigger.SCHEDULE)

    assert asked(github) == [SIX, SIX[2:], SIX[4:], SIX[4:]]


async def test_a_stopped_round_goes_on_after_a_restart(
    flows: Flows,
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    hold = github.hold(page=1)
    task = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()
    await flows.collector.close()
    with pytest.raises(Stopped):
        await task
    hold.released.set()
    clock.pass_(MINUTE)

    run = await collect(again(Rotation(INTERVAL)), store)

    assert asked(github) == [SIX, SIX[2:]]
    assert run.status is RunStatus.OK


async def test_a_killed_round_goes_on_after_a_restart(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    flows: Flows,
    again: Callable[[Rotation], Rounds],
) -> None:
    """As a kill leaves it: a page kept, and the run still marked as running."""
    await cut_short(flows, github)
    async with store.database.transaction() as transaction:
        await transaction.run("UPDATE runs SET status = 'running', message = NULL")
    clock.pass_(MINUTE)

    await collect(again(Rotation(INTERVAL)), store)

    assert asked(github) == [SIX, SIX[2:]]
    statuses = await store.database.rows("SELECT status FROM runs ORDER BY id")
    assert sorted(statuses) == [("ok",), ("stopped",)]


async def test_who_was_refused_is_asked_again_in_the_next_round(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.refusals["o/a"] = SLOW
    await cut_short(flows, github)
    clock.pass_(5 * MINUTE)
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(INTERVAL)
    await flows.sync.everything(Trigger.SCHEDULE)

    first, rest, following = asked(github)
    assert (first, rest, sorted(following)) == (SIX, SIX[2:], SIX)


async def test_who_got_no_answer_is_asked_again_in_the_same_round(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    """As what only an App may see while the App cannot be asked: its error comes at the end."""
    github.refusals["o/a"] = Refusal(Refused.ERROR, "the App cannot be asked")
    run = await cut_short(flows, github, page=2)
    assert run.cut_short
    github.refusals.clear()
    clock.pass_(5 * MINUTE)
    await flows.sync.everything(Trigger.SCHEDULE)

    assert sorted(asked(github)[1]) == ["o/a", *SIX[4:]]


async def test_what_a_token_that_ended_half_way_left_is_read_by_the_next_scheduled_run(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    began_at = clock.now()
    github.raises[1] = TokenRejected("GitHub rejected the token (401).")
    half = (await flows.sync.everything(Trigger.SCHEDULE)).run
    kept = await store.runs.newest(Trigger.SCHEDULE)
    github.raises.clear()
    assert (half.status, half.sampled, half.failed) == (RunStatus.PARTIAL, 2, 4)
    assert kept == half
    assert half.message == "GitHub rejected the token (401)."
    assert due_after(half, INTERVAL) == began_at + INTERVAL

    clock.pass_(INTERVAL)
    whole = (await flows.sync.everything(Trigger.SCHEDULE)).run

    assert (whole.status, whole.sampled, whole.round_at) == (RunStatus.OK, 6, None)
    assert asked(github) == [SIX, [*SIX[2:], *SIX[:2]]], "what was left comes first"


async def runs_in(
    flows: Flows, store: SqliteStore, clock: SettableClock, seconds: int
) -> list[int]:
    """When the timer would collect, in minutes."""
    begun, began_at = [], clock.now()
    while clock.now() < began_at + seconds:
        begun.append((clock.now() - began_at) // MINUTE)
        with suppress(GitHubError):
            await flows.sync.everything(Trigger.SCHEDULE)
        last = await store.runs.newest(Trigger.SCHEDULE)
        assert last is not None
        clock.pass_(max(1, due_after(last, INTERVAL) - clock.now()))
    return begun


async def test_a_dead_token_of_one_owner_makes_no_run_sooner(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    """Nor does it have one that only times out asked for more often."""
    github.refusals["o/a"] = SLOW
    github.raises[2] = TokenRejected("GitHub rejected the token for acme (401).")

    begun = await runs_in(flows, store, clock, DAY)

    assert len(begun) == DAY // INTERVAL
    assert sum("o/a" in names for names in asked(github)) == DAY // INTERVAL


@pytest.mark.parametrize("refused", [False, True])
async def test_the_pauses_grow_while_nothing_can_be_read(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock, *, refused: bool
) -> None:
    if refused:
        github.refusals = dict.fromkeys(SIX, SLOW)
    else:
        github.raises[0] = TokenRejected("GitHub rejected the token (401).")

    begun = await runs_in(flows, store, clock, INTERVAL)

    assert begun == [0, 5, 10, 20, 40, 80, 140, 200, 260, 320]


async def test_what_a_person_had_read_meanwhile_is_not_read_again(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(11, "o/f")
    clock.pass_(HOUR)
    await cut_short(flows, github)
    clock.pass_(MINUTE)
    await flows.sync.guild(11, Trigger.SYNC)
    asked(github)
    await flows.sync.everything(Trigger.SCHEDULE)

    assert asked(github) == [SIX[2:5]]


async def test_after_an_interval_a_round_is_given_up_and_the_oldest_come_first(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(INTERVAL)
    await cut_short(flows, github)
    clock.pass_(INTERVAL)
    run = (await flows.sync.everything(Trigger.SCHEDULE)).run

    assert asked(github)[2] == [*SIX[2:], *SIX[:2]]
    assert run.round_at is None


async def test_a_file_of_numbers_is_no_look_of_ours(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    await cut_short(flows, github)
    (subject,) = [one for one in await store.subjects.watched() if one.full_name == "o/f"]
    async with store.database.transaction() as transaction:
        await transaction.run(
            "INSERT INTO metric_sets VALUES (50, 'stars', 1, 0), (51, 'forks', 0, 1)"
        )
        for set_id in (50, 51):
            await transaction.run(
                "INSERT INTO coverage VALUES ($1, $2, $3, $3)",
                subject.id, set_id, clock.now() + HOUR,
            )  # fmt: skip
    clock.pass_(MINUTE)
    await flows.sync.everything(Trigger.SCHEDULE)

    assert asked(github)[1] == SIX[2:]


# -- gone ------------------------------------------------------------------------------------------


async def test_who_is_gone_is_asked_for_once_a_day_and_noted_once(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    await flows.sync.everything(Trigger.SCHEDULE)
    github.repositories.pop(0)
    asked(github)
    days = 5
    for _ in range(days * DAY // INTERVAL):
        clock.pass_(INTERVAL)
        await flows.sync.everything(Trigger.SCHEDULE)

    assert sum("o/a" in names for names in asked(github)) == days
    assert len(await store.database.rows("SELECT 1 FROM run_errors")) == 1
    report = await flows.status.report()
    assert (report.gone, report.failing) == (1, 0)
    assert (await flows.digests.report(0, "1d", UTC)).counts.gone == 1


async def test_who_is_gone_is_asked_for_when_a_person_wants_it(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(11, "o/a")
    vanished = github.repositories.pop(0)
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(HOUR)
    missing = await flows.sync.guild(11, Trigger.SYNC)
    github.repositories.append(vanished)
    clock.pass_(HOUR)
    back = await flows.sync.guild(11, Trigger.SYNC)

    assert [error.full_name for error in missing.errors] == ["o/a"], "told, though it is no news"
    assert (back.run.sampled, back.errors) == (1, ())


async def test_a_collection_a_day_asks_for_the_gone_every_time(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    rounds = again(Rotation(DAY))
    github.repositories.pop(0)
    for _ in range(3):
        await collect(rounds, store)
        clock.pass_(DAY - 1)

    assert [len(names) for names in asked(github)] == [6, 6, 6]


# -- rotation --------------------------------------------------------------------------------------


def of_two(interval: int) -> Rotation:
    """Three could be counted in an interval, and two are where it is not enough for all."""
    rotation = Rotation(interval, each=interval / 60 * 50 / 3)
    assert (rotation.fits, rotation.room) == (3, 2)
    return rotation


async def test_what_costs_counting_is_read_in_rotation_and_the_rest_every_run(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    rounds = again(of_two(HOUR))
    counted = []
    for _ in range(4):
        await collect(rounds, store)
        counted.append({want.full_name for want in github.asked[-1] if want.counted})
        clock.pass_(HOUR)

    assert [len(wanted) for wanted in github.asked] == [6] * 4
    assert [sorted(names) for names in counted] == [SIX[:2], SIX[2:4], SIX[4:], SIX[:2]]


@pytest.mark.parametrize(
    "times",
    [(5 * MINUTE, 50, "3h"), (HOUR, 50, "1d"), (2 * HOUR, 40, "2d"), (6 * HOUR, 12, "yesterday")],
)
async def test_deltas_stay_exact_in_rotation(
    times: tuple[int, int, str],
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    """Three runs count all of it: that is 6 h at the most, or 18 h where whole days are asked."""
    interval, runs, window = times
    rounds = again(of_two(interval))
    truth: dict[tuple[str, int], dict[str, int]] = {}
    for run in range(runs):
        clock.pass_(interval)
        for repository in github.repositories:
            repository.values["stars"] += run % 2
            repository.values["open_issues"] += run % 3
            truth[repository.full_name, clock.now()] = dict(repository.values)
        await collect(rounds, store)

    asked_for = parse_window(window, now=clock.now(), zone=UTC)
    subjects = await store.subjects.watched()
    for movement in await Deltas(store.histories, interval, store.stars).between(
        subjects, asked_for
    ):
        name = movement.subject.full_name
        assert [delta.metric for delta in movement.deltas] == list(METRICS)[:5]
        assert {delta.status for delta in movement.deltas} == {Status.EXACT}
        stars, issues = movement.deltas[0], movement.deltas[3]
        assert stars.change == change_of(truth, name, asked_for.start, asked_for.end)["stars"]
        if (name, issues.after_at) in truth:  # else the moment lies between two runs
            assert issues.after == truth[name, issues.after_at]["open_issues"]
    for kept in (await contents(store.database)).values():
        assert [len(spans) for spans in kept.coverage.values()] == [1, 1], "two sets, both unbroken"
        assert not kept.has_equal_neighbours()


def change_of(
    truth: dict[tuple[str, int], dict[str, int]], name: str, start: int, end: int
) -> dict[str, int]:
    """By the newest run at or before each moment."""
    times = sorted(at for known, at in truth if known == name)
    before, after = (max(at for at in times if at <= moment) for moment in (start, end))
    return {key: n - truth[name, before][key] for key, n in truth[name, after].items()}


@pytest.mark.parametrize("case", [(1, set()), (0, set(SIX[:2]))])
async def test_the_rest_of_a_round_is_in_rotation_though_it_would_fit(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
    case: tuple[int, set[str]],
) -> None:
    """It is about all that is watched, and counts what the round has not counted yet."""
    page, second = case
    github.page_size = 4
    rounds = again(of_two(HOUR))
    github.raises[page] = RateLimited("GitHub's limit ends at 15:00.")
    with suppress(GitHubError):
        await collect(rounds, store)
    github.raises.clear()
    clock.pass_(5 * MINUTE)
    await collect(rounds, store)

    counted = [{want.full_name for want in wanted if want.counted} for wanted in github.asked]
    assert counted == [set(SIX[:2]), second]


async def test_a_number_that_was_not_asked_for_did_not_change_and_nothing_fails(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    rounds = again(of_two(HOUR))
    await collect(rounds, store)
    clock.pass_(HOUR)
    for repository in github.repositories:
        repository.values["watchers"] = 50
    run = await collect(rounds, store)

    assert (run.sampled, run.changed) == (6, 0), "those counted now were counted for the first time"
    clock.pass_(HOUR)
    run = await collect(rounds, store)
    clock.pass_(HOUR)
    assert (await collect(rounds, store)).changed == 2
    assert await store.runs.failing() == set()
    seen = await store.histories.seen([one.id for one in await store.subjects.watched()])
    assert {last for _, last in seen.values()} == {clock.now()}


async def test_who_cannot_be_read_does_not_keep_others_from_being_counted(
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    again: Callable[[Rotation], Rounds],
) -> None:
    rounds = again(of_two(HOUR))
    github.refusals = dict.fromkeys(SIX[:3], SLOW)
    counted = set()
    for _ in range(4):
        await collect(rounds, store)
        counted |= {want.full_name for want in github.asked[-1] if want.counted}
        clock.pass_(HOUR)

    assert counted >= set(SIX[3:])


def test_new_is_what_no_watched_repository_is_by_its_id_or_its_name() -> None:
    subjects = [
        Subject(1, "o/a", node_id="N1"),
        Subject(2, "O/B"),
        Subject(3, "o/c", node_id="N3"),
    ]
    new = [
        Wanted("o/renamed", "N1"),
        Wanted("o/b", "N2"),
        Wanted("o/a", "N1", counted=False),
        Wanted("O/c"),
        Wanted("o/c", "N4"),  # another one of this name
        Wanted("o/d"),
    ]

    assert unwatched(new, subjects) == new[4:]
