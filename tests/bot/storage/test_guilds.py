"""What guilds have settled, and what goes when they are forgotten."""

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from bot.core.follow import Follow
from bot.core.guild import AuditEntry, DigestSettings, Guild, PostState
from bot.core.models import Sample
from bot.core.schedule import Every, Plan
from bot.storage.database import Database
from bot.storage.guilds import OPERATOR
from tests.standins.clock import DAY, moment
from tests.standins.stored import SqliteStore, contents

HERE, THERE = 10, 2**63 - 1  # Discord's ids use all of 64 bits
NOW = moment("2026-06-01")
NINE = Plan(9 * 60, Every.DAY, "Europe/Berlin")
DIGEST = DigestSettings(HERE, "all", 2**62, NINE, NOW)
EVERYTHING = DigestSettings(
    guild_id=THERE,
    group="côre 🚀",
    channel_id=2**63 - 2,
    plan=Plan(0, Every.SATURDAY, "Asia/Kathmandu"),
    since=NOW,
    by="percent",
    top=25,
    minimum=5,
    skip_empty=True,
    mention_role_id=2**63 - 3,
    publish=True,
    paused="I may not write in #news any more.",
)


async def watch(store: SqliteStore, guild_id: int) -> None:
    (subject,) = await store.subjects.ensure(["o/r"], NOW)
    await store.watches.add(guild_id, "all", [subject.id])


async def rows_of(database: Database, guild_id: int) -> dict[str, int]:
    """How many rows are a guild's own, in every table that has any guild's."""
    tables = await database.rows(
        "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p"
        " WHERE m.type = 'table' AND (p.name = 'guild_id' OR m.name = 'guilds' AND p.name = 'id')"
    )
    counts = {}
    for table, column in tables:
        counts[str(table)] = len(
            await database.rows(f"SELECT 1 FROM {table} WHERE {column} = $1", guild_id)  # noqa: S608 - ours
        )
    return counts


async def fill(store: SqliteStore, guild_id: int) -> None:
    """Write something of a guild into every table that has any."""
    digest = replace(DIGEST, guild_id=guild_id)
    await watch(store, guild_id)
    await store.guilds.save(Guild(guild_id, "Asia/Tokyo", alerts_channel_id=5))
    await store.guilds.save_digest(digest)
    await store.guilds.audit(AuditEntry(NOW, guild_id, 3, "settings digest", "set"))
    await store.guilds.tell_once(guild_id, "token", NOW)
    await store.follows.save(Follow(guild_id, "all", "acme"))
    post = await store.outbox.put(digest, NOW, NOW - DAY)
    await store.outbox.finish(post.id, PostState.SENT, 7)
    await store.outbox.put(digest, NOW + DAY, NOW)


# -- settings -------------------------------------------------------------------------------------


async def test_a_guild_that_settled_nothing_has_the_defaults(store: SqliteStore) -> None:
    assert await store.guilds.get(HERE) == Guild(HERE, "UTC", None, None)
    assert await store.guilds.known() == []


@pytest.mark.parametrize(
    "guild", [Guild(HERE), Guild(THERE, "America/New_York", 2**63 - 2, NOW), Guild(HERE, left_at=0)]
)
async def test_what_a_guild_settled_comes_back_as_it_was(store: SqliteStore, guild: Guild) -> None:
    await store.guilds.save(guild)

    assert await store.guilds.get(guild.id) == guild


async def test_saving_again_replaces_all_of_it(store: SqliteStore) -> None:
    await store.guilds.save(Guild(HERE, "Asia/Tokyo", 5, NOW))
    await store.guilds.save(Guild(THERE, "Asia/Tokyo"))
    await store.guilds.save(Guild(HERE, "Europe/Berlin"))

    assert await store.guilds.get(HERE) == Guild(HERE, "Europe/Berlin", None, None)
    assert await store.guilds.get(THERE) == Guild(THERE, "Asia/Tokyo")


async def test_saving_a_guild_keeps_its_digests(store: SqliteStore) -> None:
    await store.guilds.save_digest(DIGEST)
    await store.guilds.save(Guild(HERE, "Asia/Tokyo"))

    assert await store.guilds.digests(HERE) == [DIGEST]


async def test_known_are_those_of_which_anything_is_kept_each_once(
    store: SqliteStore,
) -> None:
    await watch(store, 30)
    await store.guilds.save(Guild(20, "Asia/Tokyo", 5, left_at=NOW))
    await watch(store, 20)
    await store.guilds.save_digest(DIGEST)
    await store.guilds.audit(AuditEntry(NOW, 40, 3, "track add", "o/r"))
    await store.guilds.tell_once(50, "token", NOW)
    await store.outbox.put(replace(DIGEST, guild_id=60), NOW, 0)

    assert await store.guilds.known() == [
        Guild(HERE),
        Guild(20, "Asia/Tokyo", 5, left_at=NOW),
        Guild(30),
        Guild(40),
        Guild(50),
        Guild(60),
    ]


