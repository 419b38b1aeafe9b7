"""Without a token: a handful of repositories an hour, by REST, and said so."""

import pytest

from bot.core.models import Refused, Visibility, Wanted
from bot.errors import GitHubError, RateLimited
from bot.github.connection import ATTEMPTS
from bot.github.trip import Trip
from tests.standins.github import GitHubStandIn
from tests.standins.github_client import NOON, asking, wanted
from tests.standins.github_rest import ANONYMOUS


async def test_what_rest_tells_is_read_and_the_rest_is_unknown(standin: GitHubStandIn) -> None:
    rocket = standin.add("acme/rocket", stars=9, forks=2, watchers=4, open_issues=5, open_prs=1)
    async with asking(standin) as bot:
        home = await bot.harvest(wanted(rocket))

    reading = home.found["acme/rocket"]
    assert reading.values == {"stars": 9, "forks": 2, "watchers": 4}
    assert (reading.github_id, reading.node_id) == (rocket.id, rocket.node_id)
    assert (reading.visibility, reading.archived) == (Visibility.PUBLIC, False)
    assert (home.requests, home.error, standin.requests) == (1, None, [])


async def test_zero_is_a_value(standin: GitHubStandIn) -> None:
    async with asking(standin) as bot:
        home = await bot.harvest(wanted(standin.add("acme/new")))

    assert home.found["acme/new"].values == {"stars": 0, "forks": 0, "watchers": 0}


async def test_a_renamed_repository_is_found_under_its_old_name(standin: GitHubStandIn) -> None:
    old = wanted(standin.add("acme/old", stars=3))
    standin.rename("acme/old", "acme/new")
    async with asking(standin) as bot:
        home = await bot.harvest(old)

    assert home.found["acme/old"].full_name == "acme/new"
    assert home.requests == 2


async def test_each_that_cannot_be_read_says_why_and_costs_no_other(
    standin: GitHubStandIn,
) -> None:
    for name in ("secret", "blocked", "legal", "cut", "odd", "good"):
        standin.add(f"acme/{name}", private=name == "secret")
    faults: dict[str, int | str] = {"blocked": 403, "legal": 451, "cut": '{"id": 1', "odd": 422}
    standin.rest.faults = {f"/repos/acme/{name}": fault for name, fault in faults.items()}
    async with asking(standin) as bot:
        every = [Wanted("acme/lost"), *map(wanted, standin.world.names.values())]
        home = await bot.harvest(*every)

    assert set(home.found) == {"acme/good"}
    assert {name: why.kind for name, why in home.refused.items()} == {
        "acme/lost": Refused.NOT_FOUND,
        "acme/secret": Refused.NOT_FOUND,
        "acme/blocked": Refused.FORBIDDEN,
        "acme/legal": Refused.FORBIDDEN,
        "acme/cut": Refused.ERROR,
        "acme/odd": Refused.ERROR,
    }
    assert home.refused["acme/lost"] == home.refused["acme/secret"]
    assert home.error is None


async def test_a_spent_hour_ends_the_reading_with_its_time_and_keeps_what_was_read(
    standin: GitHubStandIn,
) -> None:
    many = [wanted(standin.add(f"acme/repo-{n}", stars=n)) for n in range(ANONYMOUS + 5)]
    async with asking(standin) as bot:
        home = await bot.harvest(*many)
        again = await bot.harvest(*many)

    assert len(home.found) == ANONYMOUS
    assert isinstance(home.error, RateLimited)
    assert str(home.error) == (
        "The requests that GitHub grants without a token are spent: try again at 2026-11-21 12:10"
        " UTC. Make a token at https://github.com/settings/tokens and set RADAR_GITHUB__TOKEN."
    )
    assert isinstance(again.error, RateLimited)
    assert len(standin.rest.asked) == ANONYMOUS, "what is spent is not asked for again"
    assert bot.pauses == []


async def test_a_new_hour_reads_on_with_those_that_had_to_wait(standin: GitHubStandIn) -> None:
    many = [wanted(standin.add(f"acme/repo-{n}")) for n in range(ANONYMOUS + 5)]
    async with asking(standin) as bot:
        await bot.harvest(*many)
        bot.time.seconds = NOON + 600
        standin.rest.left = 5
        standin.world.resets_at += 3_600
        home = await bot.harvest(*many)

    assert set(home.found) == {one.full_name for one in many[ANONYMOUS:]}


async def test_an_hour_that_others_have_spent_is_told_alike(standin: GitHubStandIn) -> None:
    standin.rest.left = 0
    async with asking(standin) as bot:
        home = await bot.harvest(wanted(standin.add("acme/rocket")))

    assert isinstance(home.error, RateLimited)
    assert "try again at 2026-11-21 12:10 UTC" in str(home.error)
    assert "RADAR_GITHUB__TOKEN" in str(home.error)


