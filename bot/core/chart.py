"""The neutral data of a picture: what a metric was while somebody looked, and nothing between."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from bot.core.coverage import DAY, JOIN, Span
from bot.core.history import AT, Observation
from bot.core.metrics import Good, Metric
from bot.core.retained import Retained, noon

MOST_LINES = 5
"""More than these nobody tells apart."""


class Point(NamedTuple):
    """A value that holds until the next point of its segment."""

    at: int
    value: int


Segment = tuple[Point, ...]
"""An unbroken stretch of coverage: its first and last moment, and every change between."""


class Loss(NamedTuple):
    """A fall from one sample to the next."""

    at: int
    before: int
    after: int


class Trail(NamedTuple):
    """What is known of one metric of one subject: enough of it for a line over a window."""

    seen: Sequence[Observation] = ()  # ascending; the newest at or before the start, all to the end
    spans: Sequence[Span] = ()  # when it was sampled


@dataclass(frozen=True, slots=True)
class Line:
    """One subject over a window; between two segments nobody looked."""

    label: str
    segments: tuple[Segment, ...]  # ascending, none empty
    ground: int = 0  # what was taken off every value
    rebuilt: Segment = ()  # before the first of them, from stars still held: nobody sampled it

    @property
    def first(self) -> Point | None:
        if self.rebuilt:
            return self.rebuilt[0]
        return self.segments[0][0] if self.segments else None

    @property
    def last(self) -> Point | None:
        return self.segments[-1][-1] if self.segments else None

    def values(self) -> Iterator[int]:
        return (point.value for segment in (self.rebuilt, *self.segments) for point in segment)

    def losses(self) -> list[Loss]:
        """Falls that are worth a word, largest first: not the ordinary coming and going."""
        falls = [
            Loss(after.at, before.value, after.value)
            for segment in self.segments
            for before, after in pairwise(segment)
            if after.value < before.value
        ]
        wide = max(self.values(), default=0) - min(self.values(), default=0)
        notable = [fall for fall in falls if _is_notable(fall, fall.before + self.ground, wide)]
        return sorted(notable, key=lambda fall: (fall.after - fall.before, fall.at))


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric of up to five subjects over one window."""

    title: str
    metric: Metric
    lines: tuple[Line, ...]
    start: int
    end: int

    def __post_init__(self) -> None:
        if len(self.lines) > MOST_LINES:
            raise ValueError(f"a chart has at most {MOST_LINES} lines, not {len(self.lines)}")

    @property
    def moves_on(self) -> bool:
        """Is there more to see than single dots?"""
        return any(line.first != line.last for line in self.lines)

    def losses(self, line: Line) -> list[Loss]:
        """Notable falls of a line, where falling is bad news."""
        return line.losses() if self.metric.good is Good.UP else []


def gains(chart: Chart) -> Chart:
    """The same from zero on: large and small ones side by side, each by what it gained."""
    lines = tuple(
        _from_zero(line, line.first.value) if line.first else line for line in chart.lines
    )
    metric = replace(chart.metric, label=f"{chart.metric.label} gained")
    return replace(chart, metric=metric, lines=lines)


def segments(
    seen: Sequence[Observation], spans: Sequence[Span], start: int, end: int
) -> tuple[Segment, ...]:
    """Cut a history to a window: unbroken where it was covered, open where it was not.

    `seen` ascends and holds the newest observation at or before `start` and all up to `end`;
    `spans` may overlap and need no order. Same rules as `coverage.look`: nothing is known after
    the last sample, and silences of up to `JOIN` seconds between samples are none.
    """
    cut = ((max(since, start), min(until, end)) for since, until in _stretches(spans))
    drawn = (_segment(seen, since, until) for since, until in cut if since <= until)
    return tuple(segment for segment in drawn if segment)


def begins_late(trail: Trail, start: int) -> bool:
    """Is there a sample in the window, and none before it?"""
    return bool(trail.seen) and min(span.since for span in trail.spans) > start


def rebuilt(retained: Retained, trail: Trail, start: int) -> Segment:
    """The days before the first sample, up to it, of a trail that `begins_late`.

    From the window's start on, or from the first day known; each day by `Retained.level`.
    """
    first_at, first = min(span.since for span in trail.spans), trail.seen[0].value
    start = max(start, retained.begun(first_at, first))
    level = retained.level(start, first_at, first)
    if level is None:
        return ()
    points, left = {first_at: first}, first
    for given in reversed(retained.between(start, first_at)):
        points[noon(given.day)] = left
        left -= given.stars
        points[noon(given.day) - DAY] = left  # so that a quiet time before it stays level
    later = ((at, value) for at, value in sorted(points.items()) if at > start)
    return (Point(start, level), *(Point(at, max(value, 0)) for at, value in later))


def _stretches(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Coverage without overlaps and short silences."""
    joined: list[tuple[int, int]] = []
    for span in sorted(spans, key=attrgetter("since")):
        if joined and span.since - joined[-1][1] <= JOIN:
            since, until = joined[-1]
            joined[-1] = since, max(until, span.until)
        else:
            joined.append((span.since, span.until))
    return joined


def _segment(seen: Sequence[Observation], since: int, until: int) -> Segment:
    begun = bisect_right(seen, since, key=AT)
    points = [Point(since, seen[begun - 1].value)] if begun else []
    for change in seen[begun : bisect_right(seen, until, key=AT)]:
        if not points or change.value != points[-1].value:
            points.append(Point(*change))
    if points and points[-1].at < until:
        points.append(Point(until, points[-1].value))
    return tuple(points)


def _from_zero(line: Line, value: int) -> Line:
    lowered = tuple(_less(segment, value) for segment in line.segments)
    rebuilt = _less(line.rebuilt, value)
    return replace(line, segments=lowered, rebuilt=rebuilt, ground=line.ground + value)


def _less(segment: Segment, value: int) -> Segment:
    return tuple(Point(point.at, point.value - value) for point in segment)


def _is_notable(fall: Loss, level: int, wide: int) -> bool:
    """At least three, a thousandth of what there was, and a twentieth of what the line covers."""
    lost = fall.before - fall.after
    return lost >= max(3, level / 1000, wide / 20)
