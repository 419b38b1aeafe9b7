"""The open work of repositories, from a dict; it fails where it is told to."""

import asyncio
from dataclasses import dataclass, field

from bot.core.flow_load import RepositoryLoad, State
from bot.core.models import Refusal, Refused

MISSING = Refusal(Refused.NOT_FOUND, "gone or not visible to this token")
DOWN = Refusal(Refused.TIMEOUT, "GitHub answered 502")


@dataclass(slots=True)
class ScriptedLoads:
    known: dict[str, RepositoryLoad | Refusal | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)  # anything was asked

    def give(self, name: str, *, issues: int, drafts: int = 0, **labels: int) -> None:
        states = {State.ISSUE: issues, State.DRAFT: drafts}
        self.known[name] = RepositoryLoad(states, labels)

    async def load(self, full_name: str) -> RepositoryLoad | Refusal:
        self.asked.append(full_name)
        self.reached.set()
        answer = self.known.get(full_name, MISSING)
        if isinstance(answer, Exception):
            raise answer
        return answer
