"""Traffic: what was read of each day, who may be asked about it, and what was refused."""

import json
from collections.abc import Mapping, Sequence

from bot.core.models import Reading, Refused, Subject
from bot.core.traffic import Capture, Day, Days, Popular, Ranking, Visit, merge
from bot.storage.database import Database, Transaction
from bot.storage.dialect import among, ids
from bot.storage.subjects import COLUMNS, subject_of, whole

VISITS = (Visit.VIEWS, Visit.CLONES)
"""By their number in the column."""
PATIENCE = 7
"""Days before one of whom GitHub does not say whether it may be asked is asked again."""
DUE = f"""
SELECT {COLUMNS} FROM traffic_access a JOIN subjects s ON s.id = a.subject_id
WHERE s.gone_at IS NULL AND a.asked_on <> $1
 AND (a.may_push = 1 OR a.refused IS NULL OR a.asked_on NOT BETWEEN $1 - {PATIENCE} + 1 AND $1)
 AND s.id IN (SELECT w.subject_id FROM watches w)
ORDER BY a.asked_on, s.id LIMIT $2
"""
KEEP_DAY = """
INSERT INTO traffic (subject_id, visit, day, total, uniques, settled)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (subject_id, visit, day) DO UPDATE
SET total = excluded.total, uniques = excluded.uniques, settled = excluded.settled
"""
KEEP_POPULAR = """
INSERT INTO traffic_popular (subject_id, ranking, day, entries) VALUES ($1, $2, $3, $4)
ON CONFLICT (subject_id, ranking, day) DO UPDATE SET entries = excluded.entries
"""
NEWEST_POPULAR = """
SELECT entries FROM traffic_popular WHERE subject_id = $1 AND ranking = $2 AND day <= $3
ORDER BY day DESC LIMIT 1
"""
ASKED = "UPDATE traffic_access SET asked_on = $2, refused = $3 WHERE subject_id = $1"
OF_DAYS = (
    "SELECT visit, day, total, uniques, settled FROM traffic"
    " WHERE subject_id = $1 AND day BETWEEN $2 AND $3"
)


class TrafficLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, today: int, most: int) -> list[Subject]:
        """Watched repositories that may be asked and were not yet today, longest ago first."""
        return [subject_of(row) for row in await self._database.rows(DUE, today, most)]

    async def keep(self, subject_id: int, capture: Capture) -> None:
        """Merge what was read; where something is missing, it is due again."""
        async with self._database.transaction() as transaction:
            for visit, days in capture.days.items():
                await _keep_days(transaction, subject_id, visit, days)
            for ranking, popular in capture.popular.items():
                await _keep_popular(transaction, subject_id, ranking, popular, capture.on)
            if capture.complete:
                await transaction.run(ASKED, subject_id, capture.on, None)

    async def refuse(self, subject_id: int, on: int, kind: Refused) -> None:
        """Remember that GitHub said no; what was read before stays."""
        async with self._database.transaction() as transaction:
            await transaction.run(ASKED, subject_id, on, kind)

    async def refused(self, subject_ids: Sequence[int]) -> set[int]:
        """Of these, which GitHub lets the token push to and yet refused it their traffic."""
        rows = await self._database.rows(
            "SELECT subject_id FROM traffic_access WHERE may_push = 1 AND refused IS NOT NULL AND "
            + among("subject_id", 1),
            ids(subject_ids),
        )
        return {whole(id_) for (id_,) in rows}

    async def days(self, subject_id: int, first: int, last: int) -> dict[Visit, Days]:
        """What is known from one UTC day to another, both included."""
        found: dict[Visit, dict[int, Day]] = {visit: {} for visit in Visit}
        for visit, day, total, uniques, settled in await self._database.rows(
            OF_DAYS, subject_id, first, last
        ):
            known = Day(whole(total), whole(uniques), bool(settled))
            found[VISITS[whole(visit)]][whole(day)] = known
        return {**found}

    async def popular(self, subject_id: int, day: int) -> dict[Ranking, Sequence[Popular]]:
        """Referrers and paths as they were read last on or before a UTC day."""
        found: dict[Ranking, Sequence[Popular]] = {}
        for ranking in Ranking:
            rows = await self._database.rows(NEWEST_POPULAR, subject_id, ranking, day)
            found[ranking] = _listed(str(rows[0][0])) if rows else ()
        return found


async def note_access(transaction: Transaction, readings: Mapping[int, Reading]) -> None:
    """Write down whose traffic may be asked for, by the ids of those that answered in a run."""
    rows = await transaction.rows(
        "SELECT subject_id, may_push FROM traffic_access WHERE " + among("subject_id", 1),
        ids(readings),
    )
    noted = {whole(id_): bool(said) for id_, said in rows}
    for id_, reading in readings.items():
        if reading.may_push is False and id_ in noted:
            await transaction.run("DELETE FROM traffic_access WHERE subject_id = $1", id_)
        elif reading.may_push is not False and noted.get(id_) is not bool(reading.may_push):
            await transaction.run(
                "INSERT INTO traffic_access (subject_id, may_push, asked_on) VALUES ($1, $2, 0)"
                " ON CONFLICT (subject_id) DO UPDATE SET may_push = excluded.may_push",
                id_, int(bool(reading.may_push)),
            )  # fmt: skip


async def _keep_days(transaction: Transaction, subject_id: int, visit: Visit, read: Days) -> None:
    if not read:
        return
    rows = await transaction.rows(OF_DAYS, subject_id, min(read), max(read))
    known = {
        whole(day): Day(whole(total), whole(uniques), bool(settled))
        for of, day, total, uniques, settled in rows
        if of == VISITS.index(visit)
    }
    await transaction.run_many(
        KEEP_DAY,
        [
            (subject_id, VISITS.index(visit), day, now.total, now.uniques, int(now.settled))
            for day, now in merge(known, read).items()
        ],
    )


async def _keep_popular(
    transaction: Transaction, subject_id: int, ranking: Ranking, read: Sequence[Popular], on: int
) -> None:
    entries = json.dumps(
        [[one.name, one.total, one.uniques, one.title] for one in read],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    newest = await transaction.rows(NEWEST_POPULAR, subject_id, ranking, on)
    if [(entries,)] != newest:
        await transaction.run(KEEP_POPULAR, subject_id, ranking, on, entries)


def _listed(entries: str) -> tuple[Popular, ...]:
    return tuple(Popular(*entry) for entry in json.loads(entries))
