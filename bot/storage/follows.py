"""Who follows which owners, in named groups; an owner's spelling does not matter."""

from collections.abc import Callable

from bot.core.follow import Follow, Terms
from bot.storage.database import Database
from bot.storage.dialect import Row
from bot.storage.subjects import whole

COLUMNS = "guild_id, watch_group, owner, include, exclude, forks, archived, trouble"
BROUGHT = """
DELETE FROM watches WHERE guild_id = $1 AND watch_group = $2 AND followed = 1
 AND subject_id IN (SELECT n.subject_id FROM subject_names n WHERE n.name >= $3 AND n.name < $4)
 AND NOT EXISTS (SELECT 1 FROM follows f, subjects s WHERE s.id = watches.subject_id
 AND f.guild_id = watches.guild_id AND f.watch_group = watches.watch_group
 AND lower(substr(s.full_name, 1, length(f.owner) + 1)) = lower(f.owner) || '/')
"""
"""What a follow that has ended brought, also where its owner or place has a new name since then.

What belongs to an owner who is still followed there stays.
"""


class Follows:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, guild_id: int | None = None, group: str | None = None) -> list[Follow]:
        """By owner and group; of all guilds and in all groups unless one is named."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM follows WHERE (guild_id = $1 OR $2)"
            " AND (watch_group = $3 OR $4) ORDER BY lower(owner), watch_group, guild_id",
            guild_id, guild_id is None, group, group is None,
        )  # fmt: skip
        return [_follow_of(row) for row in rows]

    async def save(self, follow: Follow, admit: Callable[[], None] = lambda: None) -> None:
        """Write a new one, or change the one of this guild, group and owner.

        `admit` is asked while nobody else writes; what it raises keeps it from being written.
        """
        terms = follow.terms
        async with self._database.transaction() as transaction:
            admit()
            await transaction.run(
                "DELETE FROM follows WHERE guild_id = $1 AND watch_group = $2"
                " AND lower(owner) = lower($3)",
                follow.guild_id, follow.group, follow.owner,
            )  # fmt: skip
            await transaction.run(
                f"INSERT INTO follows ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                follow.guild_id, follow.group, follow.owner, " ".join(terms.include),
                " ".join(terms.exclude), int(terms.forks), int(terms.archived), follow.trouble,
            )  # fmt: skip

    async def change(self, follow: Follow) -> None:
        """Write other terms of one that is there; one that was removed meanwhile stays removed."""
        terms = follow.terms
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE follows SET include = $4, exclude = $5, forks = $6, archived = $7"
                " WHERE guild_id = $1 AND watch_group = $2 AND lower(owner) = lower($3)",
                follow.guild_id, follow.group, follow.owner, " ".join(terms.include),
                " ".join(terms.exclude), int(terms.forks), int(terms.archived),
            )  # fmt: skip

    async def note(self, follow: Follow, trouble: str | None) -> bool:
        """Write why not all of it is watched; False: it was removed meanwhile, and stays so."""
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "UPDATE follows SET trouble = $1 WHERE guild_id = $2 AND watch_group = $3"
                " AND owner = $4 RETURNING owner",
                trouble, follow.guild_id, follow.group, follow.owner,
            )  # fmt: skip
        return bool(rows)

    async def remove(self, guild_id: int, owner: str, group: str | None = None) -> list[Follow]:
        """Stop following, and watching what that brought, at once: a crash leaves no half of it.

        Returns those that were there, in all groups unless one is named.
        """
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "DELETE FROM follows WHERE guild_id = $1 AND lower(owner) = lower($2)"
                f" AND (watch_group = $3 OR $4) RETURNING {COLUMNS}",
                guild_id, owner, group, group is None,
            )  # fmt: skip
            follows = [_follow_of(row) for row in rows]
            first, beyond = f"{owner.lower()}/", f"{owner.lower()}0"  # 0 comes right after /
            for follow in follows:
                await transaction.run(BROUGHT, guild_id, follow.group, first, beyond)
        return follows


def _follow_of(row: Row) -> Follow:
    """Read a row of COLUMNS."""
    guild_id, group, owner, include, exclude, forks, archived, trouble = row
    terms = Terms(
        tuple(str(include).split()), tuple(str(exclude).split()), bool(forks), bool(archived)
    )
    shown = None if trouble is None else str(trouble)
    return Follow(whole(guild_id), str(group), str(owner), terms, shown)
