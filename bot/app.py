"""The only builder: opens what the program stands on, wires the flows, closes in reverse."""

import asyncio
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
from bot.flows.collection import Collector
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.importing import Import
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, GitHub, Store
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.github.client import GitHubClient
from bot.heartbeat import Heartbeat
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.storage.database import open_database
from bot.storage.histories import Histories
from bot.storage.locks import held
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.watches import Watches

if TYPE_CHECKING:
    from bot.client import RadarBot

STOP_SECONDS = 3.5
"""How long a stop may take before what is left is cut off."""
TELL_SECONDS = 0.5
"""How long an answer to those who wait may take before the connection to Discord closes."""


@dataclass(frozen=True, slots=True)
class App:
    """The flows, ready to be called."""

    clock: Clock
    portfolio: Portfolio
    store: Store
    track: Track
    sync: Sync
    diff: Diff
    digests: Digests
    importing: Import
    status: Status


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
        store = Store(Subjects(database), Watches(database), Histories(database), Runs(database))
        app = _wire(settings, store, github or _github(settings, session, clock), clock)
        own = settings.portfolio
        await app.portfolio.adopt(own.repositories, own.guilds, clock.now())
        try:
            yield app
        finally:
            await app.sync.close()


def _github(settings: Settings, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    return GitHubClient(
        session,
        token=settings.github.token,
        api_url=settings.github.api_url,
        clock=clock,
        concurrency=settings.github.concurrency,
        timeout=settings.collection.timeout,
    )


def _wire(settings: Settings, store: Store, github: GitHub, clock: Clock) -> App:
    interval = settings.collection.interval
    portfolio = Portfolio(store.subjects, store.watches, settings.github.private_guilds)
    deltas = Deltas(store.histories, interval)
    collector = Collector(github, store, clock, interval=interval, new_id=_new_id)
    return App(
        clock=clock,
        portfolio=portfolio,
        store=store,
        track=Track(collector, portfolio, store, deltas, clock),
        sync=Sync(collector, store.subjects, portfolio),
        diff=Diff(portfolio, deltas, store.histories, clock),
        digests=Digests(portfolio, deltas, store.runs, clock),
        importing=Import(read_rows, store, clock, _new_id),
        status=Status(github, portfolio, store, clock, interval=interval),
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
            serving = _beside(bot.serve(token), scheduler.run(), heartbeat.run())
            await _until_stopped(serving, app.sync.close)


async def _settle(app: App) -> None:
    """Say of a run that died with its process that it stopped; one beside us goes on."""
    with suppress(RunInProgress), app.store.runs.alone():
        await app.store.runs.stop_killed(app.clock.now())


def _bot(settings: Settings, app: App) -> "RadarBot":
    from discord import VoiceClient
    from discord.http import Route

    from bot.client import RadarBot
    from cogs.admin import Admin
    from cogs.collection import Collection
    from cogs.reporting import Reporting
    from cogs.snapshots import Snapshots

    # the one allowed global: discord.py has no other door
    Route.BASE = settings.discord.api_url
    VoiceClient.warn_nacl = VoiceClient.warn_dave = False  # nobody misses voice here
    cogs = (
        Collection(app.track, app.sync, app.portfolio, app.clock),
        Snapshots(app.diff, app.portfolio),
        Reporting(app.digests, app.portfolio),
        Admin(),
    )
    return RadarBot(cogs, settings.discord)


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
    if not task.done():
        await first()
        await asyncio.sleep(TELL_SECONDS)
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS)
        return
    await task
