"""Any series by day, week, month or quarter: one function, whatever it is a series of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

from bot.core.weeks import week_on

Number = int | float


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class How(StrEnum):
    """What many values of one period come to."""

    LAST = "last"  # of a gauge: what it was at the end
    SUM = "sum"  # of what is counted anew each time
    MEAN = "mean"
    MIN = "min"
    MAX = "max"


class Sampled(NamedTuple):
    at: int  # UTC seconds
    value: Number


def aggregate(
    series: Iterable[Sampled], period: Period, how: How = How.LAST, *, zone: tzinfo = UTC
) -> dict[str, Number]:
    """One value a period of the zone, oldest first; one without samples is absent, never zero."""
    found: dict[str, list[Number]] = {}
    for at, value in sorted(series, key=_moment):  # alike moments keep their order
        label = label_of(datetime.fromtimestamp(at, zone).date(), period)
        found.setdefault(label, []).append(value)
    return {label: _WAYS[how](values) for label, values in found.items()}


def label_of(day: date, period: Period) -> str:
    """`2026-11-20`, `2026-47`, `2026-11`, `2026-Q4`."""
    match period:
        case Period.DAY:
            return day.isoformat()
        case Period.WEEK:
            return week_on(day).label
        case Period.MONTH:
            return f"{day:%Y-%m}"
        case Period.QUARTER:
            return f"{day:%Y}-Q{(day.month + 2) // 3}"


def _moment(sample: Sampled) -> int:
    return sample.at


def _mean(values: Sequence[Number]) -> Number:
    return sum(values) / len(values)


def _last(values: Sequence[Number]) -> Number:
    return values[-1]


_WAYS: Mapping[How, Callable[[Sequence[Number]], Number]] = {
    How.LAST: _last,
    How.SUM: sum,
    How.MEAN: _mean,
    How.MIN: min,
    How.MAX: max,
}
