"""Long lists in parts: what takes a while lets others have their turn in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

AT_ONCE = 2500
"""Repositories: what is done with each takes a microsecond."""
REST = 0.001
"""Seconds. A mere turn (0) lets tasks go on, not threads: who waited for the store then waited for
Python's lock, too, time and again, and a /diff took 100 ms."""
One = TypeVar("One")


async def in_steps(
    everything: Sequence[One], at_once: int = AT_ONCE
) -> AsyncIterator[Sequence[One]]:
    """Parts of it, in order."""
    for first in range(0, len(everything), at_once):
        if first:
            await asyncio.sleep(REST)
        yield everything[first : first + at_once]
