"""All that a diff asks of one repository comes in one answer, and is that repository's alone."""

import pytest

from bot.core.coverage import JOIN
from bot.core.events import Event, Kind
from bot.core.models import Page, Reading, Run, RunStatus, Sample, Subject, Trigger, Visibility
from bot.core.traffic import Capture, Day, Popular, Ranking, Visit
from bot.core.window import between
from bot.storage.events import write
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore

NOON = moment("2026-06-01T12:00")
WINDOW = between(NOON, NOON + 3 * DAY)
RUN = Run("run-1", Trigger.SCHEDULE, RunStatus.RUNNING, NOON)


@pytest.fixture
async def sites(store: SqliteStore) -> list[Subject]:
    """Two of them: by files with gaps, then by runs."""
    sites = await store.subjects.ensure(["o/site", "o/other"], NOON)
    await store.runs.begin(RUN)
    for number, site in enumerate(sites):
        history = [Sample(NOON - ago * DAY, {"stars": 90 - ago + number}) for ago in (9, 5, 4)]
        await store.histories.merge([(site.full_name, sample) for sample in history], NOON)
        for day in range(4):
            values = {"stars": 100 + day * (number + 1), "forks": 5}
            found = [
                (
                    site,
                    Reading(site.full_name, 7 + number, f"R_{number}", Visibility.PUBLIC, values),
                )
            ]
            await store.runs.record(RUN, [Page(NOON + day * DAY, found)], JOIN)
    return sites


async def test_its_numbers_are_those_that_many_are_asked_for(
    store: SqliteStore, sites: list[Subject]
) -> None:
    for window in (
        WINDOW,
        between(NOON - 7 * DAY, NOON + DAY),
        between(NOON - 99 * DAY, NOON - DAY),
    ):
        together = await store.histories.series([site.id for site in sites], window)
        for site in sites:
            told = await store.histories.account(site.id, window)

            assert told.series == together[site.id]
            assert list(told.series) == ["stars", "forks"]


async def test_who_is_unknown_has_nothing_to_tell(store: SqliteStore) -> None:
    told = await store.histories.account(99, WINDOW)

    assert (told.series, list(told.events), told.visited) == ({}, [], False)


async def test_all_that_happened_to_it_comes_in_order(
    store: SqliteStore, sites: list[Subject]
) -> None:
    site, other = sites
    happened = [Event(NOON - DAY, Kind.ARCHIVED), Event(NOON + HOUR, Kind.RENAMED, "o/name before")]
    async with store.database.transaction() as transaction:
        await write(transaction, site.id, reversed(happened))
        await write(transaction, other.id, [Event(NOON, Kind.GONE)])

    assert (await store.histories.account(site.id, WINDOW)).events == happened


@pytest.mark.parametrize(
    "capture",
    [
        Capture(NOON // DAY, {Visit.VIEWS: {NOON // DAY: Day(1, 1, settled=False)}}, {}),
        Capture(NOON // DAY, {}, {Ranking.REFERRERS: (Popular("a.example", 1, 1, ""),)}),
    ],
)
async def test_it_tells_whether_any_traffic_was_ever_read(
    store: SqliteStore, sites: list[Subject], capture: Capture
) -> None:
    site, other = sites
    assert not (await store.histories.account(site.id, WINDOW)).visited
    await store.traffic.keep(site.id, capture)

    assert (await store.histories.account(site.id, WINDOW)).visited
    assert not (await store.histories.account(other.id, WINDOW)).visited
