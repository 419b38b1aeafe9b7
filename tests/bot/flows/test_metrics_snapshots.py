"""The API of weekly metrics, by the names that others know it by."""

import asyncio
from pathlib import Path

import pytest

from bot.errors import InvalidFile, UsageError
from bot.exports.weekly_file import WeeklyFile
from bot.flows.metrics_snapshots import MOST_NAMES, MetricsSnapshots
from bot.storage.database import Database
from bot.storage.metric_snapshots import MetricSnapshots
from tests.standins.clock import SettableClock

ISSUE = """{
  "2025-43": {"flow_load": {"wip_count": 15, "timestamp": "2025-10-24T17:00:00Z"}},
  "2025-W44": {"flow_load": {"wip_count": 12, "by_status": {"In Progress": 10, "In Review": 2},
    "by_issue_type": {"Bug": 4.5}, "timestamp": "2025-10-31T17:00:00Z"}}
}"""
WEEKS = ["2025-43", "2025-44"]


@pytest.fixture
def metrics(database: Database, clock: SettableClock) -> MetricsSnapshots:
    return MetricsSnapshots(MetricSnapshots(database), WeeklyFile(), clock)


@pytest.fixture
async def loaded(metrics: MetricsSnapshots, tmp_path: Path) -> MetricsSnapshots:
    path = tmp_path / "metrics_snapshots.json"
    path.write_text(ISSUE)
    await metrics.load_snapshots(path)
    return metrics


async def test_the_weeks_of_the_documentation(loaded: MetricsSnapshots) -> None:
    asked = loaded.get_metric_weekly_values

    assert await asked(WEEKS, "flow_load", "wip_count") == [15, 12]
    assert await asked(["2025-W44", "2025-43"], "flow_load", "wip_count") == [12, 15]
    assert await asked(WEEKS, "flow_load", "by_status.In Progress") == [0, 10]
    assert await asked(WEEKS, "flow_load", "by_issue_type.Bug", missing="none") == [None, 4.5]
    later = ["2025-42", "2025-44", "2026-01"]
    assert await asked(later, "flow_load", "wip_count", missing="carry") == [None, 12, 12]
    assert await asked(["2025-50"], "flow_load", "wip_count", missing="carry") == [12]
    assert await asked(WEEKS, "nothing", "value") == [0, 0]
    assert await asked([], "flow_load", "wip_count") == []


async def test_saving_adds_a_timestamp(metrics: MetricsSnapshots, clock: SettableClock) -> None:
    clock.set("2025-10-31T17:00")
    await metrics.save_metric_snapshot("2025-44", "test_metric", {"value": 42})

    assert await metrics.get_metric_snapshot("2025-W44", "test_metric") == {
        "value": 42,
        "timestamp": "2025-10-31T17:00:00Z",
    }
    assert await metrics.get_metric_snapshot("2025-45", "test_metric") is None


async def test_a_timestamp_that_is_given_stays(metrics: MetricsSnapshots) -> None:
    given = {"value": 1.0, "timestamp": "2020-01-01T00:00:00+00:00"}
    await metrics.save_metric_snapshot("2025-44", "m", given)

    assert await metrics.get_metric_snapshot("2025-44", "m") == given


