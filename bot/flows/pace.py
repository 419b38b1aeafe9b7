"""What is being sampled right now, and how long a full round of all numbers takes."""

from bot.core.reports import Underway
from bot.core.rotation import Rotation
from bot.flows.collection import Collector
from bot.flows.ports import Runs


class Pace:
    def __init__(self, collector: Collector, runs: Runs, rotation: Rotation) -> None:
        self._collector = collector
        self._runs = runs
        self._rotation = rotation

    async def underway(self) -> tuple[Underway, ...]:
        """Our own runs, else another process's: of those nobody knows what they wait for."""
        return tuple(self._collector.underway()) or tuple(
            Underway(run.trigger, run.started_at, run.sampled + run.failed, run.wanted)
            for run in await self._runs.underway()
        )

    async def full_round(self, watched: int) -> int | None:
        """Seconds from the first number of a round to its last; None: none was made yet.

        In rotation that is the cycle, else what the last run took that read everything.
        """
        cycle = self._rotation.takes(watched)
        if cycle is not None:
            return cycle
        last = await self._runs.last_full()
        return last.finished_at - last.started_at if last and last.finished_at else None
