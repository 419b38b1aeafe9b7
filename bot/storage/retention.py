"""History made smaller: old days keep their last value, and what nobody wants any more goes."""

from bot.core.coverage import DAY
from bot.core.retained import PAGES
from bot.core.retention import Removal
from bot.storage.database import Database, Transaction
from bot.storage.dialect import among, ids
from bot.storage.last_changes import forget_changes
from bot.storage.subjects import whole

OLD = "o.subject_id > $1 AND o.subject_id <= $2 AND o.at >= $3 AND o.at < $4"
# Not the day's last, not what stood as the day began (windows of whole days start from that), and
# not the first of all: coverage may begin with that one.
PASSED_OVER = f"""
DELETE FROM observations AS o WHERE {OLD} AND o.at % 86400 <> 0
 AND EXISTS (SELECT 1 FROM observations l WHERE l.subject_id = o.subject_id
   AND l.metric_id = o.metric_id AND l.at > o.at AND l.at < (o.at / 86400 + 1) * 86400)
 AND EXISTS (SELECT 1 FROM observations f WHERE f.subject_id = o.subject_id
   AND f.metric_id = o.metric_id AND f.at < o.at)
RETURNING subject_id
"""
# What is no change any more, once what stood between is gone.
REDUNDANT = f"""
DELETE FROM observations AS o WHERE {OLD}
 AND o.value = (SELECT p.value FROM observations p WHERE p.subject_id = o.subject_id
   AND p.metric_id = o.metric_id AND p.at < o.at ORDER BY p.at DESC LIMIT 1)
RETURNING subject_id
"""
EVERYBODY = 2**62
"""More than any id."""
NEWEST = """
UPDATE latest SET changed_at = (SELECT max(o.at) FROM observations o
  WHERE o.subject_id = latest.subject_id AND o.metric_id = latest.metric_id)
 WHERE subject_id > $1 AND subject_id <= $2 AND NOT EXISTS (SELECT 1 FROM observations o
  WHERE o.subject_id = latest.subject_id AND o.metric_id = latest.metric_id
  AND o.at = latest.changed_at)
"""
# When a metric was sampled first, of what will be known after the cut.
FIRST_KNOWN = """
(SELECT min(c.since) FROM coverage c JOIN metric_sets s ON s.id = c.metric_set_id
 JOIN metrics m ON m.id = observations.metric_id
 WHERE c.subject_id = observations.subject_id AND c.until >= $1
 AND ',' || s.metrics || ',' LIKE '%,' || m.key || ',%')
"""
LATER = """
EXISTS (SELECT 1 FROM observations n WHERE n.subject_id = observations.subject_id
 AND n.metric_id = observations.metric_id AND n.at > observations.at AND n.at <=
"""
# The last value before the moment stays: it is what was true at it, or at the first sample after it
# where nobody looked between the two. Of whom no sample is left it is the last that was known.
EARLIER = f"observations WHERE at < $1 AND ({LATER} $1) OR {LATER} {FIRST_KNOWN}))"
# As if that sample had written it: no value is older than all samples of it.
LATE = f"UPDATE observations SET at = {FIRST_KNOWN} WHERE at < $1 AND {FIRST_KNOWN} > $1"
# Of whom anything is known before it: samples, visits, stars still held.
REACHING_BACK = """
SELECT subject_id FROM coverage WHERE since < $1
UNION SELECT subject_id FROM traffic WHERE day < $1 / 86400
UNION SELECT subject_id FROM traffic_popular WHERE day < $1 / 86400
UNION SELECT subject_id FROM stars_retained WHERE day < $1 / 86400
UNION SELECT subject_id FROM star_histories WHERE pages > 0 AND since < $1 / 86400
"""
UNWATCHED = "subjects.id NOT IN (SELECT w.subject_id FROM watches w)"
BELONGINGS = (
    *("observations", "latest", "coverage", "last_changes", "run_errors", "subject_names"),
    *("events", "stars_retained", "star_histories"),
    *("traffic", "traffic_access", "traffic_popular"),
)
"""Tables that hold what is known of a repository: an id may be given again, so none is left out."""


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_id(self) -> int:
        """The largest id of a subject."""
        ((last,),) = await self._database.rows("SELECT coalesce(max(id), 0) FROM subjects")
        return whole(last)

    async def thin(self, above: int, up_to: int, since: int, before: int) -> int:
        """Leave each UTC day between two moments its last value, for subjects in a range of ids.

        `before` is the beginning of a UTC day. Returns how many observations went.
        """
        gone = await self._thin(above, up_to, since, before)
        # it goes through all of the history, and each of its pages is of use once: they filled the
        # writer's cache right after each start, 20 MB of a bot's 105
        await self._database.forget_pages()
        return gone

    async def _thin(self, above: int, up_to: int, since: int, before: int) -> int:
        async with self._database.transaction() as transaction:
            scope = (above, up_to, since, before)
            passed_over = await transaction.rows(PASSED_OVER, *scope)
            if not passed_over:
                return 0
            redundant = await transaction.rows(REDUNDANT, *scope)
            await transaction.run(NEWEST, above, up_to)
            await forget_changes(transaction, {whole(id_) for (id_,) in passed_over}, before)
            return len(passed_over) + len(redundant)

    async def removable(self, before: int | None, *, unwatched: bool) -> Removal:
        """What `remove` would take away."""
        repositories = observations = shortened = 0
        if unwatched:
            gone = "subject_id IN (SELECT id FROM subjects WHERE " + UNWATCHED + ")"
            repositories = await self._count(f"subjects WHERE {UNWATCHED}")
            observations += await self._count(f"observations WHERE {gone}")
        if before is not None:
            kept = " AND subject_id IN (SELECT subject_id FROM watches)" if unwatched else ""
            observations += await self._count(EARLIER + kept, before)
            back = f"({REACHING_BACK}) AS back WHERE TRUE{kept}"
            shortened = await self._count(back, before)
        return Removal(repositories, observations, shortened)

    async def remove(self, before: int | None, *, unwatched: bool) -> Removal:
        """Forget repositories nobody watches, and history before a moment; all of it or nothing."""
        async with self._database.transaction() as transaction:
            removal = await self.removable(before, unwatched=unwatched)
            if unwatched:
                await _forget_unwatched(transaction)
            if before is not None:
                await _cut(transaction, before)
        await self._database.shrink()
        return removal

    async def _count(self, what: str, *arguments: int) -> int:
        ((number,),) = await self._database.rows(f"SELECT count(*) FROM {what}", *arguments)
        return whole(number)


