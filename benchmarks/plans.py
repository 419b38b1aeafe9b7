"""What is measured, and how long it may take."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.timing import TIMES


@dataclass(frozen=True, slots=True)
class Extent:
    """A portfolio: so many repositories, watched for so many days."""

    repositories: int
    days: int
    collections: int = 0  # times all of it is collected from the stand-in; 0: not at all
    starts: int = 5
    commands: int = 1_000
    endurance: float = 0.0  # seconds for which commands go on after those


@dataclass(frozen=True, slots=True)
class Plan:
    extents: Sequence[Extent]
    year: tuple[int, int]  # repositories and days of the daily files that are imported
    most_commands: int = 10_000
    settling: float = 5.0  # seconds from READY until the bot is idle: the day's chores are done
    times: int = TIMES  # of what takes a second or so
    asked_singly: int = 20  # repositories that peers which ask one by one are timed with
    quick: bool = False


FULL = Plan(
    extents=(
        Extent(1_000, 365, collections=5, commands=100),
        Extent(10_000, 365, collections=5, endurance=30.0),
        Extent(100_000, 120, starts=3, commands=100),
    ),
    year=(10_000, 365),
)
"""Under ten minutes on two cores."""
QUICK = Plan(
    extents=(
        Extent(1_000, 365, collections=1, starts=1, commands=100),
        Extent(10_000, 365, collections=1, starts=1, commands=100),
    ),
    year=(1_000, 365),
    asked_singly=12,
    quick=True,
)
"""Under two."""
TINY = Plan(
    extents=(
        Extent(10, 5, starts=1, commands=10),
        Extent(20, 5, collections=1, starts=1, commands=20, endurance=0.001),
    ),
    year=(20, 5),
    settling=0.0,
    times=1,
    asked_singly=2,
    quick=True,
)
"""Seconds: whether all of it still runs, with figures that say nothing."""
