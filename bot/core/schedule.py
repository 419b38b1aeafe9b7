"""When a digest is due: a wall-clock time in a zone, on some days, right across DST changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
NOON = time(12)
WEEKEND = (5, 6)  # date.weekday() of Saturday and Sunday


class Every(StrEnum):
    """On which days."""

    DAY = "day"
    WEEKDAYS = "weekdays"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    def holds(self, day: date) -> bool:
        if self is Every.DAY:
            return True
        if self is Every.WEEKDAYS:
            return day.weekday() not in WEEKEND
        return list(Every).index(self) - list(Every).index(Every.MONDAY) == day.weekday()


@dataclass(frozen=True, slots=True)
class Plan:
    """A digest's due times."""

    minute: int  # of the day, 0 to 1439, on the zone's clock
    every: Every
    zone: str  # IANA


def next_due(plan: Plan, after: int) -> int:
    """The first due time later than `after`."""
    return next(_later(plan, after))


def previous_due(plan: Plan, before: int) -> int:
    """The last due time earlier than `before`."""
    return next(due for due in _dues(plan, before, -1) if due < before)


def dues_between(plan: Plan, after: int, until: int) -> list[int]:
    """The due times later than `after`, up to and with `until`."""
    return list(takewhile(lambda due: due <= until, _later(plan, after)))


def _later(plan: Plan, after: int) -> Iterator[int]:
    return (due for due in _dues(plan, after, 1) if due > after)


def _dues(plan: Plan, around: int, step: int) -> Iterator[int]:
    """Due times in one direction, from a day on the other side of `around`."""
    zone = ZoneInfo(plan.zone)
    day = datetime.fromtimestamp(around, zone).date() - timedelta(days=step)
    while True:
        if plan.every.holds(day) and _exists(day, zone):
            yield _moment(day, plan.minute, zone)
        day += timedelta(days=step)


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone has that day: Samoa passed over 30 December 2011."""
    noon = datetime.combine(day, NOON, zone)
    return datetime.fromtimestamp(noon.timestamp(), zone).date() == day


def _moment(day: date, minute: int, zone: ZoneInfo) -> int:
    """A wall-clock minute as UTC seconds.

    One that exists twice is the first of the two; one that DST skips is the next that exists.
    """
    wall = datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001  # a wall's clock
    while True:
        at = int(wall.replace(tzinfo=zone).timestamp())
        if datetime.fromtimestamp(at, zone).replace(tzinfo=None, fold=0) == wall:
            return at
        wall += MINUTE
