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
    assert report.allowances == (github.granted,)
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
    assert [one.refused for one in report.allowances] == [True]


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


async def test_a_server_hears_of_the_tokens_that_read_for_it_only(
    checkups: Checkups, flows: Flows, github: ScriptedGitHub
) -> None:
    mine = Allowance(name="token for o", owners=("o",), trouble="Mine.", refused=True)
    theirs = Allowance(name="token for p", owners=("p",), trouble="Theirs.", refused=True)
    github.others = [mine, theirs]
    github.add("o/one", stars=1)
    await flows.track.add(HERE, "o/one")

    report = await checkups.report(HERE)

    assert report.allowances == (mine,)
    assert "Mine." in report.problems
    assert "Theirs." not in str(report)


async def test_a_run_that_failed_by_another_servers_token_names_it_to_nobody_else(
    checkups: Checkups, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    for name in ("o/one", "o/two", "p/three"):
        github.add(name, stars=1)
    await flows.track.add(HERE, "o/one o/two")
    await flows.track.add(THERE, "p/three")
    sentence = "GitHub rejected the token for p (401)."
    github.others = [Allowance(name="token for p", owners=("p",), trouble=sentence, refused=True)]
    github.raises[1] = TokenRejected(sentence)
    clock.pass_(60)
    await flows.sync.everything(Trigger.SCHEDULE)

    assert sentence not in str((await checkups.report(HERE)).problems)
    assert (await checkups.report(HERE)).problems == (
        "The last run read a part only: whoever runs the bot is told why.",
    )
    assert sentence in (await checkups.report(THERE)).problems
    assert sentence in (await flows.status.report()).problems
