"""A run keeps every page it got, whatever ends it, and says how it ended."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.core.models import (
    Pause,
    Refusal,
    Refused,
    Run,
    RunStatus,
    Subject,
    Trigger,
    Visibility,
    Wanted,
)
from bot.core.reports import Progress, SyncReport
from bot.errors import GitHubError, RateLimited, RunInProgress, Stopped, TokenRejected
from tests.conftest import Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import MISSING, ScriptedGitHub
from tests.standins.stored import SqliteStore, contents

FIVE = [f"o/{letter}" for letter in "abcde"]  # three pages of the stand-in
SLOW = Refusal(Refused.TIMEOUT, "GitHub took too long")


async def collect(flows: Flows, *names: str, **more: object) -> SyncReport:
    return await flows.collector.collect(
        dict.fromkeys(map(Wanted, names)),
        Trigger.SCHEDULE,
        **more,  # type: ignore[arg-type]
    )


async def newest(store: SqliteStore) -> Run:
    run = await store.runs.newest()
    assert run is not None
    return run


async def sampled(store: SqliteStore) -> dict[str, int]:
    """The stars that are known, by name."""
    return {
        name: kept.latest["stars"].value
        for name, kept in (await contents(store.database)).items()
        if kept.latest
    }


@pytest.fixture(autouse=True)
def five(github: ScriptedGitHub) -> None:
    for number, name in enumerate(FIVE):
        github.add(name, stars=number, forks=0)


async def test_a_run_counts_what_it_did(flows: Flows, store: SqliteStore) -> None:
    report = await collect(flows, *FIVE)

    assert report.run == await newest(store)
    assert (report.run.id, report.run.trigger, report.run.status) == ("run-1", "schedule", "ok")
    assert (report.run.sampled, report.run.changed, report.run.failed) == (5, 0, 0)
    assert (report.run.requests, report.run.points) == (3, 9)
    assert report.errors == ()
    assert await sampled(store) == dict(zip(FIVE, range(5), strict=True)), "0 stars are stars"


async def test_only_what_differs_counts_as_changed(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await collect(flows, *FIVE)
    clock.pass_(HOUR)
    github.repositories[1].values["stars"] = 100
    github.repositories[2].values["forks"] = 1

    assert (await collect(flows, *FIVE)).run.changed == 2


async def test_nothing_wanted_is_a_run_all_the_same(flows: Flows, store: SqliteStore) -> None:
    report = await collect(flows)

    assert (report.run.status, report.run.sampled) == (RunStatus.OK, 0)
    assert await newest(store) == report.run


class Told(list[Progress]):
    """What a listener hears; `written` is set once that many repositories are."""

    def __init__(self, done: int) -> None:
        super().__init__()
        self._done = done
        self.written = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        self.append(progress)
        if progress.done == self._done:
            self.written.set()


async def test_progress_is_told_from_the_start_to_the_end(
    flows: Flows, github: ScriptedGitHub
) -> None:
    told = Told(2)
    pause = Pause(60, "GitHub's secondary rate limit")
    github.pauses[1] = pause
    hold = github.hold_timer(page=1)

    run = asyncio.create_task(collect(flows, *FIVE, listener=told))
    await told.written.wait()
    hold.released.set()
    await run

    assert told == [
        Progress(0, 5),
        Progress(0, 5, pause),  # the page before it is not written yet
        Progress(2, 5, pause),
        Progress(5, 5),  # both pages that came meanwhile
    ]


async def test_a_repository_that_fails_does_not_cost_the_others(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    known = await store.subjects.ensure(FIVE, 0)
    github.refusals["o/b"] = SLOW

    report = await flows.collector.collect(
        {Wanted(subject.full_name): subject for subject in known}, Trigger.SCHEDULE
    )

    assert report.run.status is RunStatus.PARTIAL
    assert (report.run.sampled, report.run.failed) == (4, 1)
    assert [(error.full_name, error.refusal) for error in report.errors] == [("o/b", SLOW)]
    assert await store.runs.errors(report.run.id) == list(report.errors)
    assert set(await sampled(store)) == set(FIVE) - {"o/b"}


async def test_a_repository_that_is_missing_is_an_answer(flows: Flows, store: SqliteStore) -> None:
    report = await collect(flows, "o/a", "o/missing")

    assert (report.run.status, report.run.failed) == (RunStatus.OK, 1)
    assert await store.subjects.find("o/missing") is None, "a name alone is nobody"


async def test_where_nobody_could_be_read_the_run_failed(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.refusals = dict.fromkeys(FIVE, SLOW)

    assert (await collect(flows, *FIVE)).run.status is RunStatus.FAILED


async def test_pages_are_kept_when_a_later_one_fails(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.raises[2] = RateLimited("GitHub's limit ends at 15:00.")

    report = await collect(flows, *FIVE)

    assert report.run.status is RunStatus.PARTIAL
    assert report.run.message == "GitHub's limit ends at 15:00."
    assert (report.run.sampled, report.run.requests) == (4, 2)
    assert report.run == await newest(store)
    assert set(await sampled(store)) == set(FIVE[:4])


async def test_where_github_gave_nothing_its_reason_is_raised_and_written_down(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.raises[0] = TokenRejected("The token was revoked.")

    with pytest.raises(TokenRejected, match="revoked"):
        await collect(flows, *FIVE)

    run = await newest(store)
    assert (run.status, run.message) == (RunStatus.FAILED, "The token was revoked.")
    assert run.finished_at is not None


async def test_pages_are_kept_when_the_run_is_cancelled(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    hold = github.hold(page=1)
    task = asyncio.create_task(collect(flows, *FIVE))
    await hold.reached.wait()
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    run = await newest(store)
    assert (run.status, run.sampled) == (RunStatus.STOPPED, 2)
    assert run.finished_at is not None
    assert set(await sampled(store)) == set(FIVE[:2])
    assert github.closed == 1, "nothing goes on asking"


async def test_an_unforeseen_failure_is_not_hidden_and_costs_no_page(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.raises[1] = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        await collect(flows, *FIVE)

    assert ((await newest(store)).status, len(await sampled(store))) == (RunStatus.STOPPED, 2)


async def test_of_pages_that_come_together_only_the_one_that_cannot_be_written_is_lost(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.repositories[2].values["stars"] = 2**70  # more than the store can hold

    with pytest.raises(OverflowError):
        await collect(flows, *FIVE)

    run = await newest(store)
    assert (run.status, run.sampled, run.requests) == (RunStatus.STOPPED, 2, 1)
    assert set(await sampled(store)) == set(FIVE[:2]), "those before it are kept"
    assert github.closed == 1


async def test_what_fails_after_pages_were_kept_counts_none_of_them_twice(
    flows: Flows, store: SqliteStore
) -> None:
    """Who was met is asked for once more then."""
    met, asked = store.subjects.ensure, 0

    async def failing(full_names: Sequence[str], at: int) -> list[Subject]:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise ZeroDivisionError
        return await met(full_names, at)

    store.subjects.ensure = failing  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        await collect(flows, *FIVE[:2])

    run = await newest(store)
    assert (run.status, run.sampled, run.requests) == (RunStatus.STOPPED, 2, 1)
    assert set(await sampled(store)) == set(FIVE[:2])


async def test_what_has_come_is_written_although_the_run_is_cancelled_meanwhile(
    flows: Flows, store: SqliteStore, github: ScriptedGitHub
) -> None:
    hold = github.hold(page=2)
    async with store.database.transaction():  # somebody else writes for a long time
        task = asyncio.create_task(collect(flows, *FIVE))
    await hold.reached.wait()
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    run = await newest(store)
    assert (run.status, run.sampled) == (RunStatus.STOPPED, 4)
    assert set(await sampled(store)) == set(FIVE[:4])


async def test_after_any_end_the_next_run_may_begin(flows: Flows, github: ScriptedGitHub) -> None:
    github.raises[0] = GitHubError("GitHub does not answer.")
    with pytest.raises(GitHubError):
        await collect(flows, *FIVE)
    github.raises.clear()

    assert (await collect(flows, *FIVE)).run.status is RunStatus.OK


async def test_a_run_in_another_process_is_respected(flows: Flows, store: SqliteStore) -> None:
    with store.runs.alone(), pytest.raises(RunInProgress):
        await collect(flows, *FIVE)

    assert await store.runs.newest() is None, "a run that did not begin is none"


async def test_an_urgent_run_is_over_while_a_long_one_waits(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    """Also over a repository that the long one wants, too: what is kept twice does no harm."""
    hold = github.hold_timer(page=0)
    long = asyncio.create_task(collect(flows, *FIVE))
    await hold.reached.wait()
    report = await flows.collector.collect({Wanted("o/b"): None}, Trigger.SYNC)
    assert (report.run.status, report.run.sampled) == (RunStatus.OK, 1)
    assert await store.database.rows("SELECT id, status FROM runs ORDER BY id") == [
        ("run-1", "running"),
        ("run-2", "ok"),
    ], "the long one was not taken for killed"
    hold.released.set()

    assert (await long).run.sampled == 5
    assert github.urgent == [False, True]
    assert set(await sampled(store)) == set(FIVE)


@pytest.mark.parametrize("trigger", [Trigger.SYNC, Trigger.CLI, Trigger.DIGEST, Trigger.TRACK])
async def test_what_somebody_waits_for_is_urgent(
    trigger: Trigger, flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.collector.collect({Wanted("o/a"): None}, trigger)

    assert github.urgent == [True]


async def test_an_answer_that_is_kept_after_a_newer_one_changes_nothing(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    """Two runs asked at once, and the one that was answered first was written second."""
    await collect(flows, "o/b")
    clock.pass_(HOUR)
    github.repositories[1].values["stars"] = 8
    await collect(flows, "o/b")
    before = await contents(store.database)
    clock.pass_(-60)
    github.repositories[1].values["stars"] = 7
    report = await collect(flows, "o/b")

    assert (report.run.status, report.run.changed) == (RunStatus.OK, 0)
    assert await contents(store.database) == before


async def test_each_run_under_way_is_shown_with_what_it_waits_for(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    began_at = clock.now()
    github.pauses[1] = Pause(60, "GitHub's secondary rate limit")
    hold = github.hold_timer(page=1)
    told = Told(2)
    long = asyncio.create_task(collect(flows, *FIVE, listener=told))
    await told.written.wait()
    clock.pass_(20)

    (shown,) = flows.collector.underway()
    assert (shown.trigger, shown.started_at) == (Trigger.SCHEDULE, began_at)
    assert (shown.done, shown.total) == (2, 5)
    assert shown.pause == Pause(40, "GitHub's secondary rate limit")
    clock.pass_(40)
    assert [run.pause for run in flows.collector.underway()] == [None], "it is over"
    hold.released.set()
    await long
    assert flows.collector.underway() == []


async def test_nothing_begins_after_the_end(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    await flows.collector.close()
    with pytest.raises(Stopped):
        await collect(flows, "o/a")

    assert (github.asked, await store.runs.newest()) == ([], None)


async def test_gone_is_noted_once_and_undone_by_a_return(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    await flows.track.add(0, "o/a")
    vanished = github.repositories.pop(0)

    states = []
    for _ in range(2):
        clock.pass_(DAY)
        await flows.sync.everything(Trigger.SCHEDULE)
        (gone,) = await store.subjects.watched()
        states.append((gone.state, gone.gone_at))
    github.repositories.append(vanished)
    clock.pass_(DAY)
    report = await flows.sync.everything(Trigger.SCHEDULE)

    since = clock.now() - 2 * DAY
    assert states == [("gone", since), ("gone", since)]
    assert report.run.status is RunStatus.OK
    assert [subject.state for subject in await store.subjects.watched()] == ["active"]
    assert await sampled(store) == {"o/a": 0}


async def test_a_metric_that_was_not_read_stays_unknown(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    github.repositories[0].values = {"stars": 7}
    await collect(flows, "o/a")
    clock.pass_(HOUR)
    github.repositories[0].values = {"forks": 1}
    await collect(flows, "o/a")

    kept = (await contents(store.database))["o/a"]
    assert {key: seen.value for key, seen in kept.latest.items()} == {"stars": 7, "forks": 1}
    assert {key: len(seen) for key, seen in kept.observations.items()} == {"stars": 1, "forks": 1}


async def test_who_is_not_welcome_leaves_no_trace(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.add("o/secret", Visibility.PRIVATE, stars=9)

    report = await collect(
        flows, "o/secret", "o/a", welcome=lambda reading: reading.visibility == "public"
    )

    assert [error.refusal.kind for error in report.errors] == [MISSING.kind]
    assert set(report.found) == {"o/a"}
    assert await store.subjects.find("o/secret") is None
