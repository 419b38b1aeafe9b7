"""Digests on their way: once each, whatever is tried twice."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.guild import DigestSettings, Guild, Post, PostState
from bot.core.schedule import Every, Plan
from bot.errors import PostDropped
from bot.storage.database import Database
from bot.storage.outbox import OPEN_POSTS
from tests.standins.clock import DAY, moment
from tests.standins.stored import SqliteStore

HERE, THERE = 10, 2**63 - 1  # Discord's ids use all of 64 bits
CHANNEL, MESSAGE = 2**63 - 2, 2**63 - 3
DUE = moment("2026-06-01")
DIGEST = DigestSettings(HERE, "all", CHANNEL, Plan(720, Every.DAY, "UTC"), DUE - DAY)


@pytest.fixture(autouse=True)
async def settled(store: SqliteStore) -> None:
    """The digests whose posts are about."""
    for digest in (DIGEST, replace(DIGEST, guild_id=THERE), replace(DIGEST, group="core")):
        await store.guilds.save_digest(digest)


async def stored(store: SqliteStore, post: Post) -> Post:
    """Read a post back by putting it again."""
    digest = replace(DIGEST, guild_id=post.guild_id, group=post.group)
    return await store.outbox.put(digest, post.due_at, 0)


async def ended(
    store: SqliteStore, state: PostState, due_at: int, digest: DigestSettings = DIGEST
) -> Post:
    post = await store.outbox.put(digest, due_at, due_at - DAY)
    await store.outbox.finish(post.id, state)
    return replace(post, state=state)


async def test_a_digest_is_due_when_it_is_put(store: SqliteStore) -> None:
    post = await store.outbox.put(DIGEST, DUE, DUE - DAY)

    assert post == Post(post.id, HERE, "all", DUE, DUE - DAY, CHANNEL, PostState.DUE, None, None)
    assert post.state is PostState.DUE
    assert await store.outbox.open() == [post]


async def test_the_same_digest_is_put_once_and_returned_as_it_is(store: SqliteStore) -> None:
    first = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    elsewhere = replace(DIGEST, channel_id=5, top=3)

    assert await store.outbox.put(elsewhere, DUE, DUE - 2 * DAY) == first
    sending = await store.outbox.begin(first.id, DUE + 1, 6)
    assert await store.outbox.put(elsewhere, DUE, DUE) == sending
    await store.outbox.finish(first.id, PostState.SENT, MESSAGE)
    sent = replace(sending, state=PostState.SENT, message_id=MESSAGE)
    assert await store.outbox.put(elsewhere, DUE, DUE) == sent


async def test_many_who_put_the_same_at_once_get_the_same(store: SqliteStore) -> None:
    posts = await asyncio.gather(*(store.outbox.put(DIGEST, DUE, DUE - n) for n in range(8)))

    assert len(set(posts)) == 1
    assert await store.outbox.open() == posts[:1]


async def test_another_guild_group_or_time_is_another_post(store: SqliteStore) -> None:
    for digest in (DIGEST, replace(DIGEST, guild_id=THERE), replace(DIGEST, group="core")):
        await store.outbox.put(digest, DUE, 0)
        await store.outbox.put(digest, DUE + 1, 0)

    posts = await store.outbox.open()
    assert len({post.id for post in posts}) == len(posts) == 6


async def test_what_is_open_is_listed_oldest_first(store: SqliteStore) -> None:
    late = await store.outbox.put(DIGEST, DUE + DAY, DUE)
    early = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    same = await store.outbox.put(replace(DIGEST, guild_id=THERE), DUE, DUE - DAY)
    early = await store.outbox.begin(early.id, DUE, CHANNEL)
    for days, state in enumerate((PostState.SENT, PostState.SKIPPED, PostState.FOLDED), start=1):
        await ended(store, state, DUE - days * DAY)

    assert await store.outbox.open() == [early, same, late]


async def test_an_attempt_is_written_with_its_time_and_channel(store: SqliteStore) -> None:
    post = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    first = await store.outbox.begin(post.id, DUE + 2, 5)

    assert first == replace(post, state=PostState.SENDING, attempted_at=DUE + 2, channel_id=5)
    again = await store.outbox.begin(post.id, DUE + 60, CHANNEL)
    assert again == replace(first, attempted_at=DUE + 60, channel_id=CHANNEL)
    assert await stored(store, post) == again


@pytest.mark.parametrize("state", [PostState.SENT, PostState.SKIPPED, PostState.FOLDED])
async def test_what_has_ended_is_not_begun_again(store: SqliteStore, state: PostState) -> None:
    post = await ended(store, state, DUE)

    with pytest.raises(PostDropped, match="nothing is sent"):
        await store.outbox.begin(post.id, DUE + 1, CHANNEL)

    assert await stored(store, post) == post


async def test_what_was_dropped_meanwhile_is_not_begun_and_its_end_is_no_error(
    store: SqliteStore,
) -> None:
    post = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    await store.guilds.remove_digest(HERE, "all")

    with pytest.raises(PostDropped):
        await store.outbox.begin(post.id, DUE, CHANNEL)
    await store.outbox.finish(post.id, PostState.SENT, MESSAGE)

    assert await store.outbox.newest(HERE, "all") is None


async def test_an_end_touches_its_own_post_only(store: SqliteStore) -> None:
    post = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    other = await store.outbox.put(DIGEST, DUE + DAY, DUE)
    sending = await store.outbox.begin(post.id, DUE, CHANNEL)

    await store.outbox.finish(post.id, PostState.SENT, MESSAGE)

    sent = replace(sending, state=PostState.SENT, message_id=MESSAGE)
    assert await stored(store, post) == sent
    assert await store.outbox.open() == [other]


async def test_what_was_sent_stays_sent(store: SqliteStore) -> None:
    post = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    await store.outbox.finish(post.id, PostState.SENT, MESSAGE)

    await store.outbox.finish(post.id, PostState.FOLDED)

    assert await stored(store, post) == replace(post, state=PostState.SENT, message_id=MESSAGE)


async def test_the_newest_is_by_due_time_whatever_became_of_it(store: SqliteStore) -> None:
    assert await store.outbox.newest(HERE, "all") is None
    newest = await ended(store, PostState.FOLDED, DUE + DAY)
    await store.outbox.put(DIGEST, DUE, DUE - DAY)
    await store.outbox.put(replace(DIGEST, group="core"), DUE + 5 * DAY, DUE)
    await store.outbox.put(replace(DIGEST, guild_id=THERE), DUE + 6 * DAY, DUE)

    assert await store.outbox.newest(HERE, "all") == newest


async def test_covered_is_what_was_sent_or_skipped(store: SqliteStore) -> None:
    assert await store.outbox.covered_until(HERE, "all") is None
    await ended(store, PostState.FOLDED, DUE)
    assert await store.outbox.covered_until(HERE, "all") is None, "the next one covers it"

    await ended(store, PostState.SKIPPED, DUE + 2 * DAY)
    assert await store.outbox.covered_until(HERE, "all") == DUE + 2 * DAY
    await ended(store, PostState.SENT, DUE + DAY)
    assert await store.outbox.covered_until(HERE, "all") == DUE + 2 * DAY, "the latest"
    await ended(store, PostState.SENT, DUE + 3 * DAY)
    assert await store.outbox.covered_until(HERE, "all") == DUE + 3 * DAY


async def test_what_is_not_posted_yet_covers_nothing(store: SqliteStore) -> None:
    await ended(store, PostState.SENT, DUE)
    sending = await store.outbox.put(DIGEST, DUE + DAY, DUE)
    await store.outbox.begin(sending.id, DUE + DAY, CHANNEL)
    await store.outbox.put(DIGEST, DUE + 2 * DAY, DUE)
    await ended(store, PostState.FOLDED, DUE + 3 * DAY)
    await ended(store, PostState.SENT, DUE + 9 * DAY, replace(DIGEST, group="core"))
    await ended(store, PostState.SENT, DUE + 9 * DAY, replace(DIGEST, guild_id=THERE))

    assert await store.outbox.covered_until(HERE, "all") == DUE


async def test_an_id_is_never_given_twice(store: SqliteStore) -> None:
    """A message of the removed digest bears the old one, and must not pass for the new digest's."""
    dropped = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    await store.guilds.remove_digest(HERE, "all")
    forgotten = await store.outbox.put(DIGEST, DUE, DUE - DAY)
    await store.guilds.forget(HERE)

    anew = await store.outbox.put(DIGEST, DUE, DUE - DAY)

    assert dropped.id < forgotten.id < anew.id


