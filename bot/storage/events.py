"""What happened to repositories besides their numbers: written with the answer that tells of it."""

from collections.abc import Iterable, Sequence

from bot.core.events import Event, Kind, in_order
from bot.storage.database import Database, Transaction
from bot.storage.dialect import among, ids

COLUMNS = "subject_id, at, kind, detail"
OF = f"SELECT {COLUMNS} FROM events WHERE {among('subject_id', 1)}"
# A look-up for each of 10,000 repositories takes ten times as long as passing over all events.
OF_RECENT = f"""
SELECT {COLUMNS} FROM events WHERE subject_id IN
 (SELECT n.subject_id FROM events n WHERE n.at > $1)
"""


async def events_of(
    database: Database, subject_ids: Sequence[int], since: int | None = None
) -> dict[int, list[Event]]:
    """All that happened to each, in order; to whom nothing did since then is absent."""
    wanted = set(subject_ids)
    if since is None:
        rows = await database.rows(OF, ids(subject_ids))
    else:
        rows = await database.rows(OF_RECENT, since)
    found: dict[int, list[Event]] = {}
    for subject_id, at, kind, detail in rows:
        event = Event(int(str(at)), Kind(str(kind)), str(detail))
        if subject_id in wanted:
            found.setdefault(int(str(subject_id)), []).append(event)
    return {subject_id: in_order(events) for subject_id, events in found.items()}


async def write(transaction: Transaction, subject_id: int, events: Iterable[Event]) -> None:
    await transaction.run_many(
        "INSERT INTO events (subject_id, at, kind, detail) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (subject_id, at, kind) DO NOTHING",
        [(subject_id, event.at, event.kind, event.detail) for event in events],
    )


async def was_told_gone(transaction: Transaction, subject_id: int) -> bool:
    """Did GitHub ever say so? What a file said of the time before is no event."""
    rows = await transaction.rows(
        "SELECT 1 FROM events WHERE subject_id = $1 AND kind = $2 LIMIT 1", subject_id, Kind.GONE
    )
    return bool(rows)


async def take_along(transaction: Transaction, into: int, absorbed: int, at: int) -> None:
    """Let one subject take over what happened to the other; who was gone is found by this."""
    await transaction.run(
        "INSERT INTO events (subject_id, at, kind, detail)"
        " SELECT CAST($1 AS BIGINT), e.at, e.kind, e.detail FROM events e WHERE e.subject_id = $2"
        " UNION ALL"
        " SELECT CAST($1 AS BIGINT), CAST($3 AS BIGINT), 'back', '' FROM subjects s"
        " WHERE s.id = $2 AND s.gone_at IS NOT NULL AND EXISTS (SELECT 1 FROM events g"
        " WHERE g.subject_id = s.id AND g.kind = 'gone')"
        " ON CONFLICT (subject_id, at, kind) DO NOTHING",
        into, absorbed, at,
    )  # fmt: skip
    await transaction.run("DELETE FROM events WHERE subject_id = $1", absorbed)
