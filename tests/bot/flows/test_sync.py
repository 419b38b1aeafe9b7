"""Sync: the same asked for twice is sampled once, and everybody hears of it."""

import asyncio

import pytest

from bot.core.models import Pause, Refusal, Refused, RunStatus, Trigger, Wanted
from bot.core.reports import Progress
from bot.errors import RateLimited, Stopped, TokenRejected, UnknownRepository, UsageError
from bot.render.portfolio_cards import sync as sync_card
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12


@pytest.fixture(autouse=True)
async def watched(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    """HERE watches o/one and o/two, THERE o/two and o/three."""
    for name in ("o/one", "o/two", "o/three"):
        github.add(name, stars=10)
    await flows.track.add(HERE, "o/one o/two")
    await flows.track.add(THERE, "o/two o/three")
    clock.pass_(HOUR)
    github.asked.clear()


async def begun(github: ScriptedGitHub, flows: Flows, guild: int) -> asyncio.Task[object]:
    """A sync that waits for its first page."""
    hold = github.hold(page=0)
    task: asyncio.Task[object] = asyncio.create_task(flows.sync.guild(guild, Trigger.SYNC))
    await hold.reached.wait()
    return task


async def test_everything_is_every_watched_repository_once(
    flows: Flows, github: ScriptedGitHub
) -> None:
    report = await flows.sync.everything(Trigger.SCHEDULE)

    assert report.run.sampled == 3
    assert [{want.full_name for want in asked} for asked in github.asked] == [
        {"o/one", "o/two", "o/three"}
    ]


async def test_known_repositories_are_asked_for_by_their_node_id(
    flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.sync.guild(HERE, Trigger.SYNC)

    assert github.asked == [[Wanted("o/one", "R_100"), Wanted("o/two", "R_101")]]


async def test_a_renamed_repository_is_followed(flows: Flows, github: ScriptedGitHub) -> None:
    github.rename(github.repositories[0], "new/one")

    await flows.sync.guild(HERE, Trigger.SYNC)

    names = [subject.full_name for subject in await flows.portfolio.repositories(HERE)]
    assert names == ["new/one", "o/two"]


async def test_a_guild_samples_its_own_repositories(flows: Flows, github: ScriptedGitHub) -> None:
    github.repositories.pop(2)  # o/three, which is THERE's trouble

    report = await flows.sync.guild(HERE, Trigger.SYNC)

    assert (report.run.sampled, report.errors) == (2, ())


@pytest.mark.parametrize("repository", [None, "o/one"])
async def test_a_verdict_does_not_tell_a_forbidden_repository_from_a_missing_one(
    flows: Flows, github: ScriptedGitHub, repository: str | None
) -> None:
    told = []
    for kind in (Refused.NOT_FOUND, Refused.FORBIDDEN):
        github.refusals["o/one"] = Refusal(kind, "why")
        report = await flows.sync.guild(HERE, Trigger.SYNC, repository=repository)
        told.append((sync_card(report), report.run.status, report.errors))

    assert told[0] == told[1]
    assert told[0][1] is RunStatus.OK


async def test_who_may_see_hidden_ones_and_other_failures_get_the_real_verdict(
    flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.track.add(TRUSTED_GUILD, "o/one o/two")
    github.refusals["o/one"] = Refusal(Refused.FORBIDDEN, "why")
    assert (await flows.sync.guild(TRUSTED_GUILD, Trigger.SYNC)).run.status is RunStatus.PARTIAL
    github.refusals["o/one"] = Refusal(Refused.TIMEOUT, "slow")
    assert (await flows.sync.guild(HERE, Trigger.SYNC)).run.status is RunStatus.PARTIAL
    del github.refusals["o/one"]
    github.page_size, github.raises = 1, {1: RateLimited("Later.")}
    report = await flows.sync.guild(HERE, Trigger.SYNC)
    assert (report.run.status, report.run.message) == (RunStatus.PARTIAL, "Later.")


async def test_one_repository_can_be_sampled(flows: Flows, github: ScriptedGitHub) -> None:
    report = await flows.sync.guild(HERE, Trigger.SYNC, repository="https://github.com/O/One")

    assert report.run.sampled == 1
    assert [want.full_name for want in github.asked[0]] == ["o/one"]


async def test_what_others_watch_cannot_be_sampled(flows: Flows, github: ScriptedGitHub) -> None:
    with pytest.raises(UsageError, match="not watched here: start with track add"):
        await flows.sync.guild(HERE, Trigger.SYNC, repository="o/three")
    with pytest.raises(UnknownRepository):
        await flows.sync.guild(HERE, Trigger.SYNC, repository="o/nobody")

    assert github.asked == []


async def test_an_empty_portfolio_is_a_sentence(flows: Flows) -> None:
    with pytest.raises(UsageError, match="Nothing is watched here yet: start with track add"):
        await flows.sync.guild(99, Trigger.SYNC)


async def test_a_second_sync_of_the_same_joins_the_first(
    flows: Flows, github: ScriptedGitHub
) -> None:
    first = await begun(github, flows, HERE)
    told: list[Progress] = []
    joined = asyncio.Event()

    def listener(progress: Progress) -> None:
        told.append(progress)
        joined.set()

    second = asyncio.create_task(flows.sync.guild(HERE, Trigger.SYNC, listener=listener))
    await joined.wait()  # who joins late hears at once how far the run has come
    github.hold(page=0).released.set()

    reports = await asyncio.gather(first, second)

    assert reports[0] == reports[1]
    assert len(github.asked) == 1
    assert told == [Progress(0, 2), Progress(2, 2)]


async def test_everybody_who_listens_is_told_of_a_pause(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.pauses[0] = pause = Pause(2, "GitHub answered 502")
    told: tuple[list[Progress], list[Progress]] = ([], [])

    await asyncio.gather(
        *(flows.sync.guild(HERE, Trigger.SYNC, listener=each.append) for each in told)
    )

    assert all(Progress(0, 2, pause) in each for each in told)


async def test_a_sync_of_something_else_has_a_run_of_its_own(
    flows: Flows, github: ScriptedGitHub
) -> None:
    first = await begun(github, flows, HERE)
    second = asyncio.create_task(flows.sync.guild(THERE, Trigger.SYNC))
    github.hold(page=0).released.set()
    await asyncio.gather(first, second)

    assert [{want.full_name for want in asked} for asked in github.asked] == [
        {"o/one", "o/two"},
        {"o/two", "o/three"},
    ]


async def test_a_sync_overtakes_the_timer_and_does_not_join_it(
    flows: Flows, github: ScriptedGitHub
) -> None:
    """Not even where the timer wants just the same: it may be long, and may not count."""
    hold = github.hold_timer(page=0)
    everything = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()

    there = await flows.sync.guild(THERE, Trigger.SYNC)
    await flows.track.add(HERE, "o/three")
    same = await flows.sync.guild(HERE, Trigger.SYNC)
    assert (there.run.status, there.run.sampled) == (RunStatus.OK, 2)
    assert (same.run.status, same.run.sampled) == (RunStatus.OK, 3)
    assert not everything.done()
    hold.released.set()

    assert (await everything).run.sampled == 3


async def test_two_digests_are_refreshed_while_the_timer_waits(
    flows: Flows, github: ScriptedGitHub
) -> None:
    hold = github.hold_timer(page=0)
    everything = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()
    portfolios = [await flows.portfolio.repositories(guild) for guild in (HERE, THERE)]

    reports = await asyncio.gather(*(flows.sync.these(each, Trigger.DIGEST) for each in portfolios))
    assert [report.run.sampled for report in reports] == [2, 2]
    assert not everything.done()
    hold.released.set()
    await everything


async def test_a_sync_after_the_first_is_over_samples_anew(
    flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.sync.guild(HERE, Trigger.SYNC)
    await flows.sync.guild(HERE, Trigger.SYNC)

    assert len(github.asked) == 2


async def test_a_caller_who_gives_up_does_not_end_it_for_the_others(
    flows: Flows, github: ScriptedGitHub
) -> None:
    first = await begun(github, flows, HERE)
    second = asyncio.create_task(flows.sync.guild(HERE, Trigger.SYNC))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    github.hold(page=0).released.set()

    assert (await second).run.status is RunStatus.OK
    assert len(github.asked) == 1


async def test_everybody_who_joined_hears_of_a_failure(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.raises[0] = TokenRejected("The token was revoked.")

    outcomes = await asyncio.gather(
        *(flows.sync.guild(HERE, Trigger.SYNC) for _ in range(2)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [TokenRejected, TokenRejected]


async def test_closing_ends_what_is_under_way_and_keeps_its_pages(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    hold = github.hold(page=1)
    task = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()

    await flows.collector.close()
    with pytest.raises(Stopped, match="what was read is kept"):
        await task

    run = await store.runs.newest()
    assert run is not None
    assert (run.status, run.sampled) == (RunStatus.STOPPED, 2)


async def test_a_guild_forces_one_run_a_minute(flows: Flows, clock: SettableClock) -> None:
    await flows.sync.admit(HERE)
    await flows.sync.guild(HERE, Trigger.SYNC)
    clock.pass_(20)
    for repository in (None, "o/one"):
        with pytest.raises(UsageError, match="a moment ago: try again in 40 s"):
            await flows.sync.admit(HERE, repository)
    await flows.sync.admit(THERE)

    clock.pass_(40)
    await flows.sync.admit(HERE)


async def test_joining_a_run_has_no_pause(flows: Flows, github: ScriptedGitHub) -> None:
    await flows.sync.admit(HERE)
    await flows.sync.admit(HERE)  # before it began
    task = await begun(github, flows, HERE)
    await flows.sync.admit(HERE)
    with pytest.raises(UsageError, match="a moment ago"):
        await flows.sync.admit(HERE, "o/one")
    github.hold(page=0).released.set()
    await task


async def test_a_run_that_failed_may_be_tried_again_at_once(
    flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.sync.admit(HERE)
    github.raises[0] = TokenRejected("No.")
    with pytest.raises(TokenRejected):
        await flows.sync.guild(HERE, Trigger.SYNC)

    await flows.sync.admit(HERE)


async def test_closing_ends_a_first_look_too_and_who_waits_is_told(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    hold = github.hold(page=1)
    task = asyncio.create_task(flows.track.add(HERE, "o/one o/two o/three"))
    await hold.reached.wait()

    await flows.collector.close()

    with pytest.raises(Stopped):
        await task
    run = await store.runs.newest(Trigger.TRACK)
    assert run is not None
    assert run.status is RunStatus.STOPPED
