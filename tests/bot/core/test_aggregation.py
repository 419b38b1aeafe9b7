"""One function for days, weeks, months and quarters of any series."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.aggregation import How, Period, Sampled, aggregate
from tests.standins.clock import moment

SERIES = [
    Sampled(moment("2025-12-31"), 3),
    Sampled(moment("2025-12-29"), 1.5),
    Sampled(moment("2026-01-01"), 4),
    Sampled(moment("2026-04-01"), -2),
]


@pytest.mark.parametrize(
    ("period", "values"),
    [
        (Period.DAY, {"2025-12-29": 1.5, "2025-12-31": 3, "2026-01-01": 4, "2026-04-01": -2}),
        (Period.WEEK, {"2026-01": 4, "2026-14": -2}),  # the last days of 2025 are in 2026-01
        (Period.MONTH, {"2025-12": 3, "2026-01": 4, "2026-04": -2}),
        (Period.QUARTER, {"2025-Q4": 3, "2026-Q1": 4, "2026-Q2": -2}),
    ],
)
def test_each_period_has_its_last_value(period: Period, values: dict[str, float]) -> None:
    found = aggregate(SERIES, period)

    assert found == values
    assert list(found) == list(values), "oldest first"


@pytest.mark.parametrize(
    ("how", "value"),
    [(How.SUM, 8.5), (How.MEAN, 8.5 / 3), (How.MIN, 1.5), (How.MAX, 4), (How.LAST, 4)],
)
def test_many_values_come_to_one(how: How, value: float) -> None:
    assert aggregate(SERIES[:3], Period.WEEK, how) == {"2026-01": value}


def test_a_period_without_samples_is_absent_and_zero_is_not() -> None:
    assert aggregate([], Period.DAY) == {}
    assert aggregate([Sampled(0, 0)], Period.MONTH, How.SUM) == {"1970-01": 0}


def test_days_are_those_of_the_zone() -> None:
    late = [Sampled(moment("2025-12-31T23:30"), 1)]

    assert aggregate(late, Period.QUARTER, zone=ZoneInfo("Europe/Berlin")) == {"2026-Q1": 1}


@given(st.lists(st.builds(Sampled, st.integers(0, 4 * 10**9), st.integers(-99, 99))))
def test_sums_of_every_period_agree(series: list[Sampled]) -> None:
    total = sum(sample.value for sample in series)

    for period in Period:
        assert sum(aggregate(series, period, How.SUM).values()) == total
