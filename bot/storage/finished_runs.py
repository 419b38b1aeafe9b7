"""Which runs have ended well, and up to when each destination has a directory of them."""

from bot.core.models import Run, RunStatus, Trigger
from bot.storage.database import Database
from bot.storage.runs import COLUMNS, run_of
from bot.storage.subjects import whole

OPERATOR = 0
"""Whose note it is: the operator's own portfolio is what the directories tell of."""
WELL = f"SELECT {COLUMNS} FROM runs WHERE cause IN ($2, $3) AND status IN ($4, $5) AND sampled > 0"
# Of those that ended in one second each is noted: the second alone would lose all but the first.
AFTER = f"""
{WELL} AND finished_at <= $9 AND (finished_at > $1 OR (finished_at = $1 AND NOT EXISTS
 (SELECT 1 FROM told t WHERE t.guild_id = $6 AND t.warning = $7 || lower(runs.id))))
ORDER BY finished_at, id LIMIT $8
"""
KINDS = Trigger.SCHEDULE, Trigger.CLI, RunStatus.OK, RunStatus.PARTIAL


class FinishedRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, place: str, at: int, until: int, most: int) -> list[Run]:
        """Runs over the operator's portfolio that a destination lacks of a time, oldest first."""
        rows = await self._database.rows(AFTER, at, *KINDS, OPERATOR, _key(place, ":"), most, until)
        return [run_of(row) for row in rows]

    async def last(self, until: int) -> Run | None:
        """The newest that had ended by then."""
        rows = await self._database.rows(
            f"{WELL} AND finished_at <= $1 ORDER BY finished_at DESC, id DESC LIMIT 1",
            until, *KINDS,
        )  # fmt: skip
        return run_of(rows[0]) if rows else None

    async def written(self, place: str) -> int | None:
        """Up to when a destination has them; None: nobody has begun to write there."""
        rows = await self._database.rows(
            "SELECT at FROM told WHERE guild_id = $1 AND warning = $2", OPERATOR, _key(place)
        )
        return whole(rows[0][0]) if rows else None

    async def note(self, place: str, at: int, run_id: str = "") -> None:
        """All that ended before then is there, and of those that ended then this one."""
        runs = _key(place, ":")
        async with self._database.transaction() as transaction:
            await transaction.run_many(
                "INSERT INTO told (guild_id, warning, at) VALUES ($1, $2, $3)"
                " ON CONFLICT (guild_id, warning) DO UPDATE SET at = excluded.at",
                [(OPERATOR, _key(place), at), (OPERATOR, runs + run_id.lower(), at)],
            )
            await transaction.run(
                "DELETE FROM told WHERE guild_id = $1 AND at < $2"
                " AND substr(warning, 1, length(CAST($3 AS TEXT))) = CAST($3 AS TEXT)",
                OPERATOR, at, runs,
            )  # fmt: skip


def _key(place: str, more: str = "") -> str:
    """A table of its own would cost a page for a row: what was told to whom is kept in this one."""
    return f"run directory {place}{more}".lower()
