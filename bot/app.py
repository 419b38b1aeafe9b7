"""The only builder: opens what the program stands on, wires the flows, closes in reverse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import aiohttp

from bot.clock import SystemClock
from bot.exports.reader import read_rows
from bot.exports.weekly_file import WeeklyFile
from bot.flows.allowance import Allowances
from bot.flows.backfill import Backfill
from bot.flows.charts import Charts
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.flow_load import FlowLoads
from bot.flows.guild_settings import GuildSettings
from bot.flows.importing import Import
from bot.flows.lookout import Lookout
from bot.flows.membership import Membership
from bot.flows.metric_ports import Loads
from bot.flows.metric_views import MetricViews
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.flows.owner_ports import Owners
from bot.flows.owners import Following
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, GitHub, Store
from bot.flows.retention import Cleanup, Thinning
from bot.flows.safekeeping import Safekeeping
from bot.flows.star_ports import StarHistory as History
from bot.flows.star_ports import Stars
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.github.client import GitHubClient
from bot.github.credentials import AppLogin, OwnersToken
from bot.github.flow_load import FlowLoads as GitHubLoads
from bot.github.owners import Owners as GitHubOwners
from bot.github.star_history import StarHistory
from bot.settings import Settings
from bot.storage.backups import Vault
from bot.storage.database import Database, open_database
from bot.storage.follows import Follows
from bot.storage.guilds import Guilds
from bot.storage.histories import Histories
from bot.storage.metric_snapshots import MetricSnapshots
from bot.storage.outbox import Outbox
from bot.storage.retained_stars import RetainedStars
from bot.storage.retention import Retention
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.watches import Watches


@dataclass(frozen=True, slots=True)
class Weekly:
    """The flows about metrics by week."""

    snapshots: MetricsSnapshots
    views: MetricViews
    loads: FlowLoads


@dataclass(frozen=True, slots=True)
class App:
    """The flows, ready to be called."""

    clock: Clock
    portfolio: Portfolio
    store: Store
    collector: Collector
    lookout: Lookout
    track: Track
    sync: Sync
    diff: Diff
    charts: Charts
    digests: Digests
    exports: Exports
    importing: Import
    status: Status
    settings: GuildSettings
    membership: Membership
    allowances: Allowances
    thinning: Thinning
    cleanup: Cleanup
    backfill: Backfill
    weekly: Weekly


@dataclass(frozen=True, slots=True)
class Edges:
    """What the flows stand on; a demo or a test hands in its own GitHub."""

    database: Database
    github: GitHub
    owners: Owners
    stars: Stars
    loads: Loads


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    github: GitHub | None = None,
    history: History | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[App]:
    """Open the store and wire the flows; another GitHub or clock may be handed in."""
    clock = clock or SystemClock()
    async with (
        open_database(settings.storage.path) as database,
        aiohttp.ClientSession() as session,
    ):
        client = _github(settings, session, clock)
        stars = Stars(history or StarHistory(client), RetainedStars(database))
        owners, loads = GitHubOwners(client), GitHubLoads(client)
        edges = Edges(database, github or client, owners, stars, loads)
        app = _wire(settings, edges, clock)
        own = settings.portfolio
        await app.portfolio.adopt(own.repositories, own.guilds, clock.now())
        await app.lookout.following.adopt(own.owners, own.guilds)
        try:
            yield app
        finally:
            await app.collector.close()


def _store(database: Database) -> Store:
    return Store(
        subjects=Subjects(database),
        watches=Watches(database),
        histories=Histories(database),
        runs=Runs(database),
        guilds=Guilds(database),
        outbox=Outbox(database),
        follows=Follows(database),
    )


def _github(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> GitHubClient:
    app_id, key = settings.github.app_id, settings.github.app_private_key
    return GitHubClient(
        session,
        token=settings.github.token,
        tokens=[OwnersToken(one.token, one.owners) for one in settings.github.tokens],
        app=AppLogin(app_id, key) if app_id and key else None,
        api_url=settings.github.api_url,
        clock=clock,
        concurrency=settings.github.concurrency,
        timeout=settings.collection.timeout,
    )


def _wire(settings: Settings, edges: Edges, clock: Clock) -> App:
    store, retention = _store(edges.database), Retention(edges.database)
    interval, most = settings.collection.interval, settings.limits.repositories_per_guild
    portfolio = Portfolio(store.subjects, store.watches, settings.github.private_guilds)
    deltas = Deltas(store.histories, interval, edges.stars.kept)
    diff = Diff(portfolio, deltas, store.histories, clock)
    collector = Collector(edges.github, store, clock, interval=interval, new_id=_new_id)
    allowances = Allowances(edges.github, store.subjects, clock)
    following = Following(edges.owners, store, portfolio, most=most)
    backfill = Backfill(edges.stars, portfolio, clock)
    return App(
        clock=clock,
        portfolio=portfolio,
        store=store,
        collector=collector,
        lookout=Lookout(edges.owners, following, store, portfolio, clock=clock),
        track=Track(
            collector,
            portfolio,
            store,
            deltas,
            clock,
            following=following,
            most=most,
            added=backfill.wake,
        ),
        sync=Sync(collector, store.subjects, portfolio, clock),
        diff=diff,
        charts=Charts(diff, portfolio, deltas, store.histories, clock),
        digests=Digests(portfolio, deltas, store.runs, clock),
        exports=Exports(portfolio, deltas, store.histories, clock),
        importing=Import(read_rows, store, clock, _new_id),
        status=Status(allowances, store, clock, interval=interval),
        settings=GuildSettings(store.guilds, portfolio, clock),
        membership=Membership(store.guilds),
        allowances=allowances,
        backfill=backfill,
        thinning=Thinning(retention, clock, days=settings.retention.intraday_days),
        cleanup=Cleanup(retention, clock),
        weekly=_weekly(settings, edges, store, portfolio, clock),
    )


def _weekly(
    settings: Settings, edges: Edges, store: Store, portfolio: Portfolio, clock: Clock
) -> Weekly:
    kept = MetricSnapshots(edges.database)
    snapshots = MetricsSnapshots(kept, WeeklyFile(), clock)
    guilds, wanted = GuildSettings(store.guilds, portfolio, clock), settings.flow_load
    return Weekly(
        snapshots=snapshots,
        views=MetricViews(
            kept, snapshots, store.guilds, guilds, clock, digest=settings.metrics.digest
        ),
        loads=FlowLoads(
            edges.loads,
            snapshots,
            portfolio,
            store.guilds,
            clock,
            enabled=wanted.enabled,
            most=wanted.repositories,
        ),
    )


def safekeeping_of(settings: Settings, clock: Clock | None = None) -> Safekeeping:
    """Backups of the database, which need not be open, nor whole, nor there."""
    kept, database = settings.backup, settings.storage.path
    return Safekeeping(
        Vault(database),
        kept.path or database.parent / "backups",
        clock or SystemClock(),
        daily=kept.daily,
        weekly=kept.weekly,
    )


def _new_id() -> str:
    return uuid4().hex
