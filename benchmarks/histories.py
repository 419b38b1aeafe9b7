"""A history CSV imported: its time, the first and again, and the bytes that it leaves."""

import csv
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, Peer
from benchmarks.history import write_history
from benchmarks.timing import spread
from bot.app import open_app
from bot.flows.portfolio import OPERATOR
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE

DAILY_ROW = "one row a day"


async def measure_histories(folder: Path, history: Path | None, times: int) -> list[Figure]:
    """Of the invented history, or one that was named."""
    if history is None:
        history = folder / "history.csv"
        write_history(history)
    ours = [await _imported(history, folder / f"history-{turn}.db") for turn in range(times)]
    first, again = [one.first for one in ours], [one.again for one in ours]
    size, rows, repositories = ours[-1].size, ours[-1].rows, ours[-1].repositories
    plain = [import_plainly(history, folder / f"plain-{turn}.db") for turn in range(times)]
    peer = Peer(DAILY_ROW, spread([took for took, _ in plain]))
    bytes_ = Peer(DAILY_ROW, spread([size / rows for _, size in plain]))
    what = f"import of {rows:,} rows"
    return [
        Figure("import", what, repositories, "s", spread(first), 3, peers=[peer]),
        Figure("import_again", "the same again", repositories, "s", spread(again), 3, peers=[peer]),
        Figure(
            "import_bytes", "bytes a repository-day after it", repositories, "B",
            spread([size / rows]), 25, peers=[bytes_],
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imported:
    first: float  # seconds
    again: float
    rows: int
    repositories: int
    size: int  # bytes


async def _imported(history: Path, database: Path) -> Imported:
    """Into a store of its own, twice."""
    settings = Settings(storage=Storage(url=f"{SQLITE}{database.as_posix()}"))
    async with open_app(settings) as app:
        began = time.perf_counter()
        report = await app.importing.files([history])
        between = time.perf_counter()
        await app.importing.files([history])
        ended = time.perf_counter()
        repositories = len(await app.portfolio.repositories(OPERATOR))
    rows = report.new or 1
    return Imported(between - began, ended - between, rows, repositories, bytes_of(database))


def bytes_of(closed: Path) -> int:
    """Of a database that is closed: all of it is in one file."""
    return closed.stat().st_size


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
