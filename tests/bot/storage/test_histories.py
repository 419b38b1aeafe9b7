"""The store says what the pure History says, whatever the order, the chunks and the spelling."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.coverage import JOIN
from bot.core.history import History
from bot.core.metrics import METRICS
from bot.core.models import Page, Reading, Run, RunStatus, Sample, Trigger, Visibility
from bot.core.window import Window
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import Kept, SqliteStore, contents, fresh_store

FIRST = moment("2026-02-01")
NOW = moment("2026-07-01")
DAYS = 12
SPELLINGS = {"acme/rocket": ["acme/rocket", "Acme/Rocket", "ACME/ROCKET"], "o/tiny": ["o/tiny"]}

RUN = Run("run-1", Trigger.SCHEDULE, RunStatus.RUNNING, FIRST)

Row = tuple[str, Sample]
on_several_histories = settings(max_examples=30, deadline=None)


class Story(NamedTuple):
    """Rows of an import, and where it is cut into transactions."""

    rows: list[Row]
    cuts: set[int]

    def chunks(self) -> list[list[Row]]:
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


async def tell(store: SqliteStore, chunks: Sequence[Sequence[Row]]) -> int:
    """Merge chunk after chunk; returns how many rows were new."""
    merged = [one for rows in chunks for one in await store.histories.merge(rows, NOW)]
    return sum(one.new for one in merged)


def by_time(story: Story) -> list[Row]:
    """Rows as they are merged: chunk after chunk, and the oldest of each chunk first."""
    return [row for rows in story.chunks() for row in sorted(rows, key=lambda row: row[1].at)]


def pure(rows: Sequence[Row]) -> dict[str, History]:
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
            await store.runs.record(RUN, Page(live.at, [(subject, answer)]), JOIN)
        kept = await contents(store.database)

    assert kept["acme/rocket"].observations == history.observations
    assert kept["acme/rocket"].coverage == history.coverage


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
