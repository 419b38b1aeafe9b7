"""Fills a store with an invented past as daily runs would leave it, at a fraction of their time.

Row for row what collecting writes (tests/benchmarks/test_filling.py compares them), day after day
in its order: so the pages of the file are as full as those of a store that grew.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.invented import KEYS, Invented
from bot.core.metrics import METRICS
from bot.core.models import RunStatus, Trigger
from bot.core.rank import weigh
from bot.storage.database import open_database
from bot.storage.subjects import STILL

DAY = 86_400
RUNS_KEPT = 90
PAGE = 50
"""Repositories a request: so many points and requests a run is said to have taken."""

Watcher = Callable[[int, Invented], None]
"""Shown every day of the past, with how many days it is ago."""


@dataclass(frozen=True, slots=True)
class Past:
    """So many daily runs, the last at `ends`."""

    days: int
    ends: int

    @property
    def begins(self) -> int:
        return self.ends - (self.days - 1) * DAY

    def moments(self) -> Iterable[tuple[int, int]]:
        """Each day's run, oldest first, with how many days it is ago."""
        return ((ago, self.ends - ago * DAY) for ago in reversed(range(self.days)))


async def fill(
    path: Path, invented: Invented, past: Past, watch: Watcher = lambda _ago, _all: None
) -> None:
    """Write the whole past into a new store; the operator watches all of it."""
    async with open_database(path):
        pass  # made and migrated
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-400000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        _introduce(connection, invented, past)
        since, runs = _live(connection, invented, past, watch)
        _sum_up(connection, invented, since, past)
        connection.executemany(
            "INSERT INTO runs (id, cause, status, started_at, finished_at, sampled, changed,"
            " failed, requests, points, wanted) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
            runs[-RUNS_KEPT:],
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")


def _introduce(connection: sqlite3.Connection, invented: Invented, past: Past) -> None:
    numbered = list(enumerate(invented.names))
    connection.executemany(
        "INSERT INTO subjects (id, full_name, visibility, github_id, node_id, archived)"
        " VALUES (?, ?, 'public', ?, ?, 0)",
        ((n + 1, name, invented.github_id(n), invented.node_id(n)) for n, name in numbered),
    )
    connection.executemany(
        "INSERT INTO subject_names (name, until, since, subject_id) VALUES (?, ?, ?, ?)",
        ((name.lower(), STILL, past.begins, n + 1) for n, name in numbered),
    )
    connection.executemany(
        "INSERT INTO watches (guild_id, watch_group, subject_id) VALUES (0, 'all', ?)",
        ((n + 1,) for n, _ in numbered),
    )
    connection.executemany("INSERT INTO metrics (id, key) VALUES (?, ?)", enumerate(KEYS))
    connection.execute(
        "INSERT INTO metric_sets (id, metrics, daily, imported) VALUES (0, ?, 0, 0)",
        (",".join(sorted(KEYS)),),
    )


Since = list[list[int]]
"""By repository and metric: from when on its value is what it is today."""
Row = tuple[object, ...]


def _live(
    connection: sqlite3.Connection, invented: Invented, past: Past, watch: Watcher
) -> tuple[Since, list[Row]]:
    """Write every day's changes; returns since when each value stands, and the runs."""
    since: Since = [[past.begins] * len(KEYS) for _ in invented.names]
    runs: list[Row] = []
    for ago, at in past.moments():
        changes = invented.pass_a_day() if runs else _all(invented)
        connection.executemany(
            "INSERT INTO observations (subject_id, metric_id, at, value) VALUES (?, ?, ?, ?)",
            ((number + 1, metric, at, value) for number, metric, value in changes),
        )
        for number, metric, _ in changes:
            since[number][metric] = at
        changed = len({number for number, _, _ in changes}) if runs else 0  # new is not changed
        runs.append(_run(at, len(invented), changed))
        watch(ago, invented)
    return since, runs


def _run(at: int, sampled: int, changed: int) -> Row:
    requests = -(-sampled // PAGE)
    figures = (sampled, changed, requests, requests * 3, sampled)
    return (f"{at:032x}", Trigger.SCHEDULE, RunStatus.OK, at, at, *figures)


def _all(invented: Invented) -> list[tuple[int, int, int]]:
    return [
        (number, metric, value)
        for number, values in enumerate(invented.values)
        for metric, value in enumerate(values)
    ]


def _sum_up(connection: sqlite3.Connection, invented: Invented, since: Since, past: Past) -> None:
    connection.executemany(
        "INSERT INTO latest (subject_id, metric_id, value, changed_at) VALUES (?, ?, ?, ?)",
        (
            (number + 1, metric, value, since[number][metric])
            for number, metric, value in _all(invented)
        ),
    )
    connection.executemany(
        "INSERT INTO coverage (subject_id, metric_set_id, since, until) VALUES (?, 0, ?, ?)",
        ((number + 1, past.begins, past.ends) for number in range(len(invented))),
    )
    connection.executemany(
        "INSERT INTO last_changes (subject_id, since, until, before_at, changed_at, most, total,"
        " stars) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        _last_changes(connection, len(invented), past),
    )


# Of each number that ever changed its newest change, and the moment of the one before.
NEWEST_CHANGES = """
SELECT l.subject_id, l.metric_id, l.changed_at, l.value - o.value, o.at
FROM latest l JOIN observations o ON o.subject_id = l.subject_id AND o.metric_id = l.metric_id
 AND o.at = (SELECT max(p.at) FROM observations p WHERE p.subject_id = l.subject_id
  AND p.metric_id = l.metric_id AND p.at < l.changed_at)
"""


def _last_changes(connection: sqlite3.Connection, size: int, past: Past) -> Iterable[Row]:
    """Kept from the second run on: the first one brings what is new."""
    since = past.begins + DAY
    known: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    for subject_id, metric, changed_at, change, before_at in connection.execute(NEWEST_CHANGES):
        if METRICS[KEYS[metric]].ranks_any:
            known[subject_id].append((changed_at, metric, change, before_at))
    for subject_id in range(1, size + 1) if past.days > 1 else ():
        steps = known[subject_id]
        newest = max((at for at, *_ in steps), default=since)
        last = {metric: change for at, metric, change, _ in steps if at == newest}
        earlier = [before if at == newest else at for at, _, _, before in steps]
        weight = (*weigh([*last.values()]), last.get(0, 0)) if last else (0, 0, 0)
        yield (subject_id, since, past.ends, max([since, *earlier]), newest, *weight)