async def test_stats_have_exactly_five_keys(
    loaded: MetricsSnapshots, database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    await loaded.save_metric_snapshot("2026-53", "another", {"value": 1})
    await loaded.save_snapshots(out)

    assert await loaded.get_snapshot_stats() == {
        "total_weeks": 3,
        "metrics": ["another", "flow_load"],
        "oldest_week": "2025-43",
        "newest_week": "2026-53",
        "file_size_kb": round(out.stat().st_size / 1024, 2),
    }
    empty = MetricsSnapshots(MetricSnapshots(database), WeeklyFile(), clock, portfolio=9)
    assert await empty.get_snapshot_stats() == {
        "total_weeks": 0, "metrics": [], "oldest_week": None, "newest_week": None,
        "file_size_kb": 0.0,
    }  # fmt: skip


async def test_a_file_goes_out_and_in_unchanged(loaded: MetricsSnapshots, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    await loaded.save_snapshots(out)
    written, other = out.read_bytes(), loaded.of(77)

    report = await other.load_snapshots(out)
    again = await other.load_snapshots(out)
    await other.save_snapshots(out)

    assert (report.weeks, report.metrics, report.changed, again.changed) == (2, 2, 2, 0)
    assert out.read_bytes() == written
    assert await loaded.of(78).snapshots() == {}, "a portfolio's metrics are its own"


async def test_an_import_keeps_the_newer_value(loaded: MetricsSnapshots, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text(
        '{"2025-43": {"flow_load": {"wip_count": 1, "timestamp": "2025-10-20T00:00:00Z"}},'
        ' "2025-44": {"flow_load": {"wip_count": 2, "timestamp": "2025-11-30T00:00:00Z"}}}'
    )

    assert (await loaded.load_snapshots(file)).changed == 1
    assert await loaded.get_metric_weekly_values(WEEKS, "flow_load", "wip_count") == [15, 2]


async def test_a_broken_file_brings_nothing_and_is_not_overwritten(
    loaded: MetricsSnapshots, tmp_path: Path
) -> None:
    broken, before = tmp_path / "metrics_snapshots.json", await loaded.snapshots()
    broken.write_text(ISSUE[:-3])

    with pytest.raises(InvalidFile):
        await loaded.load_snapshots(broken)
    with pytest.raises(InvalidFile):
        await loaded.save_snapshots(broken)

    assert broken.read_text() == ISSUE[:-3]
    assert await loaded.snapshots() == before


@pytest.mark.parametrize(
    ("now", "keep", "left"),
    [
        ("2027-01-06", 1, ["2027-01"]),
        ("2027-01-06", 2, ["2026-53", "2027-01"]),
        ("2027-01-06", 53, ["2026-02", "2026-53", "2027-01"]),
        ("2027-01-06", 54, ["2026-01", "2026-02", "2026-53", "2027-01"]),
        ("2027-01-06", 10**9, ["2026-01", "2026-02", "2026-53", "2027-01"]),
    ],
)
async def test_a_clean_up_leaves_the_newest_weeks(
    metrics: MetricsSnapshots, clock: SettableClock, now: str, keep: int, left: list[str]
) -> None:
    clock.set(now)
    for label in ("2026-01", "2026-02", "2026-53", "2027-01"):
        await metrics.save_metric_snapshot(label, "m", {"value": 1})

    assert await metrics.cleanup_old_snapshots(keep) == 4 - len(left)
    assert [week.label for week in await metrics.snapshots()] == left


async def test_mistakes_are_sentences(metrics: MetricsSnapshots) -> None:
    save, values = metrics.save_metric_snapshot, metrics.get_metric_weekly_values

    for mistake in (
        save("2025-54", "m", {}),
        save("2025-44", "", {}),
        save("2025-44", "m", {"x": float("nan")}),
        save("2025-44", "m", {"timestamp": "soon"}),
        values(["x"], "m", "value"),
        values(["2025-44"], "m", "value", missing="guess"),
        metrics.series("m", "value", "decade"),
        metrics.cleanup_old_snapshots(0),
    ):
        with pytest.raises(UsageError) as refused:
            await mistake
        assert str(refused.value).endswith(".")
    assert await metrics.snapshots() == {}


async def test_names_have_a_limit_that_costs_no_known_one(metrics: MetricsSnapshots) -> None:
    for number in range(MOST_NAMES):
        await metrics.save_metric_snapshot("2025-44", f"m{number}", {"value": number})

    with pytest.raises(UsageError, match="the most there may be"):
        await metrics.save_metric_snapshot("2025-44", "one_more", {"value": 1})
    await metrics.save_metric_snapshot("2025-45", "m0", {"value": 1})
    await metrics.of(5).save_metric_snapshot("2025-45", "one_more", {"value": 1})


async def test_a_number_by_month_and_quarter(loaded: MetricsSnapshots) -> None:
    await loaded.save_metric_snapshot("2025-45", "flow_load", {"wip_count": 20})

    assert await loaded.series("flow_load", "wip_count", "month") == {"2025-10": 12, "2025-11": 20}
    assert await loaded.series("flow_load", "wip_count", "quarter", "sum") == {"2025-Q4": 47}
    assert await loaded.series("flow_load", "nothing", "week") == {}


async def test_200_saves_from_several_tasks_lose_no_value(
    metrics: MetricsSnapshots, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"

    async def some(task: int) -> None:
        for number in range(25):
            label = f"20{10 + number}-{task + 1:02}"
            await metrics.save_metric_snapshot(label, f"m{task}", {"value": number})
            if number % 5 == 0:
                await metrics.save_snapshots(out)

    await asyncio.gather(*map(some, range(8)))
    await metrics.save_snapshots(out)

    found = await WeeklyFile().read(out)
    assert found == await metrics.snapshots()
    assert sum(map(len, found.values())) == 200
