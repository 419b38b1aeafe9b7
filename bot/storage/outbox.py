"""Digests on their way: written before they are sent, so that a crash neither loses nor doubles."""

from bot.core.guild import DigestSettings, Post, PostState
from bot.errors import PostDropped
from bot.storage.database import Database
from bot.storage.dialect import Row
from bot.storage.subjects import maybe, whole

COLUMNS = (
    "id, guild_id, watch_group, due_at, covers_from, channel_id, state, attempted_at, message_id"
)
OPEN = f"state IN ('{PostState.DUE}', '{PostState.SENDING}')"
"""As the index `outbox_open` has it, or that index is passed over."""
OPEN_POSTS = (
    f"SELECT {COLUMNS} FROM outbox WHERE {OPEN} AND EXISTS (SELECT 1 FROM digests d"
    " JOIN guilds g ON g.id = d.guild_id WHERE d.guild_id = outbox.guild_id"
    " AND d.watch_group = outbox.watch_group AND d.paused IS NULL AND g.left_at IS NULL)"
    " ORDER BY due_at, id"
)
COVERS = f"state IN ('{PostState.SENT}', '{PostState.SKIPPED}')"
LONG_OVER = (
    f"SELECT o.id FROM outbox o WHERE o.due_at < $1 AND NOT o.{OPEN}"
    " AND (EXISTS (SELECT 1 FROM outbox n WHERE n.guild_id = o.guild_id"
    f" AND n.watch_group = o.watch_group AND n.due_at > o.due_at AND n.{COVERS})"
    " OR NOT EXISTS (SELECT 1 FROM digests d WHERE d.guild_id = o.guild_id"
    " AND d.watch_group = o.watch_group))"
)
OF_DIGEST = "FROM outbox WHERE guild_id = $1 AND watch_group = $2"


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, digest: DigestSettings, due_at: int, covers_from: int) -> Post:
        """Write a due digest; the same one is written once, and returned as it is."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "INSERT INTO outbox (guild_id, watch_group, due_at, covers_from, channel_id, state)"
                " VALUES ($1, $2, $3, $4, $5, $6)"
                " ON CONFLICT (guild_id, watch_group, due_at) DO NOTHING",
                digest.guild_id, digest.group, due_at, covers_from, digest.channel_id,
                PostState.DUE,
            )  # fmt: skip
            (row,) = await transaction.rows(
                f"SELECT {COLUMNS} {OF_DIGEST} AND due_at = $3",
                digest.guild_id, digest.group, due_at,
            )  # fmt: skip
        return _post_of(row)

    async def open(self) -> list[Post]:
        """What is due or being sent, oldest first, of digests that run in guilds of ours."""
        rows = await self._database.rows(OPEN_POSTS)
        return [_post_of(row) for row in rows]

    async def newest(self, guild_id: int, group: str) -> Post | None:
        """The post with the latest due time, whatever became of it."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} {OF_DIGEST} ORDER BY due_at DESC LIMIT 1", guild_id, group
        )
        return _post_of(rows[0]) if rows else None

    async def covered_until(self, guild_id: int, group: str) -> int | None:
        """The due time up to which posts were sent, or skipped as nothing moved."""
        rows = await self._database.rows(
            f"SELECT due_at {OF_DIGEST} AND {COVERS} ORDER BY due_at DESC LIMIT 1", guild_id, group
        )
        return whole(rows[0][0]) if rows else None

    async def passed_over(
        self, guild_id: int, group: str, state: PostState, after: int, before: int
    ) -> list[int]:
        """Due times between two moments whose posts were folded or held, oldest first."""
        rows = await self._database.rows(
            f"SELECT due_at {OF_DIGEST} AND state = $3 AND due_at > $4 AND due_at < $5"
            " ORDER BY due_at",
            guild_id, group, state, after, before,
        )  # fmt: skip
        return [whole(row[0]) for row in rows]

    async def overtake(self, post_id: int) -> bool:
        """Fold a post that no attempt was made to send; False if there was one, or it has ended."""
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "UPDATE outbox SET state = $2 WHERE id = $1 AND state = $3 RETURNING id",
                post_id, PostState.FOLDED, PostState.DUE,
            )  # fmt: skip
        return bool(rows)

    async def begin(self, post_id: int, at: int, channel_id: int) -> Post:
        """Write, before anything is sent, that an attempt begins.

        Raises PostDropped when there is nothing to send: its digest was removed meanwhile, or it
        has ended.
        """
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "UPDATE outbox SET state = $2, attempted_at = $3, channel_id = $4"
                f" WHERE id = $1 AND {OPEN} RETURNING {COLUMNS}",
                post_id, PostState.SENDING, at, channel_id,
            )  # fmt: skip
        if not rows:
            raise PostDropped("This digest was removed, or posted already: nothing is sent.")
        return _post_of(rows[0])

    async def finish(self, post_id: int, state: PostState, message_id: int | None = None) -> None:
        """Write how it ended; what has ended stays so."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                f"UPDATE outbox SET state = $2, message_id = $3 WHERE id = $1 AND {OPEN}",
                post_id, state, message_id,
            )  # fmt: skip

    async def prune(self, before: int, most: int) -> int:
        """Delete so many posts at most that are long over; returns how many it were.

        What a digest's next post looks back at stays: the last one that covers, and all after it.
        """
        async with self._database.transaction() as transaction:
            gone = await transaction.rows(
                f"DELETE FROM outbox WHERE id IN ({LONG_OVER} LIMIT $2) RETURNING id", before, most
            )
        return len(gone)


def _post_of(row: Row) -> Post:
    """Read a row of COLUMNS."""
    id_, guild_id, group, due_at, covers_from, channel_id, state, attempted_at, message_id = row
    return Post(
        id=whole(id_),
        guild_id=whole(guild_id),
        group=str(group),
        due_at=whole(due_at),
        covers_from=whole(covers_from),
        channel_id=whole(channel_id),
        state=PostState(str(state)),
        attempted_at=maybe(attempted_at),
        message_id=maybe(message_id),
    )
