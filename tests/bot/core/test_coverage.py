"""Unbroken intervals: which silences they bridge, and what they say of a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import JOIN, Sight, Span, join, look, reach
from bot.core.models import Sample
from tests.bot.core.oracle import Oracle
from tests.bot.core.timelines import (
    DAY,
    HOUR,
    KEYS,
    NOON,
    PATIENT,
    dense,
    shuffled,
    spaced,
)


def joined(*moments: int, daily: bool = False, within: int = JOIN) -> tuple[Span, ...]:
    spans: tuple[Span, ...] = ()
    for at in moments:
        spans = join(spans, at, daily=daily, within=within)
    return spans


def spans_of(rows: list[Sample]) -> list[Span]:
    """As the store keeps them: apart for every set of columns, and for days and moments."""
    sets: dict[tuple[frozenset[str], bool], tuple[Span, ...]] = {}
    for row in rows:
        read = frozenset(row.values), row.daily
        sets[read] = join(sets.get(read, ()), row.at, daily=row.daily, within=JOIN)
    return [span for spans in sets.values() for span in spans]


# -- what joins -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        (300, 36 * HOUR),
        (6 * HOUR, 36 * HOUR),
        (24 * HOUR, 36 * HOUR),
        (24 * HOUR + 2, 36 * HOUR + 3),
        (48 * HOUR, 72 * HOUR),
        (7 * DAY, 252 * HOUR),
    ],
)
def test_a_run_may_be_half_an_interval_late_and_a_day_always(interval: int, seconds: int) -> None:
    assert reach(interval) == seconds


def test_samples_36_hours_apart_join() -> None:
    assert joined(NOON, NOON + 36 * HOUR) == (Span(NOON, NOON + 36 * HOUR),)


def test_one_second_more_is_a_gap() -> None:
    later = NOON + 36 * HOUR + 1

    assert joined(NOON, later) == (Span(NOON, NOON), Span(later, later))


def test_a_sample_before_the_first_joins_as_one_after_the_last_does() -> None:
    assert joined(NOON, NOON - 36 * HOUR) == (Span(NOON - 36 * HOUR, NOON),)
    assert len(joined(NOON, NOON - 36 * HOUR - 1)) == 2


def test_a_slow_collection_bridges_longer_silences() -> None:
    later = NOON + 72 * HOUR

    assert joined(NOON, later, within=reach(48 * HOUR)) == (Span(NOON, later),)
    assert len(joined(NOON, later + 1, within=reach(48 * HOUR))) == 2


def test_one_sample_can_close_a_gap() -> None:
    assert joined(NOON, NOON + 2 * DAY, NOON + DAY, daily=True) == (
        Span(NOON, NOON + 2 * DAY, daily=True),
    )


def test_spans_stay_in_order_whatever_comes_last() -> None:
    moments = [NOON + 10 * DAY, NOON, NOON + 5 * DAY]

    assert [span.since for span in joined(*moments)] == sorted(moments)


def test_a_sample_inside_a_span_changes_nothing() -> None:
    spans = joined(NOON, NOON + DAY)

    assert join(spans, NOON + HOUR, daily=False, within=JOIN) == spans


@PATIENT
@given(st.data())
def test_any_order_gives_the_runs_that_all_samples_together_have(data: st.DataObject) -> None:
    rows = data.draw(st.one_of(spaced(), dense()))
    found: dict[tuple[frozenset[str], bool], list[tuple[int, int]]] = {}
    for row in data.draw(shuffled(rows)):
        read = frozenset(row.values), row.daily
        spans = tuple(Span(since, until, row.daily) for since, until in found.get(read, []))
        after = join(spans, row.at, daily=row.daily, within=JOIN)
        assert {span.daily for span in after} == {row.daily}
        found[read] = [(span.since, span.until) for span in after]

    assert found == {
        (columns, daily): Oracle(rows).runs(columns, daily=daily) for columns, daily in found
    }


# -- what a moment can claim ----------------------------------------------------------------------

WEEK = Span(NOON, NOON + 7 * DAY, daily=True)
WATCHED = Span(NOON, NOON + 7 * DAY)


def test_before_the_first_sample_nothing_was_seen() -> None:
    assert look([WEEK], NOON - 1) is None
    assert look([], NOON) is None


@pytest.mark.parametrize("moment", [NOON, NOON + 7 * DAY])
def test_both_ends_of_a_span_belong_to_it(moment: int) -> None:
    assert look([WEEK], moment) == look([WATCHED], moment) == Sight(moment, covered=True)


def test_a_day_was_sampled_at_noon_and_at_no_other_moment() -> None:
    assert look([WEEK], NOON + 3 * DAY) == Sight(NOON + 3 * DAY, covered=True)
    assert look([WEEK], NOON + 3 * DAY - 1) == Sight(NOON + 2 * DAY, covered=True)
    assert look([WEEK], NOON + 3 * DAY + 1) == Sight(NOON + 3 * DAY, covered=True)


def test_what_was_watched_through_a_moment_was_sampled_then() -> None:
    assert look([WATCHED], NOON + 5_000) == Sight(NOON + 5_000, covered=True)


def test_after_the_last_sample_nothing_is_covered() -> None:
    assert look([WEEK], NOON + 7 * DAY + 1) == Sight(NOON + 7 * DAY, covered=False)


def test_in_a_gap_the_sample_before_it_is_the_newest() -> None:
    later = Span(NOON + 20 * DAY, NOON + 30 * DAY, daily=True)

    assert look([later, WEEK], NOON + 12 * DAY) == Sight(NOON + 7 * DAY, covered=False)


@pytest.mark.parametrize(("silence", "covered"), [(36 * HOUR, True), (36 * HOUR + 1, False)])
def test_what_one_set_left_out_another_may_have_seen(silence: int, *, covered: bool) -> None:
    """A run without open issues is a set of its own; stars were read all the same."""
    other = Span(WATCHED.until + silence, WATCHED.until + silence)

    assert look([WATCHED, other], WATCHED.until + 1) == Sight(WATCHED.until, covered=covered)


def test_a_longer_span_covers_the_gap_of_another() -> None:
    short = Span(NOON + DAY, NOON + DAY)

    assert look([WEEK, short], NOON + 2 * DAY + 1) == Sight(NOON + 2 * DAY, covered=True)
    assert look([short, WEEK], NOON + 2 * DAY + 1) == Sight(NOON + 2 * DAY, covered=True)


@PATIENT
@given(st.data())
def test_a_look_sees_what_going_through_all_samples_finds(data: st.DataObject) -> None:
    rows = data.draw(st.one_of(spaced(), dense()))
    key = data.draw(st.sampled_from(KEYS))
    rows = [row for row in rows if key in row.values]
    spans = data.draw(st.permutations(spans_of(rows)))
    first, last = (rows[0].at, rows[-1].at) if rows else (NOON, NOON)
    around = [row.at + shift for row in rows for shift in (-1, 0, 1)]
    moment = data.draw(
        st.one_of(
            st.integers(first - DAY, last + 3 * DAY), *([st.sampled_from(around)] if rows else [])
        )
    )
    oracle = Oracle(rows)

    sight = look(spans, moment)

    if oracle.value(key, moment) is None:
        assert sight is None
    else:
        assert sight == Sight(oracle.sampled_at(key, moment), oracle.covered(key, moment))
