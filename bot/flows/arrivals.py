"""Pages of a run as they arrive: what came while the last ones were written is written at once."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from bot.core.models import Harvest

AT_ONCE = 20
"""Pages, at most: whoever else writes waits for one transaction of them."""
Keep = Callable[[list[Harvest]], Awaitable[None]]
_Stream = AsyncGenerator[Harvest, None]


class _Arrived:
    """Pages that are not taken yet."""

    def __init__(self, at_once: int) -> None:
        self._pages: list[Harvest] = []
        self._at_once = at_once
        self._ended = False
        self._news, self._room = asyncio.Event(), asyncio.Event()

    async def put(self, page: Harvest) -> None:
        """Add one, and wait until there is room for another."""
        self._pages.append(page)
        self._news.set()
        if len(self._pages) >= self._at_once:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def take(self) -> list[Harvest]:
        """All there are, at least one; none at the end."""
        await self._news.wait()
        taken, self._pages = self._pages, []
        self._room.set()
        if not self._ended:
            self._news.clear()
        return taken


async def keep_arriving(pages: _Stream, keep: Keep, at_once: int = AT_ONCE) -> None:
    """Keep all pages, in order; none waits for another one that has not arrived.

    What the stream raises is raised when all before it is kept. Who cancels this waits until what
    has arrived is kept, but no more is read.
    """
    arrived = _Arrived(at_once)
    reading = asyncio.create_task(_read(pages, arrived))
    keeping = asyncio.create_task(_keep(arrived, keep))
    try:
        await asyncio.shield(keeping)
        await reading
    except asyncio.CancelledError:
        reading.cancel()
        await asyncio.wait([keeping])
        raise
    finally:
        keeping.cancel()
        reading.cancel()
        await asyncio.gather(reading, keeping, return_exceptions=True)


async def _read(pages: _Stream, arrived: _Arrived) -> None:
    try:
        async with aclosing(pages):
            async for page in pages:
                await arrived.put(page)
    finally:
        arrived.end()


async def _keep(arrived: _Arrived, keep: Keep) -> None:
    while taken := await arrived.take():
        await keep(taken)