async def test_the_operators_own_portfolio_is_no_guild(store: SqliteStore) -> None:
    await watch(store, OPERATOR)
    await store.guilds.save(Guild(OPERATOR, "Asia/Tokyo"))

    assert await store.guilds.known() == []
    assert await store.guilds.get(OPERATOR) == Guild(OPERATOR, "Asia/Tokyo")


# -- digests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", [DIGEST, EVERYTHING])
async def test_a_digest_comes_back_as_it_was(store: SqliteStore, digest: DigestSettings) -> None:
    await store.guilds.save_digest(digest)

    assert await store.guilds.digests(digest.guild_id) == [digest]
    assert await store.guilds.digests() == [digest]


@pytest.mark.parametrize("every", Every)
async def test_every_kind_of_day_is_kept(store: SqliteStore, every: Every) -> None:
    await store.guilds.save_digest(replace(DIGEST, plan=Plan(1439, every, "UTC")))

    (kept,) = await store.guilds.digests(HERE)
    assert kept.plan == Plan(1439, every, "UTC")
    assert kept.plan.every is every


async def test_saving_a_digest_again_replaces_all_of_it(store: SqliteStore) -> None:
    every_field_other = replace(EVERYTHING, guild_id=HERE, group="all", since=NOW + 1)
    await store.guilds.save_digest(every_field_other)
    await store.guilds.save_digest(DIGEST)
    assert await store.guilds.digests(HERE) == [DIGEST]

    await store.guilds.save_digest(every_field_other)
    assert await store.guilds.digests(HERE) == [every_field_other]


async def test_a_digest_does_not_touch_what_its_guild_settled(store: SqliteStore) -> None:
    await store.guilds.save(Guild(HERE, "Asia/Tokyo", 5, NOW))
    await store.guilds.save_digest(DIGEST)

    assert await store.guilds.get(HERE) == Guild(HERE, "Asia/Tokyo", 5, NOW)


async def test_digests_are_listed_by_guild_and_group(store: SqliteStore) -> None:
    everywhere = [
        replace(DIGEST, guild_id=guild_id, group=group)
        for guild_id in (HERE, THERE)
        for group in ("all", "core", "web")
    ]
    for digest in reversed(everywhere):
        await store.guilds.save_digest(digest)

    assert await store.guilds.digests() == everywhere
    assert await store.guilds.digests(HERE) == everywhere[:3]
    assert await store.guilds.digests(404) == []


async def test_a_guild_that_left_is_passed_over_unless_it_is_named(store: SqliteStore) -> None:
    await store.guilds.save_digest(DIGEST)
    await store.guilds.save_digest(EVERYTHING)
    await store.guilds.save(Guild(HERE, left_at=0))

    assert await store.guilds.digests() == [EVERYTHING]
    assert await store.guilds.digests(HERE) == [DIGEST]

    await store.guilds.save(Guild(HERE))
    assert await store.guilds.digests() == [DIGEST, EVERYTHING], "it came back"


async def test_removing_tells_whether_there_was_one(store: SqliteStore) -> None:
    other = replace(DIGEST, group="core")
    await store.guilds.save_digest(DIGEST)
    await store.guilds.save_digest(other)

    assert await store.guilds.remove_digest(HERE, "all") is True
    assert await store.guilds.remove_digest(HERE, "all") is False
    assert await store.guilds.remove_digest(THERE, "core") is False
    assert await store.guilds.digests(HERE) == [other]


async def test_removing_drops_what_is_on_its_way_and_keeps_what_was_posted(
    store: SqliteStore,
) -> None:
    others = [replace(DIGEST, group="core"), replace(DIGEST, guild_id=THERE)]
    sent, due, sending = [await store.outbox.put(DIGEST, NOW + n, NOW) for n in range(3)]
    on_their_way = [await store.outbox.put(other, NOW, NOW) for other in others]
    await store.outbox.finish(sent.id, PostState.SENT, 7)
    await store.outbox.begin(sending.id, NOW, 1)
    for digest in (DIGEST, *others):
        await store.guilds.save_digest(digest)

    await store.guilds.remove_digest(HERE, "all")

    assert await store.outbox.open() == on_their_way
    newest = await store.outbox.newest(HERE, "all")
    assert newest == replace(sent, state=PostState.SENT, message_id=7)
    assert newest.id < due.id < sending.id


# -- what was told, and by whom what was changed ---------------------------------------------------


