"""Runs: each page is kept as it comes, and the newest run knows who could not be read."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from bot.core.coverage import JOIN
from bot.core.models import (
    Page,
    Reading,
    Refusal,
    Refused,
    Run,
    RunError,
    RunStatus,
    Sample,
    Subject,
    Trigger,
    Visibility,
)
from bot.core.rotation import Look
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore, contents

NOON = moment("2026-06-01")
SLOW = Refusal(Refused.TIMEOUT, "GitHub took too long")
GONE = Refusal(Refused.NOT_FOUND, "gone or not visible")


def run(number: int, at: int = NOON, trigger: Trigger = Trigger.SCHEDULE) -> Run:
    return Run(f"run-{number}", trigger, RunStatus.RUNNING, at)


def reading(subject: Subject, **values: int) -> tuple[Subject, Reading]:
    return subject, Reading(
        subject.full_name, 100 + subject.id, f"R_{subject.id}", Visibility.PUBLIC, values
    )


@pytest.fixture
async def one(store: SqliteStore) -> Subject:
    return (await store.subjects.ensure(["o/one"], NOON))[0]


@pytest.fixture
async def two(store: SqliteStore, one: Subject) -> Subject:
    return (await store.subjects.ensure(["o/two"], NOON + one.id * 0))[0]


async def sample(store: SqliteStore, number: int, at: int, *found: tuple[Subject, Reading]) -> int:
    await store.runs.begin(run(number, at))
    return await store.runs.record(run(number, at), [Page(at, found)], JOIN)


async def fail(store: SqliteStore, number: int, at: int, subject: Subject, why: Refusal) -> None:
    await store.runs.begin(run(number, at))
    await store.runs.record(run(number, at), [Page(at, refused=[(subject, why)])], JOIN)


async def test_a_run_is_read_back_as_it_was_finished(store: SqliteStore) -> None:
    finished = Run(
        "run-1",
        Trigger.SYNC,
        RunStatus.PARTIAL,
        started_at=NOON,
        finished_at=NOON + 40,
        sampled=9,
        changed=3,
        failed=1,
        requests=4,
        points=12,
        message="GitHub's rate limit ends at 14:00",
    )
    await store.runs.begin(replace(run(1), trigger=Trigger.SYNC))
    await store.runs.finish(finished)

    assert await store.runs.newest() == finished


async def test_a_run_that_is_over_stands_in_the_file_itself(store: SqliteStore) -> None:
    """And not in the log beside it, which else would be read and grow."""
    await store.runs.begin(run(1))
    with closing(sqlite3.connect(store.database.path)) as reader:
        reader.execute("BEGIN").execute("SELECT * FROM runs").fetchall()
        await store.runs.finish(replace(run(1), status=RunStatus.OK))
        await store.database.settled()
        reader.rollback()
        await store.runs.finish(replace(run(1), status=RunStatus.PARTIAL))
        await store.database.settled()

    alone = store.database.path.with_name("alone.db")
    alone.write_bytes(store.database.path.read_bytes())
    with closing(sqlite3.connect(alone)) as file:
        assert file.execute("SELECT status FROM runs").fetchall() == [("partial",)]


async def test_before_the_first_run_there_is_none(store: SqliteStore) -> None:
    assert await store.runs.newest() is None
    assert await store.runs.failing() == set()
    assert await store.runs.errors("run-1") == []


async def test_an_import_is_no_run_that_sampled(store: SqliteStore) -> None:
    await store.runs.begin(run(1))
    await store.runs.note(run(2, NOON + HOUR, Trigger.IMPORT))

    newest = await store.runs.newest()
    assert newest is not None
    assert newest.id == "run-1"


async def test_runs_that_were_killed_are_marked_by_who_is_alone(store: SqliteStore) -> None:
    await store.runs.begin(run(1))
    with store.runs.alone():
        await store.runs.stop_killed(NOON + HOUR)
        await store.runs.begin(run(2, NOON + HOUR))

    assert await store.database.rows("SELECT id, status, finished_at FROM runs ORDER BY id") == [
        ("run-1", "stopped", NOON + HOUR),
        ("run-2", "running", None),
    ]


async def test_a_run_under_way_is_told_while_somebody_samples(store: SqliteStore) -> None:
    at_work = replace(run(1), wanted=9, round_at=NOON - HOUR)
    await store.runs.begin(at_work)
    assert await store.runs.underway() == [], "whoever made it is dead"

    with store.runs.alone():
        assert await store.runs.underway() == [at_work]
        await store.runs.finish(replace(at_work, status=RunStatus.OK))
        assert await store.runs.underway() == []


async def test_a_full_run_is_one_that_asked_for_all(store: SqliteStore) -> None:
    assert await store.runs.last_full() is None
    full = replace(run(1), status=RunStatus.PARTIAL, finished_at=NOON + 60, sampled=3)
    later = replace(full, status=RunStatus.OK, started_at=NOON + HOUR)
    await store.runs.note(full)
    await store.runs.note(replace(later, id="rest", round_at=NOON))
    await store.runs.note(replace(later, id="nothing", sampled=0))
    await store.runs.note(replace(later, id="short", message="GitHub's limit ends at 15:00."))
    await store.runs.note(replace(later, id="stopped", status=RunStatus.STOPPED))
    await store.runs.note(replace(later, id="asked", trigger=Trigger.SYNC))

    assert await store.runs.last_full() == full


async def test_runs_of_long_ago_are_forgotten_but_the_newest_of_each_trigger(
    store: SqliteStore, one: Subject
) -> None:
    now = NOON + 200 * DAY
    for number in range(1_200):
        await store.runs.note(run(number, NOON + number))
    await fail(store, 2_000, NOON + 2_000, one, SLOW)
    await store.runs.note(run(2_001, NOON + 3_000))
    await store.runs.note(run(2_002, now - 90 * DAY))
    await store.runs.note(run(2_003, NOON, Trigger.SYNC))
    await store.runs.note(run(2_004, NOON, Trigger.IMPORT))

    await store.runs.forget_old(now)

    kept = await store.database.rows("SELECT id FROM runs ORDER BY id")
    assert kept == [("run-2002",), ("run-2003",), ("run-2004",)]
    assert await store.database.rows("SELECT * FROM run_errors") == []
    await store.runs.forget_old(now)
    assert len(await store.database.rows("SELECT id FROM runs")) == 3


async def test_that_somebody_is_still_gone_is_no_news(store: SqliteStore, one: Subject) -> None:
    for number in range(3):
        await fail(store, number, NOON + number * HOUR, one, GONE)
    assert await store.runs.errors("run-0") == [RunError("o/one", GONE)]
    assert await store.runs.errors("run-2") == []
    looks = await store.runs.looks([one.id])
    assert looks[one.id] == Look(sought_at=NOON + 2 * HOUR)

    await fail(store, 4, NOON + 4 * HOUR, one, SLOW)
    await sample(store, 5, NOON + 5 * HOUR, reading(one, stars=1))
    await fail(store, 6, NOON + 6 * HOUR, one, GONE)
    assert await store.runs.errors("run-4") == [RunError("o/one", SLOW)]
    assert await store.runs.errors("run-6") == [RunError("o/one", GONE)]


async def test_looks_tell_when_something_was_sampled_and_when_it_was_counted(
    store: SqliteStore, one: Subject, two: Subject
) -> None:
    await sample(store, 1, NOON, reading(one, stars=1, watchers=2, open_prs=3))
    await sample(store, 2, NOON + HOUR, reading(one, stars=1, open_prs=3))
    await sample(store, 3, NOON + 2 * HOUR, reading(one, stars=1, forks=4))
    await store.histories.merge([("o/two", Sample(NOON, {"watchers": 1}))], NOON)

    assert await store.runs.looks([one.id, two.id]) == {
        one.id: Look(sampled_at=NOON + 2 * HOUR, counted_at=NOON + HOUR),
        two.id: Look(),
    }


async def test_a_first_sample_is_no_change(store: SqliteStore, one: Subject, two: Subject) -> None:
    assert await sample(store, 1, NOON, reading(one, stars=5), reading(two, stars=5)) == 0
    assert await sample(store, 2, NOON + HOUR, reading(one, stars=5), reading(two, stars=6)) == 1, (
        "only o/two changed"
    )


async def test_a_metric_read_for_the_first_time_is_no_change(
    store: SqliteStore, one: Subject
) -> None:
    await sample(store, 1, NOON, reading(one, stars=5))

    assert await sample(store, 2, NOON + HOUR, reading(one, stars=5, forks=0)) == 0
    assert await sample(store, 3, NOON + 2 * HOUR, reading(one, stars=5, forks=1)) == 1


async def test_a_reading_without_numbers_writes_none_and_covers_nothing(
    store: SqliteStore, one: Subject
) -> None:
    assert await sample(store, 1, NOON, reading(one)) == 0

    kept = (await contents(store.database))["o/one"]
    assert (kept.observations, kept.coverage) == ({}, {})
    assert (await store.subjects.watched(), await store.runs.failing()) == ([], set())


async def test_samples_join_as_far_as_the_collection_reaches(
    store: SqliteStore, one: Subject
) -> None:
    """A collection every three days is unbroken with a silence of three days."""
    for number, within in ((1, JOIN), (2, JOIN), (3, 4 * DAY)):
        at = NOON + number * 3 * DAY
        await store.runs.begin(run(number, at))
        await store.runs.record(run(number, at), [Page(at, [reading(one, stars=5)])], within)

    (spans,) = (await contents(store.database))["o/one"].coverage.values()
    assert [(span.until - span.since) // DAY for span in spans] == [0, 3]


async def test_errors_are_told_by_name_with_their_reason(
    store: SqliteStore, one: Subject, two: Subject
) -> None:
    await store.runs.begin(run(1))
    await store.runs.record(run(1), [Page(NOON, refused=[(two, GONE), (one, SLOW)])], JOIN)

    assert await store.runs.errors("run-1") == [RunError("o/one", SLOW), RunError("o/two", GONE)]


async def test_a_repository_fails_from_a_failed_run_to_its_next_sample(
    store: SqliteStore, one: Subject, two: Subject
) -> None:
    await sample(store, 1, NOON, reading(one, stars=1), reading(two, stars=1))
    await fail(store, 2, NOON + HOUR, one, SLOW)
    assert await store.runs.failing() == {one.id}

    await sample(store, 3, NOON + 2 * HOUR, reading(two, stars=1))
    assert await store.runs.failing() == {one.id}, "a run that did not ask for it tells nothing"

    await sample(store, 4, NOON + 3 * HOUR, reading(one, stars=1))
    assert await store.runs.failing() == set()


async def test_a_repository_that_was_never_sampled_can_fail(
    store: SqliteStore, one: Subject
) -> None:
    await fail(store, 1, NOON, one, SLOW)

    assert await store.runs.failing() == {one.id}


async def test_a_gone_repository_does_not_fail_also_when_it_failed_before(
    store: SqliteStore, one: Subject, two: Subject
) -> None:
    await fail(store, 1, NOON, one, SLOW)
    await fail(store, 2, NOON + HOUR, one, GONE)
    await fail(store, 3, NOON + HOUR, two, GONE)

    assert await store.runs.failing() == set()


async def test_a_page_is_kept_whole_or_not_at_all(store: SqliteStore, one: Subject) -> None:
    await store.runs.begin(run(1))
    too_large = 2**70

    with pytest.raises(OverflowError):
        await store.runs.record(
            run(1), [Page(NOON, [reading(one, forks=1, stars=too_large)], [(one, SLOW)])], JOIN
        )

    assert (await contents(store.database))["o/one"].observations == {}
    assert await store.runs.errors("run-1") == []
    found = await store.subjects.find("o/one")
    assert found == one, "not even its id was learnt"


async def test_an_import_between_two_samples_of_an_unbroken_watch_changes_nothing(
    store: SqliteStore, one: Subject
) -> None:
    await sample(store, 1, NOON, reading(one, stars=5))
    await sample(store, 2, NOON + DAY, reading(one, stars=5))

    known, refused = await store.histories.merge(
        [
            ("o/one", Sample(NOON + HOUR, {"stars": 5})),
            ("o/one", Sample(NOON + 2 * HOUR, {"stars": 9})),
        ],
        NOON + DAY,
    )

    assert (known.new, known.refused) == (False, {})
    assert refused.refused == {"stars": (5, 9)}
