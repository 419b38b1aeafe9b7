"""What the daily portfolio file costs, beside the plain `json` of the standard library."""

import json
import statistics
import time
from collections.abc import Callable

from bot.core.daily import VERSION, build, content
from bot.core.delta import Delta, Status
from bot.core.metrics import METRICS
from bot.core.models import Subject
from bot.core.rank import Movement

REPOSITORIES, TIMES = 10_000, 15
MOMENT = 1_790_000_000


def daily_file() -> tuple[float, float]:
    """Milliseconds from the numbers of 10,000 repositories to the file's bytes, and of `json`."""
    movements = [_movement(number) for number in range(REPOSITORIES)]
    daily = build(movements, MOMENT)
    repos = {entry.full_name: dict(entry.values) for entry in daily.repos.values()}
    plain = {"collectedAt": "2026-09-21T14:13:20Z", "version": VERSION, "repos": repos}
    return (
        _milliseconds(lambda: content(build(movements, MOMENT))),
        _milliseconds(lambda: json.dumps(plain, indent=2, sort_keys=True).encode()),
    )


def _movement(number: int) -> Movement:
    deltas = (Delta(key, Status.EXACT, None, number * 7, None, MOMENT) for key in METRICS)
    return Movement(Subject(number, f"owner-{number % 700}/repository-{number}"), tuple(deltas))


def _milliseconds(work: Callable[[], object]) -> float:
    """The median of some."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took)
