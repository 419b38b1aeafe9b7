"""The flow load of every portfolio: each repository asked once, kept whole or not at all."""

import asyncio
from contextlib import suppress

import pytest

from bot.core.models import Visibility
from bot.core.snapshots import Data
from bot.errors import GitHubError
from bot.exports.weekly_file import WeeklyFile
from bot.flow_loading import FlowLoadTimer, measured
from bot.flows.flow_load import FlowLoads
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.flows.portfolio import OPERATOR
from bot.storage.database import Database
from bot.storage.metric_snapshots import MetricSnapshots
from tests.conftest import Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.loads import DOWN, MISSING, ScriptedLoads
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12
WEEK = "2026-27"  # of the clock


@pytest.fixture
def snapshots(database: Database, clock: SettableClock) -> MetricsSnapshots:
    return MetricsSnapshots(MetricSnapshots(database), WeeklyFile(), clock)


@pytest.fixture
def scripted() -> ScriptedLoads:
    return ScriptedLoads()


class Making:
    def __init__(self, scripted: ScriptedLoads, snapshots: MetricsSnapshots, store: SqliteStore,
                 flows: Flows, clock: SettableClock) -> None:  # fmt: skip
        self._parts = (scripted, snapshots, flows.portfolio, store.guilds, clock)

    def __call__(self, *, enabled: bool = True, most: int = 10) -> FlowLoads:
        return FlowLoads(*self._parts, enabled=enabled, most=most)


@pytest.fixture
def making(
    scripted: ScriptedLoads,
    snapshots: MetricsSnapshots,
    store: SqliteStore,
    flows: Flows,
    clock: SettableClock,
) -> Making:
    return Making(scripted, snapshots, store, flows, clock)


@pytest.fixture
async def watched(flows: Flows, github: ScriptedGitHub, scripted: ScriptedLoads) -> None:
    """Two servers and the operator; one repository is everybody's."""
    github.add("o/all", stars=1)
    github.add("o/here", stars=1)
    github.add("o/secret", Visibility.PRIVATE, stars=1)
    await flows.track.add(OPERATOR, "o/all o/secret")
    await flows.track.add(HERE, "o/all o/here")
    await flows.track.add(THERE, "o/all")
    scripted.give("o/all", issues=3, drafts=1, bug=2)
    scripted.give("o/here", issues=4, bug=1, docs=1)
    scripted.give("o/secret", issues=100)


async def of(snapshots: MetricsSnapshots, portfolio: int) -> Data:
    data = await snapshots.of(portfolio).get_metric_snapshot(WEEK, "flow_load")
    assert data is not None
    return data


@pytest.mark.usefixtures("watched")
async def test_every_portfolio_has_its_own_load(
    making: Making, snapshots: MetricsSnapshots, scripted: ScriptedLoads
) -> None:
    report = await making().measure()

    assert (report.portfolios, report.failed, report.too_large) == (3, {}, [])
    assert sorted(scripted.asked) == ["o/all", "o/here", "o/secret"], "each once"
    here = await of(snapshots, HERE)
    assert here["wip_count"] == 8
    assert here["by_issue_type"] == {"bug": 3, "docs": 1}
    assert here["by_status"] == {
        "Open issue": 7, "Draft": 1, "Waiting for review": 0, "Approved": 0,
        "Changes requested": 0,
    }  # fmt: skip
    assert (here["repositories"], here["unread"]) == (2, 0)
    assert here["timestamp"] == "2026-07-01T12:00:00Z"
    assert (await of(snapshots, OPERATOR))["wip_count"] == 104
    assert (await of(snapshots, THERE))["wip_count"] == 4


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("trouble", [DOWN, GitHubError("GitHub does not answer.")])
async def test_half_a_portfolio_is_not_kept_and_the_next_run_tries_again(
    making: Making, snapshots: MetricsSnapshots, scripted: ScriptedLoads, trouble: Exception
) -> None:
    good, scripted.known["o/here"] = scripted.known["o/here"], trouble

    report = await making().measure()

    assert list(report.failed) == ["o/here"]
    assert await snapshots.of(HERE).snapshots() == {}
    assert (await of(snapshots, THERE))["wip_count"] == 4, "another's trouble is not theirs"
    scripted.known["o/here"] = good
    assert (await making().measure()).failed == {}
    assert (await of(snapshots, HERE))["wip_count"] == 8


