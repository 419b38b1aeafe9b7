"""What the flows stand on, opened: the store, GitHub, and where daily files go."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bot.exports.gist import GistFile
from bot.exports.gist_client import GistClient
from bot.exports.local import LocalFiles
from bot.flows.daily_files import Place
from bot.flows.metric_ports import Loads, MetricSnapshots
from bot.flows.owner_ports import Owners
from bot.flows.ports import Clock, GitHub, Store
from bot.flows.run_ports import FinishedRuns as Finished
from bot.flows.run_ports import Trunk
from bot.flows.star_ports import StarHistory as History
from bot.flows.star_ports import Stars
from bot.github.client import GitHubClient
from bot.github.credentials import AppLogin, OwnersToken
from bot.github.flow_load import FlowLoads
from bot.github.owners import Owners as GitHubOwners
from bot.github.run_branch import RunBranch
from bot.github.star_history import StarHistory
from bot.settings import Settings
from bot.storage.database import Database, open_database
from bot.storage.finished_runs import FinishedRuns
from bot.storage.follows import Follows
from bot.storage.guilds import Guilds
from bot.storage.histories import Histories
from bot.storage.metric_snapshots import MetricSnapshots as MetricsByWeek
from bot.storage.outbox import Outbox
from bot.storage.retained_stars import RetainedStars
from bot.storage.retention import Retention
from bot.storage.runs import Runs
from bot.storage.subjects import Subjects
from bot.storage.traffic import TrafficLog
from bot.storage.watches import Watches


@dataclass(frozen=True, slots=True)
class Edges:
    """What the flows stand on; a demo or a test hands in its own GitHub."""

    store: Store
    retention: Retention
    github: GitHub
    owners: Owners
    stars: Stars
    metrics: MetricSnapshots
    loads: Loads
    finished: Finished
    places: Sequence[Place] = ()  # of daily files
    trunk: Trunk | None = None  # of run directories


@asynccontextmanager
async def open_edges(
    settings: Settings, clock: Clock, github: GitHub | None, history: History | None
) -> AsyncIterator[Edges]:
    """Open all of them; a demo or a test may hand in its own GitHub and star history."""
    async with (
        open_database(settings.storage.path) as database,
        aiohttp.ClientSession() as session,
    ):
        client = _github(settings, session, clock)
        yield Edges(
            _store(database),
            Retention(database),
            github or client,
            GitHubOwners(client),
            Stars(history or StarHistory(client), RetainedStars(database)),
            MetricsByWeek(database),
            FlowLoads(client),
            FinishedRuns(database),
            _places(settings, session),
            _trunk(settings, client),
        )


def _store(database: Database) -> Store:
    return Store(
        subjects=Subjects(database),
        watches=Watches(database),
        histories=Histories(database),
        runs=Runs(database),
        guilds=Guilds(database),
        outbox=Outbox(database),
        follows=Follows(database),
        traffic=TrafficLog(database),
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
        points_per_hour=settings.github.points_per_hour,
        timeout=settings.collection.timeout,
    )


def _trunk(settings: Settings, github: GitHubClient) -> Trunk | None:
    wanted = settings.snapshots
    if not wanted.enabled or wanted.repo_path is None:
        return None
    return RunBranch(github, wanted.repo_path, wanted.branch)


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
