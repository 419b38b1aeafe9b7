"""Who asks the GitHub stand-in, on a time that moves only when somebody sleeps or works."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from pydantic import SecretStr

from bot.core.models import Harvest, Pause, Reading, Refusal, Wanted
from bot.github.client import GitHubClient
from tests.standins.github import GitHubStandIn
from tests.standins.github_world import Repo

NOON = 1_795_262_400  # 2026-11-21 12:00 UTC


@dataclass
class Time:
    """The wall clock and the stopwatch, moved together."""

    moment: float = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return int(self.moment)

    def exactly(self) -> float:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)


@dataclass
class Outcome:
    """What one caller got, and how often it got it."""

    found: dict[Wanted, Reading] = field(default_factory=dict)
    refused: dict[Wanted, Refusal] = field(default_factory=dict)
    times: dict[Wanted, int] = field(default_factory=dict)
    requests: int = 0
    points: int = 0
    pauses: list[Pause] = field(default_factory=list)

    def keep(self, part: Harvest) -> None:
        self.found |= part.found
        self.refused |= part.refused
        self.requests += part.requests
        self.points += part.points
        for one in (*part.found, *part.refused):
            self.times[one] = self.times.get(one, 0) + 1


async def ask(
    client: GitHubClient,
    wanted: Sequence[Wanted],
    *,
    urgent: bool = False,
    outcome: Outcome | None = None,
    told: Callable[[Harvest], None] = lambda _: None,
) -> Outcome:
    outcome = outcome or Outcome()
    async for part in client.harvest(wanted, waiting=outcome.pauses.append, urgent=urgent):
        outcome.keep(part)
        told(part)
    return outcome


@asynccontextmanager
async def asking(
    github: GitHubStandIn, time: Time, **settings: float | None
) -> AsyncIterator[GitHubClient]:
    github.limits.now, github.limits.work = time.exactly, time.move
    github.world.resets_at = NOON + 600
    async with aiohttp.ClientSession() as session:
        yield GitHubClient(
            session,
            token=SecretStr(github.token),
            api_url=github.api_url,
            clock=time,
            sleep=time.sleep,
            timer=time.exactly,
            **settings,  # type: ignore[arg-type]
        )


def wanted(repo: Repo, *, counted: bool = True) -> Wanted:
    return Wanted(repo.full_name, repo.node_id, counted)


def many(github: GitHubStandIn, count: int) -> list[Wanted]:
    return [
        wanted(github.add(f"acme/repo-{number}", id=1000 + number, stars=number))
        for number in range(count)
    ]
