"""ISO weeks: `2025-44` and `2025-W44` are one; a year has 52 or 53, and its ends need not agree."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from bot.core.names import quoted
from bot.errors import UsageError

EARLIEST, LATEST = 1970, 9998
"""Years in which every week begins and ends within what Python can count."""
_WRITTEN = re.compile(r"([0-9]{4})-?[Ww]([0-9]{2})|([0-9]{4})-([0-9]{2})")
_DAYS = timedelta(days=7)


class Week(NamedTuple):
    """Compared, it is in the order of time."""

    year: int  # of the ISO calendar: 2027-01-01 is in 2026-53
    number: int

    @property
    def label(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def monday(self) -> date:
        return date.fromisocalendar(self.year, self.number, 1)

    def later(self, weeks: int) -> "Week":
        """So many weeks after it; before it where that is negative."""
        return week_on(self.monday + weeks * _DAYS)

    def first(self, zone: tzinfo = UTC) -> int:
        """Its first moment, in UTC seconds."""
        return int(datetime.combine(self.monday, time.min, zone).timestamp())

    def last(self, zone: tzinfo = UTC) -> int:
        """Its last moment: one second before the next one's first."""
        following = datetime.combine(self.monday + _DAYS, time.min, zone)
        return int(following.timestamp()) - 1


def week_on(day: date) -> Week:
    year, number, _ = day.isocalendar()
    return Week(year, number)


def week_of(moment: int, zone: tzinfo = UTC) -> Week:
    return week_on(datetime.fromtimestamp(moment, zone).date())


def parse_week(text: str) -> Week:
    """Read a label; raises UsageError for what is none, or is not in the calendar."""
    parts = _WRITTEN.fullmatch(text.strip())
    if parts is None:
        raise UsageError(f"{quoted(text)} is no week: write it like 2025-44 or 2025-W44.")
    year, number = int(parts[1] or parts[3]), int(parts[2] or parts[4])
    try:
        date.fromisocalendar(year, number, 1)
    except ValueError:
        number = 0
    if not number or not EARLIEST <= year <= LATEST:
        raise UsageError(
            f"There is no week {quoted(text)} in the ISO calendar: correct its number or its year."
        )
    return Week(year, number)


def weeks_to(newest: Week, number: int) -> list[Week]:
    """So many weeks in a row, up to this one."""
    return [newest.later(back) for back in range(1 - number, 1)]
