"""Stars still held, in the store: what a newer answer replaces, and where reading goes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import DAY
from bot.core.models import Sample, Subject
from bot.core.retained import NOTHING_READ, Extent, Given, Retained, StarPage
from bot.storage.histories import merge_into
from tests.bot.core.timelines import PATIENT
from tests.standins.clock import moment
from tests.standins.stored import SqliteStore, fresh_store

NOW = moment("2026-07-01")
TODAY = NOW // DAY


@pytest.fixture
async def site(store: SqliteStore) -> Subject:
    return await watched(store, "o/site")


async def watched(store: SqliteStore, name: str, visibility: str = "public") -> Subject:
    (subject,) = await store.subjects.ensure([name], NOW)
    async with store.database.transaction() as transaction:
        await transaction.run(
            "UPDATE subjects SET visibility = $1 WHERE id = $2", visibility, subject.id
        )
    await store.watches.add(0, "all", [subject.id])
    found = await store.subjects.get(subject.id)
    assert found is not None
    return found


def page(since: int, until: int, *, last: bool = False, **ago: int) -> StarPage:
    """From so many days ago to so many, with `d3=7`: seven stars three days ago."""
    days = {TODAY - int(key[1:]): stars for key, stars in ago.items()}
    return StarPage(days, TODAY - since, TODAY - until, last)


async def test_what_is_kept_is_read_back(store: SqliteStore, site: Subject) -> None:
    await store.stars.keep(site.id, 1, page(209, -1, d0=3, d30=4), NOW)

    assert await store.stars.retained([site.id, 4711]) == {
        site.id: Retained(TODAY - 209, NOW, [Given(TODAY - 30, 4), Given(TODAY, 3)], whole=False)
    }
    assert await store.stars.extents([site.id, 4711]) == {
        site.id: Extent(1, TODAY - 209, whole=False),
        4711: NOTHING_READ,
    }


async def test_a_newer_answer_replaces_its_days_and_no_others(
    store: SqliteStore, site: Subject
) -> None:
    await store.stars.keep(site.id, 1, page(209, -1, d0=3, d30=4, d209=5), NOW)
    await store.stars.keep(site.id, 2, page(419, 209, d300=9), NOW + 5)

    await store.stars.keep(site.id, 1, page(202, -8, d30=1), NOW + 7 * DAY)

    found = (await store.stars.retained([site.id]))[site.id]
    assert found == Retained(
        TODAY - 419,
        NOW + 7 * DAY,  # of the newest page
        [Given(TODAY - 300, 9), Given(TODAY - 209, 5), Given(TODAY - 30, 1)],
        whole=False,
    )
    assert (await store.stars.extents([site.id]))[site.id].pages == 2


async def test_the_last_page_ends_it(store: SqliteStore, site: Subject) -> None:
    await store.stars.keep(site.id, 1, page(209, -1, d100=3), NOW)
    await store.stars.keep(site.id, 2, page(250, 209, d250=9, last=True), NOW)

    assert (await store.stars.extents([site.id]))[site.id] == Extent(2, TODAY - 250, whole=True)

    await store.stars.keep(
        site.id, 2, page(240, 209, d240=8, last=True), NOW
    )  # its first star left

    found = (await store.stars.retained([site.id]))[site.id]
    assert found.days == [Given(TODAY - 240, 8), Given(TODAY - 100, 3)]
    assert found.since == TODAY - 240


async def test_an_empty_answer_is_an_answer(store: SqliteStore, site: Subject) -> None:
    await store.stars.keep(site.id, 1, StarPage({}, None, None, last=True), NOW)

    assert (await store.stars.retained([site.id]))[site.id] == Retained(TODAY, NOW, [], whole=True)


async def test_a_page_is_written_as_a_whole_or_not_at_all(
    store: SqliteStore, site: Subject
) -> None:
    await store.stars.keep(site.id, 1, page(209, -1, d30=4), NOW)
    broken = StarPage({TODAY - 30: 5, TODAY - 29: 2**70}, TODAY - 209, TODAY + 1, last=False)

    with pytest.raises(OverflowError):
        await store.stars.keep(site.id, 1, broken, NOW + 9)

    found = (await store.stars.retained([site.id]))[site.id]
    assert (found.days, found.until) == ([Given(TODAY - 30, 4)], NOW)


async def test_first_come_those_without_a_page_and_never_those_who_are_done(
    store: SqliteStore, site: Subject
) -> None:
    other, done, most = [await watched(store, f"o/{name}") for name in ("b", "done", "most")]
    await store.stars.keep(site.id, 1, page(209, -1), NOW)
    await store.stars.keep(done.id, 1, page(3, -1, d3=1, last=True), NOW)
    await store.stars.keep(most.id, 4, page(839, 629), NOW)

    unread = await store.stars.unread(NOW, 10)

    assert [(one.subject.full_name, one.pages) for one in unread] == [("o/b", 0), ("o/site", 1)]
    assert [one.subject.id for one in await store.stars.unread(NOW, 1)] == [other.id]


async def test_only_what_is_public_there_and_watched_is_asked_for(store: SqliteStore) -> None:
    await watched(store, "o/private", "private")
    await watched(store, "o/unknown", "unknown")
    gone, left = await watched(store, "o/gone"), await watched(store, "o/left")
    await store.watches.remove(0, [left.id])
    async with store.database.transaction() as transaction:
        await transaction.run("UPDATE subjects SET gone_at = $1 WHERE id = $2", NOW, gone.id)

    assert await store.stars.unread(NOW, 10) == []


async def test_who_was_refused_waits_and_who_has_pages_does_not(
    store: SqliteStore, site: Subject
) -> None:
    await store.stars.refused(site.id, NOW)

    assert await store.stars.unread(NOW - 1, 10) == []
    assert [one.pages for one in await store.stars.unread(NOW, 10)] == [0]
    assert await store.stars.retained([site.id]) == {}

    await store.stars.refused(site.id, NOW + 5)  # twice
    assert await store.stars.unread(NOW, 10) == []
    await store.stars.keep(site.id, 1, page(209, -1), NOW + 6)
    await store.stars.refused(site.id, NOW + 7)
    assert (await store.stars.retained([site.id]))[site.id].until == NOW + 6


async def test_who_is_merged_into_another_leaves_nothing_behind(
    store: SqliteStore, site: Subject
) -> None:
    other = await watched(store, "o/other")
    await store.stars.keep(other.id, 1, page(209, -1, d3=1), NOW)
    async with store.database.transaction() as transaction:
        await merge_into(transaction, site.id, other.id)

    assert await store.stars.retained([other.id]) == {}
    assert await store.database.rows("SELECT * FROM stars_retained") == []
    await store.stars.keep(4711, 1, page(209, -1, d3=1), NOW)  # whoever is no more
    assert await store.database.rows("SELECT * FROM star_histories") == []


async def test_a_refusal_of_one_that_is_no_longer_there_is_not_noted(store: SqliteStore) -> None:
    await store.stars.refused(4711, NOW)

    assert await store.database.rows("SELECT * FROM star_histories") == []


@PATIENT
@given(
    ago=st.dictionaries(st.integers(0, 50), st.integers(1, 9), max_size=12),
    moment=st.integers(-60 * DAY, DAY).map(lambda after: NOW + after),
    sampled=st.lists(st.integers(-30 * DAY, 0).map(lambda after: NOW + after), min_size=1),
    last=st.booleans(),
)
async def test_added_up_in_the_store_as_day_by_day(
    ago: dict[int, int],
    moment: int,
    sampled: list[int],
    last: bool,  # noqa: FBT001
) -> None:
    """Of several samples the first counts, and of several metrics the stars."""
    days = {TODAY - day: stars for day, stars in ago.items()}
    async with fresh_store() as store:
        site, unsampled = await store.subjects.ensure(["o/site", "o/unsampled"], NOW)
        await store.histories.merge(
            [
                ("o/site", Sample(min(sampled) - 9 * DAY, {"forks": 1})),
                *(("o/site", Sample(at, {"stars": at - NOW + 30 * DAY})) for at in sampled),
            ],
            NOW,
        )
        for one in (site, unsampled):
            await store.stars.keep(one.id, 1, StarPage(days, TODAY - 50, TODAY + 1, last), NOW)

        told = await store.stars.tallies([site.id, unsampled.id, 4711], moment)
        held = (await store.stars.retained([site.id]))[site.id]

    assert told == {site.id: held.tally(moment, min(sampled))}
