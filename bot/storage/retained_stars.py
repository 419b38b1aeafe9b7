"""Stars still held by the day they were given, and how far each repository's were read."""

from collections import defaultdict
from collections.abc import Sequence

from bot.core.coverage import DAY
from bot.core.metrics import STARS
from bot.core.models import Visibility
from bot.core.retained import (
    NOTHING_READ,
    PAGES,
    Extent,
    Given,
    Retained,
    StarPage,
    Tally,
    Unread,
    first_after,
)
from bot.storage.database import Database, Transaction
from bot.storage.dialect import Row, among, ids
from bot.storage.subjects import COLUMNS, maybe, subject_of, whole

FOREVER = 2**62
"""A day after any other."""
UNREAD = f"""
SELECT coalesce(h.pages, 0), {COLUMNS}
FROM subjects s LEFT JOIN star_histories h ON h.subject_id = s.id
WHERE s.visibility = $1 AND s.gone_at IS NULL
 AND (h.subject_id IS NULL OR h.whole = 0 AND h.pages < $2 AND (h.pages > 0 OR h.asked_at <= $3))
 AND s.id IN (SELECT w.subject_id FROM watches w)
ORDER BY 1, s.id LIMIT $4
"""
# Added up where they lie: a repository may have 840 days, and a portfolio thousands of those.
TALLIES = f"""
SELECT h.subject_id, h.since, h.asked_at,
 (SELECT min(r.day) FROM stars_retained r WHERE r.subject_id = h.subject_id),
 CASE WHEN h.whole = 0 THEN 0 ELSE (SELECT coalesce(sum(r.count), 0) FROM stars_retained r
   WHERE r.subject_id = h.subject_id AND r.day <= h.first_at / {DAY}) END,
 (SELECT coalesce(sum(r.count), 0) FROM stars_retained r
   WHERE r.subject_id = h.subject_id AND r.day >= $2 AND r.day < h.first_at / {DAY}),
 h.whole
FROM (SELECT t.subject_id, t.since, t.asked_at, t.whole, (SELECT min(c.since)
   FROM coverage c JOIN metric_sets s ON s.id = c.metric_set_id
   WHERE c.subject_id = t.subject_id AND ',' || s.metrics || ',' LIKE $3) AS first_at
  FROM star_histories t WHERE t.pages > 0) h
WHERE h.first_at IS NOT NULL AND {among("h.subject_id", 1)}
"""
HISTORY = "SELECT h.subject_id, h.pages, h.since, h.whole, h.asked_at FROM star_histories h WHERE "


class RetainedStars:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, subject_id: int, number: int, page: StarPage, at: int) -> None:
        """Replace the days a page tells of, and note how far it was read, in one transaction."""
        async with self._database.transaction() as transaction:
            if not await transaction.rows("SELECT 1 FROM subjects WHERE id = $1", subject_id):
                return  # merged into another repository meanwhile
            rows = await transaction.rows(HISTORY + among("h.subject_id", 1), ids([subject_id]))
            extent = _extent(rows[0]) if rows else NOTHING_READ
            now = extent.with_page(number, page, at // DAY)
            asked_at = at if number == 1 or not rows else rows[0][-1]
            await _replace(transaction, subject_id, number, page)
            await transaction.run(
                "INSERT INTO star_histories (subject_id, pages, since, whole, asked_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (subject_id) DO UPDATE SET"
                " pages = excluded.pages, since = excluded.since, whole = excluded.whole,"
                " asked_at = excluded.asked_at",
                subject_id, now.pages, now.since, int(now.whole), asked_at,
            )  # fmt: skip

    async def refused(self, subject_id: int, at: int) -> None:
        """Note that its first page was asked for in vain; one that has pages stays as it is."""
        async with self._database.transaction() as transaction:
            await transaction.run(  # only where it was not merged into another or forgotten
                "INSERT INTO star_histories (subject_id, pages, whole, asked_at)"
                " SELECT s.id, 0, 0, CAST($2 AS BIGINT) FROM subjects s WHERE s.id = $1"
                " ON CONFLICT (subject_id) DO UPDATE SET"
                " asked_at = excluded.asked_at WHERE star_histories.pages = 0",
                subject_id, at,
            )  # fmt: skip

    async def unread(self, refused_before: int, most: int) -> list[Unread]:
        """Watched public repositories with pages left; first those that have none yet."""
        rows = await self._database.rows(UNREAD, Visibility.PUBLIC, PAGES, refused_before, most)
        return [Unread(subject_of(row[1:]), whole(row[0])) for row in rows]

    async def extents(self, subject_ids: Sequence[int]) -> dict[int, Extent]:
        """How far back each is known, for every id asked for."""
        rows = await self._database.rows(HISTORY + among("h.subject_id", 1), ids(subject_ids))
        known = {whole(row[0]): _extent(row) for row in rows}
        return {id_: known.get(id_, NOTHING_READ) for id_ in subject_ids}

    async def retained(self, subject_ids: Sequence[int]) -> dict[int, Retained]:
        """All days known of each; one that was never read is absent."""
        known = await self._database.rows(
            f"{HISTORY} h.pages > 0 AND {among('h.subject_id', 1)}", ids(subject_ids)
        )
        days: dict[int, list[Given]] = defaultdict(list)
        for id_, day, count in await self._database.rows(
            "SELECT subject_id, day, count FROM stars_retained WHERE "
            + among("subject_id", 1)
            + " ORDER BY subject_id, day",
            ids(subject_ids),
        ):
            days[whole(id_)].append(Given(whole(day), whole(count)))
        return {
            whole(id_): Retained(whole(since), whole(at), days[whole(id_)], bool(all_of_it))
            for id_, _, since, all_of_it, at in known
        }

    async def tallies(self, subject_ids: Sequence[int], moment: int) -> dict[int, Tally]:
        """What they tell of a moment before the first sample; one never read is absent."""
        rows = await self._database.rows(
            TALLIES, ids(subject_ids), first_after(moment), f"%,{STARS.key},%"
        )
        return {
            whole(id_): Tally(
                whole(since),
                whole(until),
                maybe(first_day),
                until_sample=whole(until_sample),
                between=whole(given),
                whole=bool(all_of_it),
            )
            for id_, since, until, first_day, until_sample, given, all_of_it in rows
        }


def _extent(row: Row) -> Extent:
    """Read a row of HISTORY."""
    _, pages, since, all_of_it, _ = row
    return Extent(whole(pages), maybe(since), bool(all_of_it))


async def _replace(transaction: Transaction, subject_id: int, number: int, page: StarPage) -> None:
    """A page stands for its own days; the first also for later ones, the last for earlier ones."""
    since, until = (page.since or 0, page.until or 0)
    if number == 1:
        until = FOREVER
    if page.last:
        since = 0
    if page.since is not None or number == 1:
        await transaction.run(
            "DELETE FROM stars_retained WHERE subject_id = $1 AND day >= $2 AND day < $3",
            subject_id, since, until,
        )  # fmt: skip
    await transaction.run_many(
        "INSERT INTO stars_retained (subject_id, day, count) VALUES ($1, $2, $3)",
        [(subject_id, day, count) for day, count in sorted(page.days.items())],
    )
