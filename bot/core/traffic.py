"""Traffic: counters of whole UTC days that GitHub forgets after 14, and what they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.coverage import DAY, NOON
from bot.core.window import Window

REMEMBERED = 14
"""Days, today's among them, for which GitHub answers."""
TOP = 10
"""Referrers and paths kept of one day's answer."""


class Visit(StrEnum):
    """What GitHub counts by day, each with its uniques."""

    VIEWS = "views"
    CLONES = "clones"


class Ranking(StrEnum):
    """What GitHub ranks over its last 14 days."""

    REFERRERS = "referrers"
    PATHS = "paths"


@dataclass(frozen=True, slots=True)
class Counter:
    """One number of a day; of several days it is their sum."""

    key: str
    label: str
    visit: Visit
    unique: bool = False  # who comes on two days counts twice in a sum


COUNTERS = (
    Counter("views", "Views", Visit.VIEWS),
    Counter("unique_visitors", "Visitors", Visit.VIEWS, unique=True),
    Counter("clones", "Clones", Visit.CLONES),
    Counter("unique_cloners", "Cloners", Visit.CLONES, unique=True),
)
"""Every counter, in the order in which people see them."""


@dataclass(frozen=True, slots=True)
class Day:
    """What is known of one kind of visit on one UTC day."""

    total: int
    uniques: int
    settled: bool  # read when the day was over; else it may have grown since


Days = Mapping[int, Day]
"""By day, counted from 1970 in UTC."""


@dataclass(frozen=True, slots=True)
class Popular:
    """A referrer or a path, in words from outside."""

    name: str
    total: int  # views in the 14 days
    uniques: int
    title: str = ""  # a page's; referrers have none


@dataclass(frozen=True, slots=True)
class Capture:
    """What GitHub answered for one repository on one day; what could not be read is absent."""

    on: int  # the UTC day on which it was asked
    days: Mapping[Visit, Days]
    popular: Mapping[Ranking, Sequence[Popular]]

    @property
    def complete(self) -> bool:
        return len(self.days) == len(Visit) and len(self.popular) == len(Ranking)

    @property
    def empty(self) -> bool:
        return not self.days and not self.popular


@dataclass(frozen=True, slots=True)
class Tally:
    """One counter over whole days; None is unknown, never zero."""

    counter: Counter
    total: int | None  # of the days known
    days: int
    known_days: int
    before: int | None  # in as many days before them; only where all of both are known

    @property
    def change(self) -> int | None:
        if self.total is None or self.before is None:
            return None
        return self.total - self.before

    @property
    def percent(self) -> float | None:
        if self.change is None or not self.before:
            return None
        return self.change / self.before * 100


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """The traffic of one repository over the whole days of a window."""

    first_day: int
    last_day: int
    tallies: tuple[Tally, ...]
    popular: Mapping[Ranking, Sequence[Popular]]  # as read last by the window's end


def merged(one: Day, other: Day) -> Day:
    """The merge rule of every counter: the maximum ever seen of a day, which only grows."""
    return Day(
        max(one.total, other.total),
        max(one.uniques, other.uniques),
        settled=one.settled or other.settled,
    )


def merge(known: Days, read: Days) -> dict[int, Day]:
    """What a reading adds to what is known: the days that are new or differ now."""
    now = {day: merged(known.get(day, one), one) for day, one in read.items()}
    return {day: one for day, one in now.items() if known.get(day) != one}


def days_read(entries: Iterable[tuple[int, int, int]], on: int) -> dict[int, Day]:
    """The days of one answer, asked for on the day `on`, from its (day, total, uniques).

    GitHub leaves out days on which nobody came: they are zero where its memory surely reaches.
    What it cannot know is dropped: days to come, and days long ago.
    """
    # not documented, but what its answers are like: others fill the same gaps with zeros, as
    # https://github.com/TheCodeTraveler/GitTrends/pull/509 does
    days = {day: Day(0, 0, settled=True) for day in range(on - REMEMBERED + 1, on)}
    for day, total, uniques in entries:
        if on - REMEMBERED <= day <= on:
            read = Day(total, uniques, settled=day < on)
            days[day] = merged(days.get(day, read), read)
    return days


def whole_days(window: Window) -> range:
    """The UTC days that a window is about, whole ones only; none where it is shorter than a day.

    A window of days has the UTC days of the same dates, whose noon it holds. One that rolls has
    those that ended in it: seven for `7d`, whatever the time. A day that goes on is not whole.
    """
    if window.starts_with_day:
        first = -((NOON - window.start) // DAY)
    elif window.end - window.start < DAY:
        return range(0)
    else:
        first = window.start // DAY
    last = (window.end - NOON) // DAY if window.ends_with_day else window.end // DAY - 1
    return range(first, last + 1)


def tally(counter: Counter, days: Days, asked: range) -> Tally:
    """Add up the days that are known, and compare with as many before where none is missing."""
    length = len(asked)
    known = _known(counter, days, asked)
    before = _known(counter, days, range(asked.start - length, asked.start))
    comparable = length == len(known) == len(before)
    return Tally(
        counter,
        total=sum(known) if known else None,
        days=length,
        known_days=len(known),
        before=sum(before) if comparable else None,
    )


def _known(counter: Counter, days: Days, asked: range) -> list[int]:
    settled = [days[day] for day in asked if day in days and days[day].settled]
    return [day.uniques if counter.unique else day.total for day in settled]
