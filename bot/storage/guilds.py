"""What guilds have settled: their own settings, their digests, who changed what, what was told."""

from collections import Counter

from bot.core.guild import AuditEntry, DigestSettings, Guild, PostState
from bot.core.schedule import Every, Plan
from bot.storage.database import Database, Transaction
from bot.storage.dialect import Row
from bot.storage.subjects import maybe, whole

COLUMNS = "id, zone, alerts_channel_id, left_at"
DIGEST_COLUMNS = (
    "guild_id, watch_group, channel_id, minute, every, zone, since,"
    " ranked_by, top, minimum, skip_empty, mention_role_id, publish, paused"
)
OPERATOR = 0
"""The guild whose watches are the operator's own portfolio; it is on no server."""
OWN_TABLES = ("digests", "watches", "follows", "outbox", "audit", "told")
"""Where a guild's own rows are, by `guild_id`."""


class Guilds:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgotten: Counter[int] = Counter()

    async def get(self, guild_id: int) -> Guild:
        """A guild's settings; the defaults where it settled nothing."""
        rows = await self._database.rows(f"SELECT {COLUMNS} FROM guilds WHERE id = $1", guild_id)
        return _guild_of(rows[0]) if rows else Guild(guild_id)

    async def save(self, guild: Guild) -> None:
        async with self._database.transaction() as transaction:
            await transaction.run(
                f"INSERT INTO guilds ({COLUMNS}) VALUES ($1, $2, $3, $4) ON CONFLICT (id)"
                " DO UPDATE SET zone = excluded.zone, left_at = excluded.left_at,"
                " alerts_channel_id = excluded.alerts_channel_id",
                guild.id, guild.zone, guild.alerts_channel_id, guild.left_at,
            )  # fmt: skip

    async def set_zone(self, guild_id: int, zone: str, at: int) -> None:
        """Its digests on the old zone move along, settled at `at`; nothing else is touched."""
        async with self._database.transaction() as transaction:
            await _introduce(transaction, guild_id)
            await transaction.run(
                "UPDATE digests SET zone = $2, since = $3 WHERE guild_id = $1"
                " AND zone = (SELECT zone FROM guilds WHERE id = $1)",
                guild_id, zone, at,
            )  # fmt: skip
            await transaction.run("UPDATE guilds SET zone = $2 WHERE id = $1", guild_id, zone)

    async def set_alerts(self, guild_id: int, channel_id: int | None) -> None:
        async with self._database.transaction() as transaction:
            await _introduce(transaction, guild_id)
            await transaction.run(
                "UPDATE guilds SET alerts_channel_id = $2 WHERE id = $1", guild_id, channel_id
            )

    async def known(self) -> list[Guild]:
        """Every guild of which anything is kept, but the operator's own portfolio."""
        kept = " UNION ".join(f"SELECT guild_id FROM {table}" for table in OWN_TABLES)
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM guilds WHERE id <> $1 UNION ALL"
            f" SELECT k.guild_id, $2, NULL, NULL FROM ({kept}) k WHERE k.guild_id <> $1"
            " AND NOT EXISTS (SELECT 1 FROM guilds g WHERE g.id = k.guild_id) ORDER BY 1",
            OPERATOR, Guild(OPERATOR).zone,
        )  # fmt: skip
        return [_guild_of(row) for row in rows]

    async def digests(self, guild_id: int | None = None) -> list[DigestSettings]:
        """A guild's digests by group; of all guilds that are members when none is named."""
        member = "guild_id IN (SELECT id FROM guilds WHERE left_at IS NULL)"
        rows = await self._database.rows(
            f"SELECT {DIGEST_COLUMNS} FROM digests"
            f" WHERE guild_id = $1 OR ($2 AND {member}) ORDER BY guild_id, watch_group",
            guild_id, guild_id is None,
        )  # fmt: skip
        return [_digest_of(row) for row in rows]

    async def save_digest(self, digest: DigestSettings) -> None:
        async with self._database.transaction() as transaction:
            await _introduce(transaction, digest.guild_id)
            await transaction.run(
                f"INSERT INTO digests ({DIGEST_COLUMNS}) VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
                " ON CONFLICT (guild_id, watch_group) DO UPDATE SET"
                " channel_id = excluded.channel_id, minute = excluded.minute,"
                " every = excluded.every, zone = excluded.zone, since = excluded.since,"
                " ranked_by = excluded.ranked_by, top = excluded.top,"
                " minimum = excluded.minimum, skip_empty = excluded.skip_empty,"
                " mention_role_id = excluded.mention_role_id, publish = excluded.publish,"
                " paused = excluded.paused",
                *_digest_row(digest),
            )

    async def halt_digest(self, guild_id: int, group: str, reason: str) -> None:
        """Pause it, and leave the rest of it as it is."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE digests SET paused = $3 WHERE guild_id = $1 AND watch_group = $2",
                guild_id, group, reason,
            )  # fmt: skip

    async def resume_digest(self, guild_id: int, group: str, since: int) -> None:
        """The same the other way round; due times before `since` never were."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE digests SET paused = NULL, since = $3"
                " WHERE guild_id = $1 AND watch_group = $2",
                guild_id, group, since,
            )  # fmt: skip

    async def recover_digest(self, guild_id: int, group: str, reason: str) -> bool:
        """Let it run again if it is paused for this very reason; False if it is not.

        Due times that were missed meanwhile are due.
        """
        async with self._database.transaction() as transaction:
            resumed = await transaction.rows(
                "UPDATE digests SET paused = NULL"
                " WHERE guild_id = $1 AND watch_group = $2 AND paused = $3 RETURNING guild_id",
                guild_id, group, reason,
            )  # fmt: skip
        return bool(resumed)

    async def give_up(self, tried: DigestSettings, reason: str, noted: AuditEntry) -> None:
        """Pause what was tried in vain and note that, unless it was settled anew meanwhile."""
        key = tried.guild_id, tried.group
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                f"SELECT {DIGEST_COLUMNS} FROM digests WHERE guild_id = $1 AND watch_group = $2",
                *key,
            )
            if [_digest_of(row) for row in rows] != [tried]:
                return
            await transaction.run(
                "UPDATE digests SET paused = $3 WHERE guild_id = $1 AND watch_group = $2",
                *key, reason,
            )  # fmt: skip
            await _note(transaction, noted)

    async def remove_digest(self, guild_id: int, group: str) -> bool:
        """Returns whether there was one; what is on its way of it is dropped."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "DELETE FROM outbox WHERE guild_id = $1 AND watch_group = $2 AND state IN ($3, $4)",
                guild_id, group, PostState.DUE, PostState.SENDING,
            )  # fmt: skip
            removed = await transaction.rows(
                "DELETE FROM digests WHERE guild_id = $1 AND watch_group = $2 RETURNING guild_id",
                guild_id, group,
            )  # fmt: skip
        return bool(removed)

    async def forget(self, guild_id: int) -> None:
        """Delete all of a guild's own data: settings, watches, posts, audit, its metrics.

        What was measured stays: repositories and their history are nobody's own.
        """
        async with self._database.transaction() as transaction:
            for table in OWN_TABLES:
                await transaction.run(f"DELETE FROM {table} WHERE guild_id = $1", guild_id)
            await transaction.run("DELETE FROM metric_snapshots WHERE portfolio = $1", guild_id)
            await transaction.run("DELETE FROM guilds WHERE id = $1", guild_id)
            self._forgotten[guild_id] += 1

    def times_forgotten(self, guild_id: int) -> int:
        """How often since the program began: what was under way then is of a guild that was."""
        return self._forgotten[guild_id]

    async def is_told(self, guild_id: int, warning: str) -> bool:
        """Has it been told since it was cleared last?"""
        rows = await self._database.rows(
            "SELECT at FROM told WHERE guild_id = $1 AND warning = $2", guild_id, warning
        )
        return bool(rows)

    async def tell_once(self, guild_id: int, warning: str, at: int) -> bool:
        """Note that a warning is told now; False if it was told already."""
        told = "SELECT 1 FROM told WHERE guild_id = $1 AND warning = $2"
        if await self._database.rows(told, guild_id, warning):
            return False  # without the lock: this is asked again and again
        async with self._database.transaction() as transaction:
            noted = await transaction.rows(
                "INSERT INTO told (guild_id, warning, at) VALUES ($1, $2, $3)"
                " ON CONFLICT DO NOTHING RETURNING at",
                guild_id, warning, at,
            )  # fmt: skip
        return bool(noted)

    async def clear(self, guild_id: int, warning: str) -> None:
        """Its cause is gone: it may be told again."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "DELETE FROM told WHERE guild_id = $1 AND warning = $2", guild_id, warning
            )

    async def prune_audit(self, before: int, most: int) -> int:
        """Delete so many entries at most that are older; returns how many it were."""
        async with self._database.transaction() as transaction:
            gone = await transaction.rows(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 LIMIT $2)"
                " RETURNING id",
                before, most,
            )  # fmt: skip
        return len(gone)

    async def audit(self, entry: AuditEntry) -> None:
        async with self._database.transaction() as transaction:
            await _note(transaction, entry)


