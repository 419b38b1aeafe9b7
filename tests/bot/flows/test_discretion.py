"""What a guild that may not know why is shown of a forbidden repository: that it is gone."""

from datetime import UTC

import pytest

from bot.core.digest import Digest
from bot.core.models import Refusal, Refused, RunStatus, Trigger
from bot.flows.checkup import Checkups
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import OPERATOR, reference
from bot.render import cards, guild_cards, portfolio_cards
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import MISSING, ScriptedGitHub
from tests.standins.stored import SqliteStore

FORBIDS, MISSES = 11, 12
"""One guild watches what turns out forbidden, the other what turns out missing."""
NAMES = {FORBIDS: "o/forbidden", MISSES: "o/deleted"}
FORBIDDEN = Refusal(Refused.FORBIDDEN, "this token may not read its issues")
SSO = Refusal(Refused.SSO, "its organisation asks that the token be authorised")


@pytest.fixture
def checkups(store: SqliteStore, flows: Flows, clock: SettableClock) -> Checkups:
    settings = GuildSettings(store.guilds, flows.portfolio, clock)
    return Checkups(flows.status, settings, flows.portfolio, store.port(), clock)


@pytest.fixture(params=[FORBIDDEN, SSO], ids=["forbidden", "sso"])
async def hidden(
    request: pytest.FixtureRequest, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    """Sampled for two days, then refused for another."""
    for guild_id, name in NAMES.items():
        github.add(name, stars=5)
        github.add(f"{name}-2", stars=9)
        await flows.track.add(guild_id, f"{name} {name}-2")
        for trusted in (TRUSTED_GUILD, OPERATOR):
            await flows.track.add(trusted, name)
    await day(flows, clock)
    github.refusals = {NAMES[FORBIDS]: request.param, NAMES[MISSES]: MISSING}
    await day(flows, clock)


async def day(flows: Flows, clock: SettableClock) -> None:
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)


async def views(
    flows: Flows, checkups: Checkups, clock: SettableClock, guild_id: int
) -> dict[str, object]:
    """All that its people may look at, in the words they get."""
    name, now = NAMES[guild_id], clock.now()
    subject = await flows.portfolio.find(guild_id, name)
    diff = await flows.diff.report(guild_id, name, "7d", UTC)
    drawn = await flows.charts.one(guild_id, name, "stars", "7d", UTC)
    both = await flows.charts.compare(guild_id, f"{name} {name}-2", "stars", "7d", UTC)
    digest = await flows.digests.report(guild_id, "1d", UTC)
    order = await flows.exports.order(guild_id, "daily-json", "7d", UTC)
    table = await flows.exports.order(guild_id, "csv", "7d", UTC)
    shown: dict[str, object] = {
        "diff": cards.diff(diff, UTC),
        "button": cards.diff(await flows.diff.report(guild_id, subject.id, "7d", UTC), UTC),
        "chart": cards.chart(drawn, UTC),
        "compare": cards.compare(both, UTC),
        "digest": cards.digest(digest, UTC),
        "repos": portfolio_cards.repositories(await flows.track.listed(guild_id), UTC, now),
        "status": guild_cards.checkup(await checkups.report(guild_id), UTC, ()),
        "daily-json": (await flows.exports.document(order)).content,
        "csv": (await flows.exports.document(table)).content,
        "state": (await flows.portfolio.find(guild_id, reference(subject))).state,
        "events": [(one.at, one.kind) for one in diff.events],
        "counts": digest.counts,
    }
    return {what: str(one).replace(name, "o/it") for what, one in shown.items()}


@pytest.mark.usefixtures("hidden")
async def test_a_forbidden_repository_reads_as_a_missing_one_wherever_a_guild_looks(
    flows: Flows, checkups: Checkups, clock: SettableClock
) -> None:
    forbids = await views(flows, checkups, clock, FORBIDS)
    misses = await views(flows, checkups, clock, MISSES)

    assert forbids == misses
    assert "1 gone, 0 failing" in str(forbids["status"])
    assert "Gone or not visible: o/it." in str(forbids["status"])
    assert "gone or not visible, last seen" in str(forbids["repos"])
    assert "gone=1" in str(forbids["counts"])


