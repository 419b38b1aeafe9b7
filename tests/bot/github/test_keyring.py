"""Several tokens: each repository is read by the one that is for its owner, and by no other."""

import pytest

from bot.errors import TokenRejected
from bot.github.breaker import FAILURES, SPAN
from bot.github.connection import REFUSED_FOR
from bot.github.owners import Owners
from tests.standins.github import GitHubStandIn
from tests.standins.github_client import asking, wanted

OWN, ACME, GLOBEX = "ghp_standin", "ghp_acme", "ghp_globex"
TOKENS = [(ACME, ("acme", "Initech")), (GLOBEX, ("globex",))]


@pytest.fixture
def github(standin: GitHubStandIn) -> GitHubStandIn:
    standin.access.tokens |= {ACME: None, GLOBEX: None}
    for name in ("acme/one", "INITECH/two", "globex/three", "other/four"):
        standin.add(name, stars=7)
    return standin


async def test_each_token_reads_its_owners_and_the_default_one_the_rest(
    github: GitHubStandIn,
) -> None:
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(*map(wanted, github.world.names.values()))

        assert set(home.found) == {"acme/one", "INITECH/two", "globex/three", "other/four"}
        assert (home.refused, home.error, home.requests) == ({}, None, 3)
        assert bot.askers() == {
            ACME: {"acme/one", "INITECH/two"},
            GLOBEX: {"globex/three"},
            OWN: {"other/four"},
        }


async def test_the_connection_of_an_owner_is_that_of_its_token(github: GitHubStandIn) -> None:
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        acme = await bot.client.connection_of("ACME")

        assert acme is await bot.client.connection_of("initech")
        assert acme is not await bot.client.connection_of("globex")
        assert (await bot.client.connection_of("other")).credential.label.owners == ()


async def test_an_expired_token_costs_its_own_repositories_only(github: GitHubStandIn) -> None:
    del github.access.tokens[ACME]
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(*map(wanted, github.world.names.values()))

    assert set(home.found) == {"globex/three", "other/four"}
    assert isinstance(home.error, TokenRejected)
    assert str(home.error) == (
        "GitHub rejected the token for acme, Initech (401): it is expired, revoked or mistyped."
        " Make a new one at https://github.com/settings/tokens and set it in github.tokens."
    )


async def test_a_refused_token_is_left_alone_for_a_while_but_for_who_waits(
    github: GitHubStandIn,
) -> None:
    del github.access.tokens[ACME]
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        owners = Owners(bot.client)
        for owner in ("acme", "initech", "acme"):
            with pytest.raises(TokenRejected, match=r"token for acme, Initech \(401\)"):
                await owners.repositories(owner)
            with pytest.raises(TokenRejected, match=r"token for acme, Initech \(401\)"):
                await bot.client.traffic(f"{owner}/one", 0)
        assert len(github.requests) == 1
        assert (await owners.repositories("globex")).owner == "globex"

        github.access.tokens[ACME] = None
        assert (await owners.repositories("acme", urgent=True)).owner == "acme"
        assert (await owners.repositories("acme")).owner == "acme"


async def test_a_refused_token_is_tried_again_after_a_while(github: GitHubStandIn) -> None:
    del github.access.tokens[ACME]
    one = wanted(github.world.names["acme/one"])
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        await bot.harvest(one)
        github.access.tokens[ACME] = None
        bot.time.seconds += REFUSED_FOR - 1
        assert isinstance((await bot.harvest(one)).error, TokenRejected)
        bot.time.seconds += 1
        assert set((await bot.harvest(one)).found) == {"acme/one"}


async def test_of_two_expired_tokens_each_is_told_once(github: GitHubStandIn) -> None:
    github.access.tokens.clear()
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(*map(wanted, github.world.names.values()))

    assert set(home.found) == {"other/four"}
    assert str(home.error).count("token for acme, Initech (401)") == 1
    assert str(home.error).count("token for globex (401)") == 1


