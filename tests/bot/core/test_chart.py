"""The data of a picture: it agrees with what was known, and is silent about the rest."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chart import MOST_LINES, Chart, Line, Loss, Point, Segment, gains, segments
from bot.core.coverage import JOIN, Span, look
from bot.core.history import History, Observation
from bot.core.metrics import OPEN_ISSUES, STARS
from bot.core.models import Sample
from tests.bot.core.timelines import DAY, HOUR, NOON, PATIENT, dense

Window = tuple[int, int]
windows = st.tuples(st.integers(-2 * DAY, 40 * DAY), st.integers(0, 40 * DAY)).map(
    lambda ends: (NOON + ends[0], NOON + ends[0] + ends[1])
)


def history_of(rows: list[Sample]) -> History:
    history = History()
    for row in rows:
        history.add(row)
    return history


def cut(history: History, window: Window, metric: str = "stars") -> tuple[Segment, ...]:
    seen = history.observations.get(metric, [])
    return segments(seen, history.spans(metric), *window)


def drawn_at(drawn: tuple[Segment, ...], moment: int) -> int | None:
    """What somebody reads off the picture."""
    for segment in drawn:
        if segment[0].at <= moment <= segment[-1].at:
            return [point.value for point in segment if point.at <= moment][-1]
    return None


def known_at(history: History, moment: int) -> int | None:
    sight = look(history.spans("stars"), moment)
    values = [seen.value for seen in history.observations["stars"] if seen.at <= moment]
    return values[-1] if sight is not None and sight.covered else None


@PATIENT
@given(dense(), windows, st.lists(st.floats(0, 1), max_size=20))
def test_the_picture_says_what_was_known_and_nothing_else(
    rows: list[Sample], window: Window, shares: list[float]
) -> None:
    history = history_of([*rows, Sample(rows[-1].at + DAY, {"stars": 1})])
    drawn = cut(history, window)
    start, end = window
    edges = {edge for span in history.spans("stars") for edge in (span.since, span.until)}
    changes = {seen.at for seen in history.observations["stars"]}
    near = {at + off for at in edges | changes for off in (-1, 0, 1)}
    moments = near | {start, end} | {start + int(share * (end - start)) for share in shares}

    for moment in moments:
        inside = start <= moment <= end
        assert drawn_at(drawn, moment) == (known_at(history, moment) if inside else None)


@PATIENT
@given(dense(), windows)
def test_segments_ascend_are_never_empty_and_lie_apart(rows: list[Sample], window: Window) -> None:
    drawn = cut(history_of(rows), window)
    moments = [point.at for segment in drawn for point in segment]

    assert all(drawn)
    assert moments == sorted(set(moments))
    assert all(window[0] <= at <= window[1] for at in moments)
    assert all(after[0].at - before[-1].at > JOIN for before, after in pairwise(drawn))


@PATIENT
@given(dense(), windows)
def test_every_value_drawn_was_observed(rows: list[Sample], window: Window) -> None:
    history = history_of(rows)
    observed = {seen.value for seen in history.observations.get("stars", [])}

    assert {point.value for segment in cut(history, window) for point in segment} <= observed


@PATIENT
@given(dense(), windows)
def test_only_changes_and_the_ends_of_coverage_are_points(
    rows: list[Sample], window: Window
) -> None:
    for segment in cut(history_of(rows), window):
        inner = segment[:-1]
        assert all(before.value != after.value for before, after in pairwise(inner))


def test_a_value_from_before_the_window_holds_at_its_start() -> None:
    seen = [Observation(NOON, 7), Observation(NOON + 3 * DAY, 9)]
    spans = [Span(NOON, NOON + 4 * DAY)]

    assert segments(seen, spans, NOON + DAY, NOON + 9 * DAY) == (
        (Point(NOON + DAY, 7), Point(NOON + 3 * DAY, 9), Point(NOON + 4 * DAY, 9)),
    )


def test_a_gap_stays_open_although_the_value_did_not_change() -> None:
    seen = [Observation(NOON, 7)]
    spans = [Span(NOON + 9 * DAY, NOON + 9 * DAY), Span(NOON, NOON + DAY)]

    assert segments(seen, spans, NOON, NOON + 9 * DAY) == (
        (Point(NOON, 7), Point(NOON + DAY, 7)),
        (Point(NOON + 9 * DAY, 7),),
    )


@pytest.mark.parametrize(("silence", "pieces"), [(JOIN, 1), (JOIN + 1, 2)])
def test_short_silences_are_none(silence: int, pieces: int) -> None:
    spans = [Span(NOON, NOON + HOUR), Span(NOON + HOUR + silence, NOON + 9 * DAY)]

    assert len(segments([Observation(NOON, 7)], spans, NOON, NOON + 9 * DAY)) == pieces


def test_a_window_inside_a_gap_or_without_coverage_shows_nothing() -> None:
    spans = [Span(NOON, NOON), Span(NOON + 9 * DAY, NOON + 9 * DAY)]

    assert segments([Observation(NOON, 7)], spans, NOON + DAY, NOON + 8 * DAY) == ()
    assert segments([], spans, NOON, NOON + 9 * DAY) == ()
    assert segments([Observation(NOON, 7)], [], NOON, NOON + 9 * DAY) == ()


def line(*values: int) -> Line:
    return Line("a/b", (tuple(Point(NOON + day * DAY, v) for day, v in enumerate(values)),))


def test_notable_losses_come_largest_first() -> None:
    assert line(100, 90, 95, 60, 61).losses() == [
        Loss(NOON + 3 * DAY, 95, 60),
        Loss(NOON + DAY, 100, 90),
    ]


@pytest.mark.parametrize("values", [(), (3,), (3, 1), (434_000, 433_900), (100, 1_000, 980)])
def test_ordinary_coming_and_going_is_no_loss(values: tuple[int, ...]) -> None:
    assert line(*values).losses() == []


def test_no_loss_is_read_into_a_gap() -> None:
    broken = Line("a/b", ((Point(NOON, 100),), (Point(NOON + 9 * DAY, 10),)))

    assert broken.losses() == []


def test_fewer_open_issues_are_no_loss() -> None:
    falling = line(100, 10)
    ends = (NOON, NOON + DAY)

    assert Chart("a/b", STARS, (falling,), *ends).losses(falling)
    assert not Chart("a/b", OPEN_ISSUES, (falling,), *ends).losses(falling)


def test_a_line_without_segments_has_no_ends() -> None:
    assert (Line("a/b", ()).first, Line("a/b", ()).last) == (None, None)
    assert (line(1, 2).first, line(1, 2).last) == (Point(NOON, 1), Point(NOON + DAY, 2))


def test_more_lines_than_anyone_tells_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 5 lines, not 6"):
        Chart("many", STARS, (line(1),) * (MOST_LINES + 1), NOON, NOON + DAY)


@pytest.mark.parametrize("ground", [0, 30, 40_000, 500_000])
def test_a_loss_is_measured_against_the_level_not_the_gain(ground: int) -> None:
    """Twenty of half a million stars are the ordinary coming and going, whatever was gained."""
    values = (ground, ground + 100, ground + 80, ground + 200)
    seen = tuple(Point(at, value) for at, value in enumerate(values))
    chart = Chart("x", STARS, (Line("a", (seen,)),), 0, 9)
    (line,) = gains(chart).lines

    plain = chart.losses(chart.lines[0])
    assert [loss.at for loss in gains(chart).losses(line)] == [loss.at for loss in plain]
    assert bool(plain) is (ground < 20_000)
    (again,) = gains(gains(chart)).lines
    assert again == line


def test_gains_begin_at_zero_and_keep_gaps_and_losses() -> None:
    lines = (
        Line("a", ((Point(0, 100), Point(5, 90)), (Point(9, 130),))),
        Line("b", ()),
    )
    chart = gains(Chart("x", STARS, lines, 0, 9))

    assert chart.lines[0].segments == ((Point(0, 0), Point(5, -10)), (Point(9, 30),))
    assert chart.lines[1] == lines[1]
    assert chart.metric.label == "Stars gained"


def test_single_dots_are_nothing_to_see() -> None:
    dot = Line("a", ((Point(3, 1),),))

    assert not Chart("x", STARS, (dot, Line("b", ())), 0, 9).moves_on
    assert Chart("x", STARS, (dot, Line("b", ((Point(1, 1), Point(2, 1)),))), 0, 9).moves_on
