"""What GitHub still grants, asked at most once a minute however many people want to know."""

import asyncio

from bot.core.models import Allowance
from bot.errors import GitHubError
from bot.flows.ports import Clock, GitHub

FRESH = 60
"""Seconds for which an answer holds, a refusal too: `/status` must not spend points."""


class Allowances:
    def __init__(self, github: GitHub, clock: Clock) -> None:
        self._github = github
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked_at: int | None = None
        self._known: Allowance | GitHubError = Allowance()

    async def ask(self) -> Allowance:
        """Raises GitHubError as GitHub's own port does."""
        async with self._turn:
            if self._asked_at is None or self._clock.now() - self._asked_at >= FRESH:
                self._known = await self._look()
                self._asked_at = self._clock.now()
        if isinstance(self._known, GitHubError):
            raise self._known.with_traceback(None)
        return self._known

    async def _look(self) -> Allowance | GitHubError:
        try:
            return await self._github.allowance()
        except GitHubError as error:
            return error
