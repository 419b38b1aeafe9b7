"""The daily portfolio file: every repository of one day, as JSON."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.core.daily import ORDER, VERSION, Daily, Entry, More, document
from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.core.names import parse_repository, quoted
from bot.errors import InvalidName
from bot.exports.values import LARGEST, Moment, Unusable, check_count, read_moment, shown

SKEW = 3_600
"""Seconds by which the clock of another one that writes the same document may be ahead."""
_KEYS = frozenset({*ORDER, "lastSeen", "collectedAt"})
_NAMES = tuple((key, one.daily_json) for key, one in METRICS.items() if one.daily_json)


def read_snapshot(text: str, *, now: int) -> Iterator[ImportRow | RefusedRow]:
    """Read every repository; raises Unusable if the document as a whole will not do."""
    collected, repos = _read_document(text, now)
    for (name, entry), line in zip(repos.items(), _lines(text, repos), strict=True):
        try:
            yield _read_repository(line, name, entry, collected, now)
        except InvalidName as error:
            yield RefusedRow(line, str(error))
        except Unusable as error:
            yield RefusedRow(line, f"{quoted(name)}: {error}")


def _lines(text: str, names: Iterable[str]) -> Iterator[int]:
    """Where each name stands, which json does not tell; 1 from the first on that is escaped."""
    line, seen = 1, max(text.find('"repos"'), 0)
    line += text.count("\n", 0, seen)
    for name in names:
        at = text.find(f'"{name}"', seen) if line else -1
        line = line + text.count("\n", seen, at) if at >= 0 else 0
        seen = at
        yield line or 1


def read_daily(content: bytes, *, now: int) -> Daily:
    """Read a document that is to be merged with another and written back: all of it, or Unusable.

    Keys of an entry that nobody knows are kept as they are, for whoever wrote them.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable("it is not UTF-8 text.") from error
    latest = now + SKEW
    collected, repos = _read_document(text, latest)
    read = (_read_entry(name, entry, collected.at, latest) for name, entry in repos.items())
    return document(collected.at, read)


def _read_document(text: str, now: int) -> tuple[Moment, Mapping[str, object]]:
    parsed = _parse(text)
    _check_version(parsed.get("version"))
    collected = _read_moment("collectedAt", parsed.get("collectedAt"), now)
    repos = parsed.get("repos")
    if not isinstance(repos, dict):
        raise Unusable("it has no object `repos`; is this a daily portfolio file?")
    return collected, repos


def _read_entry(name: str, entry: object, collected: int, now: int) -> Entry:
    try:
        full_name, told = parse_repository(name), _object(entry)
        seen, said = told.get("lastSeen"), told.get("collectedAt")
        return Entry(
            full_name,
            {key: check_count(key, told[key]) for key in ORDER if told.get(key) is not None},
            None if seen is None else _read_moment("lastSeen", seen, now).at,
            min(
                collected, collected if said is None else _read_moment("collectedAt", said, now).at
            ),
            _more(told),
        )
    except InvalidName as error:
        raise Unusable(str(error)) from error
    except Unusable as error:
        raise Unusable(f"{quoted(name)}: {error}") from error


def _more(told: Mapping[str, Any]) -> More:
    if told.keys() <= _KEYS:  # as nearly all are
        return ()
    return tuple((key, json.dumps(told[key], indent=2)) for key in sorted(told.keys() - _KEYS))


def _object(entry: object) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise Unusable(f"it is {shown(entry)}, not an object with numbers.")
    return entry


def _parse(text: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unusable(f"its JSON is broken at {place} ({error.msg}); fetch it anew.") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 10,000 brackets
        raise Unusable(f"its JSON cannot be read ({error}); is this the right file?") from error
    if not isinstance(parsed, dict):
        raise Unusable("it is JSON, but not an object; is this a daily portfolio file?")
    return parsed


def _check_version(version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unusable(f"its `version` is {shown(version)} where {VERSION} is expected.")
    if version > VERSION:
        raise Unusable(
            f"its version is {shown(version)} and the last one known is {VERSION}; "
            "update Repo Radar."
        )


def _read_repository(line: int, name: str, entry: object, collected: Moment, now: int) -> ImportRow:
    full_name = parse_repository(name)
    told = _object(entry)
    seen = told.get("lastSeen")  # of a repository that vanished: its values are that old
    said = told.get("collectedAt")  # of one that an earlier document of the day told of
    if seen is not None:
        at, daily = _read_moment("lastSeen", seen, now)
    else:
        at, daily = collected if said is None else _read_moment("collectedAt", said, now)
    gone_at = None if seen is None else collected.at
    sample = Sample(at, _read_values(told), daily)
    return ImportRow(line, full_name, sample, collected.at, gone_at)


def _read_values(entry: Mapping[str, Any]) -> dict[str, int]:
    values: dict[str, int] = {}
    for key, name in _NAMES:
        value = entry.get(name)
        if type(value) is int and 0 <= value <= LARGEST:  # most are, and a call each takes as long
            values[key] = value
        elif value is not None:
            values[key] = check_count(name, value)
    if not values:
        raise Unusable(f"it has none of {', '.join(name for _, name in _NAMES)}.")
    return values


def _read_moment(field: str, value: object, now: int) -> Moment:
    if not isinstance(value, str):
        raise Unusable(f"{field} is {shown(value)}, not a time such as 2026-03-21T18:00:00Z.")
    return read_moment(field, value, now=now)
