"""The daily portfolio file: every repository of one day, as JSON."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.export import DAILY_VERSION as VERSION
from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.core.names import parse_repository, quoted
from bot.errors import InvalidName
from bot.exports.values import Moment, Unusable, check_count, read_moment, shown

_LINE = 1  # JSON has no rows; the repository's name tells where
_NAMES = tuple((key, one.daily_json) for key, one in METRICS.items() if one.daily_json)


def read_snapshot(text: str, *, now: int) -> Iterator[ImportRow | RefusedRow]:
    """Read every repository; raises Unusable if the document as a whole will not do."""
    document = _parse(text)
    _check_version(document.get("version"))
    collected = _read_moment("collectedAt", document.get("collectedAt"), now)
    repos = document.get("repos")
    if not isinstance(repos, dict):
        raise Unusable("it has no object `repos`; is this a daily portfolio file?")
    for name, entry in repos.items():
        try:
            yield _read_repository(name, entry, collected, now)
        except InvalidName as error:
            yield RefusedRow(_LINE, str(error))
        except Unusable as error:
            yield RefusedRow(_LINE, f"{quoted(name)}: {error}")


def _parse(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Unusable(f"its JSON is broken at {place} ({error.msg}); fetch it anew.") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 10,000 brackets
        raise Unusable(f"its JSON cannot be read ({error}); is this the right file?") from error
    if not isinstance(document, dict):
        raise Unusable("it is JSON, but not an object; is this a daily portfolio file?")
    return document


def _check_version(version: object) -> None:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Unusable(f"its `version` is {shown(version)} where {VERSION} is expected.")
    if version > VERSION:
        raise Unusable(
            f"its version is {shown(version)} and the last one known is {VERSION}; "
            "update Repo Radar."
        )


def _read_repository(name: str, entry: object, collected: Moment, now: int) -> ImportRow:
    full_name = parse_repository(name)
    if not isinstance(entry, dict):
        raise Unusable(f"it is {shown(entry)}, not an object with numbers.")
    seen = entry.get("lastSeen")  # of a repository that vanished: its values are that old
    at, daily = collected if seen is None else _read_moment("lastSeen", seen, now)
    gone_at = None if seen is None else collected.at
    sample = Sample(at, _read_values(entry), daily)
    return ImportRow(_LINE, full_name, sample, collected.at, gone_at)


def _read_values(entry: Mapping[str, Any]) -> dict[str, int]:
    values: dict[str, int] = {}
    for key, name in _NAMES:
        value = entry.get(name)
        if value is not None:
            values[key] = check_count(name, value)
    if not values:
        raise Unusable(f"it has none of {', '.join(name for _, name in _NAMES)}.")
    return values


def _read_moment(field: str, value: object, now: int) -> Moment:
    if not isinstance(value, str):
        raise Unusable(f"{field} is {shown(value)}, not a time such as 2026-03-21T18:00:00Z.")
    return read_moment(field, value, now=now)
