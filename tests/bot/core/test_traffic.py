"""Traffic: the maximum of each day in any order, sums over what is known, whole UTC days."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.traffic import (
    COUNTERS,
    REMEMBERED,
    Day,
    Days,
    days_read,
    merge,
    tally,
    whole_days,
)
from bot.core.window import parse_window
from tests.standins.clock import DAY, moment

VIEWS, VISITORS, *_ = COUNTERS
TODAY = moment("2026-11-20") // DAY
NOW = moment("2026-11-20T15:30")

DAYS = st.dictionaries(
    st.integers(0, 5),
    st.builds(Day, st.integers(0, 9), st.integers(0, 9), settled=st.booleans()),
    max_size=6,
)


def date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}"


def span(window: str, zone: str = "UTC", now: int = NOW) -> tuple[str, str] | None:
    asked = whole_days(parse_window(window, now=now, zone=ZoneInfo(zone)))
    return (date(asked[0]), date(asked[-1])) if asked else None


@given(
    st.lists(DAYS, max_size=5).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some)))
)
def test_any_order_of_captures_gives_the_maximum_of_each_day(
    orders: tuple[list[Days], list[Days]],
) -> None:
    captures, shuffled = orders
    known: dict[int, Day] = {}
    other: dict[int, Day] = {}
    for one, another in zip(captures, shuffled, strict=True):
        known |= merge(known, one)
        other |= merge(other, another)

    assert known == other
    for day in {day for capture in captures for day in capture}:
        seen = [capture[day] for capture in captures if day in capture]
        assert known[day].total == max(one.total for one in seen)
        assert known[day].uniques == max(one.uniques for one in seen)
        assert known[day].settled == any(one.settled for one in seen)


@given(DAYS, DAYS)
def test_only_what_differs_is_written_and_twice_is_once(known: Days, read: Days) -> None:
    changed = merge(known, read)

    assert all(known.get(day) != now for day, now in changed.items())
    assert merge({**known, **changed}, read) == {}


@given(DAYS, st.integers(0, 4), st.integers(1, 3))
def test_a_sum_is_of_the_days_known_and_says_how_many(days: Days, first: int, length: int) -> None:
    asked = range(first, first + length)
    over = {day: one for day, one in days.items() if one.settled}

    found = tally(VIEWS, days, asked)

    known = [over[day].total for day in asked if day in over]
    before = [over[day].total for day in range(first - length, first) if day in over]
    assert (found.days, found.known_days) == (length, len(known))
    assert found.total == (sum(known) if known else None)
    complete = len(known) == len(before) == length
    assert found.before == (sum(before) if complete else None)
    assert (found.change is None) is not complete


def test_unknown_is_not_zero() -> None:
    nothing = tally(VIEWS, {}, range(3))
    assert (nothing.total, nothing.change, nothing.percent) == (None, None, None)

    zero = tally(VIEWS, {day: Day(0, 0, settled=True) for day in range(6)}, range(3, 6))
    assert (zero.total, zero.change, zero.percent) == (0, 0, None)


def test_growth_is_told_against_as_many_days_before() -> None:
    days = {
        day: Day(100 if day < 3 else 112, 10 if day < 3 else 5, settled=True) for day in range(6)
    }

    views, visitors = (tally(one, days, range(3, 6)) for one in (VIEWS, VISITORS))

    assert (views.total, views.before, views.change) == (336, 300, 36)
    assert views.percent == pytest.approx(12)
    assert (visitors.total, visitors.change) == (15, -15)
    assert visitors.percent == pytest.approx(-50)


def test_days_that_an_answer_leaves_out_are_zero_where_github_remembers() -> None:
    days = days_read([(TODAY - 2, 7, 3), (TODAY, 4, 2), (TODAY - 2, 9, 1)], TODAY)

    assert sorted(days) == list(range(TODAY - REMEMBERED + 1, TODAY + 1))
    assert days[TODAY - 2] == Day(9, 3, settled=True)
    assert days[TODAY] == Day(4, 2, settled=False)
    assert days[TODAY - 13] == Day(0, 0, settled=True)


def test_today_without_visits_is_not_known_yet() -> None:
    assert TODAY not in days_read([], TODAY)


def test_days_to_come_and_long_ago_are_not_believed() -> None:
    days = days_read([(TODAY + 1, 9, 9), (TODAY - 40, 9, 9), (-5, 1, 1)], TODAY)

    assert {day.total for day in days.values()} == {0}
    assert sorted(days) == list(range(TODAY - 13, TODAY))


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("7d", ("2026-11-13", "2026-11-19")),  # today goes on
        ("24h", ("2026-11-19", "2026-11-19")),
        ("6h", None),
        ("today", None),
        ("yesterday", ("2026-11-19", "2026-11-19")),
        ("2026-11-01", ("2026-11-01", "2026-11-19")),
        ("2026-10", ("2026-10-01", "2026-10-31")),
        ("2026-10-05..2026-10-06", ("2026-10-05", "2026-10-06")),
    ],
)
def test_a_window_is_about_whole_days(window: str, expected: tuple[str, str] | None) -> None:
    assert span(window) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "UTC"])
def test_days_asked_for_are_those_of_the_same_dates_in_every_zone(zone: str) -> None:
    assert span("2026-10", zone) == ("2026-10-01", "2026-10-31")
    assert span("2026-10-05..2026-10-05", zone) == ("2026-10-05", "2026-10-05")


@given(st.integers(0, DAY - 1), st.integers(1, 90))
def test_a_window_that_rolls_has_as_many_days_as_it_says(second: int, days: int) -> None:
    asked = whole_days(parse_window(f"{days}d", now=moment("2026-11-20T00:00") + second, zone=UTC))

    assert (len(asked), asked[-1]) == (days, TODAY - 1)
