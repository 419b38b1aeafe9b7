"""Merging upward: whatever order samples come in, the same is known, and nothing is lost."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import Span, look
from bot.core.history import AT, History, Merged, MetricSet, Observation
from bot.core.models import Sample
from tests.bot.core.oracle import Oracle
from tests.bot.core.timelines import (
    DAY,
    HOUR,
    KEYS,
    NOON,
    PATIENT,
    days,
    dense,
    in_chunks,
    shuffled,
    spaced,
)

Coverage = dict[MetricSet, tuple[Span, ...]]


def history_of(rows: Iterable[Sample]) -> History:
    history = History()
    for row in rows:
        history.add(row)
    return history


def day(number: int, **values: int) -> Sample:
    """Day 1 is the first of January."""
    return Sample(NOON + (number - 1) * DAY, values, daily=True)


def days_of(history: History, key: str = "stars") -> list[tuple[int, int]]:
    """What is written, by day."""
    return [((seen.at - NOON) // DAY + 1, seen.value) for seen in history.observations[key]]


def knowledge(history: History) -> tuple[dict[str, list[Observation]], Coverage]:
    """All that is known, apart from what the store still has to do."""
    observations = {key: list(seen) for key, seen in history.observations.items()}
    return observations, dict(history.coverage)


@dataclass
class Shelf:
    """A store as the real one works: a history is loaded in part, and its changes applied."""

    values: dict[tuple[str, int], int] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=dict)

    def load(self, oldest: int, newest: int) -> History:
        history = History(coverage=dict(self.coverage))
        for key in {key for key, _ in self.values}:
            seen = sorted(Observation(at, v) for (k, at), v in self.values.items() if k == key)
            first = max(bisect_right(seen, oldest, key=AT) - 1, 0)
            last = bisect_right(seen, newest, key=AT)  # with it: the first after the samples
            history.observations[key] = sorted({*seen[first : last + 1], seen[-1]})
        return history

    def save(self, history: History) -> None:
        assert not history.dropped & history.added.keys()
        for place in history.dropped:
            self.values.pop(place, None)
        self.values |= history.added
        self.coverage = history.coverage

    def merge(self, rows: Sequence[Sample]) -> list[Merged]:
        moments = [row.at for row in rows]
        history = self.load(min(moments, default=0), max(moments, default=0))
        merged = [history.add(row) for row in rows]
        self.save(history)
        return merged


def written(history: History) -> dict[tuple[str, int], int]:
    return {(k, seen.at): seen.value for k, all_ in history.observations.items() for seen in all_}


# -- one sample after another ---------------------------------------------------------------------


def test_only_changes_are_written() -> None:
    history = history_of([day(1, stars=5), day(2, stars=5), day(3, stars=7), day(4, stars=7)])

    assert days_of(history) == [(1, 5), (3, 7)]
    assert history.coverage == {
        MetricSet(("stars",), daily=True): (Span(NOON, NOON + 3 * DAY, daily=True),)
    }


def test_zero_is_a_value_like_any_other() -> None:
    history = history_of([day(1, stars=0), day(2, stars=3), day(3, stars=0)])

    assert days_of(history) == [(1, 0), (2, 3), (3, 0)]


def test_a_first_sample_is_new_and_the_same_again_is_known() -> None:
    history = History()

    assert history.add(day(1, stars=5, forks=0)) == Merged(new=True, refused={})
    assert history.add(day(1, stars=5, forks=0)) == Merged(new=False, refused={})


def test_a_sample_that_repeats_the_value_of_a_gap_is_new_all_the_same() -> None:
    """It tells that nothing changed, where before nobody had looked."""
    history = history_of([day(1, stars=5), day(9, stars=5)])

    assert history.add(day(5, stars=5)).new
    assert days_of(history) == [(1, 5)]


def test_filling_a_gap_keeps_what_the_next_sample_said() -> None:
    history = history_of([day(1, stars=5), day(9, stars=5), day(5, stars=6)])

    assert days_of(history) == [(1, 5), (5, 6), (9, 5)]


def test_filling_a_gap_drops_the_neighbour_that_says_the_same() -> None:
    history = history_of([day(1, stars=5), day(9, stars=6), day(5, stars=6)])

    assert days_of(history) == [(1, 5), (5, 6)]
    assert history.dropped == {("stars", NOON + 8 * DAY)}
    assert ("stars", NOON + 8 * DAY) not in history.added


def test_filling_before_the_first_sample_moves_the_beginning() -> None:
    history = history_of([day(9, stars=5), day(5, stars=5)])

    assert days_of(history) == [(5, 5)]


def test_a_value_dropped_and_written_again_is_not_dropped() -> None:
    """7 on day 9 is told by day 5 for a while, until day 7 says otherwise."""
    history = history_of([day(1, stars=5), day(9, stars=7), day(5, stars=7), day(7, stars=6)])

    assert days_of(history) == [(1, 5), (5, 7), (7, 6), (9, 7)]
    assert history.dropped == set()


def test_the_following_sample_may_be_of_another_set() -> None:
    history = history_of([day(1, stars=5), day(9, stars=5, forks=1), day(5, stars=6)])

    assert days_of(history) == [(1, 5), (5, 6), (9, 5)]


def test_a_conflict_with_a_sample_is_refused_and_changes_nothing() -> None:
    history = history_of([day(1, stars=5), day(2, stars=6)])
    before = knowledge(history)

    assert history.add(day(1, stars=4)) == Merged(new=False, refused={"stars": (5, 4)})
    assert knowledge(history) == before


def test_a_conflict_inside_coverage_is_refused_where_nothing_was_written_too() -> None:
    history = history_of([Sample(NOON, {"stars": 5}), Sample(NOON + 24 * HOUR, {"stars": 5})])

    merged = history.add(Sample(NOON + HOUR, {"stars": 6}))

    assert merged == Merged(new=False, refused={"stars": (5, 6)})


def test_of_a_sample_in_conflict_the_other_metrics_are_kept() -> None:
    history = history_of([day(1, stars=5)])

    assert history.add(day(1, stars=4, forks=2)) == Merged(new=True, refused={"stars": (5, 4)})
    assert days_of(history, "forks") == [(1, 2)]
    assert MetricSet(("forks",), daily=True) in history.coverage
    assert MetricSet(("forks", "stars"), daily=True) not in history.coverage


def test_a_refused_sample_with_nothing_new_leaves_no_trace() -> None:
    """What it repeats was known already: a set of its own would tell nothing more."""
    history = history_of([day(1, stars=5, forks=2)])
    before = knowledge(history)

    merged = history.add(day(1, stars=4, forks=2))

    assert merged == Merged(new=False, refused={"stars": (5, 4)})
    assert knowledge(history) == before


def test_a_refused_sample_offered_again_brings_nothing_new() -> None:
    history = history_of([day(1, stars=5), day(1, stars=4, forks=2)])
    before = knowledge(history)

    assert history.add(day(1, stars=4, forks=2)) == Merged(new=False, refused={"stars": (5, 4)})
    assert knowledge(history) == before


@pytest.mark.parametrize(("silence", "refused"), [(36 * HOUR, True), (36 * HOUR + 1, False)])
def test_a_silence_of_36_hours_is_covered_and_a_longer_one_can_be_filled(
    silence: int, *, refused: bool
) -> None:
    history = history_of([Sample(NOON, {"stars": 5}), Sample(NOON + silence, {"stars": 5})])

    merged = history.add(Sample(NOON + HOUR, {"stars": 6}))

    assert bool(merged.refused) == refused
    assert merged.new != refused


def test_a_slow_collection_covers_its_own_silences() -> None:
    history = History()
    for number in range(3):
        history.add(Sample(NOON + number * 2 * DAY, {"stars": 5}), within=3 * DAY)

    assert history.coverage == {MetricSet(("stars",)): (Span(NOON, NOON + 4 * DAY),)}
    assert history.add(day(2, stars=6)) == Merged(new=False, refused={"stars": (5, 6)})


def test_a_sample_without_values_is_no_sample() -> None:
    history = History()

    assert history.add(Sample(NOON, {})) == Merged(new=False, refused={})
    assert knowledge(history) == ({}, {})


# -- any order ------------------------------------------------------------------------------------


@PATIENT
@given(st.data())
def test_any_order_and_any_chunks_give_the_same_store(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    in_order = history_of(rows)
    order = data.draw(shuffled(rows))
    shelf = Shelf()
    for chunk in data.draw(in_chunks(order)):
        shelf.merge(chunk)

    assert knowledge(history_of(order)) == knowledge(in_order)
    assert shelf.values == written(in_order)
    assert shelf.coverage == in_order.coverage


@PATIENT
@given(st.data())
def test_what_is_written_is_what_all_samples_together_say(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    history, oracle = history_of(data.draw(shuffled(rows))), Oracle(rows)

    assert history.observations == {key: seen for key in KEYS if (seen := oracle.observations(key))}
    assert {
        read: [(s.since, s.until) for s in spans] for read, spans in history.coverage.items()
    } == {
        MetricSet(tuple(sorted(row.values)), row.daily): oracle.runs(
            frozenset(row.values), daily=row.daily
        )
        for row in rows
    }


@PATIENT
@given(dense())
def test_runs_several_times_a_day_are_written_as_they_come(rows: list[Sample]) -> None:
    history, oracle = History(), Oracle(rows)
    merged = [history.add(row) for row in rows]

    assert all(not outcome.refused for outcome in merged)
    assert history.observations == {key: seen for key in KEYS if (seen := oracle.observations(key))}


@PATIENT
@given(st.data())
def test_every_value_reads_back_at_its_moment(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    history = history_of(data.draw(shuffled(rows)))

    for row in rows:
        for key, value in row.values.items():
            series = history.series(key, row.at, row.at)
            assert (series.before, series.after) == (value, value)
            sight = look(series.spans, row.at)
            assert sight is not None
            assert sight.covered
            assert sight.sampled_at == row.at


@PATIENT
@given(st.data())
def test_a_series_tells_the_values_at_both_ends_and_the_first(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    history, oracle = history_of(data.draw(shuffled(rows))), Oracle(rows)
    key = data.draw(st.sampled_from(KEYS))
    start, end = data.draw(st.tuples(*[st.integers(NOON - 3 * DAY, rows[-1].at + 3 * DAY)] * 2))
    series = history.series(key, start, end)

    assert series.before == oracle.value(key, start)
    assert series.after == oracle.value(key, end)
    assert series.first == (oracle.of(key)[0].values[key] if oracle.of(key) else None)


TOLD = st.builds(
    Sample,
    st.integers(0, 40).map(lambda quarter: quarter * 6 * HOUR),
    st.sampled_from([{"stars": 1}, {"stars": 1}, {"stars": 2}, {"stars": 1, "forks": 1}, {}]),
    st.sampled_from([False, False, True]),
)


@PATIENT
@given(known=st.lists(TOLD, max_size=4), rows=st.lists(TOLD, max_size=20), imported=st.booleans())
def test_all_at_once_is_one_after_the_other(
    *, known: list[Sample], rows: list[Sample], imported: bool
) -> None:
    """Whatever was known before, and however often the same is told again."""
    one, other = history_of(known), history_of(known)
    samples = sorted(rows, key=AT)

    answers = [one.add(sample, imported=imported) for sample in samples]

    assert other.add_all(samples, imported=imported) == answers
    assert (other, other.added, other.dropped) == (one, one.added, one.dropped)


@PATIENT
@given(st.data())
def test_adding_all_of_it_again_changes_nothing(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    shelf = Shelf()
    shelf.merge(data.draw(shuffled(rows)))
    values, coverage = dict(shelf.values), dict(shelf.coverage)

    history = shelf.load(rows[0].at, rows[-1].at)
    again = [history.add(row) for row in data.draw(shuffled(rows))]

    assert again == [Merged(new=False, refused={})] * len(rows)
    assert history.added == {}
    assert history.dropped == set()
    assert history.coverage == coverage
    shelf.save(history)
    assert shelf.values == values


@PATIENT
@given(st.data())
def test_a_different_value_inside_coverage_is_refused(data: st.DataObject) -> None:
    rows = data.draw(spaced())
    history, oracle = history_of(data.draw(shuffled(rows))), Oracle(rows)
    key = data.draw(st.sampled_from([key for key in KEYS if oracle.of(key)]))
    at = data.draw(st.one_of(_moments(rows), st.integers(rows[0].at, rows[-1].at)))
    held, before = oracle.value(key, at), knowledge(history)
    changes = dict(history.added), set(history.dropped)

    inside = any(span.since <= at <= span.until for span in history.spans(key))
    offered = 7  # no timeline holds a 7
    merged = history.add(Sample(at, {key: offered}))

    if inside:  # what lies between two sets is read as covered, and may still be filled
        assert oracle.covered(key, at)
        assert merged == Merged(new=False, refused={key: (held, offered)})
        assert knowledge(history) == before
        assert (history.added, history.dropped) == changes
    else:
        assert merged == Merged(new=True, refused={})


def _moments(rows: Sequence[Sample]) -> st.SearchStrategy[int]:
    return st.sampled_from(sorted({row.at for row in rows}))


# -- whatever comes: crowded, out of order, at odds with itself -----------------------------------

_crowded = st.lists(
    st.builds(
        lambda at, values, daily: Sample(at - (at - NOON) % DAY if daily else at, values, daily),
        st.integers(0, 6 * DAY // HOUR).map(lambda hours: NOON + hours * HOUR),
        st.dictionaries(st.sampled_from(KEYS), st.integers(0, 3), min_size=1),
        st.booleans(),
    ),
    max_size=14,
)


@PATIENT
@given(_crowded)
def test_what_was_accepted_is_never_lost_and_what_was_refused_stays_so(rows: list[Sample]) -> None:
    history = History()
    merged = [history.add(row) for row in rows]

    for row, outcome in zip(rows, merged, strict=True):
        kept = row.values.items() - {(k, offered) for k, (_, offered) in outcome.refused.items()}
        assert all(history.series(k, row.at, row.at).after == value for k, value in kept)
    before = knowledge(history)
    assert [history.add(row) for row in rows] == [
        Merged(new=False, refused=outcome.refused) for outcome in merged
    ]
    assert knowledge(history) == before


@PATIENT
@given(st.data())
def test_a_store_loaded_in_part_decides_as_all_of_history_would(data: st.DataObject) -> None:
    rows = data.draw(_crowded)
    whole, shelf = History(), Shelf()
    for chunk in data.draw(in_chunks(rows)):
        assert shelf.merge(chunk) == [whole.add(row) for row in chunk]

    assert shelf.values == written(whole)
    assert shelf.coverage == whole.coverage


@PATIENT
@given(_crowded)
def test_no_two_neighbours_are_written_with_the_same_value(rows: list[Sample]) -> None:
    for seen in history_of(rows).observations.values():
        assert all(a.at < b.at for a, b in pairwise(seen))
        assert all(a.value != b.value for a, b in pairwise(seen))


# -- a history as samples again -------------------------------------------------------------------


@PATIENT
@given(st.one_of(_crowded, spaced(), dense()))
def test_the_samples_of_a_history_make_the_same_history(rows: list[Sample]) -> None:
    history = history_of(rows)
    again = History()
    merged = [again.add(sample) for sample in history.samples()]

    assert all(not outcome.refused for outcome in merged)
    assert knowledge(again) == knowledge(history)


@PATIENT
@given(st.one_of(_crowded, spaced()))
def test_the_samples_of_a_history_are_as_honest_as_what_made_it(rows: list[Sample]) -> None:
    samples = list(history_of(rows).samples())

    assert [sample.at for sample in samples] == sorted(sample.at for sample in samples)
    assert all((sample.at - NOON) % DAY == 0 for sample in samples if sample.daily)
    assert all(sample.values for sample in samples)


def test_three_runs_a_day_with_different_answers_survive_a_merge() -> None:
    """Issues were switched off and on again: three metric sets within 36 hours."""
    first = Sample(NOON, {"stars": 1, "forks": 1})
    second = Sample(NOON + 6 * HOUR, {"stars": 2})
    third = Sample(NOON + 12 * HOUR, {"stars": 3, "forks": 1})
    merged = history_of(history_of([first, second, third]).samples())

    assert [seen.value for seen in merged.observations["stars"]] == [1, 2, 3]


@PATIENT
@given(st.data())
def test_two_halves_of_a_history_merge_into_the_whole(data: st.DataObject) -> None:
    """As when a repository turns out to be one that was imported under an older name.

    Only days: of a span of moments `samples` makes up more than were read, and one of those may
    lie within 36 hours of what is kept, which then counts as watched in between.
    """
    rows = data.draw(days())
    mine = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    kept = history_of(row for row, is_mine in zip(rows, mine, strict=True) if is_mine)
    other = history_of(row for row, is_mine in zip(rows, mine, strict=True) if not is_mine)

    merged = [kept.add(sample) for sample in other.samples()]

    assert all(not outcome.refused for outcome in merged)
    assert knowledge(kept) == knowledge(history_of(rows))
