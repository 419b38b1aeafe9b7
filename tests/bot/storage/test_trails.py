"""What a chart reads from the store is what the pure history tells."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.chart import Trail, segments
from bot.core.history import History
from bot.core.models import Sample
from bot.core.window import Window, between
from tests.bot.core.timelines import DAY, NOON, dense
from tests.standins.clock import moment
from tests.standins.stored import SqliteStore, fresh_store

NOW = moment("2026-07-01")
WINDOWS = st.tuples(st.integers(-2 * DAY, 40 * DAY), st.integers(0, 40 * DAY)).map(
    lambda ends: between(NOON + ends[0], NOON + ends[0] + ends[1])
)


@settings(deadline=None, max_examples=30)
@given(dense(), WINDOWS)
async def test_a_trail_draws_the_line_of_the_pure_history(
    rows: list[Sample], window: Window
) -> None:
    history = History()
    for row in rows:
        history.add(row, imported=True)

    async with fresh_store() as store:
        await store.histories.merge([("o/site", row) for row in rows], NOW)
        (subject,) = await store.subjects.ensure(["o/site"], NOW)
        trails = await store.histories.trails([subject.id], "stars", window)

    seen = history.observations.get("stars", [])
    spans = history.spans("stars")
    start, end = window.start, window.end
    assert segments(*trails[subject.id], start, end) == segments(seen, spans, start, end)
    assert len([one for one in trails[subject.id].seen if one.at <= start]) <= 1
    assert all(one.at <= end for one in trails[subject.id].seen)


async def test_each_has_its_own_trail_and_nobody_is_left_out(store: SqliteStore) -> None:
    at = NOON
    await store.histories.merge(
        [
            ("o/one", Sample(at, {"stars": 1, "open_prs": 9})),
            ("o/one", Sample(at + DAY, {"stars": 2})),
            ("o/two", Sample(at, {"stars": 7})),
        ],
        NOW,
    )
    one, two, new = await store.subjects.ensure(["o/one", "o/two", "o/new"], NOW)

    trails = await store.histories.trails(
        [two.id, one.id, new.id], "stars", between(at, at + 2 * DAY)
    )

    assert [value for _, value in trails[one.id].seen] == [1, 2]
    assert [value for _, value in trails[two.id].seen] == [7]
    assert trails[new.id] == Trail([], [])
    assert [(span.since, span.until) for span in trails[two.id].spans] == [(at, at)]


async def test_a_repository_is_found_by_its_id(store: SqliteStore) -> None:
    (subject,) = await store.subjects.ensure(["o/one"], NOW)

    assert await store.subjects.get(subject.id) == subject
    assert await store.subjects.get(subject.id + 1) is None
