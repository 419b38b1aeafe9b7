"""From when to when: reads the windows people type (`7d`, `yesterday`, `2026-W18`) and names them.

A day begins with the first valid moment of its local date and ends one second before the next one
begins, so neighbouring days never overlap and never leave a gap, whatever the clocks do.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from bot.errors import InvalidWindow

SUGGESTIONS: tuple[str, ...] = ("24h", "7d", "30d", "90d", "1y", "today", "yesterday")
"""What autocomplete offers before anything is typed."""

_FORMS = (
    "24h, 7d, 2w, 3mo, 1y, today, yesterday, 2026-05-01, 2026-W18, 2026-05, 2026 "
    "or 2026-05-01..2026-06-01"
)
_EARLIEST = date(2008, 1, 1)  # GitHub opened in 2008: nothing was counted before
_BEFORE_GITHUB = f"reaches back before {_EARLIEST}, when GitHub opened: ask for a later start"
_LONGEST_QUOTE = 40  # characters of what was typed


@dataclass(frozen=True, slots=True)
class _Unit:
    noun: str
    seconds: int = 0
    months: int = 0  # by calendar: no number of seconds is a month


_UNITS = {
    "h": _Unit("hour", seconds=3_600),
    "d": _Unit("day", seconds=86_400),
    "w": _Unit("week", seconds=604_800),
    "mo": _Unit("month", months=1),
    "y": _Unit("year", months=12),
}
_ROLLING = re.compile(r"([0-9]{1,20})(h|d|w|mo|y)")  # int() refuses to read thousands of digits
_PERIOD = re.compile(
    r"(?P<year>[0-9]{4})"
    r"|(?P<month>[0-9]{4}-[0-9]{2})"
    r"|(?P<week>[0-9]{4}-W[0-9]{2})"
    r"|(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # the calendar module's names change with the computer's language


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in UTC seconds; `text` is what was asked for, normalised.

    `start` equals `end` only when the day asked for began this very second.
    """

    start: int
    end: int
    text: str
    starts_with_day: bool  # it was asked for from the first moment of a day (in that zone)
    ends_with_day: bool  # the end is the last moment of a day; False when the end is now


class Day(NamedTuple):
    """One day of a window, in UTC seconds."""

    date: date
    first: int  # its first moment, even where the window starts later
    last: int  # its last moment, or the window's end


class _Refused(Exception):
    """Why a text is no window; the sentence lacks only its subject, what was typed."""


def parse_window(text: str, *, now: int, zone: tzinfo) -> Window:
    """Read a window as people type it; its days and months are the zone's.

    Reading the `text` of the answer again gives the same answer.
    """
    asked = "..".join(part.strip() for part in text.lower().replace("-w", "-W").split(".."))
    try:
        if rolling := _ROLLING.fullmatch(asked):
            return _until_now(int(rolling[1]), rolling[2], now, zone)
        return _whole_days(asked, now, zone)
    except _Refused as why:
        raise InvalidWindow(f'"{_quotable(text)}" {why}.') from None


def between(start: int, end: int) -> Window:
    """Exactly from one moment to the other."""
    return Window(start, end, "", starts_with_day=False, ends_with_day=False)


def days(window: Window, *, zone: tzinfo) -> Iterator[Day]:
    """Every day of the zone that a window touches, oldest first."""
    day, last = _local_day(window.start, zone), _local_day(window.end, zone)
    while day <= last:
        first, following = (_first_moment(one, zone) for one in (day, day + timedelta(days=1)))
        if first < following:  # Samoa skipped a day
            yield Day(day, first, min(following - 1, window.end))
        day += timedelta(days=1)


def describe(window: Window, *, zone: tzinfo) -> str:
    """Name a window for a title: "last 7 days", "May 2026", "1 May to 1 June 2026"."""
    if window.text in ("today", "yesterday"):
        return window.text
    if rolling := _ROLLING.fullmatch(window.text):
        count, noun = int(rolling[1]), _UNITS[rolling[2]].noun
        return f"last {noun}" if count == 1 else f"last {count} {noun}s"
    period = _PERIOD.fullmatch(window.text)
    match period and period.lastgroup:
        case "year":
            return window.text
        case "month":
            return f"{_MONTHS[int(window.text[-2:]) - 1]} {window.text[:4]}"
        case "week":
            return f"week {int(window.text[-2:])} of {window.text[:4]}"
    return _describe_days(window, zone)


