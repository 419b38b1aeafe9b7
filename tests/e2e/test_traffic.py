"""Traffic from GitHub's REST to the answer: a trusted server sees it, another one does not."""

import pytest

from bot.clock import SystemClock
from tests.standins.clock import DAY
from tests.standins.github_traffic import PARTS
from tests.standins.stage import Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIX = "the token needs the repository permission Administration: read"


async def watched_by_two(stage: Stage) -> tuple[Place, Place]:
    """The first server may see what is private."""
    trusted, other = stage.place("Trusted"), stage.place("Other")
    stage.bot.environ["RADAR_GITHUB__PRIVATE_GUILDS"] = str(trusted.guild.id)
    today = SystemClock().now() // DAY
    stage.github.add("acme/site", stars=5, push=True)
    visits = stage.github.traffic.of("acme/site")
    visits.views = dict.fromkeys(range(today - 13, today + 1), (200, 50))
    visits.referrers = [("https://evil.example/@everyone", 80, 20)]
    visits.paths = [("/acme/site", "acme/site: a site", 100, 28)]
    for place in (trusted, other):
        await stage.remember(place, "acme/site", hours_ago=1)
    return trusted, other


async def test_it_is_read_by_itself_and_shown_where_private_things_are(own_stage: Stage) -> None:
    trusted, other = await watched_by_two(own_stage)
    traffic = own_stage.github.traffic
    async with own_stage.bot:
        await own_stage.bot.started(own_stage.discord)
        await traffic.bell.until(lambda: len(traffic.requests) == len(PARTS), "the four questions")

        shown = await trusted.ask("diff", repo="acme/site")
        for _ in range(50):  # the last answer may still be on its way into the store
            if "Views" in shown.card:
                break
            shown = await trusted.ask("diff", repo="acme/site")
        hidden = await other.ask("diff", repo="acme/site")

        assert "**Views** · 1,400 in 7 days" in shown.card
        assert "**Visitors** · 350, sum of daily uniques" in shown.card
        assert "/acme/site (100 views)" in shown.card
        assert "https://evil" not in shown.card
        for word in ("Views", "Visitors", "Clones", "referrers", "evil", "traffic"):
            assert word not in hidden.card
        assert "Stars" in hidden.card
        assert traffic.requests == [f"/repos/acme/site/traffic/{part}" for part in PARTS]


async def test_a_missing_permission_is_named_with_its_fix(own_stage: Stage) -> None:
    trusted, other = await watched_by_two(own_stage)
    own_stage.github.traffic.permitted = False
    async with own_stage.flows() as app:
        await app.traffic.look()
    async with own_stage.bot:
        await own_stage.bot.started(own_stage.discord)

        told, untold = await trusted.ask("status"), await other.ask("status")

        assert "Traffic of acme/site cannot be read" in told.text
        assert told.text.count(FIX) == 1
        assert "Traffic" not in untold.text
