"""The doctor's visit: a guild's own affairs and the bot's health, and nothing of anybody else."""

import asyncio
from dataclasses import replace

import pytest

from bot.core.models import Allowance, Trigger
from bot.errors import TokenRejected
from bot.flows.checkup import Checkups
from bot.flows.guild_settings import Actor, GuildSettings, Wish
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12


@pytest.fixture
def settings(store: SqliteStore, flows: Flows, clock: SettableClock) -> GuildSettings:
    return GuildSettings(store.guilds, flows.portfolio, clock)


@pytest.fixture
def checkups(
    store: SqliteStore, flows: Flows, clock: SettableClock, settings: GuildSettings
) -> Checkups:
    return Checkups(flows.status, settings, flows.portfolio, store.port(), clock)


async def test_all_is_well(
    checkups: Checkups,
    settings: GuildSettings,
    flows: Flows,
    github: ScriptedGitHub,
    clock: SettableClock,
) -> None:
    github.granted = Allowance(login="radar", points_left=4_000, points_limit=5_000)
    github.add("o/one", stars=1)
    await flows.track.add(HERE, "o/one")
    await flows.sync.everything(Trigger.SCHEDULE)
    draft = await settings.draft(HERE, Wish(channel_id=5, time="09:00"))
    await settings.set_digest(Actor(HERE, 7), draft)

    report = await checkups.report(HERE)

    assert (report.watched, report.gone, report.failing, report.problems) == (1, (), 0, ())
    assert report.allowance == github.granted
    assert report.next_run_at == clock.now() + INTERVAL
    assert [one.digest.group for one in report.settled.digests] == ["all"]


async def test_problems_come_with_their_fix(
    checkups: Checkups,
    settings: GuildSettings,
    flows: Flows,
    github: ScriptedGitHub,
    store: SqliteStore,
) -> None:
    lost = github.add("o/lost", stars=1)
    await flows.track.add(HERE, "o/lost")
    github.repositories.remove(lost)
    await flows.sync.everything(Trigger.SCHEDULE)
    github.granted = TokenRejected("GitHub rejected the token: make a new one.")
    draft = await settings.draft(HERE, Wish(channel_id=5, time="09:00"))
    await store.guilds.save_digest(replace(draft, paused="The channel is gone."))

    report = await checkups.report(HERE)

    assert report.problems == (
        "GitHub rejected the token: make a new one.",
        (
            "The digest of the group all is paused: The channel is gone. Mend that, then /settings"
            " digest action:resume."
        ),
        "Gone or not visible: o/lost. Stop watching with /track remove.",
    )
    assert report.allowance is None


async def test_a_digest_paused_by_hand_is_no_problem(
    checkups: Checkups, settings: GuildSettings
) -> None:
    actor = Actor(HERE, 7)
    await settings.set_digest(actor, await settings.draft(HERE, Wish("a", 5, "09:00")))
    await settings.pause(actor, "a")

    assert not [p for p in (await checkups.report(HERE)).problems if "paused" in p]


async def test_only_the_timers_run_is_shown_as_under_way(
    checkups: Checkups, flows: Flows, github: ScriptedGitHub
) -> None:
    """What another guild has read just now is its own affair."""
    github.add("o/one", stars=1)
    github.add("o/theirs", stars=1)
    await flows.track.add(HERE, "o/one")
    await flows.track.add(THERE, "o/theirs")
    hold = github.hold(page=0)
    tasks = [asyncio.create_task(flows.sync.guild(THERE, Trigger.SYNC))]
    await hold.reached.wait()
    hold.reached.clear()
    assert (await checkups.report(HERE)).underway == ()
    tasks.append(asyncio.create_task(flows.sync.everything(Trigger.SCHEDULE)))
    await hold.reached.wait()
    (shown,) = (await checkups.report(HERE)).underway
    hold.released.set()
    await asyncio.gather(*tasks)

    assert (shown.trigger, shown.total) == (Trigger.SCHEDULE, 2)


async def test_nothing_of_another_guild_is_told(
    checkups: Checkups, settings: GuildSettings, flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("o/theirs", stars=1)
    await flows.track.add(THERE, "o/theirs")
    await settings.set_digest(Actor(THERE, 7), await settings.draft(THERE, Wish("x", 5, "09:00")))

    report = await checkups.report(HERE)

    assert (report.watched, report.settled.digests, report.last_run) == (0, (), None)
    assert "theirs" not in str(report)