async def test_a_warning_is_told_once_until_its_cause_is_gone(store: SqliteStore) -> None:
    assert await store.guilds.tell_once(HERE, "token", NOW) is True
    assert await store.guilds.tell_once(HERE, "token", NOW + DAY) is False
    assert await store.guilds.tell_once(HERE, "digest all", 0) is True, "another warning"
    assert await store.guilds.tell_once(THERE, "token", NOW) is True, "another guild"

    await store.guilds.clear(HERE, "token")
    await store.guilds.clear(HERE, "never told")

    assert await store.guilds.tell_once(HERE, "token", NOW) is True
    assert await store.guilds.tell_once(HERE, "digest all", NOW) is False
    assert await store.guilds.tell_once(THERE, "token", NOW) is False


async def test_of_many_who_would_tell_at_once_one_does(store: SqliteStore) -> None:
    told = await asyncio.gather(*(store.guilds.tell_once(HERE, "token", NOW) for _ in range(8)))

    assert sorted(told) == [False] * 7 + [True]


async def test_a_warning_is_told_from_when_it_is_noted(store: SqliteStore) -> None:
    assert await store.guilds.is_told(HERE, "token") is False
    await store.guilds.tell_once(HERE, "token", 0)
    told = [await store.guilds.is_told(*key) for key in ((HERE, "token"), (THERE, "token"))]
    await store.guilds.clear(HERE, "token")

    assert told == [True, False]
    assert await store.guilds.is_told(HERE, "token") is False


async def test_a_digest_is_resumed_only_from_the_pause_that_was_read(store: SqliteStore) -> None:
    await store.guilds.save_digest(replace(DIGEST, paused="gone"))
    await store.guilds.save_digest(replace(DIGEST, group="core", paused="gone"))

    assert not await store.guilds.recover_digest(HERE, DIGEST.group, "paused by hand")
    assert await store.guilds.recover_digest(HERE, DIGEST.group, "gone")
    assert not await store.guilds.recover_digest(HERE, DIGEST.group, "gone")
    paused = {one.group: one.paused for one in await store.guilds.digests(HERE)}
    assert paused == {DIGEST.group: None, "core": "gone"}


async def test_old_entries_of_the_audit_go(store: SqliteStore, database: Database) -> None:
    for at in range(10):
        await store.guilds.audit(AuditEntry(at, HERE, 3, "track add", "o/r"))

    pruned = [await store.guilds.prune_audit(7, 4) for _ in range(3)]

    assert pruned == [4, 3, 0]
    assert await database.rows("SELECT at FROM audit ORDER BY at") == [(7,), (8,), (9,)]


async def test_every_change_is_written_down(store: SqliteStore, database: Database) -> None:
    entry = AuditEntry(NOW, THERE, 2**63 - 4, "settings digest", "all: 09:00 in #news; it's 'on'")
    await store.guilds.audit(entry)
    await store.guilds.audit(entry)

    expected = (entry.at, entry.guild_id, entry.user_id, entry.action, entry.detail)
    written = await database.rows("SELECT at, guild_id, user_id, action, detail FROM audit")
    assert written == [expected, expected], "twice the same is twice"


# -- forgetting -----------------------------------------------------------------------------------


async def test_forgetting_a_guild_leaves_no_row_of_it_and_all_of_others(
    store: SqliteStore, database: Database
) -> None:
    for guild_id in (OPERATOR, HERE, THERE):
        await fill(store, guild_id)
    full = await rows_of(database, THERE)
    assert set(full) == {"guilds", "digests", "watches", "follows", "outbox", "audit", "told"}
    assert 0 not in full.values()
    assert await rows_of(database, HERE) == full

    await store.guilds.forget(HERE)
    await store.guilds.forget(HERE)

    assert await rows_of(database, HERE) == dict.fromkeys(full, 0)
    assert await rows_of(database, THERE) == full
    assert await rows_of(database, OPERATOR) == full
    assert await store.guilds.get(HERE) == Guild(HERE)
    assert await store.guilds.known() == [Guild(THERE, "Asia/Tokyo", 5)]


async def test_forgetting_keeps_repositories_and_their_history(
    store: SqliteStore, database: Database
) -> None:
    await fill(store, HERE)
    await store.histories.merge([("o/r", Sample(NOW, {"stars": 5}))], NOW)
    before = await contents(database)

    await store.guilds.forget(HERE)

    assert await contents(database) == before
    assert before["o/r"].latest["stars"].value == 5
    assert await store.subjects.find("o/r") is not None
    assert await store.subjects.watched() == []


async def test_forgetting_is_all_or_nothing(store: SqliteStore, database: Database) -> None:
    await fill(store, HERE)
    before = await rows_of(database, HERE)
    async with database.transaction() as transaction:
        await transaction.run(
            "CREATE TRIGGER no BEFORE DELETE ON guilds BEGIN SELECT raise(ABORT, 'not now'); END"
        )

    with pytest.raises(sqlite3.IntegrityError, match="not now"):
        await store.guilds.forget(HERE)

    assert await rows_of(database, HERE) == before
