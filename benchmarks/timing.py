"""Samples and what is told of them: a median with its spread. The standard library only: the
peers, which live in an environment of their own, time with it, too."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

TIMES = 5
"""Measurements behind a figure, at least; where one takes too long, the figure says how many."""


@dataclass(frozen=True, slots=True)
class Spread:
    median: float
    low: float
    high: float
    count: int


def spread(samples: Sequence[float]) -> Spread:
    return Spread(statistics.median(samples), min(samples), max(samples), len(samples))


def p99(samples: Sequence[float]) -> float:
    return sorted(samples)[len(samples) * 99 // 100]


def milliseconds(work: Callable[[], object], times: int = TIMES) -> list[float]:
    """Of each call; the first one, which warms up, is not counted."""
    work()
    return [_once(work) for _ in range(times)]


def _once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


async def awaited(work: Callable[[int], Awaitable[object]], times: int) -> list[float]:
    """Milliseconds of each call; `work` is told its turn."""
    took = []
    for turn in range(times):
        began = time.perf_counter()
        await work(turn)
        took.append((time.perf_counter() - began) * 1_000)
    return took
