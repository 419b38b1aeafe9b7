"""How figures grow with the portfolio: from one extent to the next larger one."""

from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.timing import Spread

LINEAR, FLAT = ("digest", "run"), ("diff_p50",)
MOST = 1.25
"""Times as much as linear, or flat, would be."""


def growth(figures: Sequence[Figure]) -> list[Figure]:
    """Of the two largest extents; nothing where there is but one."""
    return [
        one
        for key in (*LINEAR, *FLAT)
        if (one := _grown(key, [figure for figure in figures if figure.key == key]))
    ]


def _grown(key: str, found: Sequence[Figure]) -> Figure | None:
    by_size = sorted(found, key=lambda figure: figure.repositories)[-2:]
    told = [figure.measured for figure in by_size if figure.measured]
    if len(told) < 2:
        return None
    (small, large), (before, after) = by_size, told
    times = large.repositories / small.repositories if key in LINEAR else 1.0
    grown = Spread(
        after.median / before.median / times,
        after.low / before.high / times,
        after.high / before.low / times,
        min(before.count, after.count),
    )
    per = " per repository" if key in LINEAR else ""
    what = f"{small.what}: growth{per} from {small.repositories:,}"
    return Figure(f"growth_{key}", what, large.repositories, "x", grown, MOST)
