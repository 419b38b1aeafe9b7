"""The only builder: opens what the program stands on, wires the flows, closes in reverse."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp

from bot.clock import SystemClock
from bot.errors import RunInProgress, StoreUnusable
from bot.exports.reader import read_rows
from bot.flows.allowance import Allowances
from bot.flows.charts import Charts
from bot.flows.checkup import Checkups
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.guild_settings import GuildSettings
from bot.flows.importing import Import
from bot.flows.membership import Membership
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, GitHub, Store, Warnings
from bot.flows.posting import Posting
from bot.flows.refreshing import Refresh
from bot.flows.retention import Cleanup, Thinning
from bot.flows.safekeeping import Safekeeping
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.flows.traffic import Traffic
from bot.flows.warnings import GuildWarnings, TokenWatch
from bot.github.client import GitHubClient
from bot.heartbeat import Heartbeat
from bot.housekeeping import Housekeeping
from bot.scheduler import DigestTimer, Scheduler
from bot.settings import Settings
from bot.storage.backups import Vault
from bot.storage.database import Database, open_database
from bot.storage.guilds import Guilds
from bot.storage.histories import Histories
from bot.storage.locks import held
from bot.storage.outbox import Outbox
from bot.storage.retention import Retention
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.traffic import TrafficLog
from bot.storage.watches import Watches

if TYPE_CHECKING:
    from discord.ext.commands import Cog

    from bot.client import RadarBot

STOP_SECONDS = 4.5
"""How long a stop may take before what is left is cut off."""
TELL_SECONDS = 0.5
"""How long an answer to those who wait may take before the connection to Discord closes."""


@dataclass(frozen=True, slots=True)
class App:
    """The flows, ready to be called."""

    clock: Clock
    portfolio: Portfolio
    store: Store
    collector: Collector
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
    traffic: Traffic


@asynccontextmanager
async def open_app(
    settings: Settings, *, github: GitHub | None = None, clock: Clock | None = None
) -> AsyncIterator[App]:
    """Open the store and wire the flows; another GitHub or clock may be handed in."""
    clock = clock or SystemClock()
    async with (
        open_database(settings.storage.path) as database,
        aiohttp.ClientSession() as session,
    ):
        store = _store(database)
        app = _wire(settings, store, github or _github(settings, session, clock), clock, database)
        own = settings.portfolio
        await app.portfolio.adopt(own.repositories, own.guilds, clock.now())
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
        traffic=TrafficLog(database),
    )


def _github(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    return GitHubClient(
        session,
        token=settings.github.token,
        api_url=settings.github.api_url,
        clock=clock,
        concurrency=settings.github.concurrency,
        timeout=settings.collection.timeout,
    )


def _wire(
    settings: Settings, store: Store, github: GitHub, clock: Clock, database: Database
) -> App:
    retention = Retention(database)
    interval, most = settings.collection.interval, settings.limits.repositories_per_guild
    portfolio = Portfolio(store.subjects, store.watches, settings.github.private_guilds)
    deltas = Deltas(store.histories, interval)
    traffic = Traffic(github, store.traffic, portfolio, clock)
    diff = Diff(portfolio, deltas, store.histories, traffic, clock)
    collector = Collector(github, store, clock, interval=interval, new_id=_new_id)
    allowances = Allowances(github, clock)
    return App(
        clock=clock,
        portfolio=portfolio,
        store=store,
        collector=collector,
        track=Track(collector, portfolio, store, deltas, clock, most=most),
        sync=Sync(collector, store.subjects, portfolio, clock),
        diff=diff,
        charts=Charts(diff, portfolio, deltas, store.histories, clock),
        digests=Digests(portfolio, deltas, store.runs, clock),
        exports=Exports(portfolio, deltas, store.histories, clock),
        importing=Import(read_rows, store, clock, _new_id),
        status=Status(allowances, store, traffic, clock, interval=interval),
        settings=GuildSettings(store.guilds, portfolio, clock),
        membership=Membership(store.guilds),
        allowances=allowances,
        thinning=Thinning(retention, clock, days=settings.retention.intraday_days),
        cleanup=Cleanup(retention, clock),
        traffic=traffic,
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


async def run_bot(settings: Settings) -> None:
    """Be the bot until SIGTERM or SIGINT; raises RadarError when it cannot start."""
    from bot.client import token_of  # discord.py takes a third of a second: only the bot pays

    token = token_of(settings)
    path = settings.storage.path
    async with open_app(settings) as app:
        with held(path, "bot", StoreUnusable(f"Another bot runs on {path}: stop that one first.")):
            await _settle(app)
            bot = _bot(settings, app)
            scheduler = Scheduler(app.sync, app.store.runs, app.clock, settings.collection.interval)
            heartbeat = Heartbeat(path, bot.connected)
            warnings = GuildWarnings(app.store.guilds, bot, app.clock)
            chores = _housekeeping(settings, app, warnings, bot.connected)
            digests = _digest_timer(app, bot, warnings)
            others = (scheduler.run(), digests.run(), heartbeat.run(), chores.run())
            serving = _beside(bot.serve(token), *others)
            await _until_stopped(serving, app.collector.close)


def _digest_timer(app: App, bot: "RadarBot", warnings: Warnings) -> DigestTimer:
    from bot.notify.poster import DiscordPoster

    posting = Posting(
        guilds=app.store.guilds,
        outbox=app.store.outbox,
        digests=app.digests,
        charts=app.charts,
        poster=DiscordPoster(bot),
        warnings=warnings,
        clock=app.clock,
    )
    refresh = Refresh(app.sync, app.portfolio, app.store.histories, app.clock)
    return DigestTimer(posting, refresh, bot.connected)


def _housekeeping(
    settings: Settings, app: App, warnings: Warnings, ready: Callable[[], bool]
) -> Housekeeping:
    tokens = TokenWatch(app.allowances, app.store.guilds, warnings, app.clock)
    return Housekeeping(
        {
            "departed guilds": lambda: app.membership.forget_departed(app.clock.now()),
            "GitHub's token": tokens.look,
            "backup": safekeeping_of(settings, app.clock).nightly,
            "old samples": app.thinning.nightly,
            "traffic": app.traffic.look,
        },
        ready,
    )


async def _settle(app: App) -> None:
    """Say of a run that died with its process that it stopped; one beside us goes on."""
    with suppress(RunInProgress), app.store.runs.alone():
        await app.store.runs.stop_killed(app.clock.now())


def _bot(settings: Settings, app: App) -> "RadarBot":
    from discord import VoiceClient
    from discord.http import Route

    from bot.client import RadarBot
    from cogs.membership import Members
    from cogs.posted import PressPosted
    from cogs.replies import Press

    # the one allowed global: discord.py has no other door
    Route.BASE = settings.discord.api_url
    VoiceClient.warn_nacl = VoiceClient.warn_dave = False  # nobody misses voice here
    members = Members(app.membership, app.clock)
    bot = RadarBot([*_commands(app), members], settings.discord)
    bot.add_dynamic_items(Press, PressPosted)
    members.attend(bot)
    return bot


def _commands(app: App) -> "list[Cog]":
    from cogs.admin import Admin
    from cogs.charts import Pictures
    from cogs.collection import Collection
    from cogs.exporting import Exporting
    from cogs.reporting import Reporting
    from cogs.settings import ServerSettings
    from cogs.snapshots import Snapshots

    checkups = Checkups(app.status, app.settings, app.portfolio, app.store, app.clock)
    return [
        Collection(app.track, app.sync, app.portfolio, app.settings, app.clock),
        Snapshots(app.diff, app.charts, app.portfolio, app.settings),
        Pictures(app.charts, app.portfolio, app.settings),
        Reporting(app.digests, app.charts, app.portfolio, app.settings),
        Exporting(app.exports, app.settings),
        ServerSettings(app.settings, app.digests, app.portfolio),
        Admin(checkups, app.settings),
    ]


async def _beside(main: Coroutine[None, None, None], *others: Coroutine[None, None, None]) -> None:
    """Run the others for as long as the first one runs."""
    tasks = [asyncio.create_task(other) for other in others]
    try:
        await main
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _until_stopped(
    serving: Coroutine[None, None, None], first: Callable[[], Awaitable[None]]
) -> None:
    """Serve until a signal comes; then all closes itself, or is cut off.

    `first` ends the work people wait for, while they can still be told.
    """
    task = asyncio.create_task(serving)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return await task
    # the store outlives a kill, and whoever stops us does not wait: what hangs is cut off
    loop.call_later(STOP_SECONDS, os._exit, 1)
    await first()
    await asyncio.sleep(TELL_SECONDS)
    task.cancel()
    await asyncio.wait({task})
    return None
