"""A store on a file, and what its tables hold, told by names: ids are nobody's business."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.coverage import Span
from bot.core.history import MetricSet, Observation
from bot.flows.ports import Store
from bot.storage.database import Database, open_database
from bot.storage.follows import Follows
from bot.storage.guilds import Guilds
from bot.storage.histories import Histories
from bot.storage.outbox import Outbox
from bot.storage.retained_stars import RetainedStars
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.traffic import TrafficLog
from bot.storage.watches import Watches


@dataclass(frozen=True, slots=True)
class SqliteStore:
    """As flows/ports.py has it, with the edges' own types: tests may ask for more."""

    database: Database
    subjects: Subjects
    watches: Watches
    histories: Histories
    runs: Runs
    guilds: Guilds
    outbox: Outbox
    follows: Follows
    stars: RetainedStars
    traffic: TrafficLog

    def port(self) -> Store:
        return Store(
            self.subjects,
            self.watches,
            self.histories,
            self.runs,
            self.guilds,
            self.outbox,
            self.follows,
            self.traffic,
        )


def store_on(database: Database) -> SqliteStore:
    return SqliteStore(
        database=database,
        subjects=Subjects(database),
        watches=Watches(database),
        histories=Histories(database),
        runs=Runs(database),
        guilds=Guilds(database),
        outbox=Outbox(database),
        follows=Follows(database),
        stars=RetainedStars(database),
        traffic=TrafficLog(database),
    )


@asynccontextmanager
async def fresh_store() -> AsyncIterator[SqliteStore]:
    """A store of its own, for tests that need several or one for each example."""
    with TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "radar.db") as database:
            yield store_on(database)


@dataclass(slots=True)
class Kept:
    """All that is stored of one repository."""

    observations: dict[str, list[Observation]] = field(default_factory=dict)
    coverage: dict[MetricSet, tuple[Span, ...]] = field(default_factory=dict)
    latest: dict[str, Observation] = field(default_factory=dict)

    def has_equal_neighbours(self) -> bool:
        return any(
            one.value == next_.value
            for seen in self.observations.values()
            for one, next_ in pairwise(seen)
        )


async def contents(database: Database) -> dict[str, Kept]:
    """Every repository's history, straight from the tables, by its name in lower case."""
    subjects = await database.rows("SELECT id, full_name FROM subjects")
    names = {id_: str(name).lower() for id_, name in subjects}
    kept = {name: Kept() for name in names.values()}
    for id_, key, at, value in await database.rows(
        "SELECT o.subject_id, m.key, o.at, o.value FROM observations o"
        " JOIN metrics m ON m.id = o.metric_id ORDER BY o.at"
    ):
        seen = Observation(int(str(at)), int(str(value)))
        kept[names[id_]].observations.setdefault(str(key), []).append(seen)
    for id_, key, at, value in await database.rows(
        "SELECT l.subject_id, m.key, l.changed_at, l.value FROM latest l"
        " JOIN metrics m ON m.id = l.metric_id"
    ):
        kept[names[id_]].latest[str(key)] = Observation(int(str(at)), int(str(value)))
    for id_, metrics, daily, imported, since, until in await database.rows(
        "SELECT c.subject_id, s.metrics, s.daily, s.imported, c.since, c.until FROM coverage c"
        " JOIN metric_sets s ON s.id = c.metric_set_id ORDER BY c.since"
    ):
        read = MetricSet(tuple(str(metrics).split(",")), bool(daily), bool(imported))
        span = Span(int(str(since)), int(str(until)), bool(daily))
        coverage = kept[names[id_]].coverage
        coverage[read] = (*coverage.get(read, ()), span)
    return kept
