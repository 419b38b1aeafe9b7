from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.exports.values import Unusable, check_count, read_moment

NOW = int(datetime(2026, 3, 21, 18, tzinfo=UTC).timestamp())
HOUR = 3600
MIDNIGHT = NOW - 18 * HOUR


def test_a_day_stands_for_its_noon() -> None:
    assert read_moment("date", "2026-03-20", now=NOW) == (MIDNIGHT - 12 * HOUR, True)


def test_today_stands_for_its_noon_once_that_has_passed() -> None:
    assert read_moment("date", "2026-03-21", now=NOW) == (MIDNIGHT + 12 * HOUR, True)


@pytest.mark.parametrize("now", [MIDNIGHT, MIDNIGHT + 7 * HOUR, MIDNIGHT + 12 * HOUR - 1])
def test_today_is_refused_as_long_as_its_noon_is_to_come(now: int) -> None:
    with pytest.raises(Unusable) as refusal:
        read_moment("date", "2026-03-21", now=now)

    assert str(refusal.value) == (
        'date is "2026-03-21", which stands for 12:00 UTC of today: import it after that.'
    )


def test_today_is_taken_from_its_noon_on_always_as_the_same_moment() -> None:
    noon = MIDNIGHT + 12 * HOUR

    assert read_moment("date", "2026-03-21", now=noon) == (noon, True)


def test_a_time_of_this_morning_is_taken_at_once() -> None:
    at = MIDNIGHT + 6 * HOUR

    assert read_moment("date", "2026-03-21T06:00Z", now=at) == (at, False)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-21T17:30:00Z",
        "2026-03-21T17:30:00.999Z",
        "2026-03-21 17:30Z",
        "2026-03-21T23:00:00+05:30",
    ],
)
def test_a_time_with_its_zone_is_kept(text: str) -> None:
    assert read_moment("date", text, now=NOW) == (NOW - HOUR // 2, False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "write a day as"),
        ("21.03.2026", "write a day as"),
        ("20260321", "write a day as"),
        ("2026-W12-6", "write a day as"),
        ("2026-03-21T", "write a day as"),
        ("٢٠٢٦-03-21", "write a day as"),
        ("2026-02-30", "no calendar"),
        ("2026-03-21T25:00Z", "no calendar"),
        ("2026-03-21T17:30", "without a zone"),
        ("2026-03-21T18:00:01Z", "in the future"),
        ("2026-03-22", "in the future"),
        ("9999-12-31T23:59:59-23:59", "in the future"),
        ("2007-12-31", "no GitHub"),
        ("0001-01-01T00:00:00+23:59", "no GitHub"),
    ],
)
def test_any_other_date_is_refused_with_its_field_and_text(text: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason) as refusal:
        read_moment("lastSeen", text, now=NOW)

    assert str(refusal.value).startswith(f'lastSeen is "{text}"')


def test_the_first_day_of_github_is_allowed() -> None:
    first = int(datetime(2008, 1, 1, 12, tzinfo=UTC).timestamp())

    assert read_moment("date", "2008-01-01", now=NOW) == (first, True)


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_every_count_the_store_can_hold_is_a_count(count: int) -> None:
    assert check_count("stars", count) == count


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (-1, '"-1"'),
        (2**63, '"9223372036854775808"'),
        (1.0, '"1.0"'),
        (True, '"true"'),
        ("1", '"1"'),
        (None, "missing"),
        ([1], "a list"),
        ({}, "an object"),
    ],
)
def test_anything_else_is_no_count(value: object, told: str) -> None:
    with pytest.raises(Unusable, match=f"^stars is {told}, not a whole number"):
        check_count("stars", value)
