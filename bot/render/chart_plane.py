"""The plane of a chart: which values it shows, and where a moment and a value lie in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.chart import Chart, Point

WIDTH, HEIGHT = 900, 400
TOP, BOTTOM = 84, HEIGHT - 42
LEAST = 4
"""An axis covers at least so many: a single star is no cliff."""
CALM = 10
"""So many, or a two-hundredth of the value, are shown even if less happened."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the lines are drawn; outside of it stand words."""

    left: int
    right: int
    start: int
    end: int
    low: float
    high: float

    def x(self, at: int) -> float:
        share = (at - self.start) / max(self.end - self.start, 1)
        return self.left + share * (self.right - self.left)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return BOTTOM - share * (BOTTOM - TOP)

    def thinned(self, segment: Sequence[Point]) -> list[Point]:
        """Less than two points a pixel: of every second pixel the lowest, the highest, the last."""
        columns = (self.right - self.left) // 2
        if len(segment) <= 3 * columns:
            return list(segment)
        return [segment[0], *self._extremes(segment[1:-1], columns), segment[-1]]

    def _extremes(self, points: Sequence[Point], columns: int) -> Iterator[Point]:
        wide = max(self.end - self.start, 1)
        column: list[Point] = []
        for point in points:
            place = (point.at - self.start) * columns // wide
            if column and place != (column[0].at - self.start) * columns // wide:
                yield from _told_by(column)
                column = []
            column.append(point)
        yield from _told_by(column)


def value_range(chart: Chart) -> tuple[float, float]:
    """From a little below the lowest value to a little above the highest; zero where it is near.

    A calm line stays calm: the axis never covers less than `CALM` or a two-hundredth of the
    highest value (a line below ten begins at zero), and never goes below zero for nothing.
    """
    values = [value for line in chart.lines for value in line.values()]
    low, high = min(values, default=0), max(values, default=0)
    wide = max(high - low, min(CALM, high), high / 200, LEAST)
    spare = (wide - (high - low)) / 2
    bottom, top = low - spare - wide * 0.05, high + spare + wide * 0.05
    if low < 0:
        return bottom, top
    if low <= wide / 2:  # near enough: an axis from zero is the most honest one
        return 0, max(high + wide * 0.05, wide)
    return max(bottom, 0), top


def _told_by(column: Sequence[Point]) -> list[Point]:
    by_value = sorted(column, key=lambda point: point.value)
    return sorted({by_value[0], by_value[-1], column[-1]}) if column else []
