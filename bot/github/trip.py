"""What a question to GitHub carries along: who waits for it, how long it may, what it has cost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from bot.core.models import Pause


class Clock(Protocol):
    def now(self) -> int: ...


def in_silence(_: Pause) -> None:
    """Nobody is told that it waits."""


@dataclass(eq=False, slots=True)
class Trip:
    """What one page has cost so far, and whom to tell when it must wait."""

    waiting: Callable[[Pause], None] = in_silence
    urgent: bool = False  # somebody waits for it: it may spend the reserve
    requests: int = 0
    points: int = 0
    patience: float = inf  # seconds, where it has less than the gate
    waited: float = 0
    seconds: float = 0  # that the last answer took
    held: bool = False  # it waits at the gate right now
    stirred: asyncio.Event = field(default_factory=asyncio.Event)  # look again whether it may pass

    def settle(self) -> tuple[int, int]:
        """Hand over the requests and points spent since the last harvest."""
        spent = self.requests, self.points
        self.requests = self.points = 0
        return spent

    def hurry(self) -> None:
        """Somebody waits for it from now on: what holds back background work no longer does."""
        self.urgent = True
        self.stirred.set()