async def test_one_that_fails_again_and_again_does_not_cost_the_others(
    standin: GitHubStandIn,
) -> None:
    bad, good = wanted(standin.add("acme/bad")), wanted(standin.add("acme/good"))
    standin.rest.faults["/repos/acme/bad"] = 502
    async with asking(standin) as bot:
        home = await bot.harvest(bad, good)

    assert set(home.found) == {"acme/good"}
    assert home.refused["acme/bad"].kind is Refused.TIMEOUT
    assert home.requests == ATTEMPTS + 1 + 1  # and whether GitHub is up at all


async def test_a_github_that_is_down_ends_it_at_once(standin: GitHubStandIn) -> None:
    many = [wanted(standin.add(f"acme/repo-{n}")) for n in range(5)]
    paths = [f"/repos/acme/repo-{n}" for n in range(5)]
    standin.rest.faults = dict.fromkeys([*paths, "/rate_limit"], 503)
    async with asking(standin) as bot:
        home = await bot.harvest(*many)

    assert isinstance(home.error, GitHubError)
    assert "GitHub does not answer" in str(home.error)
    assert standin.rest.asked == [paths[0]] * ATTEMPTS


async def test_it_says_how_much_there_is_and_what_is_missing(standin: GitHubStandIn) -> None:
    async with asking(standin) as bot:
        await bot.harvest(wanted(standin.add("acme/rocket")))
        (told,) = await bot.client.allowances()

    assert (told.points_limit, told.points_left, told.resets_at) == (60, 59, NOON + 600)
    assert (told.login, told.refused, told.configured) == (None, False, False)
    assert told.trouble == (
        "No GitHub token is set: only 60 repositories can be read an hour, without issues and PRs."
        " Make a token at https://github.com/settings/tokens and set RADAR_GITHUB__TOKEN."
    )


@pytest.mark.parametrize("fault", [404, 503])
async def test_how_much_there_is_may_be_unknown(standin: GitHubStandIn, fault: int) -> None:
    standin.rest.faults["/rate_limit"] = fault
    async with asking(standin) as bot:
        (told,) = await bot.client.allowances()

    assert (told.points_left, told.refused, told.configured) == (None, False, False)
    assert told.trouble


@pytest.mark.parametrize(
    "place",
    ["/repos/acme/lost", "http://elsewhere.test/", "mailto:x@y.test", "//[::1"],
    ids=["in a circle", "at another host", "no address", "half an address"],
)
async def test_one_that_moved_where_nobody_may_follow_costs_no_other(
    standin: GitHubStandIn, place: str
) -> None:
    good = wanted(standin.add("acme/rocket"))
    standin.rest.moves["/repos/acme/lost"] = place
    async with asking(standin) as bot:
        home = await bot.harvest(Wanted("acme/lost"), good)

    assert set(home.found) == {"acme/rocket"}
    assert home.refused["acme/lost"].message == "GitHub answered 301"
    assert home.error is None


@pytest.mark.parametrize("status", [400, 405, 409, 418])
async def test_an_answer_nobody_foresaw_costs_no_other(standin: GitHubStandIn, status: int) -> None:
    every = [wanted(standin.add(name)) for name in ("acme/odd", "acme/rocket")]
    standin.rest.faults["/repos/acme/odd"] = status
    async with asking(standin) as bot:
        home = await bot.harvest(*every)

    assert set(home.found) == {"acme/rocket"}
    assert home.refused["acme/odd"].message == f"GitHub answered {status}"
    assert home.error is None


async def test_a_place_with_somebodys_name_in_it_is_asked_without_that_name(
    standin: GitHubStandIn,
) -> None:
    rocket = standin.add("acme/rocket")
    address = standin.api_url.replace("://", "://somebody:secret@")
    standin.rest.moves["/repos/acme/old"] = f"{address}/repositories/{rocket.id}"
    async with asking(standin, token=standin.token) as bot:
        connection = await bot.client.connection_of("acme")
        answer = await connection.get("/repos/acme/old", Trip())

    assert answer.status == 200
    assert "rocket" not in repr(answer)


async def test_a_reset_far_away_rests_for_an_hour_at_most(standin: GitHubStandIn) -> None:
    """A clock is wrong, this machine's perhaps: what GitHub means is an hour."""
    many = [wanted(standin.add(f"acme/repo-{n}")) for n in range(ANONYMOUS + 1)]
    async with asking(standin) as bot:
        standin.world.resets_at = NOON + 10**8
        spent = await bot.harvest(*many)
        bot.time.seconds += 3_600
        standin.rest.left = 5
        home = await bot.harvest(many[-1])

    assert isinstance(spent.error, RateLimited)
    assert set(home.found) == {many[-1].full_name}
