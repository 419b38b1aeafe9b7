"""Stars still held by the day they were given, and how far each repository's were read."""

from collections import defaultdict
from collections.abc import Sequence

from bot.core.coverage import DAY
from bot.core.models import Visibility
from bot.core.retained import PAGES, Extent, Given, Retained, StarPage, Unread
from bot.storage.database import Database, Row, Transaction, among, ids
from bot.storage.subjects import COLUMNS, maybe, subject_of, whole

FOREVER = 2**62
"""A day after any other."""
UNREAD = f"""
SELECT s.stars_pages, {COLUMNS} FROM subjects s
WHERE s.visibility = $1 AND s.gone_at IS NULL AND s.stars_whole = 0 AND s.stars_pages < $2
 AND (s.stars_pages > 0 OR coalesce(s.stars_asked_at, 0) <= $3)
 AND EXISTS (SELECT 1 FROM watches w WHERE w.subject_id = s.id)
ORDER BY s.stars_pages, s.id LIMIT $4
"""
EXTENTS = "SELECT s.id, s.stars_pages, s.stars_since, s.stars_whole FROM subjects s WHERE "
KNOWN = """
SELECT s.id, s.stars_since, s.stars_asked_at, s.stars_whole FROM subjects s
WHERE s.stars_pages > 0 AND
"""


class RetainedStars:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, subject_id: int, number: int, page: StarPage, at: int) -> None:
        """Replace the days a page tells of, and note how far it was read, in one transaction."""
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(EXTENTS + among("s.id", 1), ids([subject_id]))
            if not rows:
                return  # merged into another repository meanwhile
            known = _extent(rows[0]).with_page(number, page, at // DAY)
            await _replace(transaction, subject_id, number, page)
            await transaction.run(
                "UPDATE subjects SET stars_pages = $2, stars_since = $3, stars_whole = $4,"
                " stars_asked_at = CASE WHEN $5 THEN $6 ELSE stars_asked_at END WHERE id = $1",
                subject_id, known.pages, known.since, int(known.whole), number == 1, at,
            )  # fmt: skip

    async def refused(self, subject_id: int, at: int) -> None:
        """Note that its first page was asked for in vain."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE subjects SET stars_asked_at = $2 WHERE id = $1 AND stars_pages = 0",
                subject_id, at,
            )  # fmt: skip

    async def unread(self, refused_before: int, most: int) -> list[Unread]:
        """Watched public repositories with pages left; first those that have none yet."""
        rows = await self._database.rows(UNREAD, Visibility.PUBLIC, PAGES, refused_before, most)
        return [Unread(subject_of(row[1:]), whole(row[0])) for row in rows]

    async def extents(self, subject_ids: Sequence[int]) -> dict[int, Extent]:
        """How far back each is known, for every id that exists."""
        rows = await self._database.rows(EXTENTS + among("s.id", 1), ids(subject_ids))
        return {whole(row[0]): _extent(row) for row in rows}

    async def retained(self, subject_ids: Sequence[int]) -> dict[int, Retained]:
        """All days known of each; one that was never read is absent."""
        known = await self._database.rows(KNOWN + among("s.id", 1), ids(subject_ids))
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
            for id_, since, at, all_of_it in known
        }


def _extent(row: Row) -> Extent:
    """Read a row of EXTENTS."""
    _, pages, since, all_of_it = row
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
