"""The usual answers are written at once, and the store is what merging each would make it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.coverage import JOIN
from bot.core.models import (
    NOT_VISIBLE,
    Page,
    Reading,
    Refusal,
    Refused,
    Run,
    RunStatus,
    Sample,
    Subject,
    Trigger,
    Visibility,
)
from bot.storage.database import Database
from bot.storage.dialect import Row
from bot.storage.sampling import merge_each, sample
from bot.storage.usual import Answer, keep_usual
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore, fresh_store

FIRST = moment("2026-02-01")
QUARTERS = 20
RUN = Run("run-1", Trigger.SCHEDULE, RunStatus.RUNNING, FIRST)
NAMES = ("o/one", "o/two", "p/two")
COUNTS = {"stars": 5, "forks": 1, "open_issues": 0}


@st.composite
def values(draw: st.DrawFn) -> dict[str, int]:
    """Mostly all of them, as GitHub gives them."""
    if draw(st.integers(0, 9)):
        return {**COUNTS, "stars": draw(st.integers(4, 6))}
    return draw(st.dictionaries(st.sampled_from(sorted(COUNTS)), st.integers(0, 2)))


READINGS = st.builds(
    Reading,
    full_name=st.sampled_from(NAMES),
    github_id=st.integers(1, 3),
    node_id=st.sampled_from(["R_a", "R_a", "R_a", "R_b"]),
    visibility=st.sampled_from([Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PRIVATE]),
    values=values(),
    archived=st.sampled_from([False, False, None, True]),
    may_push=st.sampled_from([False, False, None, True]),
)


class Told(NamedTuple):
    """One answer to a question about a name, asked by who knew it now or from the beginning."""

    asked: str
    reading: Reading
    stale: bool


class Step(NamedTuple):
    """A page of a run, or a file that is imported between two."""

    after: int  # seconds since the one before, as a rule some hours
    within: int
    told: Sequence[Told] = ()
    refused: Sequence[tuple[str, Refusal]] = ()
    imported: Sequence[tuple[str, Sample]] = ()


DEVIATIONS = st.sampled_from(
    [
        {},
        {"values": {"stars": 5}},
        {"full_name": NAMES[0]},
        {"github_id": 1},
        {"github_id": 9},
        {"node_id": "R_b"},
        {"visibility": Visibility.PRIVATE},
        {"archived": True},
        {"archived": None},
        {"may_push": True},
    ]
)


@st.composite
def usual_answers(draw: st.DrawFn) -> list[Told]:
    """Each of the repositories under its own name; one may deviate a little, or answer twice."""
    usual = partial(Reading, node_id="R_a", visibility=Visibility.PUBLIC, archived=False)
    readings = [usual(name, id_, values=draw(values())) for id_, name in enumerate(NAMES, start=1)]
    told = [Told(one.full_name, one, stale=False) for one in readings]
    odd = draw(st.integers(0, len(NAMES) - 1))
    told[odd] = told[odd]._replace(reading=replace(readings[odd], **draw(DEVIATIONS)))
    again = told[odd].reading if draw(st.booleans()) else None
    return told + (
        [told[odd]._replace(reading=replace(again, values=draw(values())))] if again else []
    )


MOMENTS = st.integers(0, QUARTERS).map(lambda quarter: FIRST + quarter * 6 * HOUR)
ROWS = st.tuples(st.sampled_from(NAMES), st.builds(Sample, MOMENTS, values(), st.booleans()))
REFUSALS = st.sampled_from([NOT_VISIBLE, Refusal(Refused.FORBIDDEN, "not with this token")])
GONE = st.lists(st.tuples(st.sampled_from(NAMES), REFUSALS), max_size=1)
ANYTHING = st.lists(st.builds(Told, st.sampled_from(NAMES), READINGS, st.booleans()), max_size=4)
NOTHING = st.just(())
HOURS = st.sampled_from([6, 6, 12, 24, 36, 37, 80, 0, -6, -48]).map(lambda hours: hours * HOUR)
SILENCES = st.sampled_from([JOIN, JOIN, 4 * DAY])
STEPS = st.one_of(
    st.builds(Step, HOURS, SILENCES, usual_answers(), NOTHING, NOTHING),
    st.builds(Step, HOURS, SILENCES, usual_answers(), GONE, NOTHING),
    st.builds(Step, HOURS, SILENCES, ANYTHING, GONE, st.lists(ROWS, max_size=2)),
)


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    return [Step(0, JOIN, draw(usual_answers())), *draw(st.lists(STEPS, min_size=1, max_size=6))]


async def everything(database: Database) -> Mapping[str, Sequence[Row]]:
    """Every row of every table, but for what only usual answers leave."""
    tables = await database.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'last_changes'"
    )
    return {
        str(name): sorted(await database.rows(f"SELECT * FROM {name}"), key=repr)  # noqa: S608  # ours
        for (name,) in tables
    }


async def answers(
    store: SqliteStore, told: Sequence[Told], at: int, known: Mapping[str, Subject]
) -> list[Answer]:
    now = await store.subjects.ensure([one.asked for one in told], at)
    return [
        (known[one.asked] if one.stale else subject, one.reading)
        for one, subject in zip(told, now, strict=True)
    ]


async def follow(store: SqliteStore, story: Sequence[Step], *, one_by_one: bool) -> list[object]:
    """Let all of it happen; returns how many repositories changed in each page, and the store."""
    keep = merge_each if one_by_one else sample
    first = await store.subjects.ensure(NAMES, FIRST)
    known, seen, at = dict(zip(NAMES, first, strict=True)), list[object](), FIRST
    await store.runs.begin(RUN)
    for after, within, told, refusals, imported in story:
        at += after
        await store.histories.merge(imported, at)
        found = await answers(store, told, at, known)
        async with store.database.transaction() as transaction:
            seen.append(await keep(transaction, at, found, within))
        names = await store.subjects.ensure([name for name, _ in refusals], at)
        refused = [(one, why) for one, (_, why) in zip(names, refusals, strict=True)]
        await store.runs.record(RUN, [Page(at, refused=refused)], JOIN)
        seen.append(await everything(store.database))
    return seen


@settings(max_examples=60, deadline=None)
@given(stories())
async def test_whatever_pages_bring_both_ways_lead_to_the_same_store(story: list[Step]) -> None:
    async with fresh_store() as one, fresh_store() as two:
        ours = await follow(one, story, one_by_one=False)
        assert ours == await follow(two, story, one_by_one=True)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Step]:
    """Pages that came together: of one moment as a rule, with answers and refusals of anybody."""
    told = [*draw(usual_answers()), *draw(ANYTHING)]
    order = draw(st.permutations(told))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=3)))
    pages = [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(told)], strict=True)]
    later = st.sampled_from([0, 0, 0, 1, HOUR])
    return [Step(draw(later), JOIN, page, draw(GONE)) for page in pages]


async def record(
    store: SqliteStore, story: Sequence[Step], came: Sequence[Step], *, together: bool
) -> list[object]:
    """Let a story happen, then pages come; returns how many changed, and the store."""
    await follow(store, story, one_by_one=False)
    first = await store.subjects.ensure(NAMES, FIRST)
    known, at = dict(zip(NAMES, first, strict=True)), FIRST + sum(step.after for step in story)
    pages = list[Page]()
    for after, _, told, refusals, _ in came:
        at += after
        found = await answers(store, told, at, known)
        refused = [(known[name], why) for name, why in refusals]
        pages.append(Page(at, found, refused, requests=1, points=3))
    calls = [pages] if together else [[page] for page in pages]
    changed = sum([await store.runs.record(RUN, call, JOIN) for call in calls])
    return [changed, await everything(store.database)]


@settings(max_examples=80, deadline=None)
@given(stories(), arrivals())
async def test_pages_in_one_transaction_lead_to_the_same_store_as_one_after_the_other(
    story: list[Step], came: list[Step]
) -> None:
    async with fresh_store() as one, fresh_store() as two:
        ours = await record(one, story, came, together=True)
        assert ours == await record(two, story, came, together=False)


def reading(subject: Subject, **values: int) -> Reading:
    github_id = 100 + subject.id
    return Reading(subject.full_name, github_id, "R_a", Visibility.PUBLIC, values, archived=False)


@pytest.fixture
async def one(store: SqliteStore) -> Subject:
    """A repository that was sampled at FIRST."""
    (subject,) = await store.subjects.ensure(["o/one"], FIRST)
    await store.runs.record(RUN, [Page(FIRST, [(subject, reading(subject, **COUNTS))])], JOIN)
    return (await store.subjects.ensure(["o/one"], FIRST))[0]


async def others(store: SqliteStore, at: int, *found: Answer) -> Sequence[Answer]:
    """Which of these answers are not usual."""
    async with store.database.transaction() as transaction:
        return list((await keep_usual(transaction, at, found, JOIN))[1])


async def test_who_was_read_yesterday_is_usual_whatever_changed(
    store: SqliteStore, one: Subject
) -> None:
    for day, stars in enumerate((5, 6, 5), start=1):
        again = replace(reading(one, **{**COUNTS, "stars": stars}), archived=None, may_push=True)
        assert await others(store, FIRST + day * DAY, (one, again)) == []

    rows = await store.database.rows("SELECT at, value FROM observations WHERE metric_id = 0")
    assert rows == [(FIRST, 5), (FIRST + 2 * DAY, 6), (FIRST + 3 * DAY, 5)]
    assert await store.database.rows("SELECT since, until FROM coverage") == [
        (FIRST, FIRST + 3 * DAY)
    ]


@pytest.mark.parametrize(
    "differing",
    [
        {"full_name": "o/renamed"},
        {"full_name": "O/One"},
        {"github_id": 99},
        {"node_id": "R_b"},
        {"visibility": Visibility.PRIVATE},
        {"archived": True},
        {"values": {}},
        {"values": {"stars": 5}},
        {"values": {**COUNTS, "watchers": 1}},
    ],
)
async def test_who_differs_in_anything_but_numbers_is_not_usual(
    store: SqliteStore, one: Subject, differing: Mapping[str, object]
) -> None:
    answer = (one, replace(reading(one, **COUNTS), **differing))

    assert await others(store, FIRST + DAY, answer) == [answer]


@pytest.mark.parametrize("at", [FIRST - HOUR, FIRST, FIRST + JOIN + 1])
async def test_what_is_old_or_comes_after_a_gap_is_not_usual(
    store: SqliteStore, one: Subject, at: int
) -> None:
    answer = (one, reading(one, **COUNTS))

    assert await others(store, at, answer) == [answer]
    assert await others(store, FIRST + JOIN, answer) == []


async def test_new_and_gone_repositories_are_not_usual(store: SqliteStore, one: Subject) -> None:
    (new,) = await store.subjects.ensure(["o/new"], FIRST)
    await store.runs.begin(RUN)
    await store.runs.record(RUN, [Page(FIRST + HOUR, refused=[(one, NOT_VISIBLE)])], JOIN)
    found = [(new, reading(new, **COUNTS)), (one, reading(one, **COUNTS))]

    assert await others(store, FIRST + DAY, *found) == found


async def test_who_answers_twice_is_not_usual(store: SqliteStore, one: Subject) -> None:
    same = [(one, reading(one, **COUNTS)), (one, reading(one, **COUNTS))]
    elsewhere = [(one, reading(one, **COUNTS)), (replace(one, id=7), reading(one, **COUNTS))]

    assert await others(store, FIRST + DAY, *same) == same
    assert await others(store, FIRST + DAY, *elsewhere) == elsewhere


async def test_a_reading_is_not_usual_where_a_file_was_sampled_later(
    store: SqliteStore, one: Subject
) -> None:
    later = Sample(FIRST + 2 * DAY, {"stars": 9})
    await store.histories.merge([("o/one", later)], FIRST + 2 * DAY)
    answer = (one, reading(one, **COUNTS))

    assert await others(store, FIRST + DAY, answer) == [answer]
    assert await others(store, FIRST + DAY + JOIN, answer) == [answer]


async def test_what_the_store_lacks_a_number_of_is_not_usual(
    store: SqliteStore, one: Subject
) -> None:
    async with store.database.transaction() as transaction:
        await transaction.run("DELETE FROM latest WHERE metric_id = 0")
    answer = (one, reading(one, **COUNTS))

    assert await others(store, FIRST + DAY, answer) == [answer]


async def test_metrics_that_were_not_read_this_time_stay_as_they_are(
    store: SqliteStore, one: Subject
) -> None:
    few = reading(one, stars=7)
    await store.runs.record(RUN, [Page(FIRST + HOUR, [(one, few)])], JOIN)
    less = replace(few, values={"stars": 8})

    assert await others(store, FIRST + 2 * HOUR, (one, less)) == []
    newest = await store.database.rows("SELECT value FROM latest ORDER BY metric_id")
    assert sorted(newest) == [(0,), (1,), (8,)]


async def test_who_answers_in_two_pages_of_one_moment_is_believed_the_first_time(
    store: SqliteStore, one: Subject
) -> None:
    (renamed,) = await store.subjects.ensure(["o/new"], FIRST)
    first, second = reading(one, **COUNTS), reading(one, **{**COUNTS, "stars": 99})
    pages = [Page(FIRST + HOUR, [(one, first)]), Page(FIRST + HOUR, [(renamed, second)])]

    assert await store.runs.record(RUN, pages, JOIN) == 0
    assert await store.database.rows("SELECT value FROM latest WHERE metric_id = 0") == [(5,)]


async def test_pages_of_several_moments_are_each_kept_as_of_their_own(
    store: SqliteStore, one: Subject
) -> None:
    moments = [FIRST + HOUR, FIRST + HOUR + 1]
    pages = [
        Page(at, [(one, reading(one, **{**COUNTS, "stars": stars}))])
        for stars, at in enumerate(moments, start=6)
    ]

    assert await store.runs.record(RUN, pages, JOIN) == 2
    assert await store.database.rows("SELECT at, value FROM observations WHERE metric_id = 0") == [
        (FIRST, 5), *zip(moments, [6, 7], strict=True),
    ]  # fmt: skip


async def test_nothing_of_pages_that_come_together_is_kept_where_one_fails(
    store: SqliteStore, one: Subject
) -> None:
    await store.runs.begin(RUN)
    before = await everything(store.database)
    fine, odd = reading(one, **COUNTS), reading(one, **{**COUNTS, "stars": 2**70})

    with pytest.raises(OverflowError):
        await store.runs.record(
            RUN, [Page(FIRST + HOUR, [(one, fine)]), Page(FIRST + DAY, [(one, odd)])], JOIN
        )

    assert await everything(store.database) == before
