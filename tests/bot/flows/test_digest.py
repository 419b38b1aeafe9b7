"""Digest: what moved most in a portfolio, and a place for everybody else."""

from dataclasses import replace
from datetime import UTC

import pytest

from bot.core.digest import Counts, Digest, Listing
from bot.core.models import Refusal, Refused, Trigger, Visibility
from bot.errors import InvalidWindow, UsageError
from bot.flows.portfolio import OPERATOR
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, SettableClock
from tests.standins.harvests import ScriptedGitHub

HERE = 11


@pytest.fixture(autouse=True)
async def watched(flows: Flows, github: ScriptedGitHub) -> None:
    """Five, all of 100 stars, watched and sampled."""
    for name in ("o/fast", "o/slow", "o/still", "o/down", "o/vanished"):
        github.add(name, stars=100, forks=10, open_issues=4)
    await flows.track.add(HERE, "o/fast o/slow o/still o/down o/vanished")


async def a_day_later(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    clock.pass_(DAY)
    fast, slow, _, down, _ = github.repositories
    fast.values |= {"stars": 107, "forks": 9}
    slow.values |= {"stars": 105, "forks": 14}
    down.values["stars"] = 97
    github.repositories.pop()
    await flows.sync.guild(HERE, Trigger.SYNC)


def names_of(digest: Digest) -> list[str]:
    return [row.subject.full_name for row in digest.rows]


async def test_everybody_is_counted_once(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await a_day_later(flows, github, clock)
    github.add("o/newcomer", stars=1_000)
    await flows.track.add(HERE, "o/newcomer")

    digest = await flows.digests.report(HERE, "1d", UTC)

    assert names_of(digest) == ["o/fast", "o/slow", "o/down"]
    assert digest.counts == Counts(
        watched=6, changed=3, unchanged=1, new=1, gone=1, unsampled=0, failed=0
    )
    assert [row.subject.full_name for row in digest.gone] == ["o/vanished"]
    assert digest.sampled_at == clock.now()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("any", ["o/fast", "o/slow", "o/down"]),
        ("stars", ["o/fast", "o/slow", "o/down"]),
        ("forks", ["o/slow", "o/fast"]),
        ("percent", ["o/fast", "o/slow", "o/down"]),
        ("open_prs", []),
    ],
)
async def test_it_is_ranked_as_asked(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, by: str, names: list[str]
) -> None:
    await a_day_later(flows, github, clock)

    assert names_of(await flows.digests.report(HERE, "1d", UTC, Listing(by))) == names


async def test_one_that_could_not_be_read_is_counted_until_it_is(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    failed = []
    for refusals in ({"o/slow": Refusal(Refused.TIMEOUT, "too long")}, {}):
        github.refusals = refusals
        clock.pass_(DAY)
        await flows.sync.guild(HERE, Trigger.SYNC)
        failed.append((await flows.digests.report(HERE, "1d", UTC)).counts.failed)

    assert failed == [1, 0]


async def test_the_failures_of_others_are_theirs(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.add("o/theirs", stars=5)
    await flows.track.add(99, "o/theirs")
    github.refusals["o/theirs"] = Refusal(Refused.ERROR, "broken")
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)

    digest = await flows.digests.report(HERE, "1d", UTC)
    assert (digest.counts.watched, digest.counts.failed) == (5, 0)


@pytest.mark.parametrize("guild", [OPERATOR, TRUSTED_GUILD])
async def test_a_portfolio_never_sampled_is_all_new(flows: Flows, guild: int) -> None:
    await flows.portfolio.adopt(["o/a", "o/b"], [TRUSTED_GUILD], at=0)

    digest = await flows.digests.report(guild, "1d", UTC)

    nobody = Counts(watched=2, changed=0, unchanged=0, new=0, gone=0, unsampled=0, failed=0)
    assert digest.counts == replace(nobody, new=2)
    assert (digest.rows, digest.sampled_at) == ((), None)


async def test_to_others_the_same_is_nothing_until_github_was_asked(
    flows: Flows, github: ScriptedGitHub
) -> None:
    await flows.portfolio.adopt(["o/a", "o/b"], [42], at=0)
    with pytest.raises(UsageError, match="Nothing is watched here yet"):
        await flows.digests.report(42, "1d", UTC)

    github.add("o/a", stars=3)
    github.add("o/b", Visibility.PRIVATE, stars=3)
    await flows.sync.everything(Trigger.SCHEDULE)

    counts = (await flows.digests.report(42, "1d", UTC)).counts
    assert (counts.watched, counts.new) == (1, 1)


async def test_a_portfolio_nobody_looked_at_is_not_unchanged(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await a_day_later(flows, github, clock)
    clock.pass_(3 * DAY)

    counts = (await flows.digests.report(HERE, "1d", UTC)).counts

    assert (counts.watched, counts.unsampled, counts.gone) == (5, 4, 1)
    assert (counts.changed, counts.unchanged, counts.new) == (0, 0, 0)


async def test_a_group_has_a_digest_of_its_own(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "o/slow o/down", "core")
    await a_day_later(flows, github, clock)

    digest = await flows.digests.report(HERE, "1d", UTC, group="core")

    assert (names_of(digest), digest.counts.watched) == (["o/slow", "o/down"], 2)


async def test_a_repository_in_two_groups_is_counted_once(flows: Flows) -> None:
    await flows.track.add(HERE, "o/slow o/down", "core")

    assert (await flows.digests.report(HERE, "1d", UTC)).counts.watched == 5


async def test_an_empty_portfolio_is_a_sentence(flows: Flows) -> None:
    with pytest.raises(UsageError, match="Nothing is watched here yet: start with track add"):
        await flows.digests.report(99, "1d", UTC)


async def test_an_empty_group_is_a_sentence(flows: Flows) -> None:
    with pytest.raises(UsageError, match='no group "core" here: choose from all'):
        await flows.digests.report(HERE, "1d", UTC, group="core")


async def test_a_ranking_nobody_knows_is_refused_with_those_there_are(flows: Flows) -> None:
    with pytest.raises(UsageError, match=r"by 'fame': take one of any, stars, .* or percent\."):
        await flows.digests.report(HERE, "1d", UTC, Listing("fame"))


async def test_a_window_that_is_none_is_refused(flows: Flows) -> None:
    with pytest.raises(InvalidWindow):
        await flows.digests.report(HERE, "soon", UTC)
