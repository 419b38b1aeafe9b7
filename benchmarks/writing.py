"""A run written down: how long it takes, how long the event loop and a /diff wait meanwhile."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC

from benchmarks.figures import Figure
from benchmarks.filling import DAY
from benchmarks.invented import Change, Invented
from benchmarks.neighbours import Told
from benchmarks.portfolios import Answers, Clock, Watched, copied, growing, next_day, pages_of
from benchmarks.timing import TIMES, Spread, p99, spread
from bot.app import App
from bot.core.models import RunStatus, Trigger
from bot.flows.portfolio import OPERATOR

TICK = 0.001
BETWEEN_DIFFS = 0.010
"""Seconds from one answer to the next question: somebody is always asking."""


@dataclass(slots=True)
class Run:
    took: float  # ms
    lags: list[float] = field(default_factory=list)
    diffs: list[float] = field(default_factory=list)


async def measure_writes(watched: Watched, peers: Mapping[str, Told]) -> list[Figure]:
    """Runs of the days that follow the past, each with a day's changes."""
    raw, written = (
        replace(watched, database=copied(watched.database, watched.database.with_name(name)))
        for name in ("raw.db", "written.db")
    )
    limit = _raw_runs(raw)
    github, clock = Answers(), Clock(watched.now)
    async with written.opened(github, clock) as app:
        runs = [await _run(app, github, clock, watched, day) for day in range(1, TIMES + 2)][1:]
    size = watched.size
    theirs = [told.peer(name, "write") for name, told in peers.items()]
    return [
        Figure(
            "run", "writing one run", size, "ms", spread([run.took for run in runs]),
            growing(size, 150), limit=limit, limit_is="raw SQL in one transaction", peers=theirs,
        ),
        Figure(
            "run_lag", "event-loop lag meanwhile, p99", size, "ms",
            spread([p99(run.lags) for run in runs]), 15,
        ),
        Figure(
            "run_diff", "/diff meanwhile, p99", size, "ms",
            spread([p99(run.diffs) for run in runs]), 15,
        ),
    ]  # fmt: skip


async def _run(app: App, github: Answers, clock: Clock, watched: Watched, day: int) -> Run:
    clock.at = next_day(watched, day)
    watched.invented.pass_a_day()
    github.pages = pages_of(watched.invented, clock.at)
    gc.collect()
    gc.freeze()  # what is ours is nobody's lag
    run = Run(0)
    async with _beside(_tick(run), _ask(app, watched, run)):
        began = time.perf_counter()
        report = await app.sync.everything(Trigger.CLI)
        run.took = (time.perf_counter() - began) * 1_000
    gc.unfreeze()
    if report.run.status is not RunStatus.OK or report.run.sampled != watched.size:
        raise RuntimeError(f"the run was not written: {report.run}")
    return run


@asynccontextmanager
async def _beside(*work: "asyncio.Coroutine[None, None, None]") -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one) for one in work]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick(run: Run) -> None:
    """How much later than it should each tick comes, in ms."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        run.lags.append((time.perf_counter() - began - TICK) * 1_000)


async def _ask(app: App, watched: Watched, run: Run) -> None:
    names = watched.invented.names
    while True:
        began = time.perf_counter()
        await app.diff.report(OPERATOR, names[len(run.diffs) * 7919 % len(names)], "7d", UTC)
        run.diffs.append((time.perf_counter() - began) * 1_000)
        await asyncio.sleep(BETWEEN_DIFFS)


def _raw_runs(watched: Watched) -> Spread:
    """The same rows by themselves; which they are is known before the clock starts."""
    invented = Invented(watched.size)
    took = []
    with closing(sqlite3.connect(watched.database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-16000")
        for day in range(1, TIMES + 2):
            at = watched.past.ends + day * DAY + 1
            changes = invented.pass_a_day()
            began = time.perf_counter()
            _write(connection, at, changes, watched.size)
            took.append((time.perf_counter() - began) * 1_000)
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
