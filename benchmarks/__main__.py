"""`make bench`: what an import, a diff, a digest and a run cost, beside a peer in the same run.

`make bench ARGS=history.csv` measures with a history of your own.
"""

import asyncio
import csv
import sqlite3
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.collecting import REPOSITORIES, measure_collecting
from benchmarks.exports import daily_file
from benchmarks.history import write_history
from benchmarks.imports import measure_year
from bot.app import App, open_app
from bot.core.reports import ImportReport
from bot.core.window import Window, parse_window
from bot.flows.portfolio import OPERATOR
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE
from bot.storage.database import among, ids
from bot.storage.histories import COVERAGE, COVERAGE_ORDER, SERIES

T = TypeVar("T")
WINDOW = "30d"
DIFFS, DIGESTS = 1_000, 100
DAILY_ROW, ALONE = "one row a day", "its queries"


@dataclass(slots=True)
class Clock:
    at: int

    def now(self) -> int:
        return self.at


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured; targets are those of CONTRIBUTING.md."""

    what: str
    unit: str
    ours: float
    target: float
    peer: float
    peer_does: str


async def main(history: Path | None) -> None:
    with TemporaryDirectory() as folder:
        database = Path(folder) / "radar.db"
        if history is None:
            history = Path(folder) / "history.csv"
            write_history(history)
        clock = Clock(int(time.time()))
        settings = Settings(storage=Storage(url=f"{SQLITE}{database.as_posix()}"))
        async with open_app(settings, clock=clock) as app:
            plain_s, plain_bytes = import_plainly(history, database.with_name("plain.db"))
            imports, report = await measure_imports(app, history, plain_s)
            subjects = await app.portfolio.repositories(OPERATOR)
            seen = await app.store.histories.seen([subject.id for subject in subjects])
            clock.at = max(last for _, last in seen.values())
            reads = await measure_reads(app, database, [subject.id for subject in subjects])
        year = Figure("a year of files", "s", *await measure_year(Path(folder)), DAILY_ROW)
        store = measure_store(database, report.new or 1, plain_bytes)  # closed: all in one file
    began = datetime.fromtimestamp(min(first for first, _ in seen.values()), UTC)
    print(f"{report.rows:,} rows of {len(subjects):,} repositories from {began:%Y-%m-%d} on")
    seconds, plain, requests = await measure_collecting()
    print(f"{REPOSITORIES:,} repositories of a GitHub stand-in took {requests} requests")
    collecting = Figure("collecting them", "s", seconds, 30, plain, "largest pages, unread")
    daily = daily_file()
    filing = Figure("daily file", "ms", daily[0], 50, daily[1], "json.dumps")
    show([*imports, store, *reads, filing, year, collecting])


async def measure_imports(
    app: App, history: Path, plain_s: float
) -> tuple[list[Figure], ImportReport]:
    first_s, report = await timed(lambda: app.importing.files([history]))
    again_s, _ = await timed(lambda: app.importing.files([history]))
    return [
        Figure("import", "s", first_s, 3, plain_s, DAILY_ROW),
        Figure("import again", "s", again_s, 3, plain_s, DAILY_ROW),
    ], report


def measure_store(database: Path, days: int, plain_bytes: int) -> Figure:
    ours = database.stat().st_size / days
    return Figure("store, a repo-day", "B", ours, 25, plain_bytes / days, DAILY_ROW)


def import_plainly(history: Path, path: Path) -> tuple[float, int]:
    """The simplest store there is: every row of the file as it stands."""
    began = time.perf_counter()
    with closing(sqlite3.connect(path)) as connection, history.open(newline="") as opened:
        table = csv.reader(opened)
        columns = next(table)
        key = '"date", "full_name"'
        listed = ", ".join(f'"{column}"' for column in columns)
        connection.execute(f"CREATE TABLE days ({listed}, PRIMARY KEY ({key})) WITHOUT ROWID")
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO days VALUES ({marks})", table)  # noqa: S608
        connection.commit()
    return time.perf_counter() - began, path.stat().st_size


async def measure_reads(app: App, database: Path, subjects: Sequence[int]) -> list[Figure]:
    """Flows from the window's text to the report, beside their own queries alone."""
    window = parse_window(WINDOW, now=app.clock.now(), zone=UTC)
    names = [subject.full_name for subject in await app.portfolio.repositories(OPERATOR)]

    async def diff(turn: int) -> object:
        return await app.diff.report(OPERATOR, names[turn % len(names)], WINDOW, UTC)

    async def digest(_: int) -> object:
        return await app.digests.report(OPERATOR, WINDOW, UTC)

    diffs = await repeated(diff, DIFFS)
    digests = await repeated(digest, DIGESTS)
    with closing(sqlite3.connect(database)) as connection:
        one = [query(connection, window, [subjects[i % len(subjects)]]) for i in range(DIFFS)]
        every = [query(connection, window, subjects) for _ in range(DIGESTS)]
    return [
        Figure("diff, p50", "ms", median(diffs), 0.15, median(one), ALONE),
        Figure("diff, p99", "ms", p99(diffs), 0.5, p99(one), ALONE),
        Figure("digest, p50", "ms", median(digests), 12, median(every), ALONE),
    ]


def query(connection: sqlite3.Connection, window: Window, subjects: Sequence[int]) -> float:
    """Milliseconds of the queries that a delta needs, without anything around them."""
    wanted = ids(subjects)
    series = (SERIES + among("l.subject_id", 3)).replace("$", "?")
    coverage = (COVERAGE + among("c.subject_id", 1) + COVERAGE_ORDER).replace("$", "?")
    began = time.perf_counter()
    connection.execute(series, (window.start, window.end, wanted)).fetchall()
    connection.execute(coverage, (wanted,)).fetchall()
    return (time.perf_counter() - began) * 1_000


async def repeated(ask: Callable[[int], Awaitable[object]], times: int) -> list[float]:
    """Milliseconds of each call."""
    return [(await timed(partial(ask, turn)))[0] * 1_000 for turn in range(times)]


async def timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    began = time.perf_counter()
    result = await work()
    return time.perf_counter() - began, result


def median(figures: Sequence[float]) -> float:
    return statistics.median(figures)


def p99(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) * 99 // 100]


def show(figures: Sequence[Figure]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("what")
    for heading in ("measured", "target", "of target", "its peer", "times that"):
        table.add_column(heading, justify="right")
    table.add_column("which does", no_wrap=True)
    for figure in figures:
        table.add_row(
            figure.what,
            f"{figure.ours:.3g} {figure.unit}",
            f"{figure.target:g} {figure.unit}",
            f"{figure.ours / figure.target:.0%}",
            f"{figure.peer:.3g} {figure.unit}",
            f"{figure.ours / figure.peer:.2g}",
            figure.peer_does,
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