async def test_what_is_open_is_found_among_years_of_what_was_sent(
    store: SqliteStore, database: Database
) -> None:
    async with database.transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO outbox (guild_id, watch_group, due_at, covers_from, channel_id, state)"
            " VALUES ($1, 'all', $2, 0, 1, 'sent')",
            [(guild, DUE + day * DAY) for guild in range(1, 20) for day in range(100)],
        )
    post = await store.outbox.put(DIGEST, DUE + 200 * DAY, DUE)
    plan = await database.rows(f"EXPLAIN QUERY PLAN {OPEN_POSTS}")

    assert await store.outbox.open() == [post]
    assert "outbox_open" in str(plan), "not a scan of the whole table"


@pytest.mark.parametrize("change", ["paused", "left", "removed"])
async def test_what_is_not_to_be_posted_is_not_open(store: SqliteStore, change: str) -> None:
    await store.outbox.put(DIGEST, DUE, 0)
    other = await store.outbox.put(replace(DIGEST, group="core"), DUE, 0)
    there = await store.outbox.put(replace(DIGEST, guild_id=THERE), DUE, 0)
    if change == "paused":
        await store.guilds.save_digest(replace(DIGEST, paused="by hand"))
    elif change == "left":
        await store.guilds.save(Guild(HERE, left_at=DUE))
    else:
        await store.guilds.remove_digest(HERE, "all")

    assert await store.outbox.open() == ([there] if change == "left" else [other, there])


