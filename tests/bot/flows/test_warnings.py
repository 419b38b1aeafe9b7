"""Warnings: each once, where somebody reads them."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from bot.core.guild import DigestSettings, Guild
from bot.core.models import Allowance, Trigger, Visibility
from bot.core.schedule import Every, Plan
from bot.errors import GitHubError, NotPosted, TokenRejected
from bot.flows.allowance import FRESH, Allowances
from bot.flows.warnings import GuildWarnings, TokenWatch
from tests.conftest import Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12
ALERTS, REPORTS, DOCS = 1, 2, 3
DIGEST = DigestSettings(HERE, "all", REPORTS, Plan(540, Every.DAY, "UTC"), 0)


@dataclass
class Channels:
    """Discord's channels: what was said in them, and which are gone."""

    said: list[tuple[int, str]] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    down: set[int] = field(default_factory=set)  # Discord answers 500 there

    async def say(self, channel_id: int, sentence: str) -> bool:
        if channel_id in self.down:
            raise NotPosted("Discord answered 500.")
        await asyncio.sleep(0)
        if channel_id in self.gone:
            return False
        self.said.append((channel_id, sentence))
        return True


@pytest.fixture
def channels() -> Channels:
    return Channels()


@pytest.fixture
def warnings(store: SqliteStore, channels: Channels, clock: SettableClock) -> GuildWarnings:
    return GuildWarnings(store.guilds, channels, clock)


