"""Collecting 10,000 repositories from a GitHub that takes 150 ms and 3 ms a repository."""

import asyncio
import time
from collections.abc import Sequence

import aiohttp
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.core.models import Wanted
from bot.github.client import GitHubClient
from bot.github.protocol import counts_of
from bot.github.sizing import LARGEST
from tests.standins.github import GitHubStandIn

REPOSITORIES, CONCURRENCY = 10_000, 4
LATENCY, LATENCY_A_REPOSITORY = 0.150, 0.003


async def measure_collecting() -> tuple[float, float, int]:
    """Seconds of ours and of the largest pages with nothing else around them; our requests."""
    async with GitHubStandIn() as github, aiohttp.ClientSession() as session:
        github.latency, github.latency_a_repository = LATENCY, LATENCY_A_REPOSITORY
        wanted = [_wanted(github, number) for number in range(REPOSITORIES)]
        began = time.perf_counter()
        await _collect(github, session, wanted)
        ours, requests = time.perf_counter() - began, len(github.requests)
        began = time.perf_counter()
        await _collect_plainly(github, session, wanted)
        return ours, time.perf_counter() - began, requests


def _wanted(github: GitHubStandIn, number: int) -> Wanted:
    repo = github.add(f"acme/repo-{number}", id=1000 + number, stars=number)
    return Wanted(repo.full_name, repo.node_id)


async def _collect(
    github: GitHubStandIn, session: aiohttp.ClientSession, wanted: Sequence[Wanted]
) -> None:
    client = GitHubClient(
        session,
        token=SecretStr(github.token),
        api_url=github.api_url,
        clock=SystemClock(),
        concurrency=CONCURRENCY,
        cpu_seconds=None,
    )
    found = 0
    async for part in client.harvest(wanted):
        found += len(part.found)
    assert found == len(wanted)


async def _collect_plainly(
    github: GitHubStandIn, session: aiohttp.ClientSession, wanted: Sequence[Wanted]
) -> None:
    """The same questions in pages of the largest size, unread: no budget, no faults, no care."""
    turns = asyncio.Semaphore(CONCURRENCY)
    headers = {"Authorization": f"Bearer {github.token}", "User-Agent": "repo-radar/bench"}

    async def ask(page: Sequence[Wanted]) -> None:
        body = counts_of(page).body()
        async with (
            turns,
            session.post(f"{github.api_url}/graphql", data=body, headers=headers) as response,
        ):
            await response.read()

    async with asyncio.TaskGroup() as group:
        for begin in range(0, len(wanted), LARGEST):
            group.create_task(ask(wanted[begin : begin + LARGEST]))
