"""The delta rules by brute force: every sample is kept, every question goes through all of them.

Slow and simple on purpose, and strange to the code under test: only its nouns are borrowed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from bot.core.models import Sample
from bot.core.window import Window

A_DAY = 24 * 3_600
UNBROKEN = 36 * 3_600  # samples at most so far apart join


class Expected(NamedTuple):
    """One metric over one window, as the design words it."""

    status: str
    before: int | None
    after: int
    change: int | None
    before_at: int | None
    after_at: int


@dataclass(frozen=True)
class Oracle:
    """Full snapshots of one subject; they agree wherever they speak of the same moment."""

    rows: Sequence[Sample]

    def of(self, metric: str) -> list[Sample]:
        """Every sample that holds the metric, oldest first."""
        return sorted((row for row in self.rows if metric in row.values), key=lambda row: row.at)

    def value(self, metric: str, moment: int) -> int | None:
        """The last known value at or before a moment."""
        past = [row for row in self.of(metric) if row.at <= moment]
        return past[-1].values[metric] if past else None

    def covered(self, metric: str, moment: int) -> bool:
        """Was it sampled then, or shortly before and shortly after?"""
        rows = self.of(metric)
        return any(row.at == moment for row in rows) or any(
            one.at < moment < other.at and other.at - one.at <= UNBROKEN
            for one, other in pairwise(rows)
        )

    def sampled_at(self, metric: str, moment: int) -> int:
        """The newest sample; a metric that was watched through the moment was sampled then."""
        rows = self.of(metric)
        for one in rows:
            for other in rows:
                together = one.values.keys() == other.values.keys()
                timed = not one.daily and not other.daily
                near = one.at <= moment <= other.at <= one.at + UNBROKEN
                if together and timed and near:
                    return moment
        return max(row.at for row in rows if row.at <= moment)

    def observations(self, metric: str) -> list[tuple[int, int]]:
        """Moments and values, each written only when it differs from the one before."""
        written: list[tuple[int, int]] = []
        for row in self.of(metric):
            value = row.values[metric]
            if not written or written[-1][1] != value:
                written.append((row.at, value))
        return written

    def runs(self, columns: frozenset[str], *, daily: bool) -> list[tuple[int, int]]:
        """First and last moment of every unbroken run of rows with exactly these columns."""
        like = [row for row in self.rows if row.values.keys() == columns and row.daily == daily]
        runs: list[tuple[int, int]] = []
        for at in sorted({row.at for row in like}):
            if runs and at - runs[-1][1] <= UNBROKEN:
                runs[-1] = (runs[-1][0], at)
            else:
                runs.append((at, at))
        return runs

    def delta(
        self, metric: str, window: Window, *, fresh: int, gone_at: int | None = None
    ) -> Expected | None:
        past = [row for row in self.of(metric) if row.at <= window.end]
        if not past:
            return None
        after, after_at = past[-1].values[metric], self.sampled_at(metric, window.end)
        if gone_at is not None and gone_at <= window.end:
            return Expected("gone", None, after, None, None, after_at)
        if {row.at for row in past} == {after_at}:
            return Expected("new", None, after, None, None, after_at)
        if past[0].at > window.start:
            first = past[0].values[metric]
            return Expected("since", first, after, after - first, past[0].at, after_at)
        before, before_at = self.value(metric, window.start), self.sampled_at(metric, window.start)
        assert before is not None
        known = self._known(
            metric, window.start, max(A_DAY, fresh) if window.starts_with_day else fresh
        ) and self._known(metric, window.end, max(A_DAY, fresh) if window.ends_with_day else fresh)
        if known:
            return Expected("exact", before, after, after - before, before_at, after_at)
        looked = any(window.start < row.at <= window.end for row in past)
        change = after - before if looked else None  # nobody knows what they would have seen
        return Expected("approx", before, after, change, before_at, after_at)

    def _known(self, metric: str, moment: int, old: int) -> bool:
        newest = max(row.at for row in self.of(metric) if row.at <= moment)
        return self.covered(metric, moment) or moment - newest <= old
