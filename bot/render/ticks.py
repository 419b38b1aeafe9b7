"""Where an axis is marked, and with what words: round numbers and round moments."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from itertools import count
from typing import NamedTuple

from bot.core.metrics import Unit
from bot.render.words import DAY, HOUR, MINUS, MINUTE, MONTHS

THOUSAND, MILLION = 1_000, 1_000_000


class Tick(NamedTuple):
    at: int  # a value or a moment
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """One way to mark time: every so many of a unit."""

    seconds: int  # at most, but for a day of 25 hours
    moments: Callable[[datetime, int], Iterator[datetime]]  # from a moment on; the second: every
    every: int
    label: Callable[[datetime], str]


def value_ticks(low: float, high: float, most: int, unit: Unit = Unit.COUNT) -> list[Tick]:
    """At most `most` whole numbers in 1-2-5 steps from `low` to `high`, both included."""
    step = next(size for size in _steps() if high // size + -low // size + 1 <= most)
    values = range(int(-(-low // step)) * step, int(high // step) * step + 1, step)
    if unit is Unit.KILOBYTES:
        return [Tick(value, _size(value, high, step)) for value in values]
    if unit is Unit.THOUSANDTHS:
        return [Tick(value, _fraction(value)) for value in values]
    shortened = _unit(high, step)
    return [Tick(value, _short(value, shortened)) for value in values]


def whole(value: int) -> str:
    """`434,500`, with a true minus sign."""
    return f"{value:,}".replace("-", MINUS)


def _unit(high: float, step: int) -> int:
    """In what ticks are told that lie `step` apart: short, but none with three decimals."""
    if high >= MILLION and step % (MILLION // 100) == 0:
        return MILLION
    return THOUSAND if high >= 100 * THOUSAND and step % (THOUSAND // 10) == 0 else 1


def _short(value: int, unit: int) -> str:
    """`1.25M`, `480k`, `12,500`."""
    if unit == 1 or not value:
        return whole(value)
    return f"{_figures(value / unit)}{'M' if unit == MILLION else 'k'}"


def _size(value: int, high: float, step: int) -> str:
    """`1.25 GB`, `480 MB`, `12,345 kB`: all of an axis in one unit, and no two alike."""
    for unit, name in ((MILLION, "GB"), (THOUSAND, "MB")):
        if high >= unit and step % (unit // 100) == 0:
            return f"{_figures(value / unit)} {name}"
    return f"{whole(value)} kB"


def _fraction(value: int) -> str:
    """`3.5`, `1,250`: what is counted in thousandths."""
    return f"{value / 1000:,.3f}".rstrip("0").rstrip(".").replace("-", MINUS)


def _figures(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", MINUS)


def time_ticks(start: int, end: int, zone: tzinfo, most: int) -> list[Tick]:
    """At most `most` moments that a calendar or a clock in `zone` would name; maybe none."""
    worth_a_try = (step for step in _calendar() if (end - start) // step.seconds <= most)
    marked = (_marked(step, start, end, zone) for step in worth_a_try)
    return next(ticks for ticks in marked if len(ticks) <= most)


def _marked(step: Step, start: int, end: int, zone: tzinfo) -> list[Tick]:
    found: dict[int, str] = {}
    for moment in step.moments(datetime.fromtimestamp(start, zone), step.every):
        at = int(moment.timestamp())
        if at > end:
            break
        if at >= start:  # a clock that is set forward names the same moment twice
            found[at] = step.label(datetime.fromtimestamp(at, zone))
    return [Tick(at, label) for at, label in sorted(found.items())]


def _steps() -> Iterator[int]:
    for power in count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


def _calendar() -> Iterator[Step]:
    """Finest first."""
    for minutes in (1, 5, 15):
        yield Step(minutes * MINUTE, _clock, minutes, _hour)
    for hours in (1, 3, 6, 12):
        yield Step(hours * HOUR, _clock, hours * 60, _hour)
    for days in (1, 2):
        yield Step(days * DAY, _days, days, _day)
    for weeks in (1, 2):
        yield Step(weeks * 7 * DAY, _days, weeks * 7, _day)
    for months in (1, 2, 3, 6):
        yield Step(months * 31 * DAY, _months, months, _month)
    for years in _steps():
        yield Step(years * 366 * DAY, _months, years * 12, _month)


def _clock(start: datetime, minutes: int) -> Iterator[datetime]:
    for day in _days(start, 1):
        for minute in range(0, 24 * 60, minutes):
            yield day.replace(hour=minute // 60, minute=minute % 60)


def _days(start: datetime, every: int) -> Iterator[datetime]:
    """Midnights; every seventh is a Monday."""
    first = start.date().toordinal()
    first -= (first - 1) % every
    for ordinal in count(first, every):
        yield datetime.combine(date.fromordinal(ordinal), time.min, start.tzinfo)


def _months(start: datetime, every: int) -> Iterator[datetime]:
    """First days of months; every twelfth is a January."""
    first = start.year * 12 + start.month - 1
    for month in count(first - first % every, every):
        yield datetime(month // 12, month % 12 + 1, 1, tzinfo=start.tzinfo)


def _hour(moment: datetime) -> str:
    """`15:00`; midnight says which day begins."""
    return f"{moment:%H:%M}" if moment.hour or moment.minute else _day(moment)


def _day(moment: datetime) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1]}"


def _month(moment: datetime) -> str:
    """`Feb`; January says which year begins."""
    return str(moment.year) if moment.month == 1 else MONTHS[moment.month - 1]
