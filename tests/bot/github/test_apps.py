"""A GitHub App: its installations, their tokens, and what the trouble of one costs the others."""

import asyncio
import gc
import weakref

import pytest

from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github.apps import FRESH, SILENT
from bot.github.connection import ATTEMPTS
from bot.github.credentials import EARLY
from bot.github.trip import Trip
from tests.standins.github import GitHubStandIn
from tests.standins.github_apps import TOKEN_LIFE
from tests.standins.github_client import NOON, Asking, asking, wanted

OWN = "ghp_standin"


@pytest.fixture
def github(standin: GitHubStandIn) -> GitHubStandIn:
    for name in ("acme/one", "globex/two", "other/three"):
        standin.add(name, stars=7)
    standin.access.install("Acme")
    standin.access.install("globex")
    return standin


def asking_as_app(github: GitHubStandIn, token: str | None = OWN):  # noqa: ANN201  # as `asking`
    return asking(github, token=token, app_key=github.access.private_key)


async def everything(bot: Asking):  # noqa: ANN201  # as `harvest`
    return await bot.harvest(*map(wanted, bot.github.world.names.values()))


async def test_an_installation_reads_what_its_account_owns(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        home = await everything(bot)

        assert (set(home.found), home.error) == ({"acme/one", "globex/two", "other/three"}, None)
        assert bot.askers() == {
            "ghs_Acme_1": {"acme/one"},
            "ghs_globex_2": {"globex/two"},
            OWN: {"other/three"},
        }
        assert home.requests == 1 + 2 + 3  # the list, two tokens, three pages


async def test_a_configured_token_goes_before_the_installation(github: GitHubStandIn) -> None:
    github.access.tokens["ghp_acme"] = None
    key = github.access.private_key
    async with asking(github, tokens=[("ghp_acme", ("acme",))], app_key=key) as bot:
        await bot.harvest(wanted(github.world.names["acme/one"]))

        assert bot.askers() == {"ghp_acme": {"acme/one"}}


async def test_a_token_is_made_once_for_all_who_wait_and_used_again(github: GitHubStandIn) -> None:
    many = [wanted(github.add(f"acme/repo-{n}")) for n in range(300)]
    async with asking_as_app(github) as bot:
        await bot.harvest(*many)
        await bot.harvest(*many)

    assert github.access.made == ["ghs_Acme_1"]
    assert github.access.listed == 1


async def test_a_token_is_made_anew_minutes_before_its_end(github: GitHubStandIn) -> None:
    one = wanted(github.world.names["acme/one"])
    async with asking_as_app(github) as bot:
        await bot.harvest(one)
        bot.time.seconds += TOKEN_LIFE - EARLY - 1
        await bot.harvest(one)
        assert len(github.access.made) == 1

        bot.time.seconds += 1
        await bot.harvest(one)
        assert len(github.access.made) == 2


async def test_a_token_that_is_withdrawn_is_made_anew_once(github: GitHubStandIn) -> None:
    many = [wanted(github.add(f"acme/repo-{n}")) for n in range(200)]
    async with asking_as_app(github) as bot:
        await bot.harvest(*many)
        del github.access.tokens["ghs_Acme_1"]
        home = await bot.harvest(*many)

    assert (len(home.found), home.error) == (200, None)
    assert github.access.made == ["ghs_Acme_1", "ghs_Acme_2"]


async def test_an_installation_that_is_gone_costs_its_own_only_and_is_looked_for_again(
    github: GitHubStandIn,
) -> None:
    github.access.installations[0].gone = True
    async with asking_as_app(github) as bot:
        home = await everything(bot)
        assert set(home.found) == {"globex/two", "other/three"}
        assert isinstance(home.error, TokenRejected)
        assert "no App's token for Acme (404): the App is suspended or no longer" in str(home.error)

        github.access.installations.pop(0)
        home = await everything(bot)
        assert (len(home.found), home.error) == (3, None)


async def test_nothing_is_kept_of_installations_that_are_gone(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        for turn in range(5):
            login = f"org-{turn}"
            github.access.install(login)
            repo = wanted(github.add(f"{login}/repo"))
            bot.time.seconds += FRESH
            await bot.harvest(repo)
            held = weakref.ref(await bot.client.connection_of(login))
            assert held() is not None
            github.access.installations.pop()

        bot.time.seconds += FRESH
        github.add("stranger/repo")
        await everything(bot)
        gc.collect()
        assert held() is None
        assert len(bot.client._readers) == 3  # noqa: SLF001  # two installations, the default


async def test_who_waits_does_not_wait_long_for_the_list_of_installations(
    github: GitHubStandIn,
) -> None:
    one = wanted(github.world.names["acme/one"])
    async with asking_as_app(github) as bot:
        connection = bot.client._keyring._app.connections()[0]  # noqa: SLF001  # the App's own
        connection.gate.close(600, "GitHub's secondary rate limit", Trip())
        home = await bot.harvest(one, urgent=True)
        with pytest.raises(RateLimited, match="not known where the App is installed"):
            await bot.client.connection_of("acme", urgent=True)

        assert set(home.found) == {"acme/one"}
        assert str(home.error) == (
            "It is not known where the App is installed. GitHub's secondary rate limit: try again"
            " at 2026-11-21 12:10 UTC."
        )
        assert bot.time.seconds == NOON
        home = await bot.harvest(one)  # nobody waits for it, so it does
        assert (bot.time.seconds, home.error) == (NOON + 600, None)


async def test_who_waits_waits_no_longer_for_a_look_that_another_one_takes(
    github: GitHubStandIn,
) -> None:
    github.access.gate.clear()
    async with asking_as_app(github) as bot:
        slow = asyncio.create_task(bot.client.connection_of("acme"))
        await github.access.arrived.wait()
        trip = Trip(urgent=True, patience=0.05)
        with pytest.raises(GitHubError, match=r"GitHub took over 0\.05 s: try again later"):
            await bot.client._keyring.connection_of("acme", trip)  # noqa: SLF001
        github.access.gate.set()

        assert (await slow).credential.label.owners == ("Acme",)
        assert github.access.listed == 1


async def test_a_suspended_installation_is_none(github: GitHubStandIn) -> None:
    github.access.installations[0].suspended = True
    async with asking_as_app(github) as bot:
        await everything(bot)

        assert bot.askers()[OWN] == {"acme/one", "other/three"}


async def test_all_pages_of_installations_are_read(github: GitHubStandIn) -> None:
    for number in range(200):
        github.access.install(f"org-{number}")
    github.add("org-199/repo")
    async with asking_as_app(github) as bot:
        await everything(bot)

        assert github.access.listed == 3
        assert bot.askers()["ghs_org-199_3"] == {"org-199/repo"}


async def test_a_new_installation_is_found_within_minutes(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        await everything(bot)
        github.access.install("other")
        bot.time.seconds += FRESH
        github.requests.clear()
        await everything(bot)

        assert bot.askers()["ghs_other_3"] == {"other/three"}


async def test_while_the_app_cannot_be_asked_nothing_is_taken_for_gone(
    github: GitHubStandIn,
) -> None:
    github.delete("acme/one")  # or private, and out of the default token's sight
    github.access.broken = 401
    async with asking_as_app(github) as bot:
        home = await everything(bot)

    assert set(home.found) == {"globex/two", "other/three"}
    assert {name: why.kind.value for name, why in home.refused.items()} == {"acme/one": "error"}
    assert isinstance(home.error, TokenRejected)
    assert "GitHub rejected the App's key (401)" in str(home.error)
    assert "github.app_private_key" in str(home.error)


async def test_without_a_default_token_an_app_in_trouble_leaves_nothing_to_ask_with(
    github: GitHubStandIn,
) -> None:
    github.access.broken = 404
    async with asking_as_app(github, token=None) as bot:
        home = await everything(bot)
        with pytest.raises(TokenRejected, match="no such App"):
            await bot.client.connection_of("acme")

    assert (home.found, home.refused, github.rest.asked) == ({}, {}, [])
    assert "GitHub knows no such App (404)" in str(home.error)


async def test_what_is_known_of_installations_outlives_an_outage(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        await everything(bot)
        bot.time.seconds += FRESH
        github.access.broken = 502
        home = await everything(bot)

    assert (len(home.found), home.error) == (3, None)


async def test_an_outage_at_the_start_is_githubs_and_no_token_is_blamed(
    github: GitHubStandIn,
) -> None:
    github.access.broken = 502
    async with asking_as_app(github) as bot:
        home = await everything(bot)
        key, own = await bot.client.allowances(["acme"])

    assert not isinstance(home.error, TokenRejected)
    assert "GitHub does not answer at 127.0.0.1 (GitHub answered 502)" in str(home.error)
    assert (key.name, key.refused) == ("App's key", False)
    assert (own.name, own.trouble) == ("token", None)


async def test_a_token_that_cannot_be_made_now_is_githubs_trouble(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        await bot.client.connection_of("acme")
        github.access.broken = 502
        home = await bot.harvest(wanted(github.world.names["acme/one"]))

    assert isinstance(home.error, GitHubError)
    assert "does not answer" in str(home.error)
    assert github.requests == []
    assert home.requests <= 2 * ATTEMPTS


async def test_only_installations_that_matter_are_asked_what_is_left(
    github: GitHubStandIn,
) -> None:
    async with asking_as_app(github) as bot:
        told = await bot.client.allowances(["acme"])

    assert [(one.name, one.owners) for one in told] == [
        ("App's token for Acme", ("Acme",)),
        ("token", ()),
    ]
    assert [one.token_expires_at for one in told] == [None, None]


async def test_a_key_that_is_none_says_what_to_do_and_shows_nothing(github: GitHubStandIn) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"
    async with asking(github, token=OWN, app_key=key) as bot:
        home = await everything(bot)

    assert len(home.found) == 3
    assert "github.app_private_key is no private key that can be used" in str(home.error)
    assert "c2Vj" not in f"{home.error!r} {home.error.__cause__!r} {bot.client!r}"


async def test_minted_tokens_and_the_key_are_in_no_repr(github: GitHubStandIn) -> None:
    async with asking_as_app(github) as bot:
        await everything(bot)
        connection = await bot.client.connection_of("acme")
        app = bot.client._keyring._app  # noqa: SLF001  # its secrets are what this is about
        shown = f"{connection.credential!r} {vars(connection)!r} {vars(app)!r}"

    assert "ghs_" not in shown
    assert "BEGIN" not in shown


async def test_a_reader_that_gives_up_leaves_the_token_to_the_others(
    github: GitHubStandIn,
) -> None:
    one = wanted(github.world.names["acme/one"])
    async with asking_as_app(github) as bot:
        first = asyncio.create_task(bot.harvest(one))
        await asyncio.sleep(0)
        first.cancel()
        home = await bot.harvest(one)

    assert set(home.found) == {"acme/one"}


async def test_the_apps_trouble_costs_nothing_that_a_named_token_reads(
    github: GitHubStandIn,
) -> None:
    github.access.tokens["ghp_acme"] = None
    one, two = (wanted(github.world.names[name]) for name in ("acme/one", "globex/two"))
    tokens = [("ghp_acme", ("acme",))]
    async with asking(github, token=OWN, tokens=tokens, app_key="no key") as bot:
        named = await bot.harvest(one)
        both = await bot.harvest(one, two)
        key, *_ = await bot.client.allowances(["acme"])

    assert (set(named.found), named.error) == ({"acme/one"}, None)
    assert set(both.found) == {"acme/one", "globex/two"}
    assert isinstance(both.error, TokenRejected)
    assert (key.name, key.refused) == ("App's key", True)


async def test_a_list_that_cannot_be_had_is_not_asked_for_at_every_question(
    github: GitHubStandIn,
) -> None:
    github.access.broken = 404
    async with asking_as_app(github) as bot:
        for _ in range(5):
            with pytest.raises(TokenRejected, match="no such App"):
                await bot.client.connection_of("acme")
        assert github.access.refused == 1

        github.access.broken = None
        bot.time.seconds += SILENT
        await bot.client.connection_of("acme")
        assert github.access.listed == 1

        github.access.broken = 404
        bot.time.seconds += FRESH
        for _ in range(5):
            await bot.client.connection_of("stranger")
        assert github.access.refused == 2


async def test_an_installation_that_is_known_does_not_wait_for_the_list(
    github: GitHubStandIn,
) -> None:
    one = wanted(github.world.names["acme/one"])
    async with asking_as_app(github) as bot:
        await bot.harvest(one)
        bot.time.seconds += FRESH
        home = await bot.harvest(one)

    assert (set(home.found), home.requests) == ({"acme/one"}, 1)
    assert github.access.listed == 1
