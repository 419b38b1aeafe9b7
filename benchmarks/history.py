"""A history to measure with: as large as a small portfolio's five months."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

from bot.core.metrics import FORKS, OPEN_ISSUES, STARS
from bot.exports.history_csv import DATE, FULL_NAME

REPOSITORIES, DAYS = 120, 149
FIRST_DAY = date(2026, 2, 1)


def write_history(path: Path) -> None:
    """Write the same invented history CSV every time: few large repositories, many quiet ones."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened, lineterminator="\n")
        table.writerow((DATE, FULL_NAME, STARS.key, FORKS.key, OPEN_ISSUES.key))
        table.writerows(_rows(Random(0)))  # noqa: S311  # nothing here is a secret


def _rows(rng: Random) -> Iterator[tuple[date | str | int, ...]]:
    """About 7 of 10 rows bring other stars, 4 other forks, 3 other issues: as in life."""
    counts = [[400_000 // rank, 50_000 // rank, 300] for rank in range(1, REPOSITORIES + 1)]
    for day in range(DAYS):
        for rank, count in enumerate(counts, start=1):
            gained = int(rng.lognormvariate(0, 0.8) * 90 / rank**1.05 + rng.random() * 0.5)
            count[0] += gained - (rng.random() < 0.05)
            count[1] += int(gained * 0.1 + rng.random() * 1.3)
            count[2] = max(0, count[2] + rng.choice((*[0] * 11, -3, -1, 1, 3)))
            yield FIRST_DAY + timedelta(days=day), f"owner/repository-{rank}", *count
