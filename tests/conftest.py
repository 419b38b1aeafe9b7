"""What most tests stand on: a real store on a real file, a settable clock, a scripted GitHub."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from bot.exports.reader import read_rows
from bot.flows.allowance import Allowances
from bot.flows.charts import Charts
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.importing import Import
from bot.flows.portfolio import Portfolio
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.flows.traffic import Traffic
from bot.storage.database import Database, open_database
from tests.standins.clock import HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore, store_on

INTERVAL = 6 * HOUR
MOST = 20
"""Repositories that a guild may watch."""
TRUSTED_GUILD = 77
"""The one guild that the operator lets see private repositories."""


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


@dataclass(frozen=True, slots=True)
class Flows:
    """Every verb, over the same store."""

    collector: Collector
    portfolio: Portfolio
    sync: Sync
    track: Track
    diff: Diff
    charts: Charts
    digests: Digests
    exports: Exports
    importing: Import
    status: Status
    traffic: Traffic


@pytest.fixture
async def flows(
    store: SqliteStore, github: ScriptedGitHub, clock: SettableClock
) -> AsyncIterator[Flows]:
    numbers = count(1)

    def new_id() -> str:
        return f"run-{next(numbers)}"

    kept = store.port()
    portfolio = Portfolio(store.subjects, store.watches, [TRUSTED_GUILD])
    deltas = Deltas(store.histories, INTERVAL)
    traffic = Traffic(github, store.traffic, portfolio, clock)
    diff = Diff(portfolio, deltas, store.histories, traffic, clock)
    collector = Collector(github, kept, clock, interval=INTERVAL, new_id=new_id)
    sync = Sync(collector, store.subjects, portfolio, clock)
    yield Flows(
        collector=collector,
        portfolio=portfolio,
        sync=sync,
        track=Track(collector, portfolio, kept, deltas, clock, most=MOST),
        diff=diff,
        charts=Charts(diff, portfolio, deltas, store.histories, clock),
        digests=Digests(portfolio, deltas, store.runs, clock),
        exports=Exports(portfolio, deltas, store.histories, clock),
        importing=Import(read_rows, kept, clock, new_id),
        status=Status(Allowances(github, clock), kept, traffic, clock, interval=INTERVAL),
        traffic=traffic,
    )
    await collector.close()
