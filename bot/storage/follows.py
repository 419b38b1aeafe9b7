"""Who follows which owners, in named groups; an owner's spelling does not matter."""

from bot.core.follow import Follow, Terms
from bot.storage.database import Database, Row
from bot.storage.subjects import whole

COLUMNS = "guild_id, watch_group, owner, include, exclude, forks, archived, trouble"


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

    async def save(self, follow: Follow) -> None:
        """Write a new one, or change the one of this guild, group and owner."""
        terms = follow.terms
        async with self._database.transaction() as transaction:
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

    async def note(self, follow: Follow, trouble: str | None) -> None:
        """Write why not all of it is watched; one that was removed meanwhile stays removed."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE follows SET trouble = $1 WHERE guild_id = $2 AND watch_group = $3"
                " AND owner = $4",
                trouble, follow.guild_id, follow.group, follow.owner,
            )  # fmt: skip

    async def remove(self, guild_id: int, owner: str, group: str | None = None) -> list[Follow]:
        """Returns those that were there, in all groups unless one is named."""
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "DELETE FROM follows WHERE guild_id = $1 AND lower(owner) = lower($2)"
                f" AND (watch_group = $3 OR $4) RETURNING {COLUMNS}",
                guild_id, owner, group, group is None,
            )  # fmt: skip
        return [_follow_of(row) for row in rows]


def _follow_of(row: Row) -> Follow:
    """Read a row of COLUMNS."""
    guild_id, group, owner, include, exclude, forks, archived, trouble = row
    terms = Terms(
        tuple(str(include).split()), tuple(str(exclude).split()), bool(forks), bool(archived)
    )
    shown = None if trouble is None else str(trouble)
    return Follow(whole(guild_id), str(group), str(owner), terms, shown)
