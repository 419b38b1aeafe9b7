"""Who watches what: a guild's portfolio, in named groups."""

from collections.abc import Callable, Collection, Iterable, Sequence

from bot.core.models import Scope, Subject, Visibility, Watch
from bot.storage.database import Database, Transaction
from bot.storage.dialect import among, ids
from bot.storage.subjects import COLUMNS, OWNER, subject_of, whole

FOLLOWED = """
SELECT 1 FROM follows WHERE guild_id = $1 AND watch_group = $2 AND lower(owner) = lower($3)
"""
# One seek a group and repository, instead of going through all that the guild watches.
GROUPS = """
SELECT DISTINCT g.watch_group FROM watches g WHERE g.guild_id = $3 AND (g.watch_group = $4 OR $5)
"""


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int, group: str | None = None) -> list[Watch]:
        """What a guild watches, by name; in all groups unless one is named."""
        rows = await self._database.rows(
            f"SELECT w.watch_group, w.followed, {COLUMNS} FROM watches w JOIN subjects s"
            " ON s.id = w.subject_id WHERE w.guild_id = $1 AND (w.watch_group = $2 OR $3)"
            " ORDER BY lower(s.full_name), w.watch_group",
            guild_id, group, group is None,
        )  # fmt: skip
        return [Watch(subject_of(row[2:]), str(row[0]), bool(row[1])) for row in rows]

    async def some(self, scope: Scope, subject_ids: Iterable[int]) -> list[Subject]:
        """Those of these ids that are meant, by name."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM subjects s WHERE (s.visibility = '{Visibility.PUBLIC}' OR $2)"
            f" AND s.id IN (SELECT w.subject_id FROM watches w WHERE w.guild_id = $3"
            f" AND w.watch_group IN ({GROUPS}) AND {among('w.subject_id', 1)})"
            " ORDER BY lower(s.full_name), s.id",
            ids(subject_ids), scope.hidden, scope.guild_id, scope.group, scope.group is None,
        )  # fmt: skip
        return [subject_of(row) for row in rows]

    async def owners(self, scope: Scope) -> set[str]:
        """Who owns what is meant: also what GitHub was not asked about yet."""
        rows = await self._database.rows(
            f"SELECT DISTINCT {OWNER} FROM watches w JOIN subjects s ON s.id = w.subject_id"
            " WHERE w.guild_id = $1 AND (w.watch_group = $2 OR $3)"
            f" AND (s.visibility IN ('{Visibility.PUBLIC}', '{Visibility.UNKNOWN}') OR $4)",
            scope.guild_id, scope.group, scope.group is None, scope.hidden,
        )  # fmt: skip
        return {str(owner) for (owner,) in rows}

    async def groups(self, guild_id: int) -> set[str]:
        """The groups in which a guild watches anything."""
        rows = await self._database.rows(
            "SELECT DISTINCT watch_group FROM watches WHERE guild_id = $1", guild_id
        )
        return {str(group) for (group,) in rows}

    async def add(  # noqa: PLR0913  # what a watch is, and on what condition
        self,
        guild_id: int,
        group: str,
        subject_ids: Sequence[int],
        admit: Callable[[int, int], None] = lambda _now, _then: None,
        *,
        followed: Collection[int] = (),
        owner: str | None = None,
    ) -> set[int]:
        """Watch these; returns the ids that were not watched in this group before.

        Of those, a follow of their owner brought the `followed` ones. None are watched where an
        `owner` is named who is not followed any more: the guild may have been forgotten meanwhile.

        `admit` is asked while nobody else writes, with how many the guild watches and would watch;
        what it raises undoes all of it.
        """
        async with self._database.transaction() as transaction:
            if owner is not None and not await transaction.rows(FOLLOWED, guild_id, group, owner):
                return set()
            before = await _count(transaction, guild_id)
            new = {
                whole(row[0])
                for id_ in subject_ids
                for row in await transaction.rows(
                    "INSERT INTO watches (guild_id, watch_group, subject_id, followed)"
                    " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING subject_id",
                    guild_id, group, id_, 1 if id_ in followed else None,
                )
            }  # fmt: skip
            admit(before, await _count(transaction, guild_id))
        return new

    async def name(self, guild_id: int, group: str, subject_ids: Sequence[int]) -> None:
        """Somebody wants these by their names: they stay when a follow that brought them ends."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE watches SET followed = NULL WHERE followed IS NOT NULL"
                f" AND guild_id = $1 AND watch_group = $2 AND {among('subject_id', 3)}",
                guild_id, group, ids(subject_ids),
            )  # fmt: skip

    async def remove(
        self, guild_id: int, subject_ids: Sequence[int], group: str | None = None
    ) -> set[int]:
        """Stop watching these, in all groups unless one is named; returns those that were watched.

        Their history stays.
        """
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "DELETE FROM watches WHERE guild_id = $1 AND (watch_group = $2 OR $3) AND "
                + among("subject_id", 4)
                + " RETURNING subject_id",
                guild_id, group, group is None, ids(subject_ids),
            )  # fmt: skip
        return {whole(id_) for (id_,) in rows}


async def _count(transaction: Transaction, guild_id: int) -> int:
    """Repositories a guild watches, each once."""
    ((count,),) = await transaction.rows(
        "SELECT count(DISTINCT subject_id) FROM watches WHERE guild_id = $1", guild_id
    )
    return whole(count)
