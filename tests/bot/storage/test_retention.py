"""Old days keep their last value, on a real store; and what a clean-up takes away."""

from datetime import UTC, datetime
from operator import itemgetter

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.coverage import DAY, Span
from bot.core.delta import Delta, measure
from bot.core.events import Event, Kind
from bot.core.history import History
from bot.core.models import Sample
from bot.core.retained import NOTHING_READ, Given, Retained, StarPage
from bot.core.retention import Removal, thinned_before
from bot.core.window import Window, parse_window
from bot.storage.events import write
from bot.storage.histories import EVER
from bot.storage.retention import BELONGINGS, Retention
from tests.standins.clock import HOUR, moment
from tests.standins.stored import SqliteStore, contents, fresh_store

MIDNIGHT = moment("2026-03-01T00:00")
BEFORE = MIDNIGHT + 10 * DAY
SAMPLES = st.lists(
    st.tuples(st.integers(0, 14 * 24 - 1), st.integers(0, 3)), min_size=1, unique_by=lambda s: s[0]
)


async def keep(store: SqliteStore, name: str, hourly: list[tuple[int, int]]) -> None:
    rows = [(name, Sample(MIDNIGHT + hour * HOUR, {"stars": stars})) for hour, stars in hourly]
    await store.histories.merge(rows, MIDNIGHT)


async def history_of(store: SqliteStore, name: str) -> History:
    subject = await store.subjects.find(name)
    assert subject is not None
    return await store.histories.history(subject.id)


def last_of_days(history: History) -> list[int | None]:
    return [history.series("stars", 0, MIDNIGHT + day * DAY - 1).after for day in range(1, 16)]


async def thin(store: SqliteStore) -> int:
    retention = Retention(store.database)
    return await retention.thin(0, await retention.last_id(), 0, BEFORE)


