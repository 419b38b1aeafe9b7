"""Traffic: asked for once a day where the token may push, shown where private things are."""

from datetime import UTC

import pytest

from bot.core.models import Refusal, Refused, Trigger
from bot.core.reports import Report
from bot.core.traffic import Popular, Ranking, Tally, Visit
from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.flows.checkup import Checkups
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import OPERATOR
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import MISSING, ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE = 11
FORBIDDEN = Refusal(Refused.FORBIDDEN, "this token may not read its traffic")


async def watch(
    flows: Flows, github: ScriptedGitHub, *names: str, push: bool | None = True
) -> None:
    for name in names:
        github.add(name, stars=1).may_push = push
    for guild in (OPERATOR, HERE, TRUSTED_GUILD):
        await flows.track.add(guild, " ".join(names))


@pytest.fixture
def today(clock: SettableClock) -> int:
    return clock.now() // DAY


@pytest.fixture
async def site(flows: Flows, github: ScriptedGitHub, today: int) -> str:
    """Watched by all; a hundred views each day of the last 30, 10 today."""
    await watch(flows, github, "o/site")
    github.visits.views["o/site"] = {
        **dict.fromkeys(range(today - 30, today), (100, 40)),
        today: (10, 5),
    }
    github.visits.referrers["o/site"] = [Popular("Google", 9, 3)]
    return "o/site"


async def report(flows: Flows, guild: int = OPERATOR, window: str = "7d") -> Report:
    return await flows.diff.report(guild, "o/site", window, UTC)


async def tally(flows: Flows, key: str = "views", window: str = "7d") -> Tally:
    found = (await report(flows, window=window)).traffic
    assert found is not None
    return next(one for one in found.tallies if one.counter.key == key)


async def test_each_is_asked_once_a_utc_day(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, site: str
) -> None:
    await watch(flows, github, "o/foreign", push=False)

    assert await flows.traffic.look() == 1
    clock.pass_(11 * HOUR)
    assert await flows.traffic.look() == 0
    clock.pass_(HOUR)
    assert await flows.traffic.look() == 1
    assert github.visits.asked == [site, site]


async def test_sums_say_how_many_days_are_known(
    flows: Flows, clock: SettableClock, site: str
) -> None:
    assert site
    assert (await report(flows)).traffic is None  # nobody has looked yet
    await flows.traffic.look()

    views, visitors = await tally(flows), await tally(flows, "unique_visitors")
    assert (views.total, views.days, views.known_days) == (700, 7, 7)
    assert views.before is None  # GitHub's memory ends in the week before
    assert visitors.total == 280
    assert (await tally(flows, "clones")).total == 0
    month = await tally(flows, window="30d")
    assert (month.total, month.days, month.known_days) == (1_300, 30, 13)

    clock.pass_(DAY)
    await flows.traffic.look()
    assert (await tally(flows)).total == 610
    assert (await tally(flows)).before == 700
    assert (await tally(flows)).percent == pytest.approx(-12.857, abs=0.001)


async def test_a_day_that_goes_on_is_no_day_known(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, site: str, today: int
) -> None:
    await flows.traffic.look()
    clock.pass_(40 * DAY)  # nobody looked for longer than GitHub remembers
    await flows.sync.everything(Trigger.SCHEDULE)

    before = await tally(flows, window="2026-06-30..2026-07-02")
    assert (before.total, before.days, before.known_days) == (100, 3, 1)  # 1 July had begun only

    github.visits.views[site] = dict.fromkeys(range(today + 27, today + 40), (3, 1))
    await flows.traffic.look()
    later = await tally(flows, window="30d")
    assert (later.total, later.known_days) == (39, 13)


async def test_thirteen_days_of_downtime_lose_nothing(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, site: str, today: int
) -> None:
    await flows.traffic.look()
    for later in range(13):
        github.visits.views[site][today + later] = (50 + later, 20)
    clock.pass_(13 * DAY)
    await flows.sync.everything(Trigger.SCHEDULE)

    await flows.traffic.look()

    found = await tally(flows, window="26d")
    assert (found.known_days, found.total) == (
        26,
        13 * 100 + sum(50 + later for later in range(13)),
    )


async def test_one_that_fails_costs_no_other_and_is_asked_again(
    flows: Flows, github: ScriptedGitHub, site: str
) -> None:
    await watch(flows, github, "o/broken", "o/half", "o/refused", "o/whole")
    github.visits.raises["o/broken"] = GitHubError("GitHub answered 418")
    github.visits.silent["o/half"] = {Ranking.PATHS}
    github.visits.refusals["o/refused"] = FORBIDDEN

    assert await flows.traffic.look() == 4
    assert await flows.traffic.look() == 1

    assert sorted(github.visits.asked[:5]) == sorted(
        [site, "o/broken", "o/half", "o/refused", "o/whole"]
    )
    assert github.visits.asked[5:] == ["o/broken", "o/half"]


@pytest.mark.parametrize("error", [RateLimited("later"), TokenRejected("revoked")])
async def test_when_a_token_gets_no_answer_its_owner_is_left_alone(
    flows: Flows, github: ScriptedGitHub, site: str, error: GitHubError
) -> None:
    await watch(flows, github, "o/other")
    github.visits.raises[site] = error

    assert await flows.traffic.look() == 0
    assert github.visits.asked == [site]

    github.visits.raises.clear()
    assert await flows.traffic.look() == 2


