"""Diff: one repository between two moments, in every state it can be in."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from bot.core.delta import Delta, Status
from bot.core.models import Trigger, Visibility
from bot.errors import InvalidName, InvalidWindow, UnknownRepository
from bot.flows.portfolio import OPERATOR
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import Repository, ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE = 11


@pytest.fixture
async def site(flows: Flows, github: ScriptedGitHub) -> Repository:
    """Watched, and sampled once, just now."""
    site = github.add("o/site", stars=100, forks=0)
    await flows.track.add(HERE, "o/site")
    return site


async def grow(flows: Flows, clock: SettableClock, site: Repository, *stars: int) -> None:
    """A day and a run for each number."""
    for value in stars:
        clock.pass_(DAY)
        site.values["stars"] = value
        await flows.sync.everything(Trigger.SCHEDULE)


async def delta_of(flows: Flows, window: str, metric: str = "stars") -> Delta:
    report = await flows.diff.report(HERE, "o/site", window, UTC)
    return next(delta for delta in report.deltas if delta.metric == metric)


async def test_both_ends_are_the_values_and_times_of_samples(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    start = clock.now()
    await grow(flows, clock, site, 110, 105, 130)

    delta = await delta_of(flows, "2d")

    assert (delta.status, delta.before, delta.after, delta.change) == (Status.EXACT, 110, 130, 20)
    assert delta.percent == pytest.approx(18.18, abs=0.01)
    assert (delta.before_at, delta.after_at) == (start + DAY, start + 3 * DAY)


async def test_a_loss_is_shown(flows: Flows, clock: SettableClock, site: Repository) -> None:
    await grow(flows, clock, site, 90)

    assert (await delta_of(flows, "1d")).change == -10


async def test_nothing_changed_is_a_change_of_zero(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    await grow(flows, clock, site, 100)

    delta = await delta_of(flows, "1d", "forks")
    assert (delta.status, delta.before, delta.change, delta.percent) == (Status.EXACT, 0, 0, None)


async def test_one_sample_has_no_change(flows: Flows, site: Repository) -> None:
    delta = await delta_of(flows, "7d")

    assert (delta.status, delta.after) == (Status.NEW, site.values["stars"])
    assert (delta.before, delta.change, delta.percent) == (None, None, None)


async def test_a_repository_younger_than_the_window_tells_since_when(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    first = clock.now()
    await grow(flows, clock, site, 103, 112)

    delta = await delta_of(flows, "30d")
    assert (delta.status, delta.change, delta.before_at) == (Status.SINCE, 12, first)


async def test_a_start_in_a_gap_is_told_as_approximate(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    first = clock.now()
    clock.pass_(10 * DAY)
    await grow(flows, clock, site, 140)

    delta = await delta_of(flows, "5d")
    assert (delta.status, delta.before, delta.change) == (Status.APPROX, 100, 40)
    assert delta.before_at == first


async def test_a_metric_that_began_later_has_its_own_beginning(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    await grow(flows, clock, site, 101)
    site.values["open_issues"] = 5
    await grow(flows, clock, site, 102)

    assert (await delta_of(flows, "2d")).change == 2
    assert (await delta_of(flows, "2d", "open_issues")).status is Status.NEW


async def test_a_gone_repository_has_its_last_values_and_no_change(
    flows: Flows, clock: SettableClock, site: Repository, github: ScriptedGitHub
) -> None:
    await grow(flows, clock, site, 120)
    seen = clock.now()
    github.repositories.clear()
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)

    delta = await delta_of(flows, "2d")
    assert (delta.status, delta.after, delta.after_at, delta.change) == (
        Status.GONE,
        120,
        seen,
        None,
    )
    assert (await delta_of(flows, "2026-07-01..2026-07-02")).status is not Status.GONE, (
        "it was still there"
    )


async def test_days_are_the_zones(flows: Flows, clock: SettableClock, site: Repository) -> None:
    """01:30 in Berlin is still yesterday in UTC."""
    clock.set("2026-07-03T23:30")
    site.values["stars"] = 150
    await flows.sync.everything(Trigger.SCHEDULE)

    berlin = await flows.diff.report(HERE, "o/site", "today", ZoneInfo("Europe/Berlin"))
    utc = await flows.diff.report(HERE, "o/site", "today", UTC)

    assert berlin.window.start - utc.window.start == 22 * HOUR
    assert {report.window.end for report in (berlin, utc)} == {clock.now()}


async def test_a_repository_that_was_never_sampled_says_when_it_will_be(
    flows: Flows, store: SqliteStore
) -> None:
    await store.subjects.ensure(["o/new"], 0)

    for guild in (OPERATOR, TRUSTED_GUILD):
        with pytest.raises(UnknownRepository, match=r"o/new has not been sampled yet: .* sync"):
            await flows.diff.report(guild, "o/new", "7d", UTC)


async def test_to_others_one_that_github_was_never_asked_about_is_unknown(
    flows: Flows, store: SqliteStore, github: ScriptedGitHub
) -> None:
    (listed,) = await store.subjects.ensure(["o/new"], 0)
    await store.watches.add(HERE, "all", [listed.id])

    with pytest.raises(UnknownRepository, match="Nothing is known of o/new: check its spelling"):
        await flows.diff.report(HERE, "o/new", "7d", UTC)
    with pytest.raises(UnknownRepository, match="Nothing is known of this repository"):
        await flows.diff.report(HERE, listed.id, "7d", UTC)

    github.add("o/new", stars=3)
    await flows.sync.everything(Trigger.SCHEDULE)
    assert (await flows.diff.report(HERE, "o/new", "7d", UTC)).deltas


async def test_where_nobody_looked_the_change_is_unknown(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    await grow(flows, clock, site, 110)
    seen = clock.now()
    clock.pass_(9 * DAY)

    delta = await delta_of(flows, "7d")
    assert (delta.status, delta.after, delta.after_at) == (Status.APPROX, 110, seen)
    assert (delta.change, delta.percent, delta.unsampled) == (None, None, True)
    assert (await delta_of(flows, "30d")).change == 10, "of a longer window something is known"


async def test_a_window_before_the_first_sample_says_when_that_was(
    flows: Flows, site: Repository
) -> None:
    with pytest.raises(InvalidWindow, match=f"{site.full_name} was first sampled on 2026-07-01"):
        await flows.diff.report(HERE, "o/site", "2026-05", UTC)


async def test_what_is_wrong_is_told_before_anything_is_read(flows: Flows) -> None:
    with pytest.raises(InvalidWindow):
        await flows.diff.report(HERE, "o/site", "0d", UTC)
    with pytest.raises(InvalidName):
        await flows.diff.report(HERE, "no name", "7d", UTC)
    with pytest.raises(UnknownRepository):
        await flows.diff.report(HERE, "o/nobody", "7d", UTC)


async def test_a_hidden_repository_is_unknown(
    flows: Flows, site: Repository, clock: SettableClock
) -> None:
    site.visibility = Visibility.PRIVATE
    await grow(flows, clock, site, 101)

    with pytest.raises(UnknownRepository):
        await flows.diff.report(HERE, "o/site", "7d", UTC)
    assert (await flows.diff.report(0, "o/site", "7d", UTC)).deltas
