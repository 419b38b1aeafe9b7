"""The only builder: opens what the program stands on, wires the flows, closes in reverse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from uuid import uuid4

from bot.clock import SystemClock
from bot.core.models import Run
from bot.core.rotation import Rotation
from bot.edges import Edges, open_edges
from bot.errors import StoreUnusable
from bot.exports.notes import Notes
from bot.exports.reader import read_rows
from bot.exports.run_files import read_meta
from bot.exports.weekly_file import WeeklyFile
from bot.flows.allowance import Allowances
from bot.flows.backfill import Backfill
from bot.flows.charts import Charts
from bot.flows.collection import Collector
from bot.flows.daily_files import DailyFiles
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.export import Exports
from bot.flows.flow_load import FlowLoads
from bot.flows.guild_settings import GuildSettings
from bot.flows.importing import Import
from bot.flows.lookout import Lookout
from bot.flows.membership import Membership
from bot.flows.metric_views import MetricViews
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.flows.owners import Following
from bot.flows.pace import Pace
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, GitHub
from bot.flows.pruning import Pruning
from bot.flows.retention import Cleanup, Thinning
from bot.flows.rounds import Rounds
from bot.flows.run_directories import RunDirectories, Wish
from bot.flows.run_portfolio import RunExports, RunPortfolio
from bot.flows.safekeeping import Safekeeping
from bot.flows.star_ports import StarHistory
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.flows.traffic import Traffic
from bot.settings import Settings
from bot.storage.backups import Vault


class App:
    """The flows, each built when it is first asked for."""

    def __init__(self, settings: Settings, edges: Edges, clock: Clock) -> None:
        self._settings = settings
        self._edges = edges
        self._interval = settings.collection.interval
        self._most = settings.limits.repositories_per_guild
        self.store = edges.store
        self.clock = clock

    @cached_property
    def portfolio(self) -> Portfolio:
        private = self._settings.github.private_guilds
        store = self.store
        return Portfolio(store.subjects, store.watches, store.follows, private)

    @cached_property
    def collector(self) -> Collector:
        return Collector(
            self._edges.github,
            self.store,
            self.clock,
            interval=self._interval,
            new_id=_new_id,
            ended=self._ended,
        )

    def _ended(self, run: Run) -> None:
        self.daily_files.ended(run)
        self.run_directories.ended(run)

    @cached_property
    def run_directories(self) -> RunDirectories:
        wanted = self._settings.snapshots
        return RunDirectories(
            self._edges.trunk,
            Wish(self._org or "", wanted.retain_last, incremental=wanted.incremental),
            self._run_portfolio,
            finished=self._edges.finished,
            guilds=self.store.guilds,
            notes=Notes(self._settings.storage.path, "run-directories"),
            read_meta=read_meta,
            clock=self.clock,
        )

    @cached_property
    def run_exports(self) -> RunExports:
        finished = self._edges.finished
        return RunExports(self._run_portfolio, finished, self.clock, new_id=_new_id, org=self._org)

    @property
    def _org(self) -> str | None:
        """Whose repository the run directories go to."""
        path = self._settings.snapshots.repo_path
        return None if path is None else path.partition("/")[0]

    @cached_property
    def _run_portfolio(self) -> RunPortfolio:
        return RunPortfolio(self.portfolio, self.store.histories, self._interval)

    @cached_property
    def daily_files(self) -> DailyFiles:
        notes = Notes(self._settings.storage.path)
        return DailyFiles(self._edges.places, notes, self.portfolio, self._deltas, self.clock)

    @cached_property
    def sync(self) -> Sync:
        rounds = Rounds(self.collector, self.store, self.clock, self._rotation)
        return Sync(self.collector, rounds, self.store.subjects, self.portfolio, self.clock)

    @cached_property
    def following(self) -> Following:
        return Following(self._edges.owners, self.store, self.portfolio, most=self._most)

    @cached_property
    def lookout(self) -> Lookout:
        owners, following = self._edges.owners, self.following
        return Lookout(owners, following, self.store, self.portfolio, clock=self.clock)

    @cached_property
    def backfill(self) -> Backfill:
        background = not self._settings.github.is_anonymous  # its 60 requests are for samples
        return Backfill(self._edges.stars, self.portfolio, self.clock, background=background)

    @cached_property
    def track(self) -> Track:
        return Track(
            self.collector,
            self.portfolio,
            self.store,
            self._deltas,
            self.clock,
            following=self.following,
            most=self._most,
            added=self.backfill.wake,
        )

    @cached_property
    def diff(self) -> Diff:
        histories = self.store.histories
        return Diff(self.portfolio, self._deltas, histories, self.traffic, self.clock)

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self._edges.github, self.store.traffic, self.portfolio, self.clock)

    @cached_property
    def charts(self) -> Charts:
        histories = self.store.histories
        return Charts(self.diff, self.portfolio, self._deltas, histories, self.clock)

    @cached_property
    def digests(self) -> Digests:
        return Digests(self.portfolio, self._deltas, self.store.runs, self.clock)

    @cached_property
    def exports(self) -> Exports:
        return Exports(self.portfolio, self._deltas, self.store.histories, self.clock)

    @cached_property
    def metrics(self) -> MetricsSnapshots:
        return MetricsSnapshots(self._edges.metrics, WeeklyFile(), self.clock)

    @cached_property
    def metric_views(self) -> MetricViews:
        return MetricViews(
            self._edges.metrics,
            self.metrics,
            self.store.guilds,
            self.settings,
            self.clock,
            digest=self._settings.metrics.digest,
        )

    @cached_property
    def flow_loads(self) -> FlowLoads:
        wanted = self._settings.flow_load
        return FlowLoads(
            self._edges.loads,
            self.metrics,
            self.portfolio,
            self.store.guilds,
            self.clock,
            enabled=wanted.enabled,
            most=wanted.repositories,
        )

    @cached_property
    def importing(self) -> Import:
        return Import(read_rows, self.store, self.clock, _new_id)

    @cached_property
    def allowances(self) -> Allowances:
        return Allowances(self._edges.github, self.store.subjects, self.clock)

    @cached_property
    def status(self) -> Status:
        pace = Pace(self.collector, self.store.runs, self._rotation)
        return Status(
            self.allowances,
            self.store,
            pace,
            self.traffic,
            self.clock,
            interval=self._interval,
            of_files=self.daily_files.troubles,
            of_copies=self._of_copies,
            of_loads=self.flow_loads.problems,
        )

    def _of_copies(self) -> list[str]:
        late = safekeeping_of(self._settings, self.clock).problem()
        return [*self.run_directories.troubles(), *([late] if late else [])]

    @cached_property
    def settings(self) -> GuildSettings:
        return GuildSettings(self.store.guilds, self.portfolio, self.clock)

    @cached_property
    def membership(self) -> Membership:
        return Membership(self.store.guilds)

    @cached_property
    def pruning(self) -> Pruning:
        return Pruning(self.store.outbox, self.store.guilds, self.clock)

    @cached_property
    def thinning(self) -> Thinning:
        days = self._settings.retention.intraday_days
        return Thinning(self._edges.retention, self.clock, days=days)

    @cached_property
    def cleanup(self) -> Cleanup:
        return Cleanup(self._edges.retention, self.clock)

    @cached_property
    def _deltas(self) -> Deltas:
        return Deltas(self.store.histories, self._interval, self._edges.stars.kept)

    @cached_property
    def _rotation(self) -> Rotation:
        return Rotation(self._interval)


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    github: GitHub | None = None,
    history: StarHistory | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[App]:
    """Open the store and wire the flows; another GitHub or clock may be handed in.

    Raises StoreUnusable where there is none any more, but backups of one.
    """
    clock = clock or SystemClock()
    lost = safekeeping_of(settings, clock).lost()
    if lost is not None:
        raise StoreUnusable(lost)
    async with open_edges(settings, clock, github, history) as edges:
        app = App(settings, edges, clock)
        own = settings.portfolio
        await app.portfolio.adopt(own.repositories, own.guilds, clock.now())
        await app.lookout.following.adopt(own.owners, own.guilds)
        try:
            yield app
        finally:
            await app.collector.close()


def safekeeping_of(settings: Settings, clock: Clock | None = None) -> Safekeeping:
    """Backups of the database, which need not be open, nor whole, nor there."""
    kept, database = settings.backup, settings.storage.path
    return Safekeeping(
        Vault(database),
        kept.path or database.parent / "backups",
        clock or SystemClock(),
        Notes(database, "backups"),
        daily=kept.daily,
        weekly=kept.weekly,
    )


def _new_id() -> str:
    return uuid4().hex
