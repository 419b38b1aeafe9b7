"""A history CSV imported: its time, the first and again, and the bytes that it leaves."""

import csv
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from benchmarks.figures import Figure, Peer
from benchmarks.history import write_history
from benchmarks.timing import spread
from bot.app import open_app
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE

T = TypeVar("T")
DAILY_ROW = "one row a day"


async def measure_histories(folder: Path, history: Path | None, times: int) -> list[Figure]:
    """Of the invented history, or one that was named."""
    if history is None:
        history = folder / "history.csv"
        write_history(history)
    first, again, size, rows, repositories = [], [], 0, 0, 0
    for turn in range(times):
        path = folder / f"history-{turn}.db"
        settings = Settings(storage=Storage(url=f"{SQLITE}{path.as_posix()}"))
        async with open_app(settings) as app:
            took, report = await _timed(lambda app=app: app.importing.files([history]))
            first.append(took)
            again.append((await _timed(lambda app=app: app.importing.files([history])))[0])
            repositories = await app.store.subjects.count()
        size, rows = path.stat().st_size, report.new or 1
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


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    began = time.perf_counter()
    result = await work()
    return time.perf_counter() - began, result


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
