"""What single values of a file mean, whatever its format: moments and counts."""

import csv
import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

from bot.core.names import parse_repository, quoted
from bot.errors import InvalidName

_EARLIEST = int(datetime(2008, 1, 1, tzinfo=UTC).timestamp())  # GitHub opened in that year
LARGEST = 2**63 - 1  # what the store can hold
_NOON = 12 * 3600
_DAY_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?P<time>[T ]\d{2}:\d{2}.*)?", re.ASCII)


DAYS_KEPT, NAMES_KEPT = 1_000, 20_000
"""What a reader of rows remembers having read: they come again and again."""
_MOST_DIGITS = 19  # of a number that fits 64 bits


class Unusable(Exception):
    """Something in a file cannot be used; `str(error)` tells why and ends with a full stop."""


class Moment(NamedTuple):
    at: int
    daily: bool  # only a day was written; `at` is 12:00 UTC of it


def read_moment(field: str, text: str, *, now: int) -> Moment:
    """Read a day, or a time with its zone; `field` is what the file calls it."""
    written = f"{field} is {quoted(text)}"
    form = _DAY_AND_TIME.fullmatch(text)
    if form is None:
        raise Unusable(f"{written}: write a day as 2026-03-21 or a time as 2026-03-21T18:00:00Z.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unusable(f"{written}, which no calendar or clock shows.") from error
    daily = form["time"] is None
    if daily:
        moment = moment.replace(tzinfo=UTC)
    elif moment.tzinfo is None:
        raise Unusable(f"{written}, a time without a zone: add Z for UTC.")
    at = int(moment.timestamp())
    if at > now:
        raise Unusable(f"{written}, which is in the future.")
    if daily and at + _NOON > now:
        raise Unusable(f"{written}, which stands for 12:00 UTC of today: import it after that.")
    if at < _EARLIEST:
        raise Unusable(f"{written}, which is before 2008-01-01, when there was no GitHub.")
    return Moment(at + _NOON if daily else at, daily)


def cells_of(line: str) -> list[str]:
    """A line at a time: one stray quote must not swallow the rows after it."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise Unusable(f"This line is no CSV: {error}; check its quotes.") from error


def read_name(cell: str) -> str:
    try:
        return parse_repository(cell)
    except InvalidName as error:
        raise Unusable(f"full_name: {error}") from error


def read_count(field: str, cell: str) -> int:
    # Digits only: int() would also take 1_000 and +5, and refuse 5,000 digits in its own words.
    plain = cell.isascii() and cell.isdecimal() and len(cell) <= _MOST_DIGITS
    return check_count(field, int(cell) if plain else cell)


def shown(value: object) -> str:
    """Put a foreign value into a sentence; a list or an object is only named, it may be long."""
    match value:
        case None:
            return "missing"
        case list():
            return "a list"
        case dict():
            return "an object"
    return quoted(value if isinstance(value, str) else json.dumps(value))


def check_count(field: str, value: object) -> int:
    """Return a value that can be a count as it is; `field` is what the file calls it."""
    if type(value) is int and 0 <= value <= LARGEST:  # True is none
        return value
    raise Unusable(f"{field} is {shown(value)}, not a whole number from 0 to {LARGEST}.")