async def test_a_warning_is_told_once_until_its_cause_is_gone(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    await warnings.warn(HERE, "leak", "It leaks.")
    await warnings.warn(HERE, "leak", "It leaks.")
    await warnings.clear(HERE, "leak")
    await warnings.warn(HERE, "leak", "It leaks again.")

    assert channels.said == [(ALERTS, "It leaks."), (ALERTS, "It leaks again.")]


async def test_the_next_best_channel_is_taken(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    await store.guilds.save_digest(replace(DIGEST, paused="gone"))
    await store.guilds.save_digest(replace(DIGEST, group="docs", channel_id=DOCS))

    for number, gone in enumerate((set(), {ALERTS}, {ALERTS, DOCS}, {ALERTS, DOCS, REPORTS})):
        channels.gone = gone
        await warnings.warn(HERE, f"kind {number}", "x")

    assert [channel for channel, _ in channels.said] == [ALERTS, DOCS, REPORTS]


async def test_a_warning_that_discord_did_not_take_is_told_later(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    channels.down = {ALERTS}
    with pytest.raises(NotPosted):
        await warnings.warn(HERE, "leak", "It leaks.")
    channels.down.clear()
    await warnings.warn(HERE, "leak", "It leaks.")

    assert channels.said == [(ALERTS, "It leaks.")]


async def test_where_one_channel_fails_the_next_is_tried(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    await store.guilds.save_digest(DIGEST)
    channels.down = {ALERTS}
    for _ in range(2):
        await warnings.warn(HERE, "leak", "It leaks.")

    assert channels.said == [(REPORTS, "It leaks.")]


async def test_a_warning_nobody_can_read_is_not_tried_for_ever(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save_digest(DIGEST)
    channels.gone = {REPORTS}
    await warnings.warn(HERE, "leak", "It leaks.")
    channels.gone.clear()
    await warnings.warn(HERE, "leak", "It leaks.")

    assert channels.said == [], "/status tells it"


async def test_a_kill_before_it_is_said_loses_no_warning(
    store: SqliteStore, channels: Channels, clock: SettableClock
) -> None:
    """Nothing is cleaned up after a kill: what stands in the store while it is said remains."""
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    noted: list[bool] = []

    class Watched:
        async def say(self, channel_id: int, sentence: str) -> bool:
            noted.append(await store.guilds.is_told(HERE, "leak"))
            return await channels.say(channel_id, sentence)

    await GuildWarnings(store.guilds, Watched(), clock).warn(HERE, "leak", "It leaks.")
    noted.append(await store.guilds.is_told(HERE, "leak"))

    assert noted == [False, True]


async def test_many_who_warn_at_once_are_one_warning(
    warnings: GuildWarnings, store: SqliteStore, channels: Channels
) -> None:
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    await asyncio.gather(*(warnings.warn(HERE, "leak", "It leaks.") for _ in range(5)))

    assert channels.said == [(ALERTS, "It leaks.")]


@pytest.fixture
def watch(
    github: ScriptedGitHub,
    store: SqliteStore,
    flows: Flows,
    warnings: GuildWarnings,
    clock: SettableClock,
) -> TokenWatch:
    allowances = Allowances(github, store.subjects, clock)
    return TokenWatch(allowances, store.guilds, flows.portfolio, warnings, clock)


@pytest.fixture
async def members(store: SqliteStore, flows: Flows, github: ScriptedGitHub) -> None:
    """One server watches acme, one something else, one nothing, and one has left."""
    for name in ("acme/one", "other/two"):
        github.add(name, stars=1)
    await store.guilds.save(Guild(HERE, alerts_channel_id=ALERTS))
    await store.guilds.save(Guild(THERE, alerts_channel_id=DOCS))
    await store.guilds.save(Guild(13, alerts_channel_id=REPORTS))
    await flows.track.add(HERE, "acme/one")
    await flows.track.add(THERE, "other/two")
    await flows.track.add(14, "acme/one other/two")
    await store.guilds.save(Guild(14, alerts_channel_id=99, left_at=1))


@pytest.mark.usefixtures("members")
async def test_a_token_that_ends_is_told_at_14_3_and_1_days_to_whom_it_reads_for(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, clock: SettableClock
) -> None:
    ends = clock.now() + 20 * DAY
    acme = Allowance(name="token for acme", owners=("Acme",), token_expires_at=ends)
    github.others = [acme]
    told = []
    for _ in range(20):
        await watch.look()
        told.append(len(channels.said))
        clock.pass_(DAY)

    assert told == [0] * 6 + [1] * 11 + [2] * 2 + [3]
    assert {channel for channel, _ in channels.said} == {ALERTS}
    assert "GitHub token for acme of this bot ends in 14 days" in channels.said[0][1]
    assert "github.tokens" in channels.said[0][1]


@pytest.mark.usefixtures("members")
async def test_the_default_token_concerns_who_watches_what_no_other_reads(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, clock: SettableClock
) -> None:
    github.others = [Allowance(name="token for acme", owners=("acme",))]
    github.granted = Allowance(token_expires_at=clock.now() + DAY)
    await watch.look()

    ((channel, sentence),) = channels.said
    assert channel == DOCS
    assert "The GitHub token of this bot ends in 1 day:" in sentence
    assert "RADAR_GITHUB__TOKEN" in sentence


@pytest.mark.usefixtures("members")
async def test_two_tokens_in_trouble_are_two_warnings(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels
) -> None:
    github.others = [
        Allowance(name="token for acme", owners=("acme",), trouble="Acme's.", refused=True)
    ]
    github.granted = TokenRejected("The default.")
    await watch.look()

    assert channels.said == [(ALERTS, "Acme's."), (DOCS, "The default.")]


@pytest.mark.usefixtures("members")
async def test_a_missing_token_and_an_outage_are_no_warnings(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, clock: SettableClock
) -> None:
    for trouble in (
        Allowance(name="without a token", trouble="None is set.", configured=False),
        GitHubError("Down."),
    ):
        github.granted = trouble
        await watch.look()
        clock.pass_(FRESH)

    assert channels.said == []


@pytest.mark.usefixtures("members")
async def test_a_rejected_token_is_told_and_again_after_a_good_one(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, clock: SettableClock
) -> None:
    for failure in (TokenRejected("No."), GitHubError("Down."), TokenRejected("No.")):
        github.granted = failure
        await watch.look()
        clock.pass_(FRESH)
    assert channels.said == [(ALERTS, "No."), (DOCS, "No.")]

    github.granted = Allowance()
    await watch.look()
    clock.pass_(FRESH)
    github.granted = TokenRejected("Not again.")
    await watch.look()

    assert channels.said[2:] == [(ALERTS, "Not again."), (DOCS, "Not again.")]


@pytest.mark.parametrize("failure", [NotPosted("500"), ValueError("a bug")])
async def test_one_guilds_trouble_keeps_no_warning_from_the_others(
    store: SqliteStore,
    flows: Flows,
    github: ScriptedGitHub,
    clock: SettableClock,
    failure: Exception,
) -> None:
    github.add("acme/one", stars=1)
    for number, guild_id in enumerate((HERE, THERE, 13), start=1):
        await store.guilds.save(Guild(guild_id, alerts_channel_id=number))
        await flows.track.add(guild_id, "acme/one")
    troubled, said = {2}, []

    class Troubled:
        async def say(self, channel_id: int, _sentence: str) -> bool:
            if channel_id in troubled:
                raise failure
            said.append(channel_id)
            return True

    warnings = GuildWarnings(store.guilds, Troubled(), clock)
    allowances = Allowances(github, store.subjects, clock)
    watch = TokenWatch(allowances, store.guilds, flows.portfolio, warnings, clock)
    github.granted = TokenRejected("No.")
    for _ in range(3):
        with pytest.raises(type(failure)):
            await watch.look()
        clock.pass_(HOUR)
    assert said == [1, 3]

    troubled.clear()
    for _ in range(3):
        await watch.look()
        clock.pass_(HOUR)
    assert said == [1, 3, 2]


@pytest.mark.usefixtures("members")
async def test_one_tokens_trouble_keeps_no_warning_of_another(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, clock: SettableClock
) -> None:
    github.granted = TokenRejected("The default.")
    github.others = [
        Allowance(name="token for acme", owners=("acme",), trouble="Acme's.", refused=True)
    ]
    channels.down = {DOCS}
    with pytest.raises(NotPosted):
        await watch.look()
    assert channels.said == [(ALERTS, "Acme's.")]

    channels.down = {ALERTS}
    clock.pass_(HOUR)
    await watch.look()
    assert channels.said == [(ALERTS, "Acme's."), (DOCS, "The default.")]


@pytest.mark.usefixtures("members")
async def test_a_restart_tells_nothing_twice(
    github: ScriptedGitHub,
    store: SqliteStore,
    flows: Flows,
    channels: Channels,
    clock: SettableClock,
) -> None:
    github.granted = TokenRejected("No.")
    for _ in range(2):
        warnings = GuildWarnings(store.guilds, channels, clock)
        allowances = Allowances(github, store.subjects, clock)
        watch = TokenWatch(allowances, store.guilds, flows.portfolio, warnings, clock)
        await watch.look()

    assert len(channels.said) == 2


@pytest.mark.usefixtures("members")
async def test_a_repository_that_is_hidden_from_a_server_brings_no_warning(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, flows: Flows
) -> None:
    github.repositories[0].visibility = Visibility.PRIVATE
    await flows.sync.everything(Trigger.SCHEDULE)
    github.others = [
        Allowance(name="token for acme", owners=("acme",), trouble="Acme's.", refused=True)
    ]
    await watch.look()

    assert channels.said == []


@pytest.mark.usefixtures("members")
async def test_what_github_was_not_asked_about_yet_counts_too(
    watch: TokenWatch, github: ScriptedGitHub, channels: Channels, flows: Flows
) -> None:
    await flows.portfolio.adopt(["never/asked"], [13], at=0)
    github.others = [Allowance(name="t", owners=("never",), trouble="No.", refused=True)]
    await watch.look()

    assert channels.said == [(REPORTS, "No.")]


async def test_github_is_asked_once_a_minute(
    github: ScriptedGitHub, store: SqliteStore, clock: SettableClock
) -> None:
    allowances = Allowances(github, store.subjects, clock)
    github.granted = Allowance(points_left=5)
    assert [one.points_left for one in await allowances.ask()] == [5]
    github.granted = Allowance(points_left=4)
    clock.pass_(FRESH - 1)
    assert [one.points_left for one in await allowances.ask()] == [5]
    clock.pass_(1)
    assert [one.points_left for one in await allowances.ask()] == [4]

    github.granted = TokenRejected("No.")
    clock.pass_(FRESH)
    for _ in range(2):
        assert [one.trouble for one in await allowances.ask()] == ["No."]
        github.granted = Allowance()
