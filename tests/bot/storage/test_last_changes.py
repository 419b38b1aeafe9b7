"""What runs keep of each repository's last change, and when it is not to be trusted any more."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from bot.core.coverage import JOIN
from bot.core.digest import Listing
from bot.core.models import (
    Page,
    Reading,
    Run,
    RunStatus,
    Sample,
    Scope,
    Subject,
    Trigger,
    Visibility,
)
from bot.core.window import between
from bot.storage.dialect import Row
from bot.storage.retention import Retention
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore

FIRST = moment("2026-02-01T12:00")
RUN = Run("run-1", Trigger.SCHEDULE, RunStatus.RUNNING, FIRST)
NUMBERS = {"stars": 100, "forks": 10, "open_issues": 5, "commits": 7}
GUILD = 11


def reading(subject: Subject, values: Mapping[str, int]) -> Reading:
    return Reading(
        subject.full_name, 100 + subject.id, "R_a", Visibility.PUBLIC, values, archived=False
    )


async def read(store: SqliteStore, at: int, **numbers: int) -> None:
    """A run finds these; all others are as they were on the first day."""
    (subject,) = await store.subjects.ensure(["o/one"], at)
    page = Page(at, [(subject, reading(subject, NUMBERS | numbers))])
    await store.runs.record(RUN, [page], JOIN)


async def kept(store: SqliteStore) -> list[Row]:
    return await store.database.rows(
        "SELECT since, until, before_at, changed_at, most, total, stars FROM last_changes"
    )


@pytest.fixture(autouse=True)
async def begun(store: SqliteStore) -> None:
    """Read for the first time, which tells of no change, and once more, which begins the row."""
    await store.runs.begin(RUN)
    await read(store, FIRST)
    assert await kept(store) == []
    await read(store, FIRST + DAY)


async def test_a_run_that_finds_no_change_moves_only_until_when(store: SqliteStore) -> None:
    await read(store, FIRST + 2 * DAY)
    second = FIRST + DAY

    assert await kept(store) == [(second, FIRST + 2 * DAY, second, second, 0, 0, 0)]


async def test_the_last_change_is_weighed_as_a_ranking_does(store: SqliteStore) -> None:
    await read(store, FIRST + 2 * DAY, stars=103, forks=9, open_issues=10)

    second, third = FIRST + DAY, FIRST + 2 * DAY
    assert await kept(store) == [(second, third, second, third, 5, 8, 3)]


async def test_of_losses_alone_the_largest_and_their_sum_are_below_zero(store: SqliteStore) -> None:
    await read(store, FIRST + 2 * DAY, stars=97, forks=9)

    assert [row[4:] for row in await kept(store)] == [(-3, -4, -3)]


async def test_what_leads_no_digest_is_no_change(store: SqliteStore) -> None:
    await read(store, FIRST + 2 * DAY, commits=50)

    assert [row[3:] for row in await kept(store)] == [(FIRST + DAY, 0, 0, 0)]


async def test_a_change_knows_when_the_one_before_it_was(store: SqliteStore) -> None:
    await read(store, FIRST + 2 * DAY, stars=103)
    await read(store, FIRST + 3 * DAY, stars=103)
    await read(store, FIRST + 4 * DAY, stars=101)

    second, third, fifth = (FIRST + day * DAY for day in (1, 2, 4))
    assert await kept(store) == [(second, fifth, third, fifth, -2, -2, -2)]


async def test_a_digest_of_it_needs_neither_observations_nor_coverage(store: SqliteStore) -> None:
    """Which is what makes it fast."""
    await read(store, FIRST + 2 * DAY, stars=103)
    await store.watches.add(GUILD, "all", [1])
    async with store.database.transaction() as transaction:
        for table in ("observations", "latest", "coverage"):
            await transaction.run(f"DELETE FROM {table}")  # noqa: S608  # ours

    window = between(FIRST + DAY, FIRST + 2 * DAY)
    survey = await store.histories.survey(Scope(GUILD, None, hidden=False), window, Listing())

    assert (survey.counts.watched, survey.counts.changed, survey.listed) == (1, 1, 1)
    assert survey.measured == {1}
    assert not survey.doubtful
    assert survey.sampled_at == FIRST + 2 * DAY


async def test_a_run_after_a_gap_begins_anew(store: SqliteStore) -> None:
    after = FIRST + DAY + JOIN + 1
    await read(store, after)
    assert await kept(store) == []

    await read(store, after + DAY)
    assert [row[:2] for row in await kept(store)] == [(after + DAY, after + DAY)]


async def test_a_reading_that_is_unlike_the_usual_takes_the_row_away(store: SqliteStore) -> None:
    (subject,) = await store.subjects.ensure(["o/one"], FIRST)
    renamed = replace(reading(subject, NUMBERS), full_name="o/other")
    await store.runs.record(RUN, [Page(FIRST + 2 * DAY, [(subject, renamed)])], JOIN)

    assert await kept(store) == []


async def test_a_reading_without_stars_takes_the_row_away(store: SqliteStore) -> None:
    (subject,) = await store.subjects.ensure(["o/one"], FIRST)
    for day in (2, 3):
        page = Page(FIRST + day * DAY, [(subject, reading(subject, {"forks": 10}))])
        await store.runs.record(RUN, [page], JOIN)
        assert await kept(store) == []


async def test_a_file_that_tells_of_it_takes_the_row_away(store: SqliteStore) -> None:
    await store.histories.merge([("o/one", Sample(FIRST - DAY, {"stars": 1}))], FIRST + 2 * DAY)

    assert await kept(store) == []


async def test_a_day_that_is_thinned_takes_the_rows_of_whom_it_changes_away(
    store: SqliteStore,
) -> None:
    """Stars came and went within a day: of that nothing is left."""
    for hours, stars in ((12, 100), (14, 104), (18, 100), (36, 100)):
        await read(store, FIRST + DAY + hours * HOUR, stars=stars)
    assert [row[4] for row in await kept(store)] == [-4]

    retention = Retention(store.database)
    assert await retention.thin(0, 9, 0, FIRST // DAY * DAY) == 0
    assert len(await kept(store)) == 1
    assert await retention.thin(0, 9, 0, FIRST // DAY * DAY + 3 * DAY) == 2
    assert await kept(store) == []


async def test_who_changed_since_the_days_that_are_thinned_keeps_its_row(
    store: SqliteStore,
) -> None:
    """All it tells is of a time that nobody touches."""
    for hours, stars in ((12, 100), (14, 104), (18, 103), (48, 109)):
        await read(store, FIRST + DAY + hours * HOUR, stars=stars)
    (row,) = await kept(store)

    assert await Retention(store.database).thin(0, 9, 0, FIRST // DAY * DAY + 3 * DAY) == 1
    assert await kept(store) == [row]
    assert row[2:5] == (FIRST + DAY + 18 * HOUR, FIRST + 3 * DAY, 6)


async def test_a_file_that_brings_nothing_new_leaves_the_row(store: SqliteStore) -> None:
    file = [("o/one", Sample(FIRST - DAY, {"stars": 1}))]
    await store.histories.merge(file, FIRST + DAY)
    await read(store, FIRST + 2 * DAY)
    before = await kept(store)
    await store.histories.merge(file, FIRST + 2 * DAY)

    assert await kept(store) == before != []


async def test_what_an_earlier_version_wrote_meanwhile_is_noticed(store: SqliteStore) -> None:
    """A bot that an update has not replaced yet goes on beside the new one's command line."""
    async with store.database.transaction() as transaction:
        at = FIRST + 2 * DAY
        await transaction.run("INSERT INTO observations VALUES (1, 0, $1, 107)", at)
        await transaction.run(
            "UPDATE latest SET value = 107, changed_at = $1 WHERE metric_id = 0", at
        )
        await transaction.run("UPDATE coverage SET until = $1", at)
    third = FIRST + 3 * DAY
    await read(store, third, stars=107)

    assert await kept(store) == [(third, third, third, third, 0, 0, 0)]


async def test_a_cut_history_takes_all_rows_away(store: SqliteStore) -> None:
    await Retention(store.database).remove(FIRST + HOUR, unwatched=False)

    assert await kept(store) == []


async def test_who_is_forgotten_leaves_no_row(store: SqliteStore) -> None:
    await Retention(store.database).remove(None, unwatched=True)

    assert await kept(store) == []


async def test_who_is_merged_into_another_leaves_no_row(store: SqliteStore) -> None:
    (two,) = await store.subjects.ensure(["o/two"], FIRST)
    (one,) = await store.subjects.ensure(["o/one"], FIRST)
    same = replace(reading(one, NUMBERS), full_name="o/two")
    await store.runs.record(RUN, [Page(FIRST + 2 * DAY, [(two, same)])], JOIN)

    assert await kept(store) == []
