"""What most tests stand on: a real store on a real file, a settable clock, a scripted GitHub."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from bot.core.rotation import Rotation
from bot.exports.reader import read_rows
from bot.flows.allowance import Allowances
from bot.flows.backfill import Backfill
from bot.flows.charts import Charts
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.importing import Import
from bot.flows.lookout import Lookout
from bot.flows.owners import Following
from bot.flows.pace import Pace
from bot.flows.portfolio import Portfolio
from bot.flows.rounds import Rounds
from bot.flows.star_ports import Stars
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.flows.traffic import Traffic
from bot.storage.database import Database, open_database
from tests.standins.clock import HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.owners import ScriptedOwners
from tests.standins.star_histories import ScriptedStars
from tests.standins.stored import SqliteStore, store_on

INTERVAL = 6 * HOUR
MOST = 20
"""Repositories that a guild may watch."""
TRUSTED_GUILD = 77
"""The one guild that the operator lets see private repositories."""

# The same examples in every run: what breaks for one breaks for all. `explore` tries new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("same")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "radar.db") as database:
        yield database


@pytest.fixture
def store(database: Database) -> SqliteStore:
    return store_on(database)


@pytest.fixture
def github(clock: SettableClock) -> ScriptedGitHub:
    return ScriptedGitHub(clock)


@pytest.fixture
def owners(github: ScriptedGitHub) -> ScriptedOwners:
    return ScriptedOwners(github)


@pytest.fixture
def starlight(clock: SettableClock) -> ScriptedStars:
    return ScriptedStars(clock)


@dataclass(frozen=True, slots=True)
class Flows:
    """Every verb, over the same store."""

    collector: Collector
    portfolio: Portfolio
    sync: Sync
    following: Following
    lookout: Lookout
    track: Track
    diff: Diff
    charts: Charts
    digests: Digests
    exports: Exports
    importing: Import
    status: Status
    backfill: Backfill
    traffic: Traffic


@pytest.fixture
async def flows(
    store: SqliteStore,
    github: ScriptedGitHub,
    owners: ScriptedOwners,
    clock: SettableClock,
    starlight: ScriptedStars,
) -> AsyncIterator[Flows]:
    numbers = count(1)

    def new_id() -> str:
        return f"run-{next(numbers)}"

    kept = store.port()
    portfolio = Portfolio(store.subjects, store.watches, store.follows, [TRUSTED_GUILD])
    deltas = Deltas(store.histories, INTERVAL, store.stars)
    traffic = Traffic(github, store.traffic, portfolio, clock)
    diff = Diff(portfolio, deltas, store.histories, traffic, clock)
    collector = Collector(github, kept, clock, interval=INTERVAL, new_id=new_id)
    following = Following(owners, kept, portfolio, most=MOST)
    backfill = Backfill(Stars(starlight, store.stars), portfolio, clock, pace=0)
    rotation = Rotation(INTERVAL)
    rounds = Rounds(collector, kept, clock, rotation)
    sync = Sync(collector, rounds, store.subjects, portfolio, clock)
    yield Flows(
        collector=collector,
        portfolio=portfolio,
        sync=sync,
        following=following,
        lookout=Lookout(owners, following, kept, portfolio, clock=clock),
        track=Track(
            collector,
            portfolio,
            kept,
            deltas,
            clock,
            following=following,
            most=MOST,
            added=backfill.wake,
        ),
        diff=diff,
        charts=Charts(diff, portfolio, deltas, store.histories, clock),
        digests=Digests(portfolio, deltas, store.runs, clock),
        exports=Exports(portfolio, deltas, store.histories, clock),
        importing=Import(read_rows, kept, clock, new_id),
        backfill=backfill,
        status=Status(
            Allowances(github, store.subjects, clock),
            kept,
            Pace(collector, store.runs, rotation),
            traffic,
            clock,
            interval=INTERVAL,
        ),
        traffic=traffic,
    )
    await collector.close()
