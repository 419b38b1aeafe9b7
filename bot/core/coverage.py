"""When a metric was really sampled: it tells "unchanged" from "not looked"."""

from collections.abc import Sequence
from typing import NamedTuple

DAY = 86_400
NOON = DAY // 2
JOIN = 36 * 3600
"""Samples at most this many seconds apart are one unbroken interval: a day and half a day late."""


def reach(interval: int) -> int:
    """The longest silence, in seconds, that a collection every `interval` seconds bridges."""
    return max(JOIN, interval * 3 // 2)


class Span(NamedTuple):
    """An unbroken interval of samples, both ends included."""

    since: int
    until: int
    daily: bool = False  # sampled once a day, stamped 12:00 UTC

    def newest_sample(self, moment: int) -> int:
        """The newest sample at or before `moment`, which is not before `since`.

        Single samples inside a span are not kept: a daily one is known by its stamp, and for the
        others the value was watched through, so the moment itself counts as sampled.
        """
        if moment >= self.until:
            return self.until
        if not self.daily:
            return moment
        return max(self.since, last_noon(moment))


def last_noon(moment: int) -> int:
    """The newest 12:00 UTC at or before a moment."""
    return moment - (moment - NOON) % DAY


class Sight(NamedTuple):
    """How well a metric was looked at, at one moment."""

    sampled_at: int  # the newest sample at or before the moment
    covered: bool  # the moment lies in unbroken coverage


def look(spans: Sequence[Span], moment: int) -> Sight | None:
    """Tell how well a metric was sampled at `moment`; None: not before it either.

    `spans` may overlap and need no order: a metric can be part of several metric sets, and what
    one set left out another may have seen.
    """
    if len(spans) == 1:  # as most are
        (span,) = spans
        if span.since > moment:
            return None
        return Sight(span.newest_sample(moment), covered=span.until >= moment)
    past = [span for span in spans if span.since <= moment]
    if not past:
        return None
    sampled_at = max(span.newest_sample(moment) for span in past)
    last = max(span.until for span in past)
    if last >= moment:
        return Sight(sampled_at, covered=True)
    following = min((span.since for span in spans if span.since > moment), default=None)
    return Sight(sampled_at, covered=following is not None and following - last <= JOIN)


def _reaches(spans: Sequence[Span], moment: int) -> bool:
    return bool(spans) and max(span.until for span in spans) >= moment


def join(spans: Sequence[Span], at: int, *, daily: bool, within: int) -> tuple[Span, ...]:
    """Add one sample to the ordered spans of one metric set, bridging silences of `within` s."""
    if not spans:
        return (Span(at, at, daily),)
    *older, newest = spans
    if newest.until < at <= newest.until + within and not _reaches(older, at - within):
        return (*older, Span(newest.since, at, daily))  # as nearly all are
    since = until = at
    apart = []
    for span in spans:
        if span.until + within < at or span.since - within > at:
            apart.append(span)
        else:
            since, until = min(since, span.since), max(until, span.until)
    return tuple(sorted([*apart, Span(since, until, daily)], key=lambda span: span.since))
