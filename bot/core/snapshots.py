"""Weekly snapshots of any metric: what is taken, its one canonical form, and numbers out of it.

As a document they are `{"2025-44": {"flow_load": {"wip_count": 12, …, "timestamp": "…Z"}}}`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite

from bot.core.aggregation import Number
from bot.core.daily import written
from bot.core.names import quoted
from bot.core.weeks import Week, parse_week
from bot.errors import UsageError

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Data = Mapping[str, Json]
Snapshots = dict[Week, dict[str, Data]]
"""By week, then by the metric's name."""

TIMESTAMP = "timestamp"
VALUE = "value"
"""The key of a metric that is one number."""
LARGEST = 65_536
"""Bytes of one metric of one week."""
DEEPEST = 20
LONGEST_DIGITS = 300
NEVER = -(2**62)
"""Before any moment: of a metric that does not say when it was kept."""
_OPENING = re.compile(r'\s*\{\s*"[0-9]{4}-?[Ww]?[0-9]{2}"\s*:')
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")


class Missing(StrEnum):
    """What stands for a week without a value."""

    ZERO = "zero"
    NONE = "none"
    CARRY = "carry"  # the last one before it; unknown while there was none


class _Refused(Exception):
    """Why something cannot be kept; the sentence lacks its subject."""


def parse_name(text: str) -> str:
    """A metric's name; raises UsageError."""
    if not _NAME.fullmatch(text):
        raise UsageError(
            f"{quoted(text)} is no name of a metric: write up to 64 letters, digits, dots, hyphens"
            " and underscores, such as flow_load."
        )
    return text


def parse_data(text: str) -> Data:
    """What somebody typed: an object, or a number alone; raises UsageError."""
    value = parse_json(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {VALUE: value}
    if isinstance(value, Mapping):
        return value
    raise UsageError('A metric is a number or an object: write 42 or {"value": 42}.')


def parse_json(text: str) -> Json:
    """Raises UsageError for what is broken, and for what could not be kept as it is."""
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UsageError(f"The JSON is broken at {place} ({error.msg}): correct it.") from None
    except RecursionError:
        raise UsageError(f"The JSON is nested too deep: {DEEPEST} levels are taken.") from None
    except _Refused as why:
        raise UsageError(f"The JSON {why}.") from None
    return value


def stamped(data: Data, now: int) -> Data:
    """With the moment it was kept; one that is given stays. Raises UsageError for a wrong one."""
    if TIMESTAMP not in data:
        return {**data, TIMESTAMP: written(now)}
    if moment_of(data) == NEVER:
        raise UsageError(
            f"The {TIMESTAMP} is no moment: write it like 2025-10-31T17:00:00Z, or leave it out."
        )
    return data


def moment_of(data: Data) -> int:
    """When it says it was kept, in UTC seconds; NEVER where it does not say so readably."""
    told = data.get(TIMESTAMP)
    if not isinstance(told, str):
        return NEVER
    try:
        moment = datetime.fromisoformat(told)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp())
    except (ValueError, OverflowError):
        return NEVER


