"""The store says what the pure History says, whatever the order, the chunks and the spelling."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.coverage import JOIN
from bot.core.history import History
from bot.core.metrics import METRICS
from bot.core.models import Page, Reading, Run, RunStatus, Sample, Subject, Trigger, Visibility
from bot.core.window import Window
from bot.storage.database import Database
from bot.storage.dialect import Row, Value
from bot.storage.histories import Histories, load
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import Kept, SqliteStore, contents, fresh_store

FIRST = moment("2026-02-01")
NOW = moment("2026-07-01")
DAYS = 12
SPELLINGS = {"acme/rocket": ["acme/rocket", "Acme/Rocket", "ACME/ROCKET"], "o/tiny": ["o/tiny"]}

RUN = Run("run-1", Trigger.SCHEDULE, RunStatus.RUNNING, FIRST)

Told = tuple[str, Sample]
on_several_histories = settings(max_examples=30, deadline=None)


class Story(NamedTuple):
    """Rows of an import, and where it is cut into transactions."""

    rows: list[Told]
    cuts: set[int]

    def chunks(self) -> list[list[Told]]:
        ends = sorted({0, len(self.rows), *(cut for cut in self.cuts if cut < len(self.rows))})
        return [self.rows[begin:end] for begin, end in pairwise(ends)]


# Few different values: equal neighbours are what change-only storage is about.
VALUES = st.dictionaries(st.sampled_from(["stars", "forks", "open_issues"]), st.integers(0, 2))
CUTS = st.sets(st.integers(1, 2 * DAYS), max_size=4)
DAY_KEYS = st.tuples(st.sampled_from(sorted(SPELLINGS)), st.integers(0, DAYS - 1))


@st.composite
def daily_stories(draw: st.DrawFn) -> Story:
    """At most one row a repository and day, in any order, in any spelling of the name."""
    read = draw(st.dictionaries(DAY_KEYS, VALUES.filter(bool), min_size=1))
    rows = [
        (draw(st.sampled_from(SPELLINGS[name])), Sample(FIRST + day * DAY, values, daily=True))
        for (name, day), values in read.items()
    ]
    return Story(draw(st.permutations(rows)), draw(CUTS))


@st.composite
def any_stories(draw: st.DrawFn) -> Story:
    """Rows that may contradict each other, at any hour, daily or not."""
    row = st.tuples(
        st.sampled_from(SPELLINGS["acme/rocket"]),
        st.builds(
            Sample,
            st.integers(0, DAYS * 4).map(lambda quarter: FIRST + quarter * 6 * HOUR),
            VALUES.filter(bool),
            st.booleans(),
        ),
    )
    return Story(draw(st.lists(row, min_size=1, max_size=20)), draw(CUTS))


def day_of(number: int, **values: int) -> Sample:
    return Sample(FIRST + number * DAY, values, daily=True)


async def record(store: SqliteStore, subject: Subject, at: int, **values: int) -> None:
    """As a run does that has read this one repository."""
    answer = Reading(subject.full_name, 5, "R_5", Visibility.PUBLIC, values)
    await store.runs.record(RUN, [Page(at, [(subject, answer)])], JOIN)


class Interrupted:
    """A database in which something happens after each statement."""

    def __init__(self, database: Database, happens: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._happens = happens

    async def rows(self, sql: str, *arguments: Value) -> list[Row]:
        found = await self._database.rows(sql, *arguments)
        await self._happens()
        return found


async def tell(store: SqliteStore, chunks: Sequence[Sequence[Told]]) -> int:
    """Merge chunk after chunk; returns how many rows were new."""
    merged = [one for rows in chunks for one in await store.histories.merge(rows, NOW)]
    return sum(one.new for one in merged)


def by_time(story: Story) -> list[Told]:
    """Rows as they are merged: chunk after chunk, and the oldest of each chunk first."""
    return [row for rows in story.chunks() for row in sorted(rows, key=lambda row: row[1].at)]


def pure(rows: Sequence[Told]) -> dict[str, History]:
    histories: dict[str, History] = {}
    for name, sample in rows:
        histories.setdefault(name.lower(), History()).add(sample, imported=True)
    return histories


def whole_days(start: int, end: int) -> Window:
    return Window(start, end, "asked", starts_with_day=False, ends_with_day=False)


@on_several_histories
@given(any_stories())
async def test_the_tables_hold_what_the_pure_history_holds(story: Story) -> None:
    async with fresh_store() as store:
        await tell(store, story.chunks())
        kept = await contents(store.database)

    for name, history in pure(by_time(story)).items():
        assert kept[name].observations == history.observations
        assert kept[name].coverage == history.coverage


@on_several_histories
@given(any_stories())
async def test_each_row_has_the_answer_of_the_pure_history(story: Story) -> None:
    history = History()
    expected = {id(row): history.add(row[1], imported=True) for row in by_time(story)}

    async with fresh_store() as store:
        answers = [await store.histories.merge(chunk, NOW) for chunk in story.chunks()]

    asked = [row for chunk in story.chunks() for row in chunk]
    assert [answer for chunk in answers for answer in chunk] == [expected[id(r)] for r in asked]


@on_several_histories
@given(any_stories())
async def test_latest_is_the_newest_observation_of_each_metric(story: Story) -> None:
    async with fresh_store() as store:
        await tell(store, story.chunks())
        kept = await contents(store.database)

    for one in kept.values():
        assert one.latest == {key: seen[-1] for key, seen in one.observations.items()}


@on_several_histories
@given(any_stories(), st.lists(st.integers(-2, DAYS * 4 + 4), min_size=2, max_size=2))
async def test_a_window_reads_what_the_pure_history_tells(story: Story, ends: list[int]) -> None:
    start, end = (FIRST + quarter * 6 * HOUR + 1 for quarter in sorted(ends))
    (history,) = pure(by_time(story)).values()

    async with fresh_store() as store:
        await tell(store, story.chunks())
        (subject,) = await store.subjects.ensure(["acme/rocket"], NOW)
        series = (await store.histories.series([subject.id], whole_days(start, end)))[subject.id]
        everything = await store.histories.history(subject.id)

    assert everything == History(history.observations, history.coverage)
    assert list(series) == [key for key in METRICS if key in history.observations]
    for key, read in series.items():
        expected = history.series(key, start, end)
        assert (read.before, read.after) == (expected.before, expected.after)
        if expected.before is None:  # else nobody asks how it began
            assert read.first == expected.first
        assert sorted(read.spans, key=str) == sorted(expected.spans, key=str)


@on_several_histories
@given(daily_stories(), st.data(), CUTS)
async def test_any_order_of_imports_gives_the_same_store(
    story: Story, data: st.DataObject, cuts: set[int]
) -> None:
    other = Story(data.draw(st.permutations(story.rows)), cuts)

    async with fresh_store() as one, fresh_store() as two:
        assert await tell(one, story.chunks()) == len(story.rows)
        assert await tell(two, other.chunks()) == len(story.rows)
        assert await contents(one.database) == await contents(two.database)


@on_several_histories
@given(daily_stories())
async def test_importing_twice_adds_nothing(story: Story) -> None:
    async with fresh_store() as store:
        await tell(store, story.chunks())
        before = await contents(store.database)

        assert await tell(store, [list(reversed(story.rows))]) == 0
        assert await contents(store.database) == before


@on_several_histories
@given(any_stories())
async def test_a_value_is_written_only_when_it_changed(story: Story) -> None:
    async with fresh_store() as store:
        await tell(store, story.chunks())
        kept = await contents(store.database)

    assert not any(one.has_equal_neighbours() for one in kept.values())


@on_several_histories
@given(daily_stories())
async def test_every_value_of_every_day_can_be_read_back(story: Story) -> None:
    async with fresh_store() as store:
        await tell(store, story.chunks())
        for name, sample in story.rows:
            subject = await store.subjects.find(name)
            assert subject is not None
            now = whole_days(sample.at, sample.at)
            series = (await store.histories.series([subject.id], now))[subject.id]
            assert {key: series[key].after for key in sample.values} == sample.values


@on_several_histories
@given(any_stories())
async def test_runs_and_imports_merge_by_the_same_rule(story: Story) -> None:
    """A live sample at any moment is what an import of the same row would be."""
    async with fresh_store() as store:
        (subject,) = await store.subjects.ensure(["acme/rocket"], NOW)
        history = History()
        for _, sample in story.rows:
            live = Sample(sample.at, sample.values)
            history.add(live)
            answer = Reading("acme/rocket", 5, "R_5", Visibility.PUBLIC, live.values)
            await store.runs.record(RUN, [Page(live.at, [(subject, answer)])], JOIN)
        kept = await contents(store.database)

    assert kept["acme/rocket"].observations == history.observations
    assert kept["acme/rocket"].coverage == history.coverage


async def test_a_run_that_commits_while_a_window_is_read_is_in_it_whole_or_not_at_all(
    store: SqliteStore,
) -> None:
    """New values with the coverage of before would be a sample that nobody took."""
    (subject,) = await store.subjects.ensure(["acme/rocket"], NOW)
    await record(store, subject, FIRST, stars=5)

    async def a_run_commits() -> None:
        await record(store, subject, FIRST + DAY, stars=9)

    histories = Histories(Interrupted(store.database, a_run_commits))
    window = whole_days(FIRST, FIRST + DAY)
    read = (await histories.series([subject.id], window))[subject.id]["stars"]
    again = (await store.histories.series([subject.id], window))[subject.id]["stars"]

    assert (read.after, [span.until for span in read.spans]) == (5, [FIRST])
    assert (again.after, [span.until for span in again.spans]) == (9, [FIRST + DAY])


async def test_of_a_long_history_only_what_stands_around_the_samples_is_loaded(
    store: SqliteStore,
) -> None:
    days = [day for day in range(200) if day not in range(100, 110)]
    await tell(store, [[("o/busy", day_of(day, stars=day))] for day in days])
    (busy,) = await store.subjects.ensure(["o/busy"], NOW)
    gap, newest = FIRST + 104 * DAY, FIRST + 200 * DAY

    async with store.database.transaction() as transaction:
        older = await load(transaction, {busy.id: gap}, gap)
        live = await load(transaction, {busy.id: newest}, newest)
        all_ = await load(transaction, {busy.id: 0}, newest)

    assert [seen.value for seen in older[busy.id].observations["stars"]] == [99, 110, 199]
    assert [seen.value for seen in live[busy.id].observations["stars"]] == [199]
    assert len(all_[busy.id].observations["stars"]) == len(days)
    assert older[busy.id].coverage == live[busy.id].coverage == all_[busy.id].coverage


async def test_a_gap_filled_far_back_leaves_the_newest_value_as_it_is(store: SqliteStore) -> None:
    await tell(store, [[("o/busy", day_of(day, stars=day))] for day in (0, 50, 90, 100)])

    await tell(store, [[("o/busy", day_of(10, stars=50)), ("o/busy", day_of(95, stars=7))]])

    kept = (await contents(store.database))["o/busy"]
    told = [((seen.at - FIRST) // DAY, seen.value) for seen in kept.observations["stars"]]
    assert told == [(0, 0), (10, 50), (90, 90), (95, 7), (100, 100)]
    assert kept.latest["stars"].value == 100


async def test_rows_of_one_transaction_are_merged_oldest_first_and_answered_in_their_order(
    store: SqliteStore,
) -> None:
    rows = [("o/one", Sample(FIRST + hour * HOUR, {"stars": hour})) for hour in (18, 0, 12, 6)]
    rows.append(("o/one", Sample(FIRST + 6 * HOUR, {"stars": 99})))

    merged = await store.histories.merge(rows, NOW)

    assert [one.new for one in merged] == [True, True, True, True, False]
    assert merged[-1].refused == {"stars": (6, 99)}


async def test_names_in_any_case_are_one_repository(store: SqliteStore) -> None:
    rows = [("Acme/Rocket", 1), ("acme/rocket", 2), ("ACME/ROCKET", 3)]

    await store.histories.merge(
        [(name, Sample(FIRST + day * DAY, {"stars": day}, daily=True)) for name, day in rows], NOW
    )

    assert await store.subjects.count() == 1
    kept: dict[str, Kept] = await contents(store.database)
    assert [seen.value for seen in kept["acme/rocket"].observations["stars"]] == [1, 2, 3]


async def test_nothing_to_merge_is_nothing_done(store: SqliteStore) -> None:
    assert await store.histories.merge([], NOW) == []
    assert await store.subjects.count() == 0


async def test_the_largest_counts_are_kept(store: SqliteStore) -> None:
    largest = 2**63 - 1
    await store.histories.merge([("o/huge", Sample(FIRST, {"stars": largest, "forks": 0}))], NOW)

    kept = await contents(store.database)
    assert kept["o/huge"].latest["stars"].value == largest
    assert kept["o/huge"].latest["forks"].value == 0, "zero is a value"


async def test_a_repository_that_was_never_sampled_has_no_series(store: SqliteStore) -> None:
    (subject,) = await store.subjects.ensure(["o/new"], NOW)

    assert await store.histories.series([subject.id], whole_days(FIRST, NOW)) == {subject.id: {}}
    assert await store.histories.seen([subject.id]) == {}


async def test_seen_is_the_first_and_the_last_sample_of_any_metric(store: SqliteStore) -> None:
    await store.histories.merge(
        [
            ("o/one", Sample(FIRST, {"stars": 1}, daily=True)),
            ("o/one", Sample(FIRST + 40 * DAY, {"forks": 1}, daily=True)),
            ("o/two", Sample(FIRST + DAY, {"stars": 1}, daily=True)),
        ],
        NOW,
    )
    one, two = await store.subjects.ensure(["o/one", "o/two"], NOW)

    assert await store.histories.seen([one.id, two.id]) == {
        one.id: (FIRST, FIRST + 40 * DAY),
        two.id: (FIRST + DAY, FIRST + DAY),
    }