async def _note(transaction: Transaction, entry: AuditEntry) -> None:
    await transaction.run(
        "INSERT INTO audit (at, guild_id, user_id, action, detail) VALUES ($1, $2, $3, $4, $5)",
        entry.at, entry.guild_id, entry.user_id, entry.action, entry.detail,
    )  # fmt: skip


async def _introduce(transaction: Transaction, guild_id: int) -> None:
    """A digest belongs to a guild: one that settled nothing else is written with the defaults."""
    await transaction.run(
        "INSERT INTO guilds (id, zone) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        guild_id, Guild(guild_id).zone,
    )  # fmt: skip


def _guild_of(row: Row) -> Guild:
    """Read a row of COLUMNS."""
    id_, zone, alerts_channel_id, left_at = row
    return Guild(whole(id_), str(zone), maybe(alerts_channel_id), maybe(left_at))


def _digest_row(digest: DigestSettings) -> Row:
    plan = digest.plan
    return (
        digest.guild_id, digest.group, digest.channel_id, plan.minute, plan.every, plan.zone,
        digest.since, digest.by, digest.top, digest.minimum, int(digest.skip_empty),
        digest.mention_role_id, int(digest.publish), digest.paused,
    )  # fmt: skip


def _digest_of(row: Row) -> DigestSettings:
    """Read a row of DIGEST_COLUMNS."""
    guild_id, group, channel_id, minute, every, zone, since, *rules, paused = row
    by, top, minimum, skip_empty, mention_role_id, publish = rules
    return DigestSettings(
        guild_id=whole(guild_id),
        group=str(group),
        channel_id=whole(channel_id),
        plan=Plan(whole(minute), Every(str(every)), str(zone)),
        since=whole(since),
        by=str(by),
        top=whole(top),
        minimum=whole(minimum),
        skip_empty=bool(skip_empty),
        mention_role_id=maybe(mention_role_id),
        publish=bool(publish),
        paused=None if paused is None else str(paused),
    )
