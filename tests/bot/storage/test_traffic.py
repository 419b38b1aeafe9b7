"""Traffic in the store: days only grow, refusals survive a restart, only what is allowed is due."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import Page, Reading, Refused, Run, RunStatus, Subject, Trigger, Visibility
from bot.core.traffic import Capture, Day, Popular, Ranking, Visit
from bot.storage.database import open_database
from bot.storage.retention import Retention
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.stored import SqliteStore, store_on

TODAY = SettableClock().now() // DAY
READING = Reading("o/site", 7, "R_7", Visibility.PUBLIC, {"stars": 1})
GOOGLE = Popular("Google", 9, 3)


async def read(store: SqliteStore, *, may_push: bool | None) -> Subject:
    """Let a run find out about the repository, which the operator watches."""
    (subject,) = await store.subjects.ensure(["o/site"], 0)
    await store.watches.add(0, "all", [subject.id])
    run = Run("a", Trigger.CLI, RunStatus.RUNNING, 0)
    at = (await store.histories.seen([subject.id])).get(subject.id, (0, 0))[1] + HOUR
    page = Page(at, found=[(subject, replace(READING, may_push=may_push))])
    await store.runs.record(run, [page], within=DAY)
    (now,) = await store.subjects.watched()
    return now


def capture(on: int = TODAY, days: dict[int, Day] | None = None, *named: Popular) -> Capture:
    views = {TODAY: Day(5, 4, settled=False)} if days is None else days
    return Capture(
        on, {Visit.VIEWS: views, Visit.CLONES: {}}, {Ranking.REFERRERS: named, Ranking.PATHS: ()}
    )


async def due(store: SqliteStore, day: int = TODAY, most: int = 9) -> list[str]:
    return [subject.full_name for subject in await store.traffic.due(day, most)]


async def views(store: SqliteStore, subject: Subject) -> dict[int, Day]:
    return dict((await store.traffic.days(subject.id, TODAY - 20, TODAY))[Visit.VIEWS])


async def test_a_day_never_falls_and_settles_once(store: SqliteStore) -> None:
    site = await read(store, may_push=True)
    for total, uniques, settled in ((5, 4, False), (9, 3, True), (7, 5, False)):
        day = Day(total, uniques, settled=settled)
        await store.traffic.keep(site.id, capture(TODAY, {TODAY - 1: day}))

    assert await views(store, site) == {TODAY - 1: Day(9, 5, settled=True)}
    assert (await store.traffic.days(site.id, 0, TODAY))[Visit.CLONES] == {}
    assert await views(store, replace(site, id=99)) == {}


async def test_views_and_clones_do_not_mix(store: SqliteStore) -> None:
    site = await read(store, may_push=True)
    clones = {TODAY - 1: Day(2, 1, settled=True)}
    both = {Visit.VIEWS: {TODAY - 1: Day(50, 9, settled=True)}, Visit.CLONES: clones}

    await store.traffic.keep(site.id, Capture(TODAY, both, {}))

    assert await store.traffic.days(site.id, TODAY - 1, TODAY - 1) == both


async def test_it_is_due_once_a_day_and_only_where_it_may_be_asked(store: SqliteStore) -> None:
    assert await due(store) == []
    site = await read(store, may_push=False)
    assert await due(store) == []

    await read(store, may_push=True)
    assert await due(store) == ["o/site"]
    assert await due(store, most=0) == []
    await store.traffic.keep(site.id, capture())
    await read(store, may_push=True)
    assert await due(store) == []
    assert await due(store, TODAY + 1) == ["o/site"]

    await store.watches.remove(0, [site.id])
    assert await due(store, TODAY + 1) == []


async def test_one_that_lost_the_right_is_not_asked_and_keeps_what_was_read(
    store: SqliteStore,
) -> None:
    site = await read(store, may_push=True)
    await store.traffic.keep(site.id, capture())

    await read(store, may_push=False)

    assert await due(store, TODAY + 1) == []
    assert TODAY in await views(store, site)


async def test_one_that_answered_in_part_is_due_again(store: SqliteStore) -> None:
    site = await read(store, may_push=True)

    await store.traffic.keep(site.id, replace(capture(), popular={}))

    assert await due(store) == ["o/site"]
    assert TODAY in await views(store, site)


async def test_a_refusal_survives_a_restart_and_ends_with_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "own.db"
    async with open_database(path) as database:
        site = await read(store_on(database), may_push=True)
        await store_on(database).traffic.refuse(site.id, TODAY, Refused.FORBIDDEN)
    async with open_database(path) as database:
        store = store_on(database)
        await read(store, may_push=True)
        assert await store.traffic.refused([site.id, 99]) == {site.id}
        assert await store.traffic.refused([99]) == set()
        assert await due(store) == []
        assert await due(store, TODAY + 1) == ["o/site"]

        await store.traffic.keep(site.id, capture())
        assert await store.traffic.refused([site.id]) == set()


async def test_where_github_does_not_say_one_refusal_holds_for_a_week(store: SqliteStore) -> None:
    site = await read(store, may_push=None)
    assert await due(store) == ["o/site"]

    await store.traffic.refuse(site.id, TODAY, Refused.FORBIDDEN)

    assert await store.traffic.refused([site.id]) == set()
    assert [await due(store, TODAY + days) for days in (1, 6)] == [[], []]
    assert await due(store, TODAY + 7) == ["o/site"]


async def test_a_clock_that_was_ahead_holds_nothing_up(store: SqliteStore) -> None:
    site = await read(store, may_push=True)
    await store.traffic.keep(site.id, capture(TODAY + 400))

    assert await due(store) == ["o/site"]


async def test_lists_are_kept_by_day_and_only_where_they_changed(store: SqliteStore) -> None:
    site = await read(store, may_push=True)
    other = Popular("/o/site", 4, 2, "a “title” with ünïcode")
    for on, named in ((TODAY - 2, GOOGLE), (TODAY - 1, GOOGLE), (TODAY, other)):
        await store.traffic.keep(site.id, capture(on, {}, named))

    found = [
        (await store.traffic.popular(site.id, day))[Ranking.REFERRERS]
        for day in (TODAY - 3, TODAY - 2, TODAY - 1, TODAY, TODAY + 9)
    ]

    assert found == [(), (GOOGLE,), (GOOGLE,), (other,), (other,)]
    rows = await store.database.rows(
        "SELECT count(*) FROM traffic_popular WHERE ranking = $1", "referrers"
    )
    assert rows == [(2,)]


@pytest.mark.parametrize("unwatched", [True, False])
async def test_a_clean_up_takes_it_along(store: SqliteStore, *, unwatched: bool) -> None:
    site = await read(store, may_push=True)
    days = {TODAY - 9: Day(1, 1, settled=True), TODAY: Day(2, 1, settled=False)}
    await store.traffic.keep(site.id, capture(TODAY, days, GOOGLE))
    if unwatched:
        await store.watches.remove(0, [site.id])

    before = None if unwatched else (TODAY - 3) * DAY
    await Retention(store.database).remove(before, unwatched=unwatched)

    assert list(await views(store, site)) == ([] if unwatched else [TODAY])
    for table in ("traffic", "traffic_access", "traffic_popular"):
        rows = await store.database.rows(f"SELECT 1 FROM {table}")  # noqa: S608  # our own names
        assert bool(rows) is not unwatched
