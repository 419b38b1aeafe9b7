"""What a chart is drawn from: the observations and the coverage of one metric over a window."""

from collections.abc import Sequence

from bot.core.chart import Trail
from bot.core.coverage import Span
from bot.core.history import Observation
from bot.core.window import Window
from bot.storage.database import Database
from bot.storage.dialect import among, ids
from bot.storage.subjects import whole

SEEN, SPAN = 0, 1
"""What the first column of a row says it is."""
OBSERVED = """
SELECT 0, l.subject_id, o.at, o.value, 0, ''
FROM latest l JOIN metrics m ON m.id = l.metric_id
JOIN observations o ON o.subject_id = l.subject_id AND o.metric_id = l.metric_id
 AND o.at >= COALESCE((SELECT p.at FROM observations p WHERE p.subject_id = l.subject_id
   AND p.metric_id = l.metric_id AND p.at <= $1 ORDER BY p.at DESC LIMIT 1), $1)
 AND o.at <= $2
WHERE m.key = $3 AND
"""
COVERED = """
SELECT 1, c.subject_id, c.since, c.until, s.daily, s.metrics
FROM coverage c JOIN metric_sets s ON s.id = c.metric_set_id WHERE
"""


async def trails(
    database: Database, subject_ids: Sequence[int], metric: str, window: Window
) -> dict[int, Trail]:
    """A trail for every id; in one statement, as a run may commit between two."""
    seen: dict[int, list[Observation]] = {id_: [] for id_ in subject_ids}
    spans: dict[int, list[Span]] = {id_: [] for id_ in subject_ids}
    sql = f"{OBSERVED} {among('l.subject_id', 4)} UNION ALL {COVERED} {among('c.subject_id', 4)}"
    for kind, id_, begun, other, daily, metrics in await database.rows(
        f"{sql} ORDER BY 1, 2, 3", window.start, window.end, metric, ids(subject_ids)
    ):
        if kind == SEEN:
            seen[whole(id_)].append(Observation(whole(begun), whole(other)))
        elif metric in str(metrics).split(","):
            spans[whole(id_)].append(Span(whole(begun), whole(other), bool(daily)))
    return {id_: Trail(seen[id_], spans[id_]) for id_ in subject_ids}