@pytest.mark.usefixtures("hidden")
async def test_a_forced_run_says_what_the_doctor_says(flows: Flows, checkups: Checkups) -> None:
    told = []
    for guild_id, name in NAMES.items():
        card = portfolio_cards.sync(await flows.sync.guild(guild_id, Trigger.SYNC))
        report = await checkups.report(guild_id)
        assert (len(report.gone), report.failing) == (1, 0)
        told.append((card.tone, [row.note for row in card.rows], card.footer))
        assert [row.name for row in card.rows] == [name]

    assert told[0] == told[1]
    assert told[0][1] == ["gone or not visible"]


@pytest.mark.usefixtures("hidden")
async def test_one_that_may_be_read_again_is_back(
    flows: Flows, checkups: Checkups, clock: SettableClock, github: ScriptedGitHub
) -> None:
    github.refusals = {}
    await day(flows, clock)

    for guild_id, name in NAMES.items():
        report, counts = await checkups.report(guild_id), (await of(flows, guild_id)).counts
        assert (report.gone, report.failing, counts.gone, counts.failed) == ((), 0, 0, 0)
        assert (await flows.portfolio.find(guild_id, name)).state == "active"


@pytest.mark.usefixtures("hidden")
async def test_one_that_is_forbidden_and_then_slow_has_not_come_back(
    flows: Flows, checkups: Checkups, clock: SettableClock, github: ScriptedGitHub
) -> None:
    slow = Refusal(Refused.TIMEOUT, "too long")
    github.refusals = dict.fromkeys(NAMES.values(), slow)
    await day(flows, clock)
    clock.pass_(HOUR)

    forbids = await views(flows, checkups, clock, FORBIDS)
    assert forbids == await views(flows, checkups, clock, MISSES)


@pytest.mark.parametrize("why", [FORBIDDEN, SSO, MISSING])
async def test_the_newest_run_does_not_tell_either(
    flows: Flows,
    checkups: Checkups,
    clock: SettableClock,
    github: ScriptedGitHub,
    why: Refusal,
) -> None:
    """Whether nothing else is watched at all, or something that could be read."""
    github.add("o/one", stars=1)
    github.add("o/two", stars=1)
    await flows.track.add(FORBIDS, "o/one o/two")
    told = []
    for refused in (["o/one"], ["o/one", "o/two"]):
        github.refusals = dict.fromkeys(refused, why)
        await day(flows, clock)
        report = await checkups.report(FORBIDS)
        told.append((report.last_run and report.last_run.status, report.problems[:-1]))

    assert told == [(RunStatus.OK, ()), (RunStatus.OK, ())]


async def test_what_is_not_the_repositorys_own_still_fails(
    flows: Flows, checkups: Checkups, clock: SettableClock, github: ScriptedGitHub
) -> None:
    """A GitHub that is slow: stopping to watch mends nothing."""
    for name in ("o/one", "o/two", "o/three"):
        github.add(name, stars=1)
    await flows.track.add(FORBIDS, "o/one o/two o/three")
    github.refusals = {"o/two": Refusal(Refused.TIMEOUT, "too long")}
    await day(flows, clock)

    report, digest = await checkups.report(FORBIDS), await of(flows, FORBIDS)

    assert (report.gone, report.failing) == ((), 1)
    assert report.last_run is not None
    assert report.last_run.status is RunStatus.PARTIAL
    assert (digest.counts.gone, digest.counts.failed) == (0, 1)


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("guild_id", [OPERATOR, TRUSTED_GUILD])
async def test_who_may_know_hears_which_it_is(
    flows: Flows, checkups: Checkups, guild_id: int
) -> None:
    counts = (await of(flows, guild_id)).counts
    states = {
        item.movement.subject.full_name: item.movement.subject.state
        for item in await flows.track.listed(guild_id)
    }

    assert (counts.gone, counts.failed) == (1, 1)
    assert states == {NAMES[FORBIDS]: "active", NAMES[MISSES]: "gone"}
    operator = await flows.status.report()
    assert (operator.gone, operator.failing) == (1, 1)
    report = await checkups.report(TRUSTED_GUILD)
    assert ([one.full_name for one in report.gone], report.failing) == ([NAMES[MISSES]], 1)
    assert report.last_run is not None
    assert report.last_run.status is RunStatus.PARTIAL


@pytest.mark.usefixtures("hidden")
async def test_a_published_digest_of_who_may_know_does_not_pass_it_on(flows: Flows) -> None:
    window = (await of(flows, TRUSTED_GUILD)).window
    published = await flows.digests.over(TRUSTED_GUILD, window, published=True)

    assert (published.counts.gone, published.counts.failed) == (2, 0)


async def of(flows: Flows, guild_id: int) -> Digest:
    return await flows.digests.report(guild_id, "1d", UTC)
