"""A year of daily files of a large portfolio: what importing all of it takes."""

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.figures import Figure, Peer
from benchmarks.timing import spread
from bot.app import open_app
from bot.core.daily import written
from bot.exports.reader import files_of
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE

TARGET = 60  # seconds, for a year of 10,000 repositories
FIRST = datetime(2025, 7, 1, 18, tzinfo=UTC)
NAMES = ("stars", "forks", "watchers", "openIssues", "openPRs")


async def measure_year(folder: Path, repositories: int, days: int) -> Figure:
    """The import of so many daily files, once: it takes long."""
    write_year(folder / "snapshots", repositories=repositories, days=days)
    files = files_of([folder / "snapshots"])
    settings = Settings(storage=Storage(url=f"{SQLITE}{(folder / 'year.db').as_posix()}"))
    async with open_app(settings) as app:
        began = time.perf_counter()
        report = await app.importing.files(files)
        ours = time.perf_counter() - began
    assert report.new == report.rows == repositories * days
    began = time.perf_counter()
    import_plainly(files, folder / "plain-year.db")
    peer = Peer("one row a day", spread([time.perf_counter() - began]))
    what = f"import of {days} daily files"
    return Figure("import_year", what, repositories, "s", spread([ours]), TARGET, peers=[peer])


def import_plainly(files: Sequence[Path], path: Path) -> None:
    """The simplest store there is: every entry of every file as it stands."""
    with closing(sqlite3.connect(path)) as connection:
        key = "day, full_name"
        listed = ", ".join((key, *NAMES))
        connection.execute(f"CREATE TABLE days ({listed}, PRIMARY KEY ({key})) WITHOUT ROWID")
        marks = ", ".join("?" * (2 + len(NAMES)))
        for file in files:
            document = json.loads(file.read_text())
            rows = (
                (document["collectedAt"], name, *(entry[key] for key in NAMES))
                for name, entry in document["repos"].items()
            )
            connection.executemany(f"INSERT INTO days VALUES ({marks})", rows)  # noqa: S608
        connection.commit()


def write_year(folder: Path, *, repositories: int, days: int) -> int:
    """Write the same invented files every time, as another tool would; returns their rows."""
    folder.mkdir(parents=True)
    entries = [""] * repositories
    for moment, changed in _days(Random(0), repositories, days):  # noqa: S311  # no secret here
        for number, count in changed:
            entries[number] = _entry(number, count)
        document = {"collectedAt": written(moment), "version": 1, "repos": {}}
        head, brace, end = json.dumps(document, indent=2).rpartition("{")
        listed = ",".join(entries)
        file = folder / f"{written(moment)[:10]}.json"
        file.write_text(f"{head}{brace}{listed}\n  {end}")
    return repositories * days


def _entry(number: int, count: Sequence[int]) -> str:
    """As json writes it into the document: of all of them every day it took a third of a minute."""
    text = json.dumps(dict(zip(NAMES, count, strict=True)), indent=2).replace("\n", "\n    ")
    return f'\n    "owner-{number % 500}/repository-{number}": {text}'


Changed = Sequence[tuple[int, Sequence[int]]]
"""The numbers of repositories, and what they count to from that day on."""


def _days(rng: Random, repositories: int, days: int) -> Iterator[tuple[int, Changed]]:
    """A long tail: a few change every day, most hardly ever; on the first day all are new."""
    counts = [
        [400_000 // rank, 50_000 // rank, 9_000 // rank, 300 // rank + 3, 40 // rank]
        for rank in range(1, repositories + 1)
    ]
    for day in range(days):
        changed = [
            (number, count)
            for number, count in enumerate(counts)
            if _pass_a_day(rng, count, busy=0.02 + 0.9 / (number + 1) ** 0.4) or not day
        ]
        yield int((FIRST + timedelta(days=day)).timestamp()), changed


def _pass_a_day(rng: Random, count: list[int], *, busy: float) -> bool:
    """Does it change anything?"""
    before = list(count)
    for place, likely in enumerate((1.0, 0.4, 0.15, 0.5, 0.3)):
        if rng.random() < busy * likely:
            count[place] = max(0, count[place] + rng.choice((-1, 1, 1, 2)))
    return count != before
