"""What stars still held tell of the time before the first sample, against brute force."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chart import Chart, Line, Point, Trail, begins_late, gains, rebuilt, segments
from bot.core.coverage import Span
from bot.core.delta import Delta, Series, Status, measure
from bot.core.history import Observation
from bot.core.metrics import STARS
from bot.core.retained import NOTHING_READ, Extent, Given, Retained, StarPage, noon
from bot.core.window import Window, between
from tests.bot.core.timelines import DAY, HOUR, NOON, PATIENT

TODAY = NOON // DAY
FRESH = 6 * HOUR


def held(
    ago: Mapping[int, int], *, since: int = 100, whole: bool = False, until: int = NOON + DAY
) -> Retained:
    """Stars by how many days before 1 January they were given."""
    days = [Given(TODAY - days, stars) for days, stars in sorted(ago.items(), reverse=True)]
    return Retained(TODAY - since, until, days, whole)


def stars(
    retained: Retained | None, start: int, *samples: tuple[int, int], end: int = NOON
) -> Delta | None:
    """Measure from `start` to `end` over samples (moment, stars) that form one span."""
    spans = [Span(samples[0][0], samples[-1][0])]
    tally = retained.tally(start, samples[0][0]) if retained else None
    series = Series(None, samples[-1][1], samples[0][1], spans, tally)
    return measure("stars", series, between(start, end), fresh=FRESH)


def test_one_sample_has_a_change_where_the_days_before_it_are_known() -> None:
    delta = stars(held({1: 5, 2: 7, 40: 9}), NOON - 30 * DAY, (NOON, 100))

    assert delta == Delta(
        "stars", Status.APPROX, 88, 100, NOON - 30 * DAY, NOON, reconstructed=True
    )
    assert (delta.change, delta.unsampled) == (12, False)
    assert delta.percent == pytest.approx(12 / 88 * 100)


def test_after_the_first_sample_only_samples_count() -> None:
    """Two stars were lost since: the change is what was gained before, less those two."""
    known = held({0: 50, 3: 4}, until=NOON + DAY)  # fifty on the day after the first sample

    delta = stars(known, NOON - 10 * DAY, (NOON - DAY, 100), (NOON, 98))

    assert delta is not None
    assert (delta.before, delta.after, delta.change) == (96, 98, 2)


def test_a_day_counts_from_its_noon_on() -> None:
    known = held({5: 8})
    noon_of_it = NOON - 5 * DAY

    changes = [
        delta.change if (delta := stars(known, noon_of_it + late, (NOON, 100))) else None
        for late in (-1, 0)
    ]

    assert changes == [8, 0]


def test_without_the_days_it_stays_what_was_observed() -> None:
    start, sample = NOON - 30 * DAY, (NOON, 100)
    for unknown in (
        None,
        held({1: 5}, since=28),  # the day after the start is not known
        held({1: 5}, until=NOON - 1),  # asked before the first sample
        held({}, since=1, whole=True),  # stars without a day
    ):
        delta = stars(unknown, start, sample)
        assert delta is not None
        assert (delta.status, delta.change, delta.reconstructed) == (Status.NEW, None, False)
    since = stars(held({1: 5}, since=28), start, (NOON - DAY, 90), (NOON, 100))
    assert since is not None
    assert (since.status, since.change) == (Status.SINCE, 10)


def test_where_no_noon_lies_between_nothing_is_claimed() -> None:
    delta = stars(held({1: 5}), NOON + HOUR, (NOON + 3 * HOUR, 100), end=NOON + 4 * HOUR)

    assert delta is not None
    assert delta.status is Status.NEW


def test_before_the_first_star_of_a_complete_history_there_were_none() -> None:
    """The stars of its last day count as given at noon, which is after the sample."""
    morning = (NOON - HOUR, 100)

    delta = stars(held({3: 40, 0: 60}, since=3, whole=True), NOON - 30 * DAY, morning)

    assert delta is not None
    assert (delta.before, delta.change, delta.percent) == (0, 100, None)
    assert stars(held({}, since=0, whole=True), NOON - 30 * DAY, (NOON, 0)) == Delta(
        "stars", Status.APPROX, 0, 0, NOON - 30 * DAY, NOON, reconstructed=True
    )


def test_a_history_that_lacks_stars_tells_of_those_it_has() -> None:
    """Nobody knows when the hundredth was given: it may have been before all others."""
    lacking = held({3: 40, 0: 59}, since=3, whole=True)

    delta = stars(lacking, NOON - 30 * DAY, (NOON - HOUR, 100))

    assert delta is not None
    assert (delta.before, delta.change) == (60, 40)


def test_never_less_than_none() -> None:
    delta = stars(held({1: 500}), NOON - 30 * DAY, (NOON, 100))

    assert delta is not None
    assert delta.before == 0


def test_who_is_gone_or_was_sampled_before_the_start_is_not_rebuilt() -> None:
    series = Series(None, 100, 100, [Span(NOON, NOON)], held({1: 5}).tally(NOON - DAY, NOON))
    gone = measure("stars", series, between(NOON - DAY, NOON), fresh=FRESH, gone_at=NOON)
    early = stars(held({1: 5}), NOON + 2 * HOUR, (NOON + HOUR, 100), end=NOON + 3 * HOUR)

    assert gone is not None
    assert early is not None
    assert (gone.status, gone.reconstructed) == (Status.GONE, False)
    assert (early.status, early.reconstructed) == (Status.NEW, False)


given_days = st.dictionaries(st.integers(-2, 120), st.integers(1, 9), max_size=30)
moments = st.integers(-130 * DAY, 2 * DAY).map(lambda after: NOON + after)


@PATIENT
@given(given_days, moments, moments, st.integers(0, 120), st.integers(0, 500), st.booleans())
def test_a_level_is_the_sample_less_what_came_between(  # noqa: PLR0913, PLR0917 - all a level depends on
    ago: dict[int, int],
    moment: int,
    first_at: int,
    since: int,
    first: int,
    whole: bool,  # noqa: FBT001
) -> None:
    ago = {days: count for days, count in ago.items() if whole or days <= since}
    known = held(ago, since=since, whole=whole, until=NOON + 3 * DAY)

    level = known.level(moment, first_at, first)

    noons = [noon(TODAY - days) for days in range(-3, 140)]
    own_day = first_at // DAY * DAY
    needed = [one for one in noons if moment < one < own_day]
    by_then = sum(count for days, count in ago.items() if (TODAY - days) * DAY <= first_at)
    complete = whole and by_then >= first
    known = whole or all(one >= noon(TODAY - since) for one in needed)
    if not needed or not known or (whole and not ago and first):
        assert level is None
        return
    came = sum(count for days, count in ago.items() if moment < noon(TODAY - days) < own_day)
    first_star = min((noon(TODAY - days) for days in ago), default=None)
    none_yet = complete and (first_star is None or moment < first_star)
    assert level == (0 if none_yet else max(first - came, 0))


@PATIENT
@given(given_days, moments, st.integers(0, 120), st.integers(0, 500), st.booleans())
def test_a_rebuilt_line_rises_to_the_first_sample_and_is_the_level_of_each_day(
    ago: dict[int, int],
    start: int,
    since: int,
    first: int,
    whole: bool,  # noqa: FBT001
) -> None:
    ago = {days: count for days, count in ago.items() if whole or days <= since}
    known = held(ago, since=since, whole=whole, until=NOON + 3 * DAY)
    trail = Trail([Observation(NOON + HOUR, first)], [Span(NOON + HOUR, NOON + HOUR)])

    line = rebuilt(known, trail, start) if begins_late(trail, start) else ()

    assert list(line) == sorted(line)
    for point in line[:-1]:
        assert point.at >= start
        if (level := known.level(point.at, NOON + HOUR, first)) is not None:
            assert point.value == level
    if line:
        assert line[-1] == Point(NOON + HOUR, first)


def test_nothing_is_rebuilt_beside_samples_from_before_the_window() -> None:
    trail = Trail([Observation(NOON - DAY, 5)], [Span(NOON - DAY, NOON)])

    assert not begins_late(trail, NOON - HOUR)
    assert begins_late(trail, NOON - 2 * DAY)
    assert not begins_late(Trail([], [Span(NOON, NOON)]), NOON - 2 * DAY)


def test_what_was_gained_is_counted_from_the_first_rebuilt_day() -> None:
    trail = Trail([Observation(NOON, 100)], [Span(NOON, NOON)])
    start = NOON - 3 * DAY
    before = rebuilt(held({1: 10}), trail, start)
    line = Line("o/site", segments(*trail, start, NOON), rebuilt=before)
    shown = Chart("o/site", STARS, (line,), start, NOON)

    (gained,) = gains(shown).lines

    assert line.rebuilt == (
        Point(start, 90),
        Point(NOON - 2 * DAY, 90),  # quiet until then
        Point(NOON - DAY, 100),
        Point(NOON, 100),
    )
    assert [point.value for point in gained.rebuilt] == [0, 0, 10, 10]
    assert gained.last == Point(NOON, 10)
    assert list(line.values()) == [90, 90, 100, 100, 100]
    assert shown.moves_on


def test_pages_add_up_to_how_far_back_it_is_known() -> None:
    newest = NOTHING_READ.with_page(1, StarPage({}, 800, 1010, last=False), 1005)
    older = newest.with_page(2, StarPage({}, 590, 800, last=False), 1005)
    end = older.with_page(3, StarPage({}, None, None, last=True), 1005)

    assert [newest, older, end] == [
        Extent(1, 800, whole=False),
        Extent(2, 590, whole=False),
        Extent(3, 590, whole=True),
    ]
    assert [one.is_over for one in (newest, older, end)] == [False, False, True]
    assert NOTHING_READ.with_page(1, StarPage({}, None, None, last=True), 1005) == Extent(
        1, 1005, whole=True
    )
    again = end.with_page(1, StarPage({}, 805, 1015, last=False), 1011)
    assert again == Extent(3, 590, whole=True)
    assert Extent(4, 100, whole=False).is_over


def test_a_window_of_days_is_rebuilt_by_the_same_rule() -> None:
    window = Window(NOON - DAY // 2 - 9 * DAY, NOON, "", starts_with_day=True, ends_with_day=False)
    tally = held({9: 3, 10: 50}).tally(window.start, NOON)
    series = Series(None, 100, 100, [Span(NOON, NOON)], tally)

    delta = measure("stars", series, window, fresh=FRESH)

    assert delta is not None
    assert (delta.change, delta.before_at) == (3, window.start)


def test_of_the_first_samples_own_day_nothing_is_taken_off() -> None:
    """At 13:00 there were 1,000, with 40 of that day; 60 more came until the day was over."""
    at, end = NOON + HOUR, NOON + 11 * HOUR

    known = held({0: 100, 1: 7}, until=NOON + DAY)
    today = stars(known, NOON - 12 * HOUR, (at, 1000), (end, 1060), end=end)
    longer = stars(known, NOON - 36 * HOUR, (at, 1000), (end, 1060), end=end)

    assert today is not None
    assert (today.status, today.change) == (Status.SINCE, 60)
    assert longer is not None
    assert (longer.before, longer.change, longer.reconstructed) == (993, 67, True)