async def _forget_unwatched(transaction: Transaction) -> None:
    rows = await transaction.rows(f"SELECT id FROM subjects WHERE {UNWATCHED}")
    gone = ids(whole(id_) for (id_,) in rows)
    for table in BELONGINGS:
        await transaction.run(f"DELETE FROM {table} WHERE {among('subject_id', 1)}", gone)
    await transaction.run(f"DELETE FROM subjects WHERE {among('id', 1)}", gone)


async def _cut(transaction: Transaction, before: int) -> None:
    await transaction.run(f"DELETE FROM {EARLIER}", before)
    for table in ("traffic", "traffic_popular"):
        await transaction.run(f"DELETE FROM {table} WHERE day < $1", before // DAY)
    await _cut_stars(transaction, before // DAY)
    await transaction.run("DELETE FROM daily_files WHERE collected_at < $1", before)
    await transaction.run("DELETE FROM coverage WHERE until < $1", before)
    await transaction.run(
        "DELETE FROM coverage WHERE since < $1 AND EXISTS (SELECT 1 FROM coverage n"
        " WHERE n.subject_id = coverage.subject_id AND n.metric_set_id = coverage.metric_set_id"
        " AND n.since = $1)", before,
    )  # fmt: skip
    await transaction.run("UPDATE coverage SET since = $1 WHERE since < $1", before)
    await transaction.run(LATE, before)
    await transaction.run("DELETE FROM last_changes")
    await transaction.run(NEWEST, 0, EVERYBODY)


async def _cut_stars(transaction: Transaction, day: int) -> None:
    """Forget what GitHub told of earlier days, and ask for those no more."""
    await transaction.run("DELETE FROM stars_retained WHERE day < $1", day)
    await transaction.run(
        "UPDATE star_histories SET since = $1, whole = 0, pages = $2"
        " WHERE pages > 0 AND since < $1",
        day, PAGES,
    )  # fmt: skip