async def test_a_token_that_ends_half_way_keeps_what_was_read(github: GitHubStandIn) -> None:
    many = [github.add(f"acme/repo-{n}", stars=n) for n in range(300)]
    github.access.ends_after(ACME, 3)
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(*map(wanted, many), wanted(github.world.names["globex/three"]))

    assert len(home.found) == 3 * 50 + 1
    assert "globex/three" in home.found
    assert isinstance(home.error, TokenRejected)


async def test_however_many_tokens_there_are_few_requests_are_in_flight(
    github: GitHubStandIn,
) -> None:
    many = {f"ghp_{number}": f"org-{number}" for number in range(40)}
    github.access.tokens |= dict.fromkeys(many)
    repos = [wanted(github.add(f"{org}/repo-{n}")) for org in many.values() for n in range(60)]
    github.latency = 0.001
    tokens = [(secret, (org,)) for secret, org in many.items()]
    async with asking(github, tokens=tokens) as bot:
        home = await bot.harvest(*repos)

    assert (len(home.found), home.error) == (len(repos), None)
    assert github.most_in_flight == 4


async def test_an_outage_that_one_token_met_is_known_to_the_others(github: GitHubStandIn) -> None:
    acme, globex = (wanted(github.world.names[name]) for name in ("acme/one", "globex/three"))
    github.fail(502, times=99)
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        for _ in range(2):
            await bot.harvest(acme)
            bot.time.seconds += SPAN
        asked = len(github.requests)
        home = await bot.harvest(globex)

    assert len(github.requests) == asked
    assert "does not answer at 127.0.0.1 (GitHub answered 502): try again at" in str(home.error)


async def test_many_refused_tokens_are_no_outage(github: GitHubStandIn) -> None:
    for secret in TOKENS:
        del github.access.tokens[secret[0]]
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        for _ in range(2 * FAILURES):
            await bot.client.allowances()
            bot.time.seconds += SPAN
        home = await bot.harvest(wanted(github.world.names["other/four"]))

    assert (set(home.found), bot.client.pause()) == ({"other/four"}, None)


async def test_a_limit_of_one_token_does_not_hold_back_another(github: GitHubStandIn) -> None:
    acme, globex = github.world.names["acme/one"], github.world.names["globex/three"]
    github.fail("secondary", times=99, retry_after=9_999, match=acme.node_id)
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(wanted(acme), wanted(globex))
        again = await bot.harvest(wanted(globex))

    assert set(home.found) == set(again.found) == {"globex/three"}
    assert "secondary rate limit: try again at" in str(home.error)
    assert bot.pauses == []


async def test_each_token_says_what_it_has_left_and_when_it_ends(github: GitHubStandIn) -> None:
    github.access.tokens[ACME] = "2026-12-31 23:59:59 UTC"
    del github.access.tokens[GLOBEX]
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        acme, globex, own = await bot.client.allowances()

    assert (acme.name, acme.owners) == ("token for acme, Initech", ("acme", "Initech"))
    assert (acme.token_expires_at, acme.trouble) == (1_798_761_599, None)
    assert (globex.name, globex.refused) == ("token for globex", True)
    assert "token for globex (401)" in str(globex.trouble)
    assert (own.name, own.owners, own.login, own.token_expires_at) == ("token", (), "radar", None)


async def test_secrets_are_in_no_repr(github: GitHubStandIn) -> None:
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        connection = await bot.client.connection_of("acme")

        assert "ghp_" not in f"{connection!r} {connection.credential!r} {vars(bot.client)!r}"


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("required; url=https://github.com/orgs/acme/sso?authorization_request=x", "its organ"),
        ("", "it lacks a permission, or an organisation asks for single sign-on"),
    ],
)
async def test_what_is_forbidden_to_one_token_names_it_and_why(
    github: GitHubStandIn, header: str, why: str
) -> None:
    github.access.sso[ACME] = header
    async with asking(github, token=OWN, tokens=TOKENS) as bot:
        home = await bot.harvest(*map(wanted, github.world.names.values()))

    assert set(home.found) == {"globex/three", "other/four"}
    assert isinstance(home.error, TokenRejected)
    start = f"GitHub forbids the token for acme, Initech its API (403): {why}"
    assert str(home.error).startswith(start)
    assert "authorization_request" not in str(home.error)
