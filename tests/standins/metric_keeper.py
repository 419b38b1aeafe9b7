"""A process that keeps weekly metrics from several tasks, until it is done or killed.

`python metric_keeper.py DATABASE FILE FIRST LAST`: says each number on a line of its own once it
is kept, and writes the file again and again meanwhile.
"""

import asyncio
import sys
from pathlib import Path

from bot.clock import SystemClock
from bot.core.weeks import Week
from bot.exports.weekly_file import WeeklyFile
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.storage.database import open_database
from bot.storage.metric_snapshots import MetricSnapshots

TASKS = 5


def place(number: int) -> tuple[str, str]:
    """The week and the metric of a number."""
    return Week(2020, 1).later(number).label, f"metric_{number % TASKS}"


async def keep(database: Path, file: Path, first: int, last: int) -> None:
    async with open_database(database) as opened:
        metrics = MetricsSnapshots(MetricSnapshots(opened), WeeklyFile(), SystemClock())

        async def some(task: int) -> None:
            for number in range(first + task, last, TASKS):
                await metrics.save_metric_snapshot(*place(number), {"value": number})
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()
                if task == 0:
                    await metrics.save_snapshots(file)

        await asyncio.gather(*map(some, range(TASKS)))
        await metrics.save_snapshots(file)


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
