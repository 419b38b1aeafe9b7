"""Which nightly backups are kept."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.backups import kept

DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
NUMBERS = st.integers(0, 10)


def every_day_until(last: date, days: int) -> list[date]:
    return [last - timedelta(days=ago) for ago in range(days)]


def test_the_newest_days_and_one_day_of_each_week_are_kept() -> None:
    friday = date(2026, 11, 20)

    left = kept(every_day_until(friday, 40), daily=3, weekly=4)

    assert sorted(left) == [
        date(2026, 11, 1),  # the Sundays before are the newest of their weeks
        date(2026, 11, 8),
        date(2026, 11, 15),
        date(2026, 11, 18),
        date(2026, 11, 19),
        friday,
    ]


def test_a_week_that_goes_over_the_year_is_one() -> None:
    assert kept([date(2026, 12, 31), date(2027, 1, 3)], daily=0, weekly=2) == {date(2027, 1, 3)}


@given(st.lists(DAYS), NUMBERS, NUMBERS)
def test_no_more_than_asked_for_and_the_newest_of_all_among_them(
    days: list[date], daily: int, weekly: int
) -> None:
    left = kept(days, daily=daily, weekly=weekly)

    assert left <= set(days)
    assert len(left) <= daily + weekly
    assert not (days and daily + weekly) or max(days) in left


@given(st.lists(DAYS), st.integers(1, 10), st.integers(1, 10), DAYS)
def test_what_was_dropped_is_never_wanted_again(
    days: list[date], daily: int, weekly: int, tomorrow: date
) -> None:
    later = max([*days, tomorrow])
    left = kept(days, daily=daily, weekly=weekly)

    assert kept([*left, later], daily=daily, weekly=weekly) == kept(
        [*days, later], daily=daily, weekly=weekly
    )
