"""Who watches what."""

from bot.core.models import Scope, Subject, Watch
from tests.standins.clock import moment
from tests.standins.stored import SqliteStore

HERE, THERE = 10, 2**63 - 1  # Discord's ids use all of 64 bits


async def three(store: SqliteStore) -> list[Subject]:
    return await store.subjects.ensure(["o/b", "o/A", "o/c"], moment("2026-06-01"))


async def test_a_portfolio_is_listed_by_name(store: SqliteStore) -> None:
    b, a, c = await three(store)
    await store.watches.add(HERE, "all", [c.id, b.id, a.id])

    assert [watch.subject.full_name for watch in await store.watches.of(HERE)] == [
        "o/A",
        "o/b",
        "o/c",
    ]


async def test_adding_tells_what_was_not_watched_before(store: SqliteStore) -> None:
    b, a, c = await three(store)

    assert await store.watches.add(HERE, "all", [a.id, b.id, a.id]) == {a.id, b.id}
    assert await store.watches.add(HERE, "all", [b.id, c.id]) == {c.id}
    assert await store.watches.add(HERE, "core", [b.id]) == {b.id}, "another group"
    assert await store.watches.add(HERE, "all", []) == set()


async def test_a_watch_tells_whether_a_follow_brought_it_until_somebody_names_it(
    store: SqliteStore,
) -> None:
    b, a, c = await three(store)
    await store.watches.add(HERE, "all", [a.id, b.id], followed=[b.id, c.id])
    await store.watches.add(HERE, "core", [b.id], followed=[b.id])
    await store.watches.add(HERE, "all", [a.id], followed=[a.id])
    await store.watches.add(HERE, "all", [b.id])
    assert await store.watches.of(HERE) == [
        Watch(a, "all"),
        Watch(b, "all", followed=True),
        Watch(b, "core", followed=True),
    ]

    await store.watches.name(HERE, "all", [a.id, b.id, c.id])
    await store.watches.name(THERE, "core", [b.id])

    assert await store.watches.of(HERE) == [
        Watch(a, "all"),
        Watch(b, "all"),
        Watch(b, "core", followed=True),
    ]


async def test_a_group_is_asked_for_by_its_name(store: SqliteStore) -> None:
    b, a, _ = await three(store)
    await store.watches.add(HERE, "all", [a.id])
    await store.watches.add(HERE, "core", [a.id, b.id])

    assert await store.watches.of(HERE, "core") == [Watch(a, "core"), Watch(b, "core")]
    assert await store.watches.of(HERE, "none") == []
    assert await store.watches.of(HERE) == [Watch(a, "all"), Watch(a, "core"), Watch(b, "core")]


async def test_removing_from_one_group_keeps_the_others(store: SqliteStore) -> None:
    b, a, _ = await three(store)
    await store.watches.add(HERE, "all", [a.id, b.id])
    await store.watches.add(HERE, "core", [a.id])

    assert await store.watches.remove(HERE, [a.id], "core") == {a.id}
    assert await store.watches.of(HERE) == [Watch(a, "all"), Watch(b, "all")]


async def test_removing_from_all_groups_tells_each_once(store: SqliteStore) -> None:
    b, a, c = await three(store)
    await store.watches.add(HERE, "all", [a.id, b.id])
    await store.watches.add(HERE, "core", [a.id])

    assert await store.watches.remove(HERE, [a.id, c.id]) == {a.id}
    assert await store.watches.of(HERE) == [Watch(b, "all")]
    assert await store.watches.remove(HERE, [a.id]) == set(), "it is gone already"


async def test_a_guild_sees_and_changes_its_own_watches_only(store: SqliteStore) -> None:
    b, a, _ = await three(store)
    await store.watches.add(HERE, "all", [a.id])
    await store.watches.add(THERE, "all", [a.id, b.id])

    await store.watches.remove(HERE, [a.id, b.id])

    assert await store.watches.of(HERE) == []
    assert await store.watches.of(THERE) == [Watch(a, "all"), Watch(b, "all")]


async def test_groups_are_told_once_and_to_their_own_guild(store: SqliteStore) -> None:
    b, a, _ = await three(store)
    await store.watches.add(HERE, "all", [a.id, b.id])
    await store.watches.add(HERE, "core", [a.id])
    await store.watches.add(THERE, "other", [a.id])

    assert await store.watches.groups(HERE) == {"all", "core"}
    assert await store.watches.groups(1) == set()


async def test_owners_are_told_once_and_to_their_own_guild(store: SqliteStore) -> None:
    names = ["o/b", "o/A", "Other-One/o.n_e", "x/x"]
    b, a, other, x = await store.subjects.ensure(names, moment("2026-06-01"))
    await store.watches.add(HERE, "all", [a.id, b.id])
    await store.watches.add(HERE, "core", [other.id])
    await store.watches.add(THERE, "all", [x.id])

    assert await store.watches.owners(Scope(HERE, None, hidden=False)) == {"o", "Other-One"}
    assert await store.watches.owners(Scope(HERE, "core", hidden=True)) == {"Other-One"}
    assert await store.watches.owners(Scope(1, None, hidden=True)) == set()
    assert await store.subjects.owners() == {"o", "Other-One", "x"}


async def test_what_two_guilds_watch_counts_once(store: SqliteStore) -> None:
    b, a, _ = await three(store)
    assert await store.subjects.count_watched() == 0

    await store.watches.add(HERE, "all", [a.id])
    await store.watches.add(HERE, "core", [a.id])
    await store.watches.add(THERE, "all", [a.id, b.id])

    assert await store.subjects.count_watched() == len(await store.subjects.watched()) == 2
