"""Collecting from a GitHub that takes 150 ms and 3 ms a repository: asked, read and written."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
from pydantic import SecretStr

from benchmarks.figures import Figure, Peer, ratio
from benchmarks.filling import DAY
from benchmarks.invented import Invented
from benchmarks.neighbours import ask
from benchmarks.portfolios import Clock, Watched, copied, of_many
from benchmarks.timing import Spread, spread
from bot.app import App, open_app
from bot.clock import SystemClock
from bot.core.models import Trigger, Wanted
from bot.flows.portfolio import OPERATOR
from bot.github.client import GitHubClient
from bot.github.protocol import counts_of
from bot.github.sizing import LARGEST
from tests.standins.github import GitHubStandIn

CONCURRENCY = 4
LATENCY, LATENCY_A_REPOSITORY = 0.150, 0.003
ANOTHER_GUILD = 4711
ONE_EACH, GITHUB_TO_SQLITE = "a request a repository", "github-to-sqlite"


@dataclass(slots=True)
class Collected:
    seconds: list[float]
    requests: list[int]
    twice: int  # requests' repositories beyond those there are


async def measure_collecting(watched: Watched, times: int, singly: int) -> list[Figure]:
    """All of it, watched by two guilds, through the flows of the program into its store."""
    async with _github(watched.invented) as github:
        ours = await _collect(github, watched, times)
        limit = await _collect_plainly(github, watched.invented)
        each = await _one_each(github, watched.invented, singly)
        tool = await _github_to_sqlite(github, watched, singly)
    size, most = watched.size, max(ours.requests)
    return [
        ratio(
            "collecting_ratio", "collecting, times fewer requests than one a repository", size,
            of_many(size, 10), theirs=spread([size]), ours=spread(ours.requests),
        ),
        Figure(
            "collecting", "collecting, from question to store", size, "s", spread(ours.seconds),
            30, limit=spread([limit]), limit_is="largest pages, unread", peers=[each, tool],
        ),
        Figure(
            "collecting_requests", "its requests", size, "", spread([most]), 200,
            limit=spread([-(-size // LARGEST)]), limit_is="full pages",
            peers=[Peer(ONE_EACH, spread([size])), requests_of(tool, size)],
        ),
        Figure(
            "collecting_twice", "requests for what is watched twice", size, "",
            spread([ours.twice]), 0,
        ),
    ]  # fmt: skip


def requests_of(tool: Peer, size: int) -> Peer:
    """One a repository, as was counted while it ran; none where it did not."""
    return Peer(tool.name, spread([size]) if tool.figure else None, tool.trouble)


@asynccontextmanager
async def _github(invented: Invented) -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        for number, name in enumerate(invented.names):
            stars, forks, watchers, *_ = invented.values[number]
            numbers = {"stars": stars, "forks": forks, "watchers": watchers}
            github.add(name, id=invented.github_id(number), **numbers)
            github.set(name, discussions=None)  # as nobody invents any
        github.latency, github.latency_a_repository = LATENCY, LATENCY_A_REPOSITORY
        github.rest.latency = LATENCY + LATENCY_A_REPOSITORY
        yield github


async def _collect(github: GitHubStandIn, watched: Watched, times: int) -> Collected:
    """Each time in a program of its own: five runs in a row would share the points of a minute."""
    collected = Collected([], [], 0)
    for _ in range(times):
        async with _opened(github, watched, Clock(watched.now + DAY)) as app:
            github.requests.clear()
            began = time.perf_counter()
            report = await app.sync.everything(Trigger.CLI)
            collected.seconds.append(time.perf_counter() - began)
        if report.run.sampled != watched.size:
            raise RuntimeError(f"not all were collected: {report.run}")
        asked = sum(one.repositories for one in github.requests)
        collected.requests.append(len(github.requests))
        collected.twice = max(collected.twice, asked - watched.size)
    return collected


@asynccontextmanager
async def _opened(github: GitHubStandIn, watched: Watched, clock: Clock) -> AsyncIterator[App]:
    """The program over a copy of the store, with GitHub's computing time left out of its budget."""
    database = copied(watched.database, watched.database.with_name("collected.db"))
    settings = replace(watched, database=database).settings
    async with aiohttp.ClientSession() as session:
        client = GitHubClient(
            session,
            token=SecretStr(github.token),
            api_url=github.api_url,
            clock=SystemClock(),
            concurrency=CONCURRENCY,
            cpu_seconds=None,
        )
        async with open_app(settings, github=client, clock=clock) as app:
            names = [one.full_name for one in await app.portfolio.repositories(OPERATOR)]
            await app.portfolio.adopt(names, [ANOTHER_GUILD], clock.now())
            yield app


async def _collect_plainly(github: GitHubStandIn, invented: Invented) -> float:
    """The same questions in pages of the largest size, unread: no budget, no faults, no care."""
    turns = asyncio.Semaphore(CONCURRENCY)
    headers = {"Authorization": f"Bearer {github.token}", "User-Agent": "repo-radar/bench"}
    wanted = [Wanted(name, invented.node_id(n)) for n, name in enumerate(invented.names)]
    began = time.perf_counter()

    async def page(session: aiohttp.ClientSession, asked: Sequence[Wanted]) -> None:
        body = counts_of(asked).body()
        url = f"{github.api_url}/graphql"
        async with turns, session.post(url, data=body, headers=headers) as response:
            await response.read()

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for begin in range(0, len(wanted), LARGEST):
            group.create_task(page(session, wanted[begin : begin + LARGEST]))
    return time.perf_counter() - began


async def _one_each(github: GitHubStandIn, invented: Invented, singly: int) -> Peer:
    """A request a repository, as many at a time as ours."""
    turns = asyncio.Semaphore(CONCURRENCY)
    headers = {"Authorization": f"Bearer {github.token}"}
    began = time.perf_counter()

    async def one(session: aiohttp.ClientSession, name: str) -> None:
        async with turns, session.get(f"{github.api_url}/repos/{name}", headers=headers) as reply:
            await reply.json()

    some = invented.names[:singly]
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for name in some:
            group.create_task(one(session, name))
    took = time.perf_counter() - began
    return Peer(ONE_EACH, _of_all(took, len(some), len(invented)), _told(len(some)))


async def _github_to_sqlite(github: GitHubStandIn, watched: Watched, singly: int) -> Peer:
    some = watched.invented.names[:singly]
    served = github.rest.served
    folder = str(watched.database.parent)
    told = await ask("github_to_sqlite", folder, github.api_url, github.token, *some)
    if told.trouble:
        return Peer(GITHUB_TO_SQLITE, None, told.trouble)
    if github.rest.served - served != len(some):
        return Peer(GITHUB_TO_SQLITE, None, "asked for something else than the repositories")
    (took,) = told.samples["collect"]
    return Peer(GITHUB_TO_SQLITE, _of_all(took, len(some), watched.size), _told(len(some)))


def _of_all(took: float, some: int, size: int) -> Spread:
    return spread([took * size / some])


def _told(some: int) -> str:
    return f"from {some} of them"