@pytest.mark.usefixtures("watched")
async def test_what_github_hides_is_counted_as_unread(
    making: Making, snapshots: MetricsSnapshots, scripted: ScriptedLoads
) -> None:
    scripted.known["o/all"] = MISSING

    assert (await making().measure()).failed == {}

    here = await of(snapshots, HERE)
    assert (here["wip_count"], here["repositories"], here["unread"]) == (4, 1, 1)
    assert await snapshots.of(THERE).snapshots() == {}, "nothing read is not no work"


@pytest.mark.usefixtures("watched")
async def test_a_portfolio_that_does_not_fit_is_left_out_as_a_whole(
    making: Making, snapshots: MetricsSnapshots, scripted: ScriptedLoads
) -> None:
    report = await making(most=2).measure()

    assert report.too_large == [HERE]
    assert sorted(scripted.asked) == ["o/all", "o/secret"]
    assert await snapshots.of(HERE).snapshots() == {}
    assert (await of(snapshots, THERE))["wip_count"] == 4, "it costs nothing more"


@pytest.mark.usefixtures("watched")
async def test_who_is_left_out_is_told_why(making: Making) -> None:
    loads = making(most=2)
    assert await loads.problems(HERE) == [], "nobody has looked yet"

    await loads.measure()

    (problem,) = await loads.problems(HERE)
    assert "no room for it among the 2 repositories" in problem
    assert await loads.problems(THERE) == await loads.problems(OPERATOR) == []
    (large,) = await making(most=1).problems(HERE)
    assert "raise flow_load.repositories" in large, "larger than all there is: no need to look"
    assert await making(enabled=False, most=1).problems(HERE) == []


@pytest.mark.usefixtures("watched")
async def test_switched_off_nothing_is_asked(making: Making, scripted: ScriptedLoads) -> None:
    assert (await making(enabled=False).measure()).portfolios == 0
    assert scripted.asked == []


@pytest.mark.usefixtures("watched")
async def test_the_week_is_that_of_the_servers_zone(
    making: Making, snapshots: MetricsSnapshots, store: SqliteStore, clock: SettableClock
) -> None:
    await store.guilds.set_zone(HERE, "Asia/Tokyo", clock.now())
    clock.set("2026-07-05T20:00")  # it is Monday in Tokyo

    await making().measure()

    assert [week.label for week in await snapshots.of(HERE).snapshots()] == ["2026-28"]
    assert [week.label for week in await snapshots.of(THERE).snapshots()] == ["2026-27"]


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("trouble", [ValueError("a mistake"), GitHubError("It is down.")])
async def test_the_timer_outlives_any_failure_and_measures_when_woken(
    making: Making, snapshots: MetricsSnapshots, scripted: ScriptedLoads, trouble: Exception
) -> None:
    good, scripted.known["o/all"] = scripted.known["o/all"], trouble
    timer = FlowLoadTimer(making())
    task = asyncio.create_task(timer.run())
    try:
        async with asyncio.timeout(5):
            timer.wake()
            await scripted.reached.wait()
            scripted.known["o/all"] = good
            while await snapshots.of(THERE).snapshots() == {}:
                timer.wake()
                await asyncio.sleep(0)
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.usefixtures("watched")
async def test_measuring_raises_nothing_and_tells_of_failures(
    making: Making, scripted: ScriptedLoads, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.known["o/all"] = ValueError("a mistake")
    await measured(making())
    scripted.known["o/all"] = DOWN
    await measured(making(most=2))

    told = capsys.readouterr().out
    assert "flow load failed" in told
    assert "flow load not read" in told
    assert "left out" in told
