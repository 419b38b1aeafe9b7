"""The daily portfolio file: what it says, how two of them become one, and its bytes."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from bot.core.coverage import DAY
from bot.core.delta import Status
from bot.core.metrics import FORKS, OPEN_ISSUES, OPEN_PRS, STARS, WATCHERS
from bot.core.rank import Movement

VERSION = 1
"""A reader refuses a higher one."""
NAMES = {
    metric.key: metric.daily_json or metric.key
    for metric in (STARS, FORKS, OPEN_ISSUES, OPEN_PRS, WATCHERS)
}
"""Metrics by key with the names they have in the file, in the order in which it has them."""
ORDER = tuple(NAMES.values())
SEPARATOR = ",\n      "


More = tuple[tuple[str, str], ...]
"""Keys of an entry that nobody here knows, with their JSON: whoever wrote them finds them again."""


class Entry(NamedTuple):
    """What a document says of one repository."""

    full_name: str
    values: Mapping[str, int]  # by the file's own names
    last_seen: int | None  # the values are that old: it vanished, or was not sampled since
    said_at: int  # `collectedAt` of the document that said it first
    more: More = ()  # what another program says besides


@dataclass(frozen=True, slots=True)
class Daily:
    """A document; its moment is that of its newest sample."""

    collected_at: int
    repos: Mapping[str, Entry]  # by name in lower case


def build(movements: Sequence[Movement], collected: int, *, by_day: bool = False) -> Daily:
    """Every repository's values at the end of the window; one that was never sampled is absent.

    Read back, every value stands for the file's moment, or its repository's `lastSeen`. So who was
    not seen for more than a day before has that too, and a metric older than that is unknown;
    `by_day`, as files tell it: who was not seen on that day (UTC), and earlier on it is said so.
    """
    entries = (_entry(one, collected, by_day=by_day) for one in movements)
    return document(collected, (entry for entry in entries if entry))


def document(collected: int, entries: Iterable[Entry]) -> Daily:
    """Each repository once: of two spellings of a name, what counts more in `merge`."""
    repos: dict[str, Entry] = {}
    for entry in entries:
        name = entry.full_name.lower()
        repos[name] = max(repos[name], entry, key=_weight) if name in repos else entry
    return Daily(collected, repos)


def merge(one: Daily, other: Daily) -> Daily:
    """The repositories of both, in whichever order they come.

    What was seen on a later day (UTC) counts more, then what was said later; nothing is left out.
    A repository that the later document does not have was seen last when the older one was made.
    """
    collected = max(one.collected_at, other.collected_at)
    merged = document(collected, (*one.repos.values(), *other.repos.values()))
    aged = {name: _aged(entry, collected) for name, entry in merged.repos.items()}
    return Daily(collected, aged)


def without(daily: Daily, names: Collection[str]) -> Daily:
    """All but these, in whichever spelling."""
    hidden = {name.lower() for name in names} & daily.repos.keys()
    if not hidden:
        return daily
    kept = {name: entry for name, entry in daily.repos.items() if name not in hidden}
    return Daily(daily.collected_at, kept)


def content(daily: Daily) -> bytes:
    """The canonical form, in which the same document has the same bytes.

    Indented by two, names sorted by code point, keys in the order of the format's description,
    UTF-8 with a final newline. An entry that an earlier document of the day said first keeps that
    one's moment as a `collectedAt` of its own, so that any order of merges ends the same; it is one
    of the unknown keys that readers pass over. Those of other programs stand last, by name.
    """
    # by hand: for indented text json has no fast part, and a portfolio may be large
    entries = sorted(daily.repos.values())
    collected, quote = daily.collected_at, json.JSONEncoder().encode
    listed = ",\n".join([_lines(entry, collected, quote) for entry in entries])
    repos = f"{{\n{listed}\n  }}" if listed else "{}"
    head = f'"collectedAt": "{written(daily.collected_at)}",\n  "version": {VERSION}'
    return f'{{\n  {head},\n  "repos": {repos}\n}}\n'.encode()


def daily_json(movements: Sequence[Movement], collected: int, *, by_day: bool = False) -> bytes:
    """The file of a portfolio as of one moment."""
    return content(build(movements, collected, by_day=by_day))


def day_of(moment: int) -> str:
    """The UTC day that a daily file is named after."""
    return written(moment)[:10]


def written(moment: int) -> str:
    """`2026-03-21T18:00:00Z`."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _entry(movement: Movement, collected: int, *, by_day: bool) -> Entry | None:
    """None where nothing is known that the format has a name for."""
    values: dict[str, int] = {}
    moments: set[int] = set()  # one, as a rule
    for delta in movement.deltas:  # two lists fewer: a portfolio may be large
        if delta.metric in NAMES:
            values[NAMES[delta.metric]] = delta.after
            moments.add(delta.after_at)
    if not values:
        return None
    seen_at = max(moments)
    if _is_old(min(moments), seen_at, by_day=by_day):
        kept = [one for one in movement.deltas if not _is_old(one.after_at, seen_at, by_day=by_day)]
        values = {NAMES[one.metric]: one.after for one in kept if one.metric in NAMES}
    gone = movement.deltas[0].status is Status.GONE  # all of them are, or none
    old = gone or _is_old(seen_at, collected, by_day=by_day)
    said_at = seen_at if by_day and not old else collected
    return Entry(movement.subject.full_name, values, seen_at if old else None, said_at)


def _is_old(seen: int, moment: int, *, by_day: bool) -> bool:
    return seen // DAY < moment // DAY if by_day else moment - seen > DAY


def _weight(entry: Entry) -> tuple[int, int, Sequence[int], bool, int, str, More]:
    """Of two entries of one repository the heavier one stays; it is a total order."""
    full_name, values, last_seen, said_at, more = entry
    seen = said_at if last_seen is None else last_seen
    counts = [values.get(name, -1) for name in NAMES.values()]
    return seen // DAY, said_at, counts, last_seen is not None, seen, full_name, more


def _aged(entry: Entry, collected: int) -> Entry:
    """What was said on an earlier day, and not since, is that old."""
    if entry.last_seen is not None or entry.said_at // DAY == collected // DAY:
        return entry
    return entry._replace(last_seen=entry.said_at)


def _lines(entry: Entry, collected: int, quote: Callable[[str], str]) -> str:
    full_name, values, last_seen, said_at, more = entry
    lines = [f'"{name}": {values[name]}' for name in ORDER if name in values]
    if last_seen is not None:
        lines.append(f'"lastSeen": "{written(last_seen)}"')
    if said_at != collected:
        lines.append(f'"collectedAt": "{written(said_at)}"')
    lines += [f"{quote(name)}: {told}".replace("\n", "\n      ") for name, told in more]
    told = f"{{\n      {SEPARATOR.join(lines)}\n    }}" if lines else "{}"
    return f"    {quote(full_name)}: {told}"
