"""What one window says of one metric, for every status and at each boundary."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import Span, look
from bot.core.delta import Delta, Series, Status, measure
from bot.core.history import History
from bot.core.models import Sample
from bot.core.window import Window
from tests.bot.core.oracle import Expected, Oracle
from tests.bot.core.timelines import DAY, HOUR, KEYS, NOON, PATIENT, dense, shuffled, spaced

FRESH = 6 * HOUR
GAP = 10 * DAY  # longer than any coverage bridges


def window(start: int, end: int, *, of_days: bool = False) -> Window:
    return Window(start, end, "", starts_with_day=of_days, ends_with_day=of_days)


def history_of(rows: Iterable[Sample]) -> History:
    history = History()
    for row in rows:
        history.add(row)
    return history


def measured(
    history: History, asked: Window, *, key: str = "stars", gone_at: int | None = None
) -> Delta | None:
    series = history.series(key, asked.start, asked.end)
    return measure(key, series, asked, fresh=FRESH, gone_at=gone_at)


def timed(*readings: tuple[int, int]) -> History:
    """Stars, by seconds after noon of 1 January."""
    return history_of(Sample(NOON + after, {"stars": stars}) for after, stars in readings)


def daily(*stars: int | None) -> History:
    """Stars from 1 January on; None is a day nobody looked."""
    return history_of(
        Sample(NOON + day * DAY, {"stars": count}, daily=True)
        for day, count in enumerate(stars)
        if count is not None
    )


def stars(history: History, start: int, end: int, *, of_days: bool = False) -> Expected | None:
    """Measure stars between two moments, in seconds after noon of 1 January."""
    delta = measured(history, window(NOON + start, NOON + end, of_days=of_days))
    return None if delta is None else shown(delta)


def shown(delta: Delta) -> Expected:
    return Expected(
        delta.status.value, delta.before, delta.after, delta.change, delta.before_at, delta.after_at
    )


# -- each status, worked out by hand --------------------------------------------------------------


def test_exact_when_both_moments_are_covered() -> None:
    history = daily(100, 107, 120, 120, 118)

    assert stars(history, DAY, 4 * DAY) == Expected(
        "exact", 107, 118, 11, NOON + DAY, NOON + 4 * DAY
    )
    assert stars(history, DAY + HOUR, 3 * DAY + 23 * HOUR) == Expected(
        "exact", 107, 120, 13, NOON + DAY, NOON + 3 * DAY
    )


def test_exact_at_moments_between_two_runs() -> None:
    history = timed((0, 100), (6 * HOUR, 103), (12 * HOUR, 104), (18 * HOUR, 104))

    assert stars(history, 5 * HOUR, 14 * HOUR) == Expected(
        "exact", 100, 104, 4, NOON + 5 * HOUR, NOON + 14 * HOUR
    )


@pytest.mark.parametrize(("age", "status"), [(6 * HOUR, "exact"), (6 * HOUR + 1, "approx")])
def test_a_sample_stands_for_six_hours_after_it(age: int, status: str) -> None:
    end_late = timed((0, 100), (DAY, 120))
    start_late = timed((-DAY, 90), (0, 100), (GAP, 120))

    assert stars(end_late, 0, DAY + age) == Expected(status, 100, 120, 20, NOON, NOON + DAY)
    assert stars(start_late, age, GAP) == Expected(status, 100, 120, 20, NOON, NOON + GAP)


@pytest.mark.parametrize(("age", "status"), [(24 * HOUR, "exact"), (24 * HOUR + 1, "approx")])
def test_at_a_days_boundary_it_stands_for_a_day(age: int, status: str) -> None:
    end_late = timed((0, 100), (DAY, 120))
    start_late = timed((-DAY, 90), (0, 100), (GAP, 120))

    assert stars(end_late, 0, DAY + age, of_days=True) == Expected(
        status, 100, 120, 20, NOON, NOON + DAY
    )
    assert stars(start_late, age, GAP, of_days=True) == Expected(
        status, 100, 120, 20, NOON, NOON + GAP
    )


@pytest.mark.parametrize(
    ("age", "of_days", "status"),
    [
        (2 * DAY, False, Status.EXACT),
        (2 * DAY, True, Status.EXACT),  # a day's boundary never allows less than elsewhere
        (2 * DAY + 1, False, Status.APPROX),
        (2 * DAY + 1, True, Status.APPROX),
    ],
)
def test_a_collection_every_other_day_stands_for_its_own_interval(
    age: int, status: Status, *, of_days: bool
) -> None:
    history = timed((-DAY, 90), (0, 100), (GAP, 120))
    asked = window(NOON + age, NOON + GAP + age, of_days=of_days)
    delta = measure("stars", history.series("stars", asked.start, asked.end), asked, fresh=2 * DAY)

    assert delta is not None
    assert delta.status is status


@pytest.mark.parametrize(
    ("start_of_day", "end_of_day", "status"),
    [(True, True, "exact"), (True, False, "approx"), (False, True, "approx")],
)
def test_each_end_of_a_window_has_its_own_boundary(
    status: str, *, start_of_day: bool, end_of_day: bool
) -> None:
    history = timed((-DAY, 90), (0, 100), (GAP, 120))
    asked = Window(NOON + 7 * HOUR, NOON + GAP + 7 * HOUR, "", start_of_day, end_of_day)
    delta = measured(history, asked)

    assert delta is not None
    assert delta.status == status


@pytest.mark.parametrize(("silence", "status"), [(36 * HOUR, "exact"), (36 * HOUR + 1, "approx")])
def test_a_silence_of_36_hours_is_unchanged_and_a_longer_one_a_gap(
    silence: int, status: str
) -> None:
    history = timed((-DAY, 90), (0, 100), (silence, 120), (silence + DAY, 125))
    delta = stars(history, 35 * HOUR, silence + DAY)

    assert delta is not None
    assert (delta.status, delta.change) == (status, 25)


def test_since_when_the_first_sample_is_younger_than_the_start() -> None:
    history = daily(100, 107, 112)

    assert stars(history, -30 * DAY, 2 * DAY) == Expected(
        "since", 100, 112, 12, NOON, NOON + 2 * DAY
    )
    assert stars(history, -1, 2 * DAY) == Expected("since", 100, 112, 12, NOON, NOON + 2 * DAY)
    assert stars(history, 0, 2 * DAY) == Expected("exact", 100, 112, 12, NOON, NOON + 2 * DAY)


def test_approx_when_a_moment_falls_in_a_gap() -> None:
    history = daily(100, 110, *[None] * 20, 140, 150)

    assert stars(history, 10 * DAY, 23 * DAY) == Expected(
        "approx", 110, 150, 40, NOON + DAY, NOON + 23 * DAY
    )
    assert stars(history, 0, 10 * DAY) == Expected("approx", 100, 110, 10, NOON, NOON + DAY)


@pytest.mark.parametrize(
    ("start", "end", "change"),
    [
        (2 * DAY, 20 * DAY, None),  # both in the gap
        (DAY, 20 * DAY, None),  # nobody looked after the start
        (DAY - 1, 20 * DAY, 10),  # somebody did, once
        (2 * DAY, 22 * DAY, 30),
        (2 * DAY, 22 * DAY - 1, None),
    ],
)
def test_where_nobody_looked_in_the_whole_window_the_change_is_unknown_and_not_zero(
    start: int, end: int, change: int | None
) -> None:
    history = daily(100, 110, *[None] * 20, 140, 150)
    delta = measured(history, window(NOON + start, NOON + end))

    assert delta is not None
    assert (delta.status, delta.change) == (Status.APPROX, change)
    assert delta.unsampled is (change is None)
    assert (delta.percent is None) is (change is None)
    assert delta.before is not None, "what was known then is told all the same"


def test_the_same_value_at_both_ends_of_a_gap_is_about_no_change() -> None:
    delta = measured(daily(100, *[None] * 9, 100), window(NOON + DAY, NOON + 10 * DAY))

    assert delta is not None
    assert (delta.status, delta.change, delta.percent) == (Status.APPROX, 0, 0.0)
    assert not delta.unsampled


def test_one_sample_that_stands_for_both_moments_is_an_exact_zero() -> None:
    delta = measured(timed((0, 90), (DAY, 100)), window(NOON + DAY + 1, NOON + DAY + 6 * HOUR))

    assert delta is not None
    assert (delta.status, delta.change, delta.unsampled) == (Status.EXACT, 0, False)


def test_a_gap_inside_the_window_does_no_harm() -> None:
    history = daily(100, 110, *[None] * 20, 140, 150)

    assert stars(history, DAY, 22 * DAY) == Expected(
        "exact", 110, 140, 30, NOON + DAY, NOON + 22 * DAY
    )


def test_one_sample_is_new_and_its_change_is_unknown() -> None:
    one = Expected("new", None, 100, None, None, NOON)

    assert stars(daily(100), -DAY, 3 * HOUR) == one
    assert stars(daily(100), HOUR, 2 * HOUR) == one
    assert stars(daily(100), GAP, 2 * GAP) == one
    assert stars(daily(100), 0, 0) == one


def test_what_came_after_the_window_does_not_count() -> None:
    assert stars(daily(100, 107), -DAY, DAY - 1) == Expected("new", None, 100, None, None, NOON)
    assert stars(daily(100, 107), -DAY, DAY) == Expected("since", 100, 107, 7, NOON, NOON + DAY)


def test_nothing_is_known_of_a_window_that_ends_before_the_first_sample() -> None:
    assert stars(daily(100, 107), -GAP, -1) is None


def test_a_metric_nobody_sampled_is_absent() -> None:
    assert measured(daily(100), window(NOON, NOON), key="forks") is None
    nothing = Series(None, None, None, ())
    assert measure("stars", nothing, window(0, NOON), fresh=FRESH, gone_at=NOON - DAY) is None


def test_a_loss_is_shown() -> None:
    delta = measured(daily(100, 90), window(NOON, NOON + DAY))

    assert delta == Delta("stars", Status.EXACT, 100, 90, NOON, NOON + DAY)
    assert delta.change == -10
    assert delta.percent == -10.0


def test_no_change_is_zero_and_not_unknown() -> None:
    delta = measured(daily(100, 100), window(NOON, NOON + DAY))

    assert delta is not None
    assert (delta.change, delta.percent) == (0, 0.0)


@pytest.mark.parametrize("gone", [-1, 0])
def test_a_repository_gone_by_the_windows_end_keeps_its_last_value_and_has_no_change(
    gone: int,
) -> None:
    end = NOON + 5 * DAY
    delta = measured(daily(100, 107), window(NOON, end), gone_at=end + gone)

    assert delta == Delta("stars", Status.GONE, None, 107, None, NOON + DAY)
    assert delta.change is None
    assert delta.percent is None


def test_a_repository_that_went_later_was_there_in_this_window() -> None:
    end = NOON + DAY
    delta = measured(daily(100, 107), window(NOON, end), gone_at=end + 1)

    assert delta == Delta("stars", Status.EXACT, 100, 107, NOON, end)


def test_gone_goes_before_new() -> None:
    delta = measured(daily(100), window(NOON, NOON + DAY), gone_at=NOON + HOUR)

    assert delta == Delta("stars", Status.GONE, None, 100, None, NOON)


# -- percent --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [(50, 75, 50.0), (200, 201, 0.5), (8, 6, -25.0), (3, 0, -100.0), (7, 7, 0.0)],
)
def test_percent_is_of_the_value_before(before: int, after: int, percent: float) -> None:
    assert Delta("stars", Status.EXACT, before, after, 0, 1).percent == percent


def test_growth_from_zero_has_a_change_and_no_percent() -> None:
    delta = Delta("stars", Status.EXACT, 0, 5, 0, 1)

    assert delta.change == 5
    assert delta.percent is None


def test_growth_from_the_unknown_has_neither() -> None:
    delta = Delta("stars", Status.NEW, None, 5, None, 1)

    assert delta.change is None
    assert delta.percent is None


# -- random histories -----------------------------------------------------------------------------


@st.composite
def windows(draw: st.DrawFn, rows: Sequence[Sample]) -> Window:
    """Anywhere around the samples, and often a boundary away from one."""
    at_a_boundary = st.builds(
        int.__add__,
        st.sampled_from([row.at for row in rows]),
        st.sampled_from([0, FRESH, 12 * HOUR, DAY, 36 * HOUR]),
    ).flatmap(lambda moment: st.sampled_from([moment - 1, moment, moment + 1]))
    anywhere = st.integers(rows[0].at - 3 * DAY, rows[-1].at + 3 * DAY)
    moments = st.one_of(anywhere, at_a_boundary)
    start, end = sorted(draw(st.tuples(moments, moments)))
    return Window(start, end, "", draw(st.booleans()), draw(st.booleans()))


def agree(data: st.DataObject, rows: Sequence[Sample], history: History) -> None:
    oracle = Oracle(rows)
    for _ in range(3):
        asked = data.draw(windows(rows))
        fresh = data.draw(st.sampled_from([FRESH, 12 * HOUR, 2 * DAY]))
        around = st.integers(asked.end - DAY, asked.end + DAY)
        gone_at = data.draw(st.one_of(st.none(), st.none(), st.just(asked.end), around))
        for key in KEYS:
            series = history.series(key, asked.start, asked.end)
            delta = measure(key, series, asked, fresh=fresh, gone_at=gone_at)
            assert (delta and shown(delta)) == oracle.delta(
                key, asked, fresh=fresh, gone_at=gone_at
            )
            assert delta is None or delta.metric == key


@PATIENT
@given(st.data())
def test_the_engine_agrees_with_full_snapshots_whatever_order_they_came_in(
    data: st.DataObject,
) -> None:
    rows = data.draw(spaced())

    agree(data, rows, history_of(data.draw(shuffled(rows))))


@PATIENT
@given(st.data())
def test_the_engine_agrees_with_full_snapshots_of_runs_several_times_a_day(
    data: st.DataObject,
) -> None:
    rows = data.draw(dense())

    agree(data, rows, history_of(rows))


@PATIENT
@given(st.data())
def test_a_history_merged_into_an_empty_one_answers_every_window_alike(
    data: st.DataObject,
) -> None:
    rows = data.draw(st.one_of(spaced(), dense()))
    history = history_of(rows)

    agree(data, rows, history_of(history.samples()))


@PATIENT
@given(st.one_of(spaced(), dense()))
def test_a_history_merged_into_an_empty_one_knows_every_day_as_well(rows: list[Sample]) -> None:
    history = history_of(rows)
    again = history_of(history.samples())

    for moment in range(rows[0].at - DAY, rows[-1].at + 2 * DAY, DAY // 2):
        for key in KEYS:
            one, other = (known.series(key, moment, moment) for known in (history, again))
            assert one.after == other.after
            assert look(one.spans, moment) == look(other.spans, moment)


@PATIENT
@given(st.data())
def test_neighbouring_windows_add_up(data: st.DataObject) -> None:
    """Nothing is counted twice and nothing falls between two digests."""
    rows = data.draw(spaced())
    history = history_of(rows)
    moments = st.integers(rows[0].at, rows[-1].at + DAY)
    start, middle, end = sorted(data.draw(st.tuples(moments, moments, moments)))
    for key in KEYS:
        parts = [
            measured(history, asked, key=key)
            for asked in (window(start, middle), window(middle, end), window(start, end))
        ]
        first, second, both = (part and part.change for part in parts)
        if first is not None and second is not None:
            assert first + second == both


def test_spans_of_several_sets_may_come_in_any_order() -> None:
    spans = [Span(NOON + GAP, NOON + GAP), Span(NOON, NOON + DAY)]
    asked = window(NOON - DAY, NOON + GAP)

    for seen in (spans, spans[::-1]):
        delta = measure("stars", Series(None, 7, 5, seen), asked, fresh=FRESH)
        assert delta == Delta("stars", Status.SINCE, 5, 7, NOON, NOON + GAP)