async def test_a_token_that_is_refused_costs_no_other_owner(
    flows: Flows, github: ScriptedGitHub, site: str
) -> None:
    await watch(flows, github, "o/other", "p/one", "q/two")
    for name in (site, "o/other"):
        github.visits.raises[name] = TokenRejected("revoked: it reads o only")

    assert await flows.traffic.look() == 2
    assert github.visits.asked == [site, "p/one", "q/two"]


@pytest.mark.parametrize("error", [RateLimited("later"), TokenRejected("revoked")])
async def test_however_many_owners_are_refused_the_others_are_asked_every_day(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, error: GitHubError
) -> None:
    names = [f"owner-{number}/repo" for number in range(6)]
    await watch(flows, github, *names)
    for name in names[:4]:
        github.visits.raises[name] = error

    for _ in range(3):
        github.visits.asked.clear()
        assert await flows.traffic.look() == 2
        assert sorted(github.visits.asked) == names
        clock.pass_(DAY)


async def test_an_owner_that_is_refused_does_not_fill_the_look(
    flows: Flows, github: ScriptedGitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.flows.traffic.MOST", 3)
    refused = [f"a/{number}" for number in range(5)]
    await watch(flows, github, *refused, *(f"b/{number}" for number in range(4)))
    github.visits.raises = dict.fromkeys(refused, TokenRejected("revoked"))

    assert await flows.traffic.look() == 2
    assert github.visits.asked == ["a/0", "b/0", "b/1"]
    assert await flows.traffic.look() == 2
    assert github.visits.asked[3:] == ["a/0", "b/2", "b/3"]


async def test_a_github_that_is_down_is_not_asked_about_everything(
    flows: Flows, github: ScriptedGitHub
) -> None:
    names = [f"o/repo-{number}" for number in range(6)]
    await watch(flows, github, *names)
    for name in names:
        github.visits.silent[name] = {*Visit, *Ranking}

    assert await flows.traffic.look() == 0
    assert github.visits.asked == names[:3]


async def test_only_the_operator_and_trusted_guilds_see_it(flows: Flows, site: str) -> None:
    assert site
    await flows.traffic.look()

    assert (await report(flows, HERE)).traffic is None
    for guild in (OPERATOR, TRUSTED_GUILD):
        shown = (await report(flows, guild)).traffic
        assert shown is not None
        assert shown.popular[Ranking.REFERRERS] == (Popular("Google", 9, 3),)


@pytest.mark.parametrize("window", ["today", "6h"])
async def test_a_window_without_a_whole_day_has_none(flows: Flows, site: str, window: str) -> None:
    assert site
    await flows.traffic.look()

    assert (await report(flows, window=window)).traffic is None


async def test_a_missing_permission_is_told_once_with_its_fix(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore, clock: SettableClock, site: str
) -> None:
    await watch(flows, github, "o/two", "o/three", "o/four", "o/five")
    await flows.sync.everything(Trigger.SCHEDULE)
    checkups = Checkups(
        flows.status,
        GuildSettings(store.guilds, flows.portfolio, clock),
        flows.portfolio,
        store.port(),
        clock,
    )

    async def told(guild: int) -> list[str]:
        problems = (await checkups.report(guild)).problems
        return [one for one in problems if one.startswith("Traffic")]

    github.visits.refusals[site] = FORBIDDEN
    await flows.traffic.look()
    sentence = (
        "Traffic of o/site cannot be read: the token needs the repository permission"
        " Administration: read (fine-grained) or the scope repo (classic)."
    )
    assert (await flows.status.report()).problems == (sentence,)
    assert await told(TRUSTED_GUILD) == [sentence]
    assert await told(HERE) == []

    github.visits.refusals |= dict.fromkeys(("o/two", "o/three", "o/four"), MISSING)
    clock.pass_(DAY)
    await flows.traffic.look()
    (several,) = await told(TRUSTED_GUILD)
    assert "and 1 more cannot be read" in several

    github.visits.refusals.clear()
    clock.pass_(DAY)
    await flows.traffic.look()
    assert await told(TRUSTED_GUILD) == []


async def test_one_that_is_gone_is_no_matter_of_permissions(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, site: str
) -> None:
    github.visits.refusals[site] = MISSING
    await flows.traffic.look()
    github.refusals[site] = MISSING
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(DAY)

    assert await flows.traffic.look() == 0
    assert not [one for one in (await flows.status.report()).problems if "Traffic" in one]


async def test_one_of_whom_github_does_not_say_is_tried_and_not_complained_about(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await watch(flows, github, "o/app", push=None)
    await flows.sync.everything(Trigger.SCHEDULE)
    github.visits.refusals["o/app"] = FORBIDDEN

    for _ in range(6):
        await flows.traffic.look()
        clock.pass_(DAY)
        await flows.sync.everything(Trigger.SCHEDULE)

    assert github.visits.asked == ["o/app"]
    assert (await flows.status.report()).problems == ()
