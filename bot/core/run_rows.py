"""What a run directory tells of a repository: deltas that its own samples add up to.

Whoever reads a directory back has the samples that stand in it and nothing else. So the rows are
measured from just those, by the one delta engine: a store filled from them gives the same.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.core.coverage import Span
from bot.core.daily import written
from bot.core.delta import Delta, Series, measure
from bot.core.history import History, Observation
from bot.core.models import Sample, Subject
from bot.core.run_directory import Row
from bot.core.window import Window

DIGITS = 4
"""Of a percentage, behind its point."""


@dataclass(frozen=True, slots=True)
class Known:
    """One repository as it was known by the end of a period."""

    subject: Subject
    series: Mapping[str, Series]
    oldest: Mapping[str, Observation] = field(default_factory=dict)  # where a delta stands on one


def known_by(subject: Subject, series: Mapping[str, Series], end: int) -> Known:
    """Leave out what was sampled later: a run that is written late tells of its own time.

    Stars that are still held are no samples.
    """
    return Known(
        subject,
        {
            key: replace(one, spans=[_clipped(s, end) for s in one.spans if s.since <= end],
                         retained=None)
            for key, one in series.items()
        },
    )  # fmt: skip


def lonely(known: Known, window: Window, fresh: int) -> dict[str, int]:
    """The metrics whose both ends stand on one sample, with when each was sampled first."""
    return {
        delta.metric: min(span.since for span in known.series[delta.metric].spans)
        for delta in _measured(known.subject, known.series, window, fresh)
        if delta.before_at == delta.after_at
    }


def row(known: Known, window: Window, fresh: int) -> Row | None:
    """None where nothing was known by the window's end."""
    found = _measured(known.subject, known.series, window, fresh)
    if not found:
        return None
    history = History()
    for sample in _samples(found, known.oldest):
        history.add(sample, imported=True)  # as whoever reads it back does
    settled = {key: history.series(key, window.start, window.end) for key in known.series}
    subject, gone = known.subject, _gone_by(known.subject, window.end)
    return {
        "repo": subject.full_name,
        "state": "active" if gone is None else "gone",
        "gone_at": None if gone is None else written(gone),
        "visibility": subject.visibility.value,
        "archived": subject.archived,
        "metrics": [
            _metric(delta, known.oldest.get(delta.metric))
            for delta in _measured(subject, settled, window, fresh)
        ],
    }


def _measured(
    subject: Subject, series: Mapping[str, Series], window: Window, fresh: int
) -> list[Delta]:
    measured = (
        measure(key, one, window, fresh=fresh, gone_at=subject.gone_at)
        for key, one in series.items()
        if one.spans
    )
    return [delta for delta in measured if delta is not None]


def _samples(deltas: list[Delta], oldest: Mapping[str, Observation]) -> list[Sample]:
    """What the deltas stand on, oldest first; what was read at one moment was read together."""
    values: dict[int, dict[str, int]] = defaultdict(dict)
    for delta in deltas:
        values[delta.after_at][delta.metric] = delta.after
        if delta.before is not None and delta.before_at is not None:
            values[delta.before_at][delta.metric] = delta.before
        if delta.metric in oldest:
            values[oldest[delta.metric].at][delta.metric] = oldest[delta.metric].value
    return [Sample(at, read) for at, read in sorted(values.items())]


def _metric(delta: Delta, oldest: Observation | None) -> Row:
    told: dict[str, object] = {
        "metric": delta.metric,
        "status": delta.status.value,
        "before": delta.before,
        "after": delta.after,
        "change": delta.change,
        "percent": None if delta.percent is None else round(delta.percent, DIGITS),
        "before_at": None if delta.before_at is None else written(delta.before_at),
        "after_at": written(delta.after_at),
    }
    if oldest is not None:
        told["first"] = {"at": written(oldest.at), "value": oldest.value}
    return told


def _gone_by(subject: Subject, end: int) -> int | None:
    return subject.gone_at if subject.gone_at is not None and subject.gone_at <= end else None


def _clipped(span: Span, end: int) -> Span:
    return span if span.until <= end else span._replace(until=span.newest_sample(end))
