"""The real client with tokens of a test's choice, a clock that sleep moves, and what came home."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from pydantic import SecretStr

from bot.core.models import Pause, Reading, Refusal, Wanted
from bot.errors import GitHubError
from bot.github.client import GitHubClient
from bot.github.credentials import AppLogin, OwnersToken
from tests.standins.github import GitHubStandIn
from tests.standins.github_apps import APP_ID
from tests.standins.github_world import Repo

NOON = 1_795_262_400  # 2026-11-21 12:00 UTC


@dataclass
class Time:
    """A clock whose sleep moves it."""

    seconds: int = NOON

    def now(self) -> int:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += round(seconds)


@dataclass
class Home:
    """What a harvest brought, and how it ended."""

    found: dict[str, Reading] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    error: GitHubError | None = None
    requests: int = 0


@dataclass
class Asking:
    client: GitHubClient
    github: GitHubStandIn
    time: Time
    pauses: list[Pause] = field(default_factory=list)

    async def harvest(self, *wanted: Wanted, urgent: bool = False) -> Home:
        home = Home()
        try:
            parts = self.client.harvest(wanted, waiting=self.pauses.append, urgent=urgent)
            async for part in parts:
                home.found |= {one.full_name: reading for one, reading in part.found.items()}
                home.refused |= {one.full_name: why for one, why in part.refused.items()}
                home.requests += part.requests
        except GitHubError as error:
            home.error = error
        return home

    def askers(self) -> dict[str, set[str]]:
        """Which token asked for which repositories."""
        askers: dict[str, set[str]] = {}
        for asked in self.github.requests:
            names = {repo.node_id: repo.full_name for repo in self.github.world.names.values()}
            ids = asked.variables.get("ids", ())
            if ids:
                askers.setdefault(asked.token, set()).update(names[id_] for id_ in ids)
        return askers


@asynccontextmanager
async def asking(
    github: GitHubStandIn,
    *,
    token: str | None = None,
    tokens: Sequence[tuple[str, tuple[str, ...]]] = (),
    app_key: str | None = None,
) -> AsyncIterator[Asking]:
    time = Time()
    github.access.now = time.now
    github.world.resets_at = NOON + 600
    async with aiohttp.ClientSession() as session:
        client = GitHubClient(
            session,
            token=SecretStr(token) if token else None,
            tokens=[OwnersToken(SecretStr(secret), owners) for secret, owners in tokens],
            app=AppLogin(APP_ID, SecretStr(app_key)) if app_key else None,
            api_url=github.api_url,
            clock=time,
            sleep=time.sleep,
        )
        yield Asking(client, github, time)


def wanted(repo: Repo) -> Wanted:
    return Wanted(repo.full_name, repo.node_id)