@settings(deadline=None, max_examples=60)
@given(SAMPLES, SAMPLES)
async def test_every_day_ends_with_the_value_it_had(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    async with fresh_store() as store:
        for name, hourly in (("o/one", one), ("o/other", other)):
            await keep(store, name, hourly)
        before = {name: await history_of(store, name) for name in ("o/one", "o/other")}

        gone = await thin(store)
        again = await thin(store)

        kept = await contents(store.database)
        assert again == 0
        assert sum(len(k.observations["stars"]) for k in kept.values()) + gone == sum(
            len(history.observations["stars"]) for history in before.values()
        )
        for name, old in before.items():
            new = await history_of(store, name)
            assert last_of_days(new) == last_of_days(old)
            assert new.coverage == old.coverage
            recent = [seen for seen in old.observations["stars"] if seen.at >= BEFORE]
            assert [s for s in new.observations["stars"] if s.at >= BEFORE][
                -len(recent) :
            ] == recent
            assert kept[name].latest["stars"] == new.observations["stars"][-1]
            assert not kept[name].has_equal_neighbours()


def answers_for_whole_days(history: History) -> list[Delta | None]:
    """What the delta engine says of every window that begins and ends with a UTC day."""
    windows = [whole_days(first, last) for first in range(15) for last in range(first, 15)]
    return [
        measure("stars", history.series("stars", one.start, one.end), one, fresh=6 * HOUR)
        for one in windows
    ]


def whole_days(first: int, last: int) -> Window:
    begin, end = (datetime.fromtimestamp(MIDNIGHT + day * DAY, UTC) for day in (first, last))
    text = f"{begin:%Y-%m-%d}..{end:%Y-%m-%d}"
    return parse_window(text, now=MIDNIGHT + 30 * DAY, zone=UTC)


@settings(deadline=None, max_examples=60)
@given(SAMPLES, st.lists(st.tuples(st.integers(0, 13), st.integers(0, 3)), unique_by=itemgetter(0)))
async def test_whole_days_have_the_deltas_they_had(
    hourly: list[tuple[int, int]], daily: list[tuple[int, int]]
) -> None:
    async with fresh_store() as store:
        await keep(store, "o/one", hourly)
        noons = [
            ("o/one", Sample(MIDNIGHT + day * DAY + 12 * HOUR, {"stars": stars}, daily=True))
            for day, stars in daily
        ]
        await store.histories.merge(noons, MIDNIGHT)
        before = answers_for_whole_days(await history_of(store, "o/one"))

        await thin(store)

        assert answers_for_whole_days(await history_of(store, "o/one")) == before


async def test_only_the_days_and_repositories_asked_for_are_thinned(store: SqliteStore) -> None:
    for name in ("o/one", "o/other"):
        await keep(store, name, [(0, 1), (30, 2), (40, 3), (54, 4), (60, 5), (300, 6), (301, 7)])
    one = await store.subjects.find("o/one")
    assert one is not None

    gone = await Retention(store.database).thin(0, one.id, MIDNIGHT + 2 * DAY, BEFORE)

    kept = await contents(store.database)
    assert gone == 1
    assert [seen.value for seen in kept["o/one"].observations["stars"]] == [1, 2, 3, 5, 6, 7]
    assert len(kept["o/other"].observations["stars"]) == 7


def test_whole_days_are_thinned() -> None:
    assert thinned_before(MIDNIGHT + 10 * DAY + 5, 10) == MIDNIGHT
    assert thinned_before(MIDNIGHT, 10**20) == 0, "for ever"


async def test_history_before_a_moment_goes_and_what_was_true_then_stays(
    store: SqliteStore,
) -> None:
    days = [(24 * day, day) for day in range(14)]
    await keep(store, "o/one", days)
    retention = Retention(store.database)

    planned = await retention.removable(BEFORE + HOUR, unwatched=False)
    removed = await retention.remove(BEFORE + HOUR, unwatched=False)

    history = await history_of(store, "o/one")
    assert planned == removed == Removal(0, 10, 1)
    assert [seen.value for seen in history.observations["stars"]] == [10, 11, 12, 13]
    assert list(history.coverage.values()) == [(Span(BEFORE + HOUR, MIDNIGHT + 13 * DAY),)]
    assert history.series("stars", 0, BEFORE + HOUR).after == 10


KINDS = st.sampled_from(["stars", "forks"])
HALF_DAYS = st.tuples(st.integers(0, 27), KINDS, st.integers(0, 3))


@settings(deadline=None, max_examples=60)
@given(some=st.lists(HALF_DAYS), others=st.lists(HALF_DAYS), between=st.booleans())
async def test_no_value_is_older_than_all_samples_of_its_metric(
    *, some: list[tuple[int, str, int]], others: list[tuple[int, str, int]], between: bool
) -> None:
    """Whether it is sampled again before the clean-up or after it."""
    async with fresh_store() as store:
        for half_days in (some, others):
            rows = [
                ("o/one", Sample(MIDNIGHT + half_day * DAY // 2, {metric: value}))
                for half_day, metric, value in half_days
            ]
            await store.histories.merge(rows, MIDNIGHT)
            if between or half_days is others:
                await Retention(store.database).remove(BEFORE, unwatched=False)

        for kept in (await contents(store.database)).values():
            for metric, seen in kept.observations.items():
                read = [spans for set_, spans in kept.coverage.items() if metric in set_.metrics]
                since = min((span.since for spans in read for span in spans), default=None)
                assert since is None or since == seen[0].at or seen[0].at < since == BEFORE
                assert kept.latest[metric] == seen[-1]


async def test_a_value_that_was_cut_off_is_no_change_when_somebody_looks_again(
    store: SqliteStore,
) -> None:
    days = [(0, {"stars": 5, "forks": 5})] + [(day, {"stars": 5}) for day in range(1, 14)]
    rows = [("o/one", Sample(MIDNIGHT + day * DAY, values)) for day, values in days]
    await store.histories.merge(rows, MIDNIGHT)
    retention = Retention(store.database)
    await retention.remove(BEFORE, unwatched=False)
    again = [Sample(MIDNIGHT + day * DAY, {"forks": forks}) for day, forks in ((12, 7), (13, 8))]

    await store.histories.merge([("o/one", sample) for sample in again], MIDNIGHT)

    forks = (await history_of(store, "o/one")).series("forks", BEFORE + DAY, BEFORE + 4 * DAY)
    assert (forks.before, forks.first, forks.after) == (None, 7, 8)


async def test_earlier_days_of_stars_still_held_are_forgotten_and_not_asked_for_again(
    store: SqliteStore,
) -> None:
    await keep(store, "o/one", [(24 * 12, 1)])
    one = await store.subjects.find("o/one")
    assert one is not None
    await store.watches.add(0, "all", [one.id])
    async with store.database.transaction() as transaction:
        await transaction.run("UPDATE subjects SET visibility = 'public'")
    day = BEFORE // DAY
    page = StarPage({day - 9: 5, day: 2, day + 1: 3}, day - 20, day + 2, last=True)
    await store.stars.keep(one.id, 1, page, BEFORE + DAY)

    await Retention(store.database).remove(BEFORE, unwatched=False)

    kept = (await store.stars.retained([one.id]))[one.id]
    assert kept == Retained(day, BEFORE + DAY, [Given(day, 2), Given(day + 1, 3)], whole=False)
    assert kept.level(BEFORE - 5 * DAY, BEFORE + DAY, 10) is None
    assert await store.stars.unread(EVER, 5) == []


async def test_repositories_that_nobody_watches_are_forgotten(store: SqliteStore) -> None:
    for name in ("o/watched", "o/alone"):
        await keep(store, name, [(0, 1), (30, 2)])
    watched = await store.subjects.find("o/watched")
    assert watched is not None
    await store.watches.add(0, "all", [watched.id])
    retention = Retention(store.database)

    planned = await retention.removable(None, unwatched=True)
    removed = await retention.remove(None, unwatched=True)

    assert planned == removed == Removal(1, 2)
    assert list(await contents(store.database)) == ["o/watched"]
    assert await store.subjects.find("o/alone") is None
    assert await retention.removable(None, unwatched=True) == Removal(0, 0)


async def test_nothing_is_left_of_a_forgotten_repository_for_the_next_to_inherit(
    store: SqliteStore,
) -> None:
    await keep(store, "o/alone", [(0, 1)])
    alone = await store.subjects.find("o/alone")
    assert alone is not None
    async with store.database.transaction() as transaction:
        await write(transaction, alone.id, [Event(MIDNIGHT, Kind.GONE)])
    page = StarPage({MIDNIGHT // DAY: 5_000}, MIDNIGHT // DAY, MIDNIGHT // DAY + 1, last=True)
    await store.stars.keep(alone.id, 1, page, MIDNIGHT)

    await Retention(store.database).remove(None, unwatched=True)

    for table in await tables_of_subjects(store):
        assert await store.database.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 - our own tables
    await keep(store, "o/next", [(0, 1)])
    fresh = await store.subjects.find("o/next")
    assert fresh is not None
    assert fresh.id == alone.id
    assert await store.stars.extents([fresh.id]) == {fresh.id: NOTHING_READ}
    assert await store.subjects.events([fresh.id]) == {}


async def test_every_table_that_tells_of_a_repository_is_emptied_with_it(
    store: SqliteStore,
) -> None:
    assert set(BELONGINGS) == await tables_of_subjects(store) - {"watches"}


async def tables_of_subjects(store: SqliteStore) -> set[str]:
    rows = await store.database.rows(
        "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND EXISTS"
        " (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'subject_id')"
    )
    return {str(name) for (name,) in rows}


async def test_both_at_once_count_nothing_twice(store: SqliteStore) -> None:
    for name in ("o/watched", "o/alone"):
        await keep(store, name, [(24 * day, day) for day in range(14)])
    watched = await store.subjects.find("o/watched")
    assert watched is not None
    await store.watches.add(0, "all", [watched.id])

    removed = await Retention(store.database).remove(BEFORE, unwatched=True)

    assert removed == Removal(1, 14 + 10, 1)
    assert (await contents(store.database))["o/watched"].latest["stars"].at < EVER


async def test_whatever_is_kept_of_a_repository_goes_with_it(store: SqliteStore) -> None:
    tables = await store.database.rows(
        "SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'subject_id' AND m.name <> 'watches'"
    )

    assert {str(name) for (name,) in tables} == set(BELONGINGS)


async def test_a_repository_with_events_and_a_star_history_can_be_forgotten(
    store: SqliteStore,
) -> None:
    await keep(store, "o/alone", [(0, 1), (30, 2)])
    alone = await store.subjects.find("o/alone")
    assert alone is not None
    async with store.database.transaction() as transaction:
        await transaction.run("INSERT INTO events VALUES ($1, $2, 'gone', '')", alone.id, MIDNIGHT)
        await transaction.run("INSERT INTO stars_retained VALUES ($1, 20000, 7)", alone.id)
    await store.stars.refused(alone.id, MIDNIGHT)

    removed = await Retention(store.database).remove(None, unwatched=True)
    await store.stars.refused(alone.id, MIDNIGHT)

    assert removed.repositories == 1
    for table in BELONGINGS:
        assert await store.database.rows(f"SELECT * FROM {table}") == []  # noqa: S608  # ours


async def test_whatever_makes_a_history_shorter_is_told_before(store: SqliteStore) -> None:
    """No observation goes of these: one never changed, of the others only other days are known."""
    await keep(store, "o/still", [(24 * day, 7) for day in range(14)])
    await keep(store, "o/young", [(24 * 12, 1)])
    for name in ("o/visited", "o/popular", "o/starred"):
        await keep(store, name, [(24 * 12, 1)])
    day = BEFORE // DAY
    id_of = {
        name: await subject_id(store, name) for name in ("o/visited", "o/popular", "o/starred")
    }
    async with store.database.transaction() as write_:
        visits, rank = (
            "INSERT INTO traffic VALUES ($1, 0, $2, 5, 3, 1)",
            "INSERT INTO traffic_popular VALUES ($1, 'paths', $2, '[]')",
        )
        await write_.run(visits, id_of["o/visited"], day - 1)
        await write_.run(rank, id_of["o/popular"], day - 1)
    page = StarPage({day - 9: 5}, day - 20, day + 2, last=True)
    await store.stars.keep(id_of["o/starred"], 1, page, BEFORE + DAY)
    retention = Retention(store.database)

    planned = await retention.removable(BEFORE, unwatched=False)
    removed = await retention.remove(BEFORE, unwatched=False)

    assert planned == removed == Removal(0, 0, 4)
    assert await retention.removable(BEFORE, unwatched=False) == Removal(0, 0, 0)
    assert await retention.removable(BEFORE, unwatched=True) == Removal(5, 5, 0)


async def test_days_of_files_go_with_the_history_they_brought(store: SqliteStore) -> None:
    async with store.database.transaction() as transaction:
        for at in (BEFORE - 1, BEFORE):
            await transaction.run("INSERT INTO daily_files VALUES ($1)", at)

    await Retention(store.database).remove(BEFORE, unwatched=False)

    assert await store.database.rows("SELECT collected_at FROM daily_files") == [(BEFORE,)]


async def subject_id(store: SqliteStore, name: str) -> int:
    subject = await store.subjects.find(name)
    assert subject is not None
    return subject.id
