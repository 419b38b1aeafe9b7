"""The only builder: opens what the program stands on, wires the flows, closes in reverse."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import aiohttp

from bot.clock import SystemClock
from bot.exports.gist import GistFile
from bot.exports.gist_client import GistClient
from bot.exports.local import LocalFiles
from bot.exports.notes import Notes
from bot.exports.reader import read_rows
from bot.flows.allowance import Allowances
from bot.flows.backfill import Backfill
from bot.flows.charts import Charts
from bot.flows.collection import Collector
from bot.flows.daily_files import DailyFiles, Place
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.guild_settings import GuildSettings
from bot.flows.importing import Import
from bot.flows.lookout import Lookout
from bot.flows.membership import Membership
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
from bot.github.owners import Owners as GitHubOwners
from bot.github.star_history import StarHistory
from bot.settings import Settings
from bot.storage.backups import Vault
from bot.storage.database import Database, open_database
from bot.storage.follows import Follows
from bot.storage.guilds import Guilds
from bot.storage.histories import Histories
from bot.storage.outbox import Outbox
from bot.storage.retained_stars import RetainedStars
from bot.storage.retention import Retention
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.watches import Watches


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
    daily_files: DailyFiles
    importing: Import
    status: Status
    settings: GuildSettings
    membership: Membership
    allowances: Allowances
    thinning: Thinning
    cleanup: Cleanup
    backfill: Backfill


@dataclass(frozen=True, slots=True)
class Edges:
    """What the flows stand on; a demo or a test hands in its own GitHub."""

    database: Database
    github: GitHub
    owners: Owners
    stars: Stars
    places: Sequence[Place] = ()  # of daily files


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
        places = _places(settings, session)
        edges = Edges(database, github or client, GitHubOwners(client), stars, places)
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


def _places(settings: Settings, session: aiohttp.ClientSession) -> list[Place]:
    """Where daily files go: local before gist, which others may see."""
    wanted, places = settings.daily_file, []
    if wanted.destination in ("local", "both"):
        places.append(Place(LocalFiles(wanted.path)))
    if wanted.destination in ("gist", "both"):
        client = GistClient(
            session,
            token=wanted.gist_token or settings.github.token,
            api_url=settings.github.api_url,
            timeout=settings.collection.timeout,
        )
        places.append(Place(GistFile(client, wanted.gist_id), public_only=True))
    return places


def _wire(settings: Settings, edges: Edges, clock: Clock) -> App:
    store, retention = _store(edges.database), Retention(edges.database)
    interval, most = settings.collection.interval, settings.limits.repositories_per_guild
    portfolio = Portfolio(store.subjects, store.watches, settings.github.private_guilds)
    deltas = Deltas(store.histories, interval, edges.stars.kept)
    diff = Diff(portfolio, deltas, store.histories, clock)
    notes = Notes(settings.storage.path)
    daily_files = DailyFiles(edges.places, notes, portfolio, deltas, clock)
    ended = daily_files.ended
    collector = Collector(
        edges.github, store, clock, interval=interval, new_id=_new_id, ended=ended
    )
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
        daily_files=daily_files,
        importing=Import(read_rows, store, clock, _new_id),
        status=Status(allowances, store, clock, interval=interval, of_files=daily_files.troubles),
        settings=GuildSettings(store.guilds, portfolio, clock),
        membership=Membership(store.guilds),
        allowances=allowances,
        backfill=backfill,
        thinning=Thinning(retention, clock, days=settings.retention.intraday_days),
        cleanup=Cleanup(retention, clock),
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
