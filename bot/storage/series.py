"""What the delta engine needs of each metric: three values and when it was sampled."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.core.coverage import Span
from bot.core.delta import Series
from bot.core.metrics import METRICS
from bot.storage.dialect import Row, among
from bot.storage.subjects import maybe, whole

VALUE, SPAN = 0, 1
"""What the first column of SERIES and SPANS says a row is."""
# One seek each, none for what did not change since: window functions were 30 to 300 times slower.
SERIES = f"""
SELECT {VALUE}, l.subject_id, m.key, 0,
 CASE WHEN l.changed_at <= $1 THEN l.value ELSE
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id AND o.at <= $1 ORDER BY o.at DESC LIMIT 1) END,
 CASE WHEN l.changed_at <= $2 THEN l.value ELSE
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id AND o.at <= $2 ORDER BY o.at DESC LIMIT 1) END,
 CASE WHEN l.changed_at > $1 THEN
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id ORDER BY o.at LIMIT 1) ELSE l.value END
FROM latest l JOIN metrics m ON m.id = l.metric_id WHERE
"""
COVERED = """
c.subject_id, s.metrics, s.daily, s.imported, c.since, c.until
FROM coverage c JOIN metric_sets s ON s.id = c.metric_set_id WHERE
"""
SPANS, COVERAGE = f"SELECT {SPAN}, {COVERED}", f"SELECT {COVERED}"
# One statement: a run that commits between two would give new values with old coverage.
SERIES_WITH_SPANS = (
    f"{SERIES} {among('l.subject_id', 3)} UNION ALL {SPANS} {among('c.subject_id', 3)}"
)


def series_of(rows: Sequence[Row], subject_ids: Sequence[int]) -> dict[int, dict[str, Series]]:
    """Of rows of SERIES and SPANS; every id has its metrics, in the registry's order."""
    spans = _spans(row for row in rows if row[0] == SPAN)
    series: dict[int, dict[str, Series]] = {id_: {} for id_ in subject_ids}
    for kind, subject_id, key, _, before, after, first in rows:
        if kind == VALUE:
            id_, name = whole(subject_id), str(key)
            seen = spans[id_].get(name, ())
            series[id_][name] = Series(maybe(before), maybe(after), maybe(first), seen)
    return {
        id_: {key: known[key] for key in METRICS if key in known} for id_, known in series.items()
    }


def _spans(rows: Iterable[Row]) -> dict[int, dict[str, list[Span]]]:
    """Rows of SPANS: subject id -> metric -> spans."""
    read: dict[int, dict[str, list[Span]]] = defaultdict(dict)
    for _, subject_id, metrics, daily, _, since, until in rows:
        span = Span(whole(since), whole(until), bool(daily))
        read[whole(subject_id)].setdefault(str(metrics), []).append(span)
    return defaultdict(dict, {id_: _by_metric(sets) for id_, sets in read.items()})


def _by_metric(sets: Mapping[str, list[Span]]) -> dict[str, list[Span]]:
    """What was read together shares its spans."""
    spans: dict[str, list[Span]] = {}
    for metrics, seen in sets.items():
        for key in metrics.split(","):
            spans[key] = [*spans[key], *seen] if key in spans else seen
    return spans
