"""The table of weekly metrics: by portfolio, in the order of time, merged and forgotten."""

import pytest

from bot.core.snapshots import Data
from bot.core.weeks import Week
from bot.storage.database import Database
from bot.storage.guilds import Guilds
from bot.storage.metric_snapshots import MetricSnapshots

HERE, THERE = 0, 2**62
OLD: Data = {"value": 1, "timestamp": "2025-10-31T17:00:00Z"}
NEW: Data = {"value": 2, "timestamp": "2025-11-01T17:00:00Z"}


@pytest.fixture
def kept(database: Database) -> MetricSnapshots:
    return MetricSnapshots(database)


async def test_what_is_saved_is_read_back_by_its_portfolio_alone(kept: MetricSnapshots) -> None:
    week, data = Week(2026, 53), {"b": [1.0, "ü", {"x": None}], "a": 10**25}
    await kept.save(THERE, week, "m", data)

    assert await kept.get(THERE, week, "m") == data
    assert await kept.all(THERE) == {week: {"m": data}}
    assert await kept.weeks(THERE, "m") == {week: data}
    assert await kept.names(THERE) == ["m"]
    assert await kept.get(HERE, week, "m") is None
    assert (await kept.all(HERE), await kept.names(HERE)) == ({}, [])


async def test_it_stands_in_the_file_as_canonical_text(
    kept: MetricSnapshots, database: Database
) -> None:
    await kept.save(HERE, Week(2025, 4), "m", {"b": 1.50, "a": "ü"})

    rows = await database.rows("SELECT week, data FROM metric_snapshots")
    assert rows == [(202504, '{"a":"ü","b":1.5}')]


async def test_saving_again_replaces_and_merging_keeps_the_newer(kept: MetricSnapshots) -> None:
    week = Week(2025, 44)
    await kept.save(HERE, week, "m", NEW)

    assert await kept.merge(HERE, {week: {"m": OLD, "n": OLD}}) == 1
    assert await kept.all(HERE) == {week: {"m": NEW, "n": OLD}}
    assert await kept.merge(HERE, {week: {"m": NEW, "n": OLD}}) == 0, "twice is once"
    assert await kept.merge(HERE, {week: {"n": NEW}}) == 1
    await kept.save(HERE, week, "m", OLD)
    assert await kept.get(HERE, week, "m") == OLD


async def test_a_merge_is_whole_or_not_at_all(kept: MetricSnapshots) -> None:
    broken: Data = {"value": object()}  # type: ignore[dict-item]  # what no file can hold

    with pytest.raises(Exception, match="which JSON does not have"):
        await kept.merge(HERE, {Week(2025, 44): {"m": OLD, "n": broken}})

    assert await kept.all(HERE) == {}


async def test_older_weeks_go_across_the_end_of_a_year(kept: MetricSnapshots) -> None:
    weeks = [Week(2026, 52), Week(2026, 53), Week(2027, 1)]
    for week in reversed(weeks):
        for metric in ("m", "n"):
            await kept.save(HERE, week, metric, OLD)
        await kept.save(THERE, week, "m", OLD)

    assert list(await kept.all(HERE)) == weeks, "oldest first"
    assert await kept.forget(HERE, Week(2027, 1)) == 2
    assert list(await kept.all(HERE)) == [Week(2027, 1)]
    assert list(await kept.all(THERE)) == weeks


async def test_a_forgotten_server_keeps_no_metric(
    kept: MetricSnapshots, database: Database
) -> None:
    for portfolio in (HERE, THERE):
        await kept.save(portfolio, Week(2025, 44), "m", OLD)

    await Guilds(database).forget(THERE)

    assert await kept.all(THERE) == {}
    assert await kept.names(HERE) == ["m"]
