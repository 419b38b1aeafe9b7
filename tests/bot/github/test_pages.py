"""Pages against a GitHub of limited strength: they shrink, grow again, single out who is bad."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.core.models import Refused
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS
from bot.github.pages import PAGE_ATTEMPTS
from tests.standins.asking import Time, ask, asking, many
from tests.standins.github import GitHubStandIn


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture
async def client(github: GitHubStandIn) -> AsyncIterator[GitHubClient]:
    async with asking(github, Time(), concurrency=1) as client:
        yield client


def sizes(github: GitHubStandIn) -> list[int]:
    return [asked.repositories for asked in github.requests]


async def test_a_page_too_large_for_github_makes_the_following_ones_smaller(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 200)
    github.limits.too_slow_above = 30

    outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    health = 0
    assert sizes(github)[:6] == [50] * PAGE_ATTEMPTS + [health, 25, 25, 25]
    assert sum(size > 30 for size in sizes(github)) <= 2 * PAGE_ATTEMPTS


async def test_a_query_beyond_githubs_resources_is_asked_for_in_halves_at_once(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 120)
    github.limits.too_much_above = 25

    outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert outcome.refused == {}
    assert sizes(github)[:4] == [50, 25, 25, 25]


async def test_pages_grow_again_once_github_is_quick(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    github.limits.too_slow_above = 10
    await ask(client, many(github, 50))
    github.limits.too_slow_above = None
    github.requests.clear()

    await ask(client, [*many(github, 1000)])

    assert sizes(github)[0] < 10
    assert max(sizes(github)) > 40


async def test_a_repository_that_is_to_blame_does_not_make_the_others_pages_small(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 300)
    bad = everything[7]
    github.fail(504, times=1000, match=f'"{bad.node_id}"')

    outcome = await ask(client, everything)

    assert {one: why.kind for one, why in outcome.refused.items()} == {bad: Refused.TIMEOUT}
    assert len(outcome.found) == 299
    following = sizes(github)[PAGE_ATTEMPTS:]
    *full, _ = following[following.index(50) :]
    assert full[:3] == [50, 62, 77]


async def test_one_that_is_only_too_heavy_for_company_does_not_either(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 200)
    github.set("acme/repo-7", too_heavy=True)

    outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert sizes(github)[:3] == [50, 1, 50]


async def test_pages_without_counts_start_as_large_as_github_takes_them(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    plain = [type(one)(one.full_name, one.node_id, counted=False) for one in many(github, 250)]

    await ask(client, plain)

    assert sizes(github) == [100, 100, 50]


async def test_each_reason_stays_with_its_own_repository(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    gone, shut, slow, broken, *good = many(github, 40)
    github.delete(gone.full_name)
    github.forbid(shut.full_name)
    github.fail(504, times=1000, match=f'"{slow.node_id}"')
    github.fail(500, times=1000, match=f'"{broken.node_id}"')

    outcome = await ask(client, [gone, shut, slow, broken, *good])

    assert {one: why.kind for one, why in outcome.refused.items()} == {
        gone: Refused.NOT_FOUND,
        shut: Refused.FORBIDDEN,
        slow: Refused.TIMEOUT,
        broken: Refused.ERROR,
    }
    assert set(outcome.found) == set(good)


async def test_where_github_reads_no_repository_at_all_it_is_not_asked_for_each(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    """Half of GitHub is down: it answers who we are, and fails at every repository."""
    everything = many(github, 1_000)
    github.fail(502, times=10**6, match="Counts")

    outcome = await ask(client, everything)

    assert set(outcome.refused) == set(everything)
    assert {why.kind for why in outcome.refused.values()} == {Refused.TIMEOUT}
    assert len(github.requests) < 300


async def test_nor_where_it_gives_a_reason_for_none(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 1_000)
    github.limits.too_much_above = 0

    outcome = await ask(client, everything)

    assert {why.kind for why in outcome.refused.values()} == {Refused.LIMIT}
    assert len(outcome.refused) == 1_000
    assert len(github.requests) < 300


async def test_a_page_of_many_bad_ones_costs_no_good_one_beside_them(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 50)
    for one in everything[:25]:
        github.fail(502, times=10**6, match=f'"{one.node_id}"')

    outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything[25:])
    assert set(outcome.refused) == set(everything[:25])


async def test_what_github_stumbles_over_beside_others_is_asked_for_alone(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 50)
    for one in everything[::10]:
        github.set(one.full_name, stumbles=True)

    outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert outcome.refused == {}
    assert set(outcome.times.values()) == {1}
