"""Charts: one metric of one repository or several, for a diff, for a digest's leaders."""

from datetime import UTC

import pytest

from bot.core.chart import Chart, Line
from bot.core.metrics import FORKS, STARS
from bot.core.models import Trigger, Visibility
from bot.errors import InvalidName, InvalidWindow, RadarError, UnknownRepository, UsageError
from tests.conftest import Flows
from tests.standins.clock import DAY, SettableClock
from tests.standins.harvests import Repository, ScriptedGitHub

HERE = 11


async def grown(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, **stars: list[int]
) -> dict[str, Repository]:
    """Repositories o/… with these stars, a day and a run for each number."""
    sites = {name: github.add(f"o/{name}", stars=of[0], forks=5) for name, of in stars.items()}
    await flows.track.add(HERE, " ".join(f"o/{name}" for name in stars))
    for day in range(1, max(map(len, stars.values()))):
        clock.pass_(DAY)
        for name, of in stars.items():
            sites[name].values["stars"] = of[day]
        await flows.sync.everything(Trigger.SCHEDULE)
    return sites


def values(line: Line) -> list[int]:
    return list(line.values())


def names(chart: Chart) -> list[str]:
    return [line.label for line in chart.lines]


async def test_a_chart_holds_every_change_of_the_window(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await grown(flows, github, clock, site=[100, 110, 105, 130])

    drawn = await flows.charts.one(HERE, "o/site", "stars", "2d", UTC)

    assert values(drawn.chart.lines[0]) == [110, 105, 130]
    assert (drawn.chart.metric, drawn.chart.title) == (STARS, "o/site")
    assert (drawn.chart.start, drawn.chart.end) == (clock.now() - 2 * DAY, clock.now())
    assert (drawn.delta.metric, drawn.delta.change) == ("stars", 20)


async def test_what_cannot_be_drawn_is_refused_in_a_sentence(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("o/site", stars=1)
    await flows.track.add(HERE, "o/site")

    for repository, metric, window, refusal in (
        ("o/none", "stars", "7d", UnknownRepository),
        ("no name", "stars", "7d", InvalidName),
        ("o/site", "stars", "0d", InvalidWindow),
        ("o/site", "downloads", "7d", UsageError),
        ("o/site", "open_issues", "7d", UsageError),  # never measured
        (4711, "stars", "7d", UnknownRepository),
    ):
        with pytest.raises(refusal):
            await flows.charts.one(HERE, repository, metric, window, UTC)


async def test_a_button_reaches_what_is_public_and_nothing_that_became_private(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    site = (await grown(flows, github, clock, site=[1, 2]))["site"]
    subject = await flows.portfolio.find(HERE, "o/site")
    await flows.track.remove(HERE, "o/site")
    await flows.track.add(0, "o/site")

    report = await flows.diff.report(HERE, subject.id, "1d", UTC)
    assert report.subject.full_name == "o/site"

    site.visibility = Visibility.PRIVATE
    await flows.sync.everything(Trigger.SCHEDULE)
    with pytest.raises(UnknownRepository) as refused:
        await flows.diff.report(HERE, subject.id, "1d", UTC)
    with pytest.raises(UnknownRepository) as unknown:
        await flows.diff.report(HERE, 4711, "1d", UTC)
    assert str(refused.value) == str(unknown.value)


async def test_a_comparison_keeps_the_order_and_takes_each_once(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await grown(flows, github, clock, a=[1, 2], b=[5, 9])

    report = await flows.charts.compare(HERE, "o/b, o/a,O/B", "stars", "1d", UTC)

    assert names(report.chart) == ["o/b", "o/a"]
    assert [m.subject.full_name for m in report.movements] == ["o/b", "o/a"]
    assert [values(line) for line in report.chart.lines] == [[5, 9], [1, 2]]


@pytest.mark.parametrize("repositories", ["", "o/a", "o/a O/A", "a b c d e f"])
async def test_a_comparison_has_two_to_five(
    flows: Flows, github: ScriptedGitHub, repositories: str
) -> None:
    github.add("o/a", stars=1)
    await flows.track.add(HERE, "o/a")

    with pytest.raises(UsageError, match="2 to 5"):
        await flows.charts.compare(HERE, repositories, "stars", "1d", UTC)


async def test_a_diff_draws_its_stars_or_what_changed_most(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    sites = await grown(flows, github, clock, site=[10, 11])
    assert (await chart_of_diff(flows, "o/site")).metric is STARS

    clock.pass_(DAY)
    sites["site"].values["forks"] = 9
    await flows.sync.everything(Trigger.SCHEDULE)

    assert (await chart_of_diff(flows, "o/site")).metric is FORKS


async def chart_of_diff(flows: Flows, name: str) -> Chart:
    chart = await flows.charts.of_report(await flows.diff.report(HERE, name, "1d", UTC))
    assert chart is not None
    return chart


async def test_a_single_sample_is_no_chart_for_a_diff(flows: Flows, github: ScriptedGitHub) -> None:
    github.add("o/site", stars=1)
    await flows.track.add(HERE, "o/site")

    assert await flows.charts.of_report(await flows.diff.report(HERE, "o/site", "1d", UTC)) is None


async def test_leaders_are_drawn_by_what_they_gained_over_a_month(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    few = {f"few{number}": [1, 2, 3] for number in range(6)}
    await grown(flows, github, clock, many=[50_000, 50_100, 50_250], still=[7, 7, 7], **few)

    chart = await flows.charts.leaders(await flows.digests.report(HERE, "1d", UTC))

    assert chart is not None
    assert names(chart) == ["o/many", "o/few0", "o/few1", "o/few2", "o/few3"]
    assert [values(line) for line in chart.lines][:2] == [[0, 100, 250], [0, 1, 2]]
    assert chart.metric.label == "Stars gained"
    assert chart.end - chart.start == 30 * DAY


async def test_a_digest_without_movement_has_no_chart(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await grown(flows, github, clock, still=[7, 7])

    assert await flows.charts.leaders(await flows.digests.report(HERE, "1d", UTC)) is None


async def test_every_refusal_is_a_sentence_for_people(flows: Flows) -> None:
    with pytest.raises(RadarError) as refused:
        await flows.charts.compare(HERE, "o/a o/b", "nothing", "1d", UTC)

    keys = "stars, forks, watchers, open_issues, open_prs, releases, commits, discussions"
    assert str(refused.value).endswith(f"take one of {keys}, disk_usage.")
