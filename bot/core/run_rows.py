"""What a run directory tells of a repository: deltas that its own samples add up to.

Whoever reads a directory back has the samples that stand in it and nothing else. So the rows are
measured from just those, by the one delta engine: a store filled from them gives the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.coverage import DAY, Span, look
from bot.core.daily import written
from bot.core.delta import Delta, Series, measure
from bot.core.history import History, Observation
from bot.core.models import Sample, Subject
from bot.core.run_directory import Row
from bot.core.window import Window

DIGITS = 4
"""Of a percentage, behind its point."""
_ROUNDS = 5  # one, as a rule: then what was read back is what was told


@dataclass(frozen=True, slots=True)
class Known:
    """One repository as it was known by the end of a period."""

    subject: Subject
    series: Mapping[str, Series]
    also: Mapping[str, Sequence[Observation]] = field(default_factory=dict)  # as `others` asks for


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


def others(known: Known, window: Window, fresh: int) -> dict[str, list[int]]:
    """When else a metric was sampled, where its status stands on more than both ends.

    Where one sample is both, the first of all says that it is not new; where the start lies in a
    short silence, the end of that says that it is covered.
    """
    return _others(
        _measured(known.subject, known.series, window, fresh), known.series, window.start
    )


def _others(
    deltas: Sequence[Delta], series: Mapping[str, Series], start: int
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for delta in deltas:
        spans = series[delta.metric].spans
        moments = {min(s.since for s in spans)} if delta.before_at == delta.after_at else set()
        moments |= _next_after(spans, start)
        if moments and delta.before_at is not None:
            found[delta.metric] = sorted(moments)
    return found


def _next_after(spans: Sequence[Span], start: int) -> set[int]:
    """The sample that ends the silence around a covered moment, if there is one around it."""
    sight = look(spans, start)
    if sight is None or not sight.covered or sight.sampled_at == start:
        return set()
    days = [min(s.until, sight.sampled_at + DAY) for s in spans if s.since <= start < s.until]
    return {min([*days, *(s.since for s in spans if s.since > start)])}


def row(known: Known, window: Window, fresh: int) -> Row | None:
    """None where nothing was known by the window's end."""
    found = _measured(known.subject, known.series, window, fresh)
    if not found:
        return None
    subject, gone, also = known.subject, _gone_by(known.subject, window.end), known.also
    for _ in range(_ROUNDS):
        before = found, also
        found, also = _read_back(known, *before, window, fresh)
        if (found, also) == before:
            break
    return {
        "repo": subject.full_name,
        "state": "active" if gone is None else "gone",
        "gone_at": None if gone is None else written(gone),
        "visibility": subject.visibility.value,
        "archived": subject.archived,
        "metrics": [_metric(delta, also.get(delta.metric, ())) for delta in found],
    }


def _read_back(
    known: Known,
    deltas: Sequence[Delta],
    also: Mapping[str, Sequence[Observation]],
    window: Window,
    fresh: int,
) -> tuple[list[Delta], dict[str, list[Observation]]]:
    """What a store says that has these samples alone, and what else that stands on."""
    history = History()
    for sample in _samples(deltas, also):
        history.add(sample, imported=True)
    series = {key: history.series(key, window.start, window.end) for key in known.series}
    found = _measured(known.subject, series, window, fresh)
    needed = {
        key: [
            Observation(at, value)
            for at in moments
            if (value := history.series(key, at, at).before) is not None
        ]
        for key, moments in _others(found, series, window.start).items()
    }
    return found, needed


def _measured(
    subject: Subject, series: Mapping[str, Series], window: Window, fresh: int
) -> list[Delta]:
    measured = (
        measure(key, one, window, fresh=fresh, gone_at=subject.gone_at)
        for key, one in series.items()
        if one.spans
    )
    return [delta for delta in measured if delta is not None]


def _samples(deltas: Sequence[Delta], also: Mapping[str, Sequence[Observation]]) -> list[Sample]:
    """What the deltas stand on, oldest first; what was read at one moment was read together."""
    values: dict[int, dict[str, int]] = defaultdict(dict)
    for delta in deltas:
        values[delta.after_at][delta.metric] = delta.after
        if delta.before is not None and delta.before_at is not None:
            values[delta.before_at][delta.metric] = delta.before
        for seen in also.get(delta.metric, ()):
            values[seen.at][delta.metric] = seen.value
    return [Sample(at, read) for at, read in sorted(values.items())]


def _metric(delta: Delta, also: Sequence[Observation]) -> Row:
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
    if also:
        told["also"] = [{"at": written(seen.at), "value": seen.value} for seen in also]
    return told


def _gone_by(subject: Subject, end: int) -> int | None:
    return subject.gone_at if subject.gone_at is not None and subject.gone_at <= end else None


def _clipped(span: Span, end: int) -> Span:
    return span if span.until <= end else span._replace(until=span.newest_sample(end))
