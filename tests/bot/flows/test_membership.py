"""Membership: who left is forgotten after 30 days, an outage is no farewell."""

import pytest

from bot.core.guild import Guild
from bot.flows.membership import KEPT, Membership
from tests.standins.clock import DAY, SettableClock
from tests.standins.stored import SqliteStore

HERE, THERE, OTHER_SHARD, STRANGER = 11, 12, (1 << 22) + 13, 14


@pytest.fixture
async def membership(store: SqliteStore) -> Membership:
    for guild_id in (HERE, THERE, OTHER_SHARD):
        await store.guilds.save(Guild(guild_id, "Asia/Tokyo", 5))
    return Membership(store.guilds)


async def left(store: SqliteStore) -> dict[int, int | None]:
    return {guild.id: guild.left_at for guild in await store.guilds.known()}


async def test_who_left_is_marked_once_and_keeps_its_settings(
    membership: Membership, store: SqliteStore, clock: SettableClock
) -> None:
    first = clock.now()
    await membership.left(HERE, first)
    await membership.left(HERE, clock.pass_(DAY))
    await membership.left(STRANGER, clock.now())

    assert await left(store) == {HERE: first, THERE: None, OTHER_SHARD: None}
    assert await store.guilds.get(HERE) == Guild(HERE, "Asia/Tokyo", 5, first)


async def test_who_returns_is_a_member_again(
    membership: Membership, store: SqliteStore, clock: SettableClock
) -> None:
    await membership.left(HERE, clock.now())
    await membership.joined(HERE)
    await membership.joined(STRANGER)

    assert await left(store) == {HERE: None, THERE: None, OTHER_SHARD: None}


async def test_what_happened_while_the_bot_was_away_is_noticed(
    membership: Membership, store: SqliteStore, clock: SettableClock
) -> None:
    await membership.left(THERE, clock.now())
    now = clock.pass_(DAY)

    await membership.reconcile({THERE, STRANGER}, now, ours=lambda id_: id_ >> 22 == 0)

    assert await left(store) == {HERE: now, THERE: None, OTHER_SHARD: None}


async def test_they_are_forgotten_after_30_days(
    membership: Membership, store: SqliteStore, clock: SettableClock
) -> None:
    await membership.left(HERE, clock.now())

    assert await membership.forget_departed(clock.pass_(KEPT - 1)) == []
    assert await membership.forget_departed(clock.pass_(1)) == [HERE]
    assert await left(store) == {THERE: None, OTHER_SHARD: None}
    assert await store.guilds.get(HERE) == Guild(HERE)
