"""ISO weeks: both spellings, 53 of them, and years whose ends do not agree."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.weeks import Week, parse_week, week_of, week_on, weeks_to
from bot.errors import UsageError
from tests.standins.clock import moment

DAYS = st.dates(date(1970, 1, 5), date(2200, 1, 1))


@pytest.mark.parametrize("text", ["2025-44", "2025-W44", "2025W44", "2025-w44", " 2025-44 "])
def test_every_spelling_is_one_week(text: str) -> None:
    assert parse_week(text) == Week(2025, 44)
    assert parse_week(text).label == "2025-44"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2025-54", "There is no week"),
        ("2025-53", "There is no week"),  # a year of 52
        ("2025-00", "There is no week"),
        ("0000-01", "There is no week"),
        ("9999-52", "There is no week"),
        ("2025-4", "is no week"),
        ("202544", "is no week"),
        ("", "is no week"),
        ("٢٠٢٥-٤٤", "is no week"),
    ],
)
def test_what_is_no_week_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        parse_week(text)

    assert str(refused.value).endswith(".")


def test_week_53_and_the_ends_of_years() -> None:
    assert parse_week("2026-53").monday == date(2026, 12, 28)
    assert week_on(date(2027, 1, 3)) == Week(2026, 53)  # a Sunday of the year before
    assert week_on(date(2024, 12, 30)) == Week(2025, 1)  # a Monday of the year after
    assert Week(2026, 53).later(1) == Week(2027, 1)
    assert Week(2025, 1).later(-1) == Week(2024, 52)
    assert max(Week(2027, 1), Week(2026, 53), Week(2026, 9)) == Week(2027, 1)


@given(DAYS)
def test_a_label_reads_back_and_its_days_are_in_it(day: date) -> None:
    week = week_on(day)

    assert parse_week(week.label) == week
    assert week.monday <= day <= week.monday + timedelta(days=6)
    assert week_of(week.first()) == week == week_of(week.last())
    assert week.later(1).first() == week.last() + 1


@given(DAYS, DAYS)
def test_the_order_of_weeks_is_that_of_time(one: date, other: date) -> None:
    if one <= other:
        assert week_on(one) <= week_on(other)


def test_a_zone_has_its_own_monday() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")

    assert week_of(moment("2025-10-26T16:00"), UTC) == Week(2025, 43)
    assert week_of(moment("2025-10-26T16:00"), tokyo) == Week(2025, 44)
    assert week_of(Week(2025, 44).first(tokyo), tokyo) == Week(2025, 44)


def test_weeks_in_a_row_end_with_the_one_named() -> None:
    assert [week.label for week in weeks_to(Week(2027, 1), 3)] == ["2026-52", "2026-53", "2027-01"]
