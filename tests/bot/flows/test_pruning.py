"""Pruning: what is long over goes in small steps, whatever is younger stays."""

import pytest

from bot.core.guild import AuditEntry, DigestSettings, PostState
from bot.core.schedule import Every, Plan
from bot.flows.pruning import AT_ONCE, AUDIT_KEPT, POSTS_KEPT, Pruning
from tests.standins.clock import DAY, SettableClock
from tests.standins.stored import SqliteStore

DIGEST = DigestSettings(11, "all", 1, Plan(540, Every.DAY, "UTC"), 0)


@pytest.fixture
def pruning(store: SqliteStore, clock: SettableClock) -> Pruning:
    return Pruning(store.outbox, store.guilds, clock)


async def test_years_of_posts_shrink_to_their_last_90_days(
    pruning: Pruning, store: SqliteStore, clock: SettableClock
) -> None:
    await store.guilds.save_digest(DIGEST)
    first = clock.now()
    days = AT_ONCE + 200
    async with store.database.transaction() as transaction:
        await transaction.run_many(
            "INSERT INTO outbox (guild_id, watch_group, due_at, covers_from, channel_id, state)"
            " VALUES (11, 'all', $1, 0, 1, 'sent')",
            [(first + day * DAY,) for day in range(days)],
        )
    clock.pass_(days * DAY)

    assert await pruning.prune() == days - POSTS_KEPT // DAY
    assert await pruning.prune() == 0
    ((kept, oldest),) = await store.database.rows("SELECT count(*), min(due_at) FROM outbox")
    assert (kept, oldest) == (90, clock.now() - POSTS_KEPT)


async def test_a_digest_that_rested_for_years_still_knows_what_it_covered(
    pruning: Pruning, store: SqliteStore, clock: SettableClock
) -> None:
    await store.guilds.save_digest(DIGEST)
    post = await store.outbox.put(DIGEST, clock.now(), 0)
    await store.outbox.finish(post.id, PostState.SENT, 5)
    due_at = clock.now()
    clock.pass_(1_000 * DAY)

    assert await pruning.prune() == 0
    assert await store.outbox.covered_until(11, "all") == due_at


async def test_the_audit_is_kept_for_a_year(
    pruning: Pruning, store: SqliteStore, clock: SettableClock
) -> None:
    await store.guilds.audit(AuditEntry(clock.now(), 11, 3, "track add", "o/r"))
    clock.pass_(AUDIT_KEPT)
    assert await pruning.prune() == 0
    clock.pass_(1)
    assert await pruning.prune() == 1
