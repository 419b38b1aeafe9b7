"""What GitHub still grants, asked at most once a minute however many people want to know."""

import asyncio

from bot.core.models import Allowance
from bot.flows.ports import Clock, GitHub, Subjects

FRESH = 60
"""Seconds for which an answer holds, a refusal too: `/status` must not spend points."""


class Allowances:
    def __init__(self, github: GitHub, subjects: Subjects, clock: Clock) -> None:
        self._github = github
        self._subjects = subjects
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked_at: int | None = None
        self._known: list[Allowance] = []

    async def ask(self) -> list[Allowance]:
        """One a token, in the order in which one is chosen; the default token is the last."""
        async with self._turn:
            if self._asked_at is None or self._clock.now() - self._asked_at >= FRESH:
                owners = await self._subjects.owners()
                self._known = await self._github.allowances(owners)
                self._asked_at = self._clock.now()
        return self._known
