"""Fresh numbers for a digest: only its own repositories, ahead of the due time, once."""

import asyncio
from contextlib import suppress

import pytest

from bot.core.guild import DigestSettings
from bot.core.models import Trigger, Wanted
from bot.core.schedule import Every, Plan
from bot.errors import GitHubError, RateLimited
from bot.flows.refreshing import BASE, EARLIEST, FRESH, Refresh
from tests.conftest import Flows
from tests.standins.clock import SettableClock, moment
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12
NINE = Plan(9 * 60, Every.DAY, "UTC")


def digest(guild_id: int, group: str = "all", plan: Plan = NINE) -> DigestSettings:
    return DigestSettings(guild_id, group, 500, plan, since=0)


ALL = [digest(HERE), digest(THERE, "shared")]


@pytest.fixture
async def refresh(
    flows: Flows, store: SqliteStore, github: ScriptedGitHub, clock: SettableClock
) -> Refresh:
    """Two guilds share a repository; a third repository has no digest."""
    for name in ("o/one", "o/both", "o/other"):
        github.add(name, stars=1, watchers=1)
    await flows.track.add(HERE, "o/one o/both")
    await flows.track.add(THERE, "o/both", "shared")
    await flows.track.add(THERE, "o/other", "quiet")
    github.asked.clear()
    return Refresh(flows.sync, flows.portfolio, store.runs, clock)


def asked(github: ScriptedGitHub) -> list[list[str]]:
    return [sorted(want.full_name for want in wanted) for wanted in github.asked]


async def test_reads_what_is_due_soon_each_once(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    clock.set("2026-07-02T08:58")
    await refresh.run(ALL)
    assert asked(github) == []
    assert refresh.wait(ALL) == BASE
    clock.pass_(BASE)
    await refresh.run(ALL)
    await refresh.run(ALL)

    assert asked(github) == [["o/both", "o/one"]]
    run = await store.runs.newest()
    assert run is not None
    assert run.trigger is Trigger.DIGEST


async def test_a_scheduled_collection_is_due_all_the_same(
    refresh: Refresh, clock: SettableClock, store: SqliteStore
) -> None:
    clock.set("2026-07-02T08:59")
    await refresh.run(ALL)

    assert await store.runs.newest(Trigger.SCHEDULE) is None


async def test_many_repositories_are_begun_earlier(
    refresh: Refresh, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    for number in range(18):
        github.add(f"many/{number}", stars=1, watchers=1)
    await flows.track.add(HERE, " ".join(f"many/{number}" for number in range(18)))
    github.asked.clear()
    clock.set("2026-07-02T08:30")
    await refresh.run(ALL)
    assert EARLIEST - refresh.wait(ALL) == BASE + 2
    clock.pass_(refresh.wait(ALL))
    await refresh.run(ALL)

    assert len(github.asked) == 1


async def test_what_was_read_just_now_is_not_read_again(
    refresh: Refresh, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    clock.set("2026-07-02T08:59")
    clock.pass_(-FRESH)
    await flows.sync.guild(THERE, Trigger.SYNC)
    github.asked.clear()
    clock.pass_(FRESH)
    await refresh.run(ALL)

    assert asked(github) == [["o/one"]]


async def seconds_asked(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock, *, until: str
) -> list[int]:
    """When GitHub is asked, in seconds before the due time, if somebody looks every second."""
    found: list[int] = []
    while clock.now() < moment(until):
        asked = len(github.asked)
        with suppress(GitHubError):
            await refresh.run(ALL)
        assert refresh.wait(ALL) > 0
        if len(github.asked) > asked:
            found.append(moment("2026-07-02T09:00") - clock.now())
        clock.pass_(1)
    return found


async def test_a_run_that_fails_is_made_again_until_the_due_time(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.raises[0] = GitHubError("GitHub is down.")
    clock.set("2026-07-02T08:59")

    assert await seconds_asked(refresh, github, clock, until="2026-07-02T09:05") == [60, 50, 30]


async def test_a_run_made_again_is_the_last_when_it_succeeds(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    github.raises[0] = GitHubError("GitHub is down.")
    clock.set("2026-07-02T08:59")
    with pytest.raises(GitHubError, match="down"):
        await refresh.run(ALL)
    github.raises.clear()
    clock.pass_(1)

    assert await seconds_asked(refresh, github, clock, until="2026-07-02T09:05") == [50]
    run = await store.runs.newest(Trigger.DIGEST)
    assert run is not None
    assert run.sampled == 2


@pytest.mark.parametrize("error", [GitHubError("GitHub is down."), RateLimited("Until 15:00.")])
async def test_of_a_run_that_was_cut_short_the_rest_is_read_before_the_due_time(
    refresh: Refresh, flows: Flows, github: ScriptedGitHub, clock: SettableClock, error: Exception
) -> None:
    names = [f"many/{number}" for number in range(4)]
    for name in names:
        github.add(name, stars=1, watchers=1)
    await flows.track.add(HERE, " ".join(names))
    github.asked.clear()
    clock.set("2026-07-02T08:59")
    github.raises[1] = error
    await refresh.run(ALL)
    github.raises.clear()

    assert await seconds_asked(refresh, github, clock, until="2026-07-02T09:00") == [50]
    first, second = asked(github)
    assert len(first) == 6
    assert len(second) == 4, "what the first page gave is fresh"


async def test_what_the_first_run_read_is_fresh_however_long_the_rest_takes(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a portfolio so large that its run begins half an hour ahead."""
    monkeypatch.setattr("bot.flows.refreshing.EACH", EARLIEST)
    github.page_size = 1
    github.raises[1] = GitHubError("GitHub is down.")
    clock.set("2026-07-02T08:30")
    await refresh.run(ALL)
    github.raises = {0: GitHubError("GitHub is down.")}
    await seconds_asked(refresh, github, clock, until="2026-07-02T08:50")
    first, *others = asked(github)

    assert len(first) == 2
    assert len(others) > 3
    assert all(len(names) == 1 for names in others)


async def test_a_due_time_that_waits_for_github_keeps_no_other_from_its_run(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock
) -> None:
    later = digest(THERE, "quiet", Plan(9 * 60 + 5, Every.DAY, "UTC"))
    hold = github.hold(page=0)
    clock.set("2026-07-02T08:59")
    waiting = asyncio.create_task(refresh.run([*ALL, later]))
    await hold.reached.wait()
    github.holds.clear()
    await refresh.run([*ALL, later])
    assert asked(github) == [["o/both", "o/one"]], "the later one is not due yet"

    clock.set("2026-07-02T08:59:30")
    clock.pass_(270)
    await refresh.run([later])
    await refresh.run([later])
    assert not waiting.done()
    hold.released.set()
    await waiting

    assert asked(github) == [["o/both", "o/one"], ["o/other"]]


async def test_numbers_without_counts_are_not_all_the_numbers(
    refresh: Refresh, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    """As a run in rotation reads them a minute before."""
    clock.set("2026-07-02T08:58")
    watched = await flows.portfolio.repositories(HERE)
    await flows.collector.collect(
        {Wanted(one.full_name, one.node_id, counted=False): one for one in watched},
        Trigger.SCHEDULE,
    )
    github.asked.clear()
    clock.pass_(60)
    await refresh.run(ALL)

    assert asked(github) == [["o/both", "o/one"]]


async def test_without_digests_nothing_is_read(
    refresh: Refresh, github: ScriptedGitHub, clock: SettableClock
) -> None:
    clock.set("2026-07-02T08:59")
    await refresh.run([])
    await refresh.run([digest(99)])

    assert github.asked == []
    assert refresh.wait([]) == EARLIEST
