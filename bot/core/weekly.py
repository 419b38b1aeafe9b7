"""A metric kept by week, week after week: its numbers through the delta engine, and as a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypedDict

from bot.core.aggregation import Number
from bot.core.chart import Chart, Line, segments
from bot.core.coverage import DAY, Span, join
from bot.core.delta import Delta, Series, measure
from bot.core.history import Observation
from bot.core.metrics import Good, Metric, Unit
from bot.core.snapshots import VALUE, Data, numbers, values_of
from bot.core.weeks import Week, week_of, weeks_to
from bot.core.window import between

WEEKS = 16
"""That are shown at once."""
THOUSAND = 1000
LARGEST = 10**15
"""Numbers beyond it are kept, but no chart tells them apart."""
LEADING = (VALUE, "wip_count")
"""Keys that are meant where none is named."""
_NEIGHBOURS = 8 * DAY
"""Two weeks' samples at most so far apart have no week between them, whatever the clocks do."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One number of a metric; its deltas and the chart count in its metric's unit."""

    key: str
    metric: Metric
    values: tuple[Number | None, ...]  # one a week shown; None: that week has none
    week: Delta  # against the week before the newest
    over: Delta  # against the first of the weeks shown

    @property
    def recorded(self) -> int:
        return sum(value is not None for value in self.values)


@dataclass(frozen=True, slots=True)
class Weekly:
    """What `/metric show` answers."""

    name: str
    weeks: tuple[Week, ...]
    leaves: tuple[Leaf, ...]  # those of the chart first, in the order of its lines
    charted: int
    chart: Chart

    @property
    def newest(self) -> Week:
        """The newest week shown that has the first of the numbers."""
        known = zip(self.weeks, self.leaves[0].values, strict=True)
        return max((week for week, value in known if value is not None), default=self.weeks[-1])


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was kept, and what stood there before."""

    week: Week
    name: str
    data: Data
    before: Data | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file that was read in."""

    weeks: int
    metrics: int  # of all weeks
    changed: int  # that were not kept already, or were older


class Stats(TypedDict):
    total_weeks: int
    metrics: list[str]
    oldest_week: str | None
    newest_week: str | None
    file_size_kb: float  # of the file that all of it makes


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of one metric, seen from a moment in a zone."""

    name: str
    weeks: Mapping[Week, Data]
    now: int
    zone: tzinfo

    @property
    def shown(self) -> list[Week]:
        """The weeks up to this one."""
        return weeks_to(week_of(self.now, self.zone), WEEKS)

    def keys(self) -> list[str]:
        """Of all numbers of the weeks shown, first what is meant where none is named."""
        found = dict.fromkeys(
            key
            for week in reversed(self.shown)
            for key, value in numbers(self.weeks.get(week, {})).items()
            if abs(value) < LARGEST
        )
        return sorted(found, key=lambda key: key not in LEADING)

    def values(self, key: str) -> dict[Week, Number]:
        """Without what is too large to draw, and what somebody kept for weeks to come."""
        this = week_of(self.now, self.zone)
        known = values_of(self.weeks, key).items()
        return {week: value for week, value in known if week <= this and abs(value) < LARGEST}

    def unit(self, keys: Sequence[str]) -> Unit:
        """Thousandths where any of these numbers is not whole."""
        values = (value for key in keys for value in self.values(key).values())
        return Unit.COUNT if all(value == int(value) for value in values) else Unit.THOUSANDTHS

    def leaf(self, key: str, unit: Unit) -> Leaf | None:
        """None where nothing was kept of it up to now."""
        values = self.values(key)
        if not values:
            return None
        metric, before = self._metric(key, unit), max(values).later(-1)
        return Leaf(
            key=key,
            metric=metric,
            values=tuple(values.get(week) for week in self.shown),
            week=self._delta(metric, values, before),
            over=self._delta(metric, values, min(self.shown[0], before)),
        )

    def chart(self, keys: Sequence[str]) -> Chart:
        """Up to five numbers over the weeks shown; open where a week has none."""
        unit, start = self.unit(keys), self.shown[0].first(self.zone)
        lines = []
        for key in keys:
            values = self.values(key)
            seen = [
                Observation(self._moment(week), scaled(values[week], unit))
                for week in sorted(values)
            ]
            lines.append(Line(key, segments(seen, self._spans(values), start, self.now)))
        title = self.name if len(keys) > 1 else f"{self.name} · {keys[0]}"
        return Chart(title, self._metric(keys[0], unit), tuple(lines), start, self.now)

    def _metric(self, key: str, unit: Unit) -> Metric:
        name = f"{self.name}.{key}"
        return Metric(name, "By week", key, key, Good.NEITHER, None, ranks_any=False, unit=unit)

    def _delta(self, metric: Metric, values: Mapping[Week, Number], before: Week) -> Delta:
        """From the end of that week to the newest one there is."""
        weeks, unit = sorted(values), metric.unit
        window = between(self._moment(before), self._moment(weeks[-1]))
        earlier = [week for week in weeks if week <= before]
        series = Series(
            before=scaled(values[earlier[-1]], unit) if earlier else None,
            after=scaled(values[weeks[-1]], unit),
            first=scaled(values[weeks[0]], unit),
            spans=self._spans(values),
        )
        delta = measure(metric.key, series, window, fresh=0)
        if delta is None:
            raise AssertionError("the newest week is in its own window")
        return delta

    def _moment(self, week: Week) -> int:
        """What is kept of a week tells of its end; of this one, of now."""
        return min(week.last(self.zone), self.now)

    def _spans(self, values: Mapping[Week, Number]) -> tuple[Span, ...]:
        """Weeks in a row are one unbroken interval."""
        spans: tuple[Span, ...] = ()
        for week in sorted(values):
            spans = join(spans, self._moment(week), daily=False, within=_NEIGHBOURS)
        return spans


def scaled(value: Number, unit: Unit) -> int:
    """As the delta engine counts: whole."""
    return round(value * THOUSAND) if unit is Unit.THOUSANDTHS else int(value)
