"""When each repository's numbers changed last, and by how much: what most of a digest is made of.

Kept by the usual answers of runs, and good for as long as nothing else touches the history that it
is taken from: whoever does so forgets the row, and the next run begins a new one.
"""

from collections.abc import Iterable, Mapping

from bot.core.metrics import METRICS, STARS
from bot.core.rank import weigh
from bot.storage.database import Transaction
from bot.storage.dialect import among, each, ids

READ_AGAIN = f"""
INSERT INTO last_changes (subject_id, since, until, before_at, changed_at, most, total, stars)
SELECT value, $2, $2, $2, $2, 0, 0, 0 FROM {each(1)} WHERE TRUE
ON CONFLICT (subject_id) DO UPDATE SET until = excluded.until
"""
CHANGED = """
UPDATE last_changes SET before_at = changed_at, changed_at = $2, most = $3, total = $4, stars = $5
WHERE subject_id = $1
"""
FORGET = f"DELETE FROM last_changes WHERE {among('subject_id', 1)}"
FORGET_STALE = f"""
{FORGET} AND until < (SELECT max(c.until) FROM coverage c
 WHERE c.subject_id = last_changes.subject_id)
"""
EVER = 2**62
"""Later than any change."""


async def forget_stale(transaction: Transaction, subject_ids: Iterable[int]) -> None:
    """Of whom somebody wrote who knows no such rows: the bot that an update has not replaced yet.

    Before a run's own coverage is written.
    """
    await transaction.run(FORGET_STALE, ids(subject_ids))


async def note_changes(
    transaction: Transaction,
    at: int,
    read: Iterable[int],
    changes: Mapping[int, Mapping[str, int]],
) -> None:
    """Whom a run read again, and of who changed by how much each number did."""
    await transaction.run(READ_AGAIN, ids(read), at)
    rows = []
    for id_, of_one in changes.items():
        ranked = [change for key, change in of_one.items() if METRICS[key].ranks_any]
        if ranked:
            rows.append((id_, at, *weigh(ranked), of_one.get(STARS.key, 0)))
    await transaction.run_many(CHANGED, rows)


async def forget_changes(
    transaction: Transaction, subject_ids: Iterable[int], before: int = EVER
) -> None:
    """Of whose history something else than a usual answer was written or taken away.

    Where that lies `before` a moment, only who did not change since.
    """
    await transaction.run(f"{FORGET} AND changed_at < $2", ids(subject_ids), before)
