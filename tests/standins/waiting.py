"""Waiting until something has happened, without sleeping."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class NotSeen(AssertionError):
    """What a test waited for did not happen in time."""


class Bell:
    """Rung whenever anything changes; wakes everybody who waits for something to become true."""

    def __init__(self, patience: float) -> None:
        self.patience = patience  # seconds
        self._rung = asyncio.Event()

    def ring(self) -> None:
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def until(self, look: Callable[[], Seen], what: str) -> Seen:
        """Return what `look` sees as soon as it is true."""
        try:
            async with asyncio.timeout(self.patience):
                while not (seen := look()):
                    await self._rung.wait()
        except TimeoutError:
            raise NotSeen(f"waited {self.patience:g} s in vain for {what}") from None
        return seen
