"""How late an event loop is: a tick of a millisecond, and how much longer each really takes."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

TICK = 0.001


@asynccontextmanager
async def ticking(*work: Coroutine[None, None, None]) -> AsyncIterator[list[float]]:
    """Yields the lags so far, in ms; `work` goes on beside it for as long."""
    lags: list[float] = []
    tasks = [asyncio.create_task(one) for one in (_tick(lags), *work)]
    await asyncio.sleep(0)
    try:
        yield lags
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for one in ended:  # what failed beside it must not go unheard
        if isinstance(one, Exception):
            raise one


async def _tick(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK)
        lags.append((time.perf_counter() - began - TICK) * 1_000)
