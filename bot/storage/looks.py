"""When each repository was looked at last, and what was read of it then."""

from collections.abc import Sequence

from bot.core.metrics import COUNTED
from bot.core.rotation import Look
from bot.storage.database import Database
from bot.storage.dialect import among, ids
from bot.storage.subjects import whole

LOOKS = f"""
SELECT c.subject_id, m.metrics, max(c.until)
FROM coverage c JOIN metric_sets m ON m.id = c.metric_set_id
WHERE m.daily = 0 AND m.imported = 0 AND {among("c.subject_id", 1)}
GROUP BY c.subject_id, m.metrics
UNION ALL
SELECT s.id, '', s.sought_at FROM subjects s
WHERE s.sought_at IS NOT NULL AND {among("s.id", 1)}
"""
"""Of runs only: what files brought was not looked at by us."""


CHUNK = 500
"""Repositories read at once: others wait for the reader for no longer."""


async def looks(database: Database, subject_ids: Sequence[int]) -> dict[int, Look]:
    """A look for every id asked for."""
    found = dict[int, Look]()
    for first in range(0, len(subject_ids), CHUNK):
        found |= await _looks(database, subject_ids[first : first + CHUNK])
    return found


async def _looks(database: Database, subject_ids: Sequence[int]) -> dict[int, Look]:
    sampled, counted, sought = dict[int, int](), dict[int, int](), dict[int, int]()
    for row in await database.rows(LOOKS, ids(subject_ids)):
        id_, metrics, at = whole(row[0]), str(row[1]), whole(row[2])
        if not metrics:
            sought[id_] = at
            continue
        sampled[id_] = max(at, sampled.get(id_, at))
        if not COUNTED.isdisjoint(metrics.split(",")):
            counted[id_] = max(at, counted.get(id_, at))
    return {id_: Look(sampled.get(id_), counted.get(id_), sought.get(id_)) for id_ in subject_ids}
