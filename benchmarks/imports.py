"""A year of daily files of a large portfolio: what importing all of it takes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.core.export import written

REPOSITORIES, DAYS = 10_000, 365
FIRST = datetime(2025, 7, 1, 18, tzinfo=UTC)
NAMES = ("stars", "forks", "watchers", "openIssues", "openPRs")


def write_year(folder: Path, *, repositories: int = REPOSITORIES, days: int = DAYS) -> int:
    """Write the same invented files every time, as another tool would; returns their rows."""
    folder.mkdir(parents=True)
    for moment, counts in _days(Random(0), repositories, days):  # noqa: S311  # no secret here
        repos = {
            f"owner-{number % 500}/repository-{number}": dict(zip(NAMES, count, strict=True))
            for number, count in enumerate(counts)
        }
        document = {"collectedAt": written(moment), "version": 1, "repos": repos}
        (folder / f"{written(moment)[:10]}.json").write_text(json.dumps(document, indent=2))
    return repositories * days


def _days(rng: Random, repositories: int, days: int) -> Iterator[tuple[int, list[list[int]]]]:
    """A long tail: a few change every day, most hardly ever."""
    counts = [
        [400_000 // rank, 50_000 // rank, 9_000 // rank, 300 // rank + 3, 40 // rank]
        for rank in range(1, repositories + 1)
    ]
    for day in range(days):
        for rank, count in enumerate(counts, start=1):
            _pass_a_day(rng, count, busy=0.02 + 0.9 / rank**0.4)
        yield int((FIRST + timedelta(days=day)).timestamp()), counts


def _pass_a_day(rng: Random, count: list[int], *, busy: float) -> None:
    for place, likely in enumerate((1.0, 0.4, 0.15, 0.5, 0.3)):
        if rng.random() < busy * likely:
            count[place] = max(0, count[place] + rng.choice((-1, 1, 1, 2)))
