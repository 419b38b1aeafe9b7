"""What is being sampled, and how long a full round takes: of this process, or of another."""

import asyncio

from bot.core.models import Pause, Run, RunStatus, Trigger
from bot.core.reports import Underway
from bot.core.rotation import Rotation
from bot.flows.pace import Pace
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import DAY, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

WAIT = Pause(30, "GitHub's secondary rate limit")


async def test_our_own_runs_are_told_with_what_they_wait_for(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    pace = Pace(flows.collector, store.runs, Rotation(INTERVAL))
    assert await pace.underway() == ()
    github.add("o/one", stars=1)
    await flows.portfolio.adopt(["o/one"], [], clock.now())
    github.pauses[0], hold = WAIT, github.hold(page=0)
    task = asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE))
    await hold.reached.wait()

    assert await pace.underway() == (Underway(Trigger.SCHEDULE, clock.now(), 0, 1, WAIT),)
    hold.released.set()
    await task
    assert await pace.underway() == ()


async def test_another_processs_run_is_told_by_its_figures(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    pace = Pace(flows.collector, store.runs, Rotation(INTERVAL))
    begun = Run(
        "x", Trigger.SCHEDULE, RunStatus.RUNNING, clock.now(), sampled=7, failed=2, wanted=90
    )
    await store.runs.begin(begun)
    assert await pace.underway() == (), "whoever made it is dead"

    with store.runs.alone():
        assert await pace.underway() == (Underway(Trigger.SCHEDULE, clock.now(), 9, 90),)


async def test_a_full_round_takes_what_the_last_one_took_or_the_cycle(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    pace = Pace(flows.collector, store.runs, Rotation(300))
    assert await pace.full_round(10) is None
    now = clock.now()
    await store.runs.note(Run("x", Trigger.SCHEDULE, RunStatus.OK, now - DAY, now - DAY + 900, 10))

    assert await pace.full_round(10) == 900
    assert await pace.full_round(10_000) == 5 * 300
