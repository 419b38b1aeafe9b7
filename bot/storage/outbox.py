"""Digests on their way: written before they are sent, so that a crash neither loses nor doubles."""

from bot.core.guild import DigestSettings, Post, PostState
from bot.errors import PostDropped
from bot.storage.database import Database, Row
from bot.storage.subjects import maybe, whole

COLUMNS = (
    "id, guild_id, watch_group, due_at, covers_from, channel_id, state, attempted_at, message_id"
)
OPEN = f"state IN ('{PostState.DUE}', '{PostState.SENDING}')"
"""As the index `outbox_open` has it, or that index is passed over."""
OPEN_POSTS = f"SELECT {COLUMNS} FROM outbox WHERE {OPEN} ORDER BY due_at, id"
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
        """What is due or being sent, oldest first."""
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
            f"SELECT due_at {OF_DIGEST} AND state IN ($3, $4) ORDER BY due_at DESC LIMIT 1",
            guild_id, group, PostState.SENT, PostState.SKIPPED,
        )  # fmt: skip
        return whole(rows[0][0]) if rows else None

    async def folded(self, guild_id: int, group: str, after: int, before: int) -> list[int]:
        """Due times between two moments whose posts were folded, oldest first."""
        rows = await self._database.rows(
            f"SELECT due_at {OF_DIGEST} AND state = $3 AND due_at > $4 AND due_at < $5"
            " ORDER BY due_at",
            guild_id, group, PostState.FOLDED, after, before,
        )  # fmt: skip
        return [whole(row[0]) for row in rows]

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
        """Write how it ended: sent, skipped or folded; what has ended stays so."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                f"UPDATE outbox SET state = $2, message_id = $3 WHERE id = $1 AND {OPEN}",
                post_id, state, message_id,
            )  # fmt: skip


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
