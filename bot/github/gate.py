"""Waiting for GitHub, visibly: a limit met by one page holds back all of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.core.models import Pause
from bot.errors import RateLimited


class Clock(Protocol):
    def now(self) -> int: ...


@dataclass(slots=True)
class Trip:
    """What one page has cost so far, and whom to tell when it must wait."""

    waiting: Callable[[Pause], None]
    urgent: bool = False  # somebody waits for it: it may spend the reserve
    requests: int = 0
    points: int = 0
    waited: float = 0

    def settle(self) -> tuple[int, int]:
        """Hand over the requests and points spent since the last harvest."""
        spent = self.requests, self.points
        self.requests = self.points = 0
        return spent


class Gate:
    def __init__(
        self, clock: Clock, sleep: Callable[[float], Awaitable[object]], patience: float
    ) -> None:
        self.clock, self._sleep, self._patience = clock, sleep, patience
        self._opens_at: float = 0
        self._reason = ""

    def close(self, seconds: float, reason: str, trip: Trip) -> None:
        """Stay shut for so long; raise RateLimited when this trip would have to wait too long."""
        opens_at = self.clock.now() + seconds
        trip.waited += seconds
        if trip.waited > self._patience:
            raise limited(reason, opens_at)
        self._opens_at, self._reason = max(self._opens_at, opens_at), reason

    async def passed(self, trip: Trip) -> None:
        """Wait until GitHub may be asked again."""
        left = self._opens_at - self.clock.now()
        if left > 0:
            trip.waiting(Pause(left, self._reason))
            await self._sleep(left)


def limited(reason: str, opens_at: float) -> RateLimited:
    """Say when GitHub may be asked again."""
    again = datetime.fromtimestamp(opens_at, UTC) + timedelta(seconds=59)  # a whole minute
    return RateLimited(f"{reason}: try again at {again:%Y-%m-%d %H:%M} UTC.")
