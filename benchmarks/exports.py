"""What the daily portfolio file costs, beside the plain `json` of the standard library."""

import json

from benchmarks.figures import Figure, Peer
from benchmarks.portfolios import growing
from benchmarks.timing import TIMES, milliseconds, spread
from bot.core.daily import VERSION, build, content
from bot.core.delta import Delta, Status
from bot.core.metrics import METRICS
from bot.core.models import Subject
from bot.core.rank import Movement

MOMENT = 1_790_000_000


def daily_file(repositories: int) -> Figure:
    """From the numbers of all repositories to the file's bytes, and of `json` alone."""
    movements = [_movement(number) for number in range(repositories)]
    daily = build(movements, MOMENT)
    repos = {entry.full_name: dict(entry.values) for entry in daily.repos.values()}
    plain = {"collectedAt": "2026-09-21T14:13:20Z", "version": VERSION, "repos": repos}
    theirs = milliseconds(lambda: json.dumps(plain, indent=2, sort_keys=True).encode(), TIMES)
    return Figure(
        "daily_file", "daily file, from numbers to bytes", repositories, "ms",
        spread(milliseconds(lambda: content(build(movements, MOMENT)), TIMES)),
        growing(repositories, 50), peers=[Peer("json.dumps", spread(theirs))],
    )  # fmt: skip


def _movement(number: int) -> Movement:
    deltas = (Delta(key, Status.EXACT, None, number * 7, None, MOMENT) for key in METRICS)
    return Movement(Subject(number, f"owner-{number % 700}/repository-{number}"), tuple(deltas))