def canonical(data: Data) -> str:
    """The one form in which it is kept: keys sorted, nothing between; raises UsageError."""
    try:
        _check(data, DEEPEST)
        text = json.dumps(
            data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        octets = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("The metric holds half a character: save its text as UTF-8.") from None
    except _Refused as why:
        raise UsageError(f"The metric {why}.") from None
    if octets > LARGEST:
        raise UsageError(
            f"The metric has {octets:,} bytes: at most {LARGEST:,} are kept of one a week."
        )
    return text


def newer(one: Data, other: Data) -> Data:
    """Of two readings of one metric and week the later one; the order does not matter."""
    return max(one, other, key=lambda data: (moment_of(data), canonical(data)))


def merged(one: Snapshots, other: Snapshots) -> Snapshots:
    """All of both; where both have a metric of a week, the newer one. Any order, any number."""
    together = {week: dict(metrics) for week, metrics in one.items()}
    for week, metrics in other.items():
        _take(together, week, metrics)
    return together


def _take(snapshots: Snapshots, week: Week, metrics: Mapping[str, Data]) -> None:
    known = snapshots.setdefault(week, {})
    for name, data in metrics.items():
        known[name] = newer(known[name], data) if name in known else data


def document(snapshots: Snapshots) -> bytes:
    """The whole file: weeks and keys sorted, two spaces, a newline; the same gives the same."""
    labelled = {week.label: dict(metrics) for week, metrics in snapshots.items()}
    text = json.dumps(labelled, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def parse_document(text: str) -> Snapshots:
    """Read a file; raises UsageError, with the week and the metric, for the first thing wrong."""
    found = parse_json(text)
    if not isinstance(found, Mapping):
        raise UsageError("It is JSON, but no object of weeks: is this a metrics_snapshots.json?")
    snapshots: Snapshots = {}
    for label, metrics in found.items():
        week = parse_week(label)
        if not isinstance(metrics, Mapping):
            raise UsageError(f"Week {week.label} holds no metrics: write an object of them.")
        known = {parse_name(name): _data(week, name, data) for name, data in metrics.items()}
        _take(snapshots, week, known)  # 2025-44 and 2025-W44 may both stand there
    return snapshots


def looks_weekly(text: str) -> bool:
    """Is it a file of weekly metrics, whole or broken?"""
    return _OPENING.match(text) is not None


def numbers(data: Data) -> dict[str, Number]:
    """Every number in it by dotted key, `by_status.In Progress`; in lists by position."""
    return dict(_leaves(data, ""))


def aligned(
    known: Mapping[Week, Number], weeks: Sequence[Week], missing: Missing
) -> list[Number | None]:
    """One value a week asked for, in their order; they need not follow each other."""
    match missing:
        case Missing.ZERO:
            return [known.get(week, 0) for week in weeks]
        case Missing.NONE:
            return [known.get(week) for week in weeks]
        case Missing.CARRY:
            newest = {
                week: max((one for one in known if one <= week), default=week) for week in weeks
            }
            return [known.get(newest[week]) for week in weeks]


def values_of(weeks: Mapping[Week, Data], key: str) -> dict[Week, Number]:
    """One number of a metric, of the weeks that have it."""
    found = ((week, numbers(data).get(key)) for week, data in weeks.items())
    return {week: value for week, value in found if value is not None}


def _leaves(value: Json, key: str) -> Iterator[tuple[str, Number]]:
    if isinstance(value, Mapping):
        parts: Sequence[tuple[str, Json]] = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        parts = [(str(place), part) for place, part in enumerate(value)]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value
        return
    else:
        return
    for name, part in parts:
        yield from _leaves(part, f"{key}.{name}" if key else name)


def _data(week: Week, name: str, data: Json) -> Data:
    if not isinstance(data, Mapping):
        raise UsageError(f"{name} of week {week.label} is no object: write its values as one.")
    canonical(data)
    return data


def _check(value: object, depth: int) -> None:
    """Only what comes back as it went in."""
    if depth < 0:
        raise _Refused(f"is nested too deep: {DEEPEST} levels are taken")
    match value:
        case float() if not isfinite(value):
            raise _Refused("holds a number that JSON does not have (infinite or not a number)")
        case int() if abs(value) >= 10**LONGEST_DIGITS:
            raise _Refused(f"holds a number of more than {LONGEST_DIGITS} digits")
        case None | bool() | int() | float() | str():
            return
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise _Refused("has a key that is no text")
            for part in value.values():
                _check(part, depth - 1)
        case list():
            for part in value:
                _check(part, depth - 1)
        case _:
            raise _Refused(f"holds a {type(value).__name__}, which JSON does not have")


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Of a key that stands twice one value would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        twice = next(key for key, times in counted.items() if times > 1)
        raise _Refused(f"has the key {quoted(twice)} twice")
    return found


def _no_number(name: str) -> Json:
    raise _Refused(f"holds {name}, which is no number")


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_DIGITS:
        raise _Refused(f"holds a number of more than {LONGEST_DIGITS} digits")
    return int(digits)