async def test_a_post_is_overtaken_only_before_its_first_attempt(store: SqliteStore) -> None:
    due = await store.outbox.put(DIGEST, DUE, 0)
    sending = await store.outbox.put(DIGEST, DUE + DAY, 0)
    sending = await store.outbox.begin(sending.id, DUE, CHANNEL)
    sent = await ended(store, PostState.SENT, DUE + 2 * DAY)

    assert [await store.outbox.overtake(one.id) for one in (due, sending, sent)] == [
        True,
        False,
        False,
    ]
    assert await stored(store, due) == replace(due, state=PostState.FOLDED)
    assert await stored(store, sending) == sending
    assert (await stored(store, sent)).state is PostState.SENT


async def test_held_and_folded_ones_are_told_apart(store: SqliteStore) -> None:
    states = (PostState.SENT, PostState.FOLDED, PostState.HELD, PostState.FOLDED, PostState.HELD)
    for days, state in enumerate(states):
        await ended(store, state, DUE + days * DAY)
    times = DUE, DUE + 4 * DAY

    for state, days in ((PostState.FOLDED, [1, 3]), (PostState.HELD, [2])):
        found = await store.outbox.passed_over(HERE, "all", state, *times)
        assert found == [DUE + day * DAY for day in days]
    assert await store.outbox.covered_until(HERE, "all") == DUE


async def test_what_is_long_over_goes_and_what_the_next_one_looks_back_at_stays(
    store: SqliteStore,
) -> None:
    core, removed = replace(DIGEST, group="core"), replace(DIGEST, group="removed")
    for days in range(4):
        await ended(store, PostState.SENT, DUE + days * DAY)
        await ended(store, PostState.SENT, DUE + days * DAY, removed)
    await ended(store, PostState.SENT, DUE, core)
    for days in range(1, 4):
        await ended(store, PostState.FOLDED, DUE + days * DAY, core)
    waiting = await store.outbox.put(replace(DIGEST, guild_id=THERE), DUE, 0)

    pruned = [await store.outbox.prune(DUE + 9 * DAY, 5) for _ in range(3)]

    assert pruned == [5, 2, 0], "three of all, and four of what was removed"
    assert await store.outbox.covered_until(HERE, "all") == DUE + 3 * DAY
    assert await store.outbox.covered_until(HERE, "core") == DUE
    folded = await store.outbox.passed_over(HERE, "core", PostState.FOLDED, DUE, DUE + 9 * DAY)
    assert len(folded) == 3
    assert await store.outbox.open() == [waiting]


async def test_what_is_not_long_over_stays(store: SqliteStore) -> None:
    for days in range(4):
        await ended(store, PostState.SENT, DUE + days * DAY)

    assert await store.outbox.prune(DUE + DAY, 100) == 1
    assert await store.outbox.prune(DUE + DAY, 100) == 0
