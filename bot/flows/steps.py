"""Long lists in parts: what takes a while lets others have their turn in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

AT_ONCE = 1000
"""Repositories; what is done with each takes a few microseconds."""
One = TypeVar("One")


async def in_steps(
    everything: Sequence[One], at_once: int = AT_ONCE
) -> AsyncIterator[Sequence[One]]:
    """Parts of it, in order."""
    for first in range(0, len(everything), at_once):
        yield everything[first : first + at_once]
        await asyncio.sleep(0)
