"""The delta engine: the only subtraction in the program."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.coverage import DAY, Sight, Span, look
from bot.core.retained import Tally
from bot.core.window import Window


class Status(StrEnum):
    """How far a change can be trusted."""

    EXACT = "exact"  # both moments were sampled, or freshly enough
    SINCE = "since"  # the first sample is younger than the window's start
    APPROX = "approx"  # a moment falls in a gap: the last known value was used
    NEW = "new"  # one sample only: the change is unknown
    GONE = "gone"  # no longer on GitHub or not visible: last values, no change


@dataclass(frozen=True, slots=True)
class Series:
    """What one window needs to know of one metric of one subject; None: nothing so early."""

    before: int | None  # the value observed last at or before the window's start
    after: int | None  # the value observed last at or before the window's end
    first: int | None  # the oldest value of all; only read where `before` is None
    spans: Sequence[Span]  # when the metric was sampled
    retained: Tally | None = None  # of stars, where the window begins before all of that


@dataclass(frozen=True, slots=True)
class Delta:
    """One metric over one window; None is unknown, never zero."""

    metric: str
    status: Status
    before: int | None
    after: int
    before_at: int | None  # when `before` was sampled
    after_at: int
    reconstructed: bool = False  # `before` was rebuilt from stars still held, nobody sampled it

    @property
    def change(self) -> int | None:
        """None where it is unknown, as when nobody looked in the whole window."""
        if self.before is None or self.unsampled:
            return None
        return self.after - self.before

    @property
    def unsampled(self) -> bool:
        """Do both moments stand on one sample, too old to tell what happened between them?"""
        return self.status is Status.APPROX and self.before_at == self.after_at

    @property
    def percent(self) -> float | None:
        """Growth in percent of `before`; None where that is unknown or zero."""
        if self.change is None or not self.before:
            return None
        return self.change / self.before * 100


def measure(
    metric: str, series: Series, window: Window, *, fresh: int, gone_at: int | None = None
) -> Delta | None:
    """Compare a metric at both ends of a window; None: nothing was known by the window's end.

    `fresh` is how old, in seconds, the newest sample may be to stand for a moment that is not
    covered (section "delta rules" of the README); at a day's boundary a whole day is allowed.
    Where the window begins before the first sample, stars still held tell of its start.
    """
    after = look(series.spans, window.end)
    if after is None or series.after is None:
        return None
    seen_at, value = after.sampled_at, series.after
    if gone_at is not None and gone_at <= window.end:
        return Delta(metric, Status.GONE, None, value, None, seen_at)
    first_at = min(series.spans).since
    rebuilt = _rebuilt(series, window.start, first_at)
    if rebuilt is not None:
        start = window.start
        return Delta(metric, Status.APPROX, rebuilt, value, start, seen_at, reconstructed=True)
    if seen_at == first_at:
        return Delta(metric, Status.NEW, None, value, None, seen_at)
    before = look(series.spans, window.start)
    if before is None:
        return Delta(metric, Status.SINCE, series.first, value, first_at, seen_at)
    known = _stands(
        before, window.start, max(DAY, fresh) if window.starts_with_day else fresh
    ) and _stands(after, window.end, max(DAY, fresh) if window.ends_with_day else fresh)
    status = Status.EXACT if known else Status.APPROX
    return Delta(metric, status, series.before, value, before.sampled_at, seen_at)


def _rebuilt(series: Series, start: int, first_at: int) -> int | None:
    """What there was at the start, of what only later samples and stars still held tell."""
    if series.retained is None or series.first is None or start >= first_at:
        return None
    return series.retained.level(start, first_at, series.first)


def _stands(sight: Sight, moment: int, fresh: int) -> bool:
    return sight.covered or moment - sight.sampled_at <= fresh
