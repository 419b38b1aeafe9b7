"""Follows, on a real file: each owner once a guild and group, in any spelling."""

from dataclasses import replace

from bot.core.follow import Follow, Terms
from tests.standins.stored import SqliteStore

HERE, THERE = 10, 2**63 - 1
FULL = Follow(
    THERE, "côre 🚀", "Acme", Terms(("tools-*", "x?"), ("site",), forks=True, archived=True), "Why."
)
PLAIN = Follow(HERE, "all", "acme")


async def test_what_was_saved_comes_back(store: SqliteStore) -> None:
    for follow in (FULL, PLAIN, replace(PLAIN, group="docs"), replace(PLAIN, owner="Zeta")):
        await store.follows.save(follow)

    assert await store.follows.of(THERE) == [FULL]
    assert await store.follows.of(HERE, "docs") == [replace(PLAIN, group="docs")]
    assert [one.owner for one in await store.follows.of(HERE)] == ["acme", "acme", "Zeta"]
    assert len(await store.follows.of()) == 4
    assert await store.follows.of(11) == []


async def test_saving_again_changes_the_one_there_is(store: SqliteStore) -> None:
    await store.follows.save(PLAIN)
    changed = Follow(HERE, "all", "ACME", Terms(exclude=("site",)))
    await store.follows.save(changed)

    assert await store.follows.of(HERE) == [changed]


async def test_a_trouble_is_noted_of_what_is_still_followed(store: SqliteStore) -> None:
    await store.follows.save(PLAIN)
    await store.follows.note(PLAIN, "Not all fits.")
    await store.follows.note(FULL, "Removed meanwhile.")

    assert await store.follows.of() == [replace(PLAIN, trouble="Not all fits.")]
    await store.follows.note(PLAIN, None)
    assert await store.follows.of() == [PLAIN]


async def test_removing_tells_what_was_there(store: SqliteStore) -> None:
    docs = replace(PLAIN, group="docs")
    for follow in (PLAIN, docs, FULL):
        await store.follows.save(follow)

    assert await store.follows.remove(HERE, "ACME", "docs") == [docs]
    assert await store.follows.remove(HERE, "Acme") == [PLAIN]
    assert await store.follows.remove(HERE, "acme") == []
    assert await store.follows.of() == [FULL]


async def test_who_only_follows_is_known_and_can_leave(store: SqliteStore) -> None:
    await store.follows.save(PLAIN)
    await store.follows.save(replace(PLAIN, guild_id=0))

    assert [guild.id for guild in await store.guilds.known()] == [HERE]
