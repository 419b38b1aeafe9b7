"""Follows, on a real file: each owner once a guild and group, in any spelling."""

from dataclasses import replace

import pytest

from bot.core.follow import Follow, Terms
from bot.core.models import Page, Reading, Run, RunStatus, Trigger, Visibility
from bot.errors import UsageError
from tests.standins.clock import DAY, moment
from tests.standins.stored import SqliteStore

NOON = moment("2026-06-01")

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


async def test_ending_takes_along_what_it_brought_whatever_its_owner_is_called_now(
    store: SqliteStore,
) -> None:
    """Not what somebody named, nor what belongs to who is followed still, nor another group's."""
    names = ["acme/moved", "acme/stays", "acme/named", "acme/given", "acmex/other"]
    ids = [one.id for one in await store.subjects.ensure(names, NOON)]
    moved, _, named, given, _ = ids
    for follow in (PLAIN, replace(PLAIN, group="docs"), replace(PLAIN, owner="globex")):
        await store.follows.save(follow)
    for group in ("all", "docs"):
        await store.watches.add(HERE, group, ids, followed=[one for one in ids if one != named])
    await store.watches.add(THERE, "all", ids, followed=ids)
    run = Run("r", Trigger.SCHEDULE, RunStatus.RUNNING, NOON)
    await store.runs.begin(run)
    answers = {moved: "acme-two/moved", given: "globex/given"}
    for id_, name in answers.items():
        subject = await store.subjects.get(id_)
        assert subject is not None
        reading = Reading(name, id_, f"R_{id_}", Visibility.PUBLIC, {"stars": 1})
        await store.runs.record(run, [Page(NOON + 1, [(subject, reading)])], DAY)

    await store.follows.remove(HERE, "ACME", "all")

    left = [watch.subject.full_name for watch in await store.watches.of(HERE, "all")]
    assert left == ["acme/named", "acmex/other", "globex/given"]
    assert len(await store.watches.of(HERE, "docs")) == len(await store.watches.of(THERE)) == 5


async def test_one_that_ended_is_neither_changed_nor_noted_into_being(store: SqliteStore) -> None:
    await store.follows.save(PLAIN)
    without = replace(PLAIN, owner="ACME", terms=Terms(("x",), ("site",), forks=True))
    await store.follows.change(without)
    await store.follows.change(FULL)

    assert await store.follows.of() == [replace(without, owner="acme")]
    assert await store.follows.note(PLAIN, "Not all fits.")
    await store.follows.remove(HERE, "acme")
    await store.follows.change(without)
    assert not await store.follows.note(PLAIN, None)
    assert await store.follows.of() == []


async def test_what_is_not_admitted_is_not_followed(store: SqliteStore) -> None:
    def refuse() -> None:
        raise UsageError("Forgotten.")

    with pytest.raises(UsageError):
        await store.follows.save(PLAIN, refuse)
    assert await store.follows.of() == []
