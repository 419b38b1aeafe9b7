"""A run written down: how long it takes, how long the event loop and a /diff wait meanwhile."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC

from benchmarks.figures import Figure
from benchmarks.filling import DAY
from benchmarks.invented import Change, Invented
from benchmarks.neighbours import Told
from benchmarks.portfolios import Answers, Clock, Watched, copied, growing, next_day, pages_of
from benchmarks.ticking import ticking
from benchmarks.timing import TIMES, Spread, p99, spread
from bot.app import App
from bot.core.models import RunStatus, Trigger
from bot.flows.portfolio import OPERATOR

BETWEEN_DIFFS = 0.010
"""Seconds from one answer to the next question: somebody is always asking."""
PATIENCE = 10
"""Seconds after which whoever has no answer gets none."""


@dataclass(frozen=True, slots=True)
class Run:
    """All of it in ms."""

    took: float
    lags: Sequence[float]
    diffs: Sequence[float]


@dataclass(slots=True)
class Desk:
    """What GitHub says on the days after the past, one after the other."""

    watched: Watched
    github: Answers
    clock: Clock
    day: int = 0

    def next_day(self) -> None:
        self.day += 1
        self.clock.at = next_day(self.watched, self.day)
        self.watched.invented.pass_a_day()
        self.github.pages = pages_of(self.watched.invented, self.clock.at)
        gc.collect()
        gc.freeze()  # what is ours is nobody's lag


async def measure_writes(watched: Watched, peers: Mapping[str, Told]) -> list[Figure]:
    """Runs of the days that follow the past, each with a day's changes."""
    raw, written = (
        replace(watched, database=copied(watched.database, watched.database.with_name(name)))
        for name in ("raw.db", "written.db")
    )
    limit = _raw_runs(raw)
    desk = Desk(watched, Answers(), Clock(watched.now))
    async with written.opened(desk.github, desk.clock) as app:
        await _alone(app, desk)  # warms up
        alone, waits = zip(*[await _alone(app, desk) for _ in range(TIMES)], strict=True)
        runs = [await _beside_people(app, desk) for _ in range(TIMES)]
    theirs = [told.peer(name, "write") for name, told in peers.items()]
    return [
        Figure(
            "run", "writing one run", watched.size, "ms", spread(alone),
            growing(watched.size, 150), limit=limit, limit_is="raw SQL in one transaction",
            peers=theirs,
        ),
        Figure(
            "run_next", "until the next may be written: it is moved into the file", watched.size,
            "ms", spread(waits),
        ),
        *_beside(watched.size, runs),
    ]  # fmt: skip


def _beside(size: int, runs: Sequence[Run]) -> list[Figure]:
    """What people who ask meanwhile notice of a run, and it of them."""
    return [
        Figure(
            "run_busy", "writing one while people ask", size, "ms",
            spread([run.took for run in runs]),
        ),
        Figure(
            "run_lag", "event-loop lag while it is written, p99", size, "ms",
            spread([p99(run.lags) for run in runs]), 15,
        ),
        Figure(
            "run_block", "the same, longest", size, "ms",
            spread([max(run.lags) for run in runs]),
        ),
        Figure(
            "run_diff", "/diff while it is written, p99", size, "ms",
            spread([p99(run.diffs) for run in runs]), 15,
        ),
    ]  # fmt: skip


async def _alone(app: App, desk: Desk) -> tuple[float, float]:
    """How long it takes, and how long whoever writes next waits."""
    desk.next_day()
    began = time.perf_counter()
    await _written(app, desk)
    took = time.perf_counter() - began
    await app.store.watches.name(OPERATOR, "nobody's", [])
    return took * 1_000, (time.perf_counter() - began - took) * 1_000


async def _beside_people(app: App, desk: Desk) -> Run:
    desk.next_day()
    diffs: list[float] = []
    answered = asyncio.Event()
    async with ticking(_ask(app, desk.watched, diffs, answered)) as lags:
        began = time.perf_counter()
        await _written(app, desk)
        took = (time.perf_counter() - began) * 1_000
        async with asyncio.timeout(PATIENCE):
            await answered.wait()  # a small run ends before what was asked first is answered
    return Run(took, lags, diffs)


async def _written(app: App, desk: Desk) -> None:
    report = await app.sync.everything(Trigger.CLI)
    if report.run.status is not RunStatus.OK or report.run.sampled != desk.watched.size:
        raise RuntimeError(f"the run was not written: {report.run}")


async def _ask(app: App, watched: Watched, diffs: list[float], answered: asyncio.Event) -> None:
    names = watched.invented.names
    while True:
        began = time.perf_counter()
        await app.diff.report(OPERATOR, names[len(diffs) * 7919 % len(names)], "7d", UTC)
        diffs.append((time.perf_counter() - began) * 1_000)
        answered.set()
        await asyncio.sleep(BETWEEN_DIFFS)


def _raw_runs(watched: Watched) -> Spread:
    """The same numbers and coverage by themselves; they are known before the clock starts.

    Without `last_changes`, which is our own way to a faster digest; moved into the file afterwards.
    """
    invented = Invented(watched.size)
    took = []
    with closing(sqlite3.connect(watched.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        for day in range(1, TIMES + 2):
            at = watched.past.ends + day * DAY + 1
            changes = invented.pass_a_day()
            began = time.perf_counter()
            _write(connection, at, changes, watched.size)
            took.append((time.perf_counter() - began) * 1_000)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return spread(took[1:])


def _write(connection: sqlite3.Connection, at: int, changes: list[Change], size: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO observations (subject_id, metric_id, at, value) VALUES (?, ?, ?, ?)",
        [(number + 1, metric, at, value) for number, metric, value in changes],
    )
    connection.executemany(
        "UPDATE latest SET value = ?, changed_at = ? WHERE subject_id = ? AND metric_id = ?",
        [(value, at, number + 1, metric) for number, metric, value in changes],
    )
    connection.executemany(
        "UPDATE coverage SET until = ? WHERE subject_id = ? AND metric_set_id = 0",
        [(at, number + 1) for number in range(size)],
    )
    connection.execute("COMMIT")