def _describe_days(window: Window, zone: tzinfo) -> str:
    first, last = _local_day(window.start, zone), _local_day(window.end, zone)
    if window.starts_with_day and not window.ends_with_day:
        return f"since {_in_words(first)}"
    if first == last:
        return _in_words(first)
    beginning = _in_words(first).removesuffix(f" {last.year}")  # the year once, where it is shared
    return f"{beginning} to {_in_words(last)}"


def _until_now(count: int, unit: str, now: int, zone: tzinfo) -> Window:
    if count == 0:
        raise _Refused(f"has no length: ask for 1{unit} or more")
    months, seconds = _UNITS[unit].months, _UNITS[unit].seconds
    start = _months_before(now, count * months, zone) if months else now - count * seconds
    if start < _first_moment(_EARLIEST, zone):
        raise _Refused(_BEFORE_GITHUB)
    return Window(start, now, f"{count}{unit}", starts_with_day=False, ends_with_day=False)


def _whole_days(asked: str, now: int, zone: tzinfo) -> Window:
    today = _local_day(now, zone)
    first, last = _days_asked(asked, today)
    if first < _EARLIEST:
        raise _Refused(_BEFORE_GITHUB)
    if first > today:
        raise _Refused(f"starts in the future: ask for a start up to today, {today}")
    if last < first:
        raise _Refused("ends before it starts: write the earlier date first")
    start = _first_moment(first, zone)
    if last >= today:
        return Window(start, now, asked, starts_with_day=True, ends_with_day=False)
    end = _first_moment(last + timedelta(days=1), zone) - 1
    if end < start:  # Samoa went from 29 to 31 December 2011
        raise _Refused("is a day that the clocks of this time zone skipped: ask for the next one")
    return Window(start, end, asked, starts_with_day=True, ends_with_day=True)


def _days_asked(asked: str, today: date) -> tuple[date, date]:
    """Give the first and the last day; both may still lie in the future."""
    if asked == "today":
        return today, today
    if asked == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    opening, dots, closing = asked.partition("..")
    first, last = _days_of(opening)
    if dots:
        return first, _days_of(closing)[1]
    return first, today if first == last else last  # a day alone means "since"


def _days_of(period: str) -> tuple[date, date]:
    """Give the first and the last day of a year, a month, an ISO week or a day."""
    shape = _PERIOD.fullmatch(period)
    if shape is None:
        raise _Refused(f"is not a window of time: write it like {_FORMS}")
    try:
        match shape.lastgroup:
            case "year":
                return date(int(period), 1, 1), date(int(period), 12, 31)
            case "month":
                first = date.fromisoformat(f"{period}-01")
                return first, first.replace(day=monthrange(first.year, first.month)[1])
            case "week":
                monday = date.fromisoformat(period)
                return monday, monday + timedelta(days=6)
            case _:
                return (day := date.fromisoformat(period)), day
    except (ValueError, OverflowError):  # the last week of 9999 ends beyond what Python can count
        raise _Refused("is not in the calendar: correct its day, week or month") from None


def _months_before(now: int, months: int, zone: tzinfo) -> int:
    """Go back by calendar at the same time of day; 31 May less three months is 28 February."""
    then = datetime.fromtimestamp(now, zone)
    year, month = divmod(then.year * 12 + then.month - 1 - months, 12)
    year, month = max(year, _EARLIEST.year - 1), month + 1  # further back is refused all the same
    day = min(then.day, monthrange(year, month)[1])
    return int(then.replace(year=year, month=month, day=day, fold=0).timestamp())


def _first_moment(day: date, zone: tzinfo) -> int:
    """Of two midnights take the first, for a skipped one the moment of the skip (PEP 495)."""
    return int(datetime.combine(day, time.min, zone).timestamp())


def _local_day(moment: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(moment, zone).date()


def _in_words(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _quotable(typed: str) -> str:
    """Keep to one short line, whatever was pasted."""
    shown = "".join(letter if letter.isprintable() else " " for letter in typed.strip())
    return shown if len(shown) <= _LONGEST_QUOTE else f"{shown[: _LONGEST_QUOTE - 1]}…"
