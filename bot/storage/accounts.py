"""All that a diff asks of one repository, in one statement: a trip to the store takes as long."""

from bot.core.account import Account
from bot.core.events import Event, Kind, in_order
from bot.core.window import Window
from bot.storage.database import Database
from bot.storage.dialect import Row
from bot.storage.series import SERIES, SPAN, SPANS, series_of
from bot.storage.subjects import whole

EVENT, VISITED = SPAN + 1, SPAN + 2
"""What else the first column says a row is."""
ACCOUNT = f"""
{SERIES} l.subject_id = $3 UNION ALL {SPANS} c.subject_id = $3
UNION ALL SELECT {EVENT}, e.subject_id, e.kind, 0, e.at, 0, e.detail
FROM events e WHERE e.subject_id = $3
UNION ALL SELECT {VISITED}, 0, '', 0, 0, 0, 0 WHERE
 EXISTS (SELECT 1 FROM traffic t WHERE t.subject_id = $3)
 OR EXISTS (SELECT 1 FROM traffic_popular t WHERE t.subject_id = $3)
"""


async def account(database: Database, subject_id: int, window: Window) -> Account:
    rows = await database.rows(ACCOUNT, window.start, window.end, subject_id)
    others = [row for row in rows if whole(row[0]) > SPAN]
    return Account(
        series_of(rows, [subject_id])[subject_id],
        in_order([_event(row) for row in others if row[0] == EVENT]) if others else (),
        visited=any(row[0] == VISITED for row in others),
    )


def _event(row: Row) -> Event:
    _, _, kind, _, at, _, detail = row
    return Event(whole(at), Kind(str(kind)), str(detail))
