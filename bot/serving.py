"""Being the Discord bot: what is built over the open program, and runs until it is stopped."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import App, open_app, safekeeping_of
from bot.backfilling import BackfillTimer
from bot.errors import RunInProgress, StoreUnusable
from bot.filing import DailyFileTimer
from bot.flow_loading import FlowLoadTimer
from bot.flows.checkup import Checkups
from bot.flows.composing import Composing
from bot.flows.ports import Warnings
from bot.flows.posting import Posting
from bot.flows.recovery import Recovery
from bot.flows.refreshing import Refresh
from bot.flows.warnings import GuildWarnings, TokenWatch
from bot.heartbeat import Heartbeat
from bot.housekeeping import Housekeeping
from bot.loading import settings_of
from bot.run_filing import RunDirectoryTimer
from bot.scheduler import DigestTimer, Scheduler
from bot.settings import Settings
from bot.storage.locks import held

if TYPE_CHECKING:
    from discord.ext.commands import Cog

    from bot.client import RadarBot

STOP_SECONDS = 4.5
"""How long a stop may take before what is left is cut off."""
TELL_SECONDS = 0.5
"""How long an answer to those who wait may take before the connection to Discord closes."""


def serve(config: Path | None = None) -> None:
    """Be the bot as the settings want it; raises RadarError when it cannot start."""
    asyncio.run(run_bot(settings_of(config)))


async def run_bot(settings: Settings) -> None:
    """Be the bot until SIGTERM or SIGINT; raises RadarError when it cannot start."""
    from bot.client import token_of  # discord.py takes a third of a second: only the bot pays

    token = token_of(settings)
    path = settings.storage.path
    async with open_app(settings) as app:
        with held(path, "bot", StoreUnusable(f"Another bot runs on {path}: stop that one first.")):
            await _settle(app)
            bot = _bot(settings, app)
            heartbeat = Heartbeat(path, bot.connected)
            warnings = GuildWarnings(app.store.guilds, bot, app.clock)
            loads = FlowLoadTimer(app.flow_loads)
            scheduler = _scheduler(settings, app, warnings, loads)
            chores = _housekeeping(settings, app, bot, warnings)
            digests = _digest_timer(app, bot, warnings)
            stars = BackfillTimer(app.backfill)
            others = (
                *(scheduler.run(), digests.run(), heartbeat.run(), chores.run()),
                *(stars.run(), loads.run(), DailyFileTimer(app.daily_files).run()),
                RunDirectoryTimer(app.run_directories).run(),
            )
            serving = _beside(bot.serve(token), *others)
            await _until_stopped(serving, app.collector.close)


def _scheduler(settings: Settings, app: App, warnings: Warnings, loads: FlowLoadTimer) -> Scheduler:
    lookout = app.lookout.warning(warnings)
    interval = settings.collection.interval
    return Scheduler(
        app.sync, app.store.runs, app.clock, interval, lookout=lookout, collected=loads.wake
    )


def _digest_timer(app: App, bot: "RadarBot", warnings: Warnings) -> DigestTimer:
    from bot.notify.poster import DiscordPoster

    posting = Posting(
        guilds=app.store.guilds,
        outbox=app.store.outbox,
        composing=Composing(app.digests, app.charts, app.clock, app.metric_views),
        poster=DiscordPoster(bot),
        warnings=warnings,
        clock=app.clock,
    )
    refresh = Refresh(app.sync, app.portfolio, app.store.runs, app.clock)
    return DigestTimer(posting, refresh, bot.has_been_ready)


def _housekeeping(
    settings: Settings, app: App, bot: "RadarBot", warnings: Warnings
) -> Housekeeping:
    from bot.notify.poster import DiscordPoster

    tokens = TokenWatch(app.allowances, app.store.guilds, app.portfolio, warnings, app.clock)
    recovery = Recovery(app.store.guilds, DiscordPoster(bot), warnings, app.clock)
    return Housekeeping(
        {
            "departed guilds": lambda: app.membership.forget_departed(app.clock.now()),
            "GitHub's token": tokens.look,
            "paused digests": recovery.look,
            "backup": safekeeping_of(settings, app.clock).nightly,
            "old samples": app.thinning.nightly,
            "traffic": app.traffic.look,
            "old runs": lambda: app.store.runs.forget_old(app.clock.now()),
            "old posts and audit": app.pruning.prune,
        },
        bot.has_been_ready,
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
    bot = RadarBot([*_commands(app), Members(app.membership, app.clock)], settings.discord)
    bot.add_dynamic_items(Press, PressPosted)
    return bot


def _commands(app: App) -> "list[Cog]":
    from cogs.admin import Admin
    from cogs.charts import Pictures
    from cogs.collection import Collection
    from cogs.exporting import Exporting
    from cogs.metrics import WeeklyMetrics
    from cogs.reporting import Reporting
    from cogs.settings import ServerSettings
    from cogs.snapshots import Snapshots

    composing = Composing(app.digests, app.charts, app.clock, app.metric_views)
    checkups = Checkups(app.status, app.settings, app.portfolio, app.store, app.clock)
    return [
        Collection(app.track, app.sync, app.portfolio, app.settings, app.clock),
        Snapshots(app.diff, app.charts, app.portfolio, app.settings),
        Pictures(app.charts, app.portfolio, app.settings),
        Reporting(app.digests, app.charts, app.portfolio, app.settings),
        Exporting(app.exports, app.settings),
        WeeklyMetrics(app.metric_views, app.settings),
        ServerSettings(app.settings, composing, app.portfolio),
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
