"""Whose repositories, and who may see them."""

import pytest

from bot.core.models import Trigger, Visibility
from bot.errors import InvalidName, UnknownRepository
from bot.flows.portfolio import OPERATOR, reference
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12


@pytest.fixture(autouse=True)
async def watched(flows: Flows, github: ScriptedGitHub) -> None:
    """All watch o/site; it and o/secret, which turned private, are watched HERE in two groups."""
    github.add("o/site", stars=1)
    secret = github.add("o/secret", stars=1)
    for guild in (HERE, TRUSTED_GUILD, OPERATOR):
        await flows.track.add(guild, "o/site o/secret")
    await flows.track.add(HERE, "o/secret o/site", "core")
    secret.visibility = Visibility.PRIVATE
    await flows.sync.everything(Trigger.SCHEDULE)


@pytest.mark.parametrize(
    ("guild", "names"),
    [
        (HERE, ["o/site"]),
        (THERE, []),
        (TRUSTED_GUILD, ["o/secret", "o/site"]),
        (OPERATOR, ["o/secret", "o/site"]),
    ],
)
async def test_a_guild_sees_what_it_watches_and_may_see_each_once(
    flows: Flows, guild: int, names: list[str]
) -> None:
    assert [one.full_name for one in await flows.portfolio.repositories(guild)] == names


async def test_the_groups_hide_the_same(flows: Flows) -> None:
    assert [(one.full_name, group) for one, group in await flows.portfolio.groups(HERE)] == [
        ("o/site", "all"),
        ("o/site", "core"),
    ]
    assert [one.full_name for one in await flows.portfolio.repositories(HERE, "core")] == ["o/site"]


async def test_hidden_and_unknown_ones_get_the_same_words(flows: Flows) -> None:
    said = set()
    for name in ("o/secret", "o/nobody"):
        with pytest.raises(UnknownRepository, match="Nothing is known of") as refusal:
            await flows.portfolio.find(HERE, name)
        said.add(str(refusal.value).replace(name, "…"))

    assert len(said) == 1
    assert (await flows.portfolio.find(TRUSTED_GUILD, "o/secret")).full_name == "o/secret"


async def test_a_public_repository_is_found_by_anybody_in_any_spelling(flows: Flows) -> None:
    for text in ("O/Site", "https://github.com/o/site", "git@github.com:o/site.git"):
        assert (await flows.portfolio.find(THERE, text)).full_name == "o/site"
    with pytest.raises(InvalidName):
        await flows.portfolio.find(THERE, "site")


async def test_a_reference_reaches_only_what_the_guild_watches_and_may_see(flows: Flows) -> None:
    site = await flows.portfolio.find(HERE, "o/site")
    secret = await flows.portfolio.find(OPERATOR, "o/secret")

    assert await flows.portfolio.find(HERE, reference(site)) == site
    assert await flows.portfolio.find(TRUSTED_GUILD, reference(secret)) == secret
    for guild, text in [
        (THERE, reference(site)),
        (HERE, reference(secret)),
        (HERE, "id:9999999999999999999999"),
        (HERE, "id:"),
    ]:
        with pytest.raises(UnknownRepository, match="Nothing is known of this repository"):
            await flows.portfolio.find(guild, text)


async def test_the_operators_list_is_adopted_once(flows: Flows, store: SqliteStore) -> None:
    for _ in range(2):
        await flows.portfolio.adopt(["o/own", "O/Site"], [THERE], at=0)

    assert [one.full_name for one in await flows.portfolio.repositories(THERE)] == ["o/site"]
    assert [one.full_name for one in await flows.portfolio.repositories(OPERATOR)] == [
        "o/own",
        "o/secret",
        "o/site",
    ]
    assert len(await store.watches.of(THERE)) == 2


@pytest.mark.parametrize(
    ("visibility", "shown"), [(Visibility.PUBLIC, True), (Visibility.PRIVATE, False)]
)
async def test_a_listed_one_is_hidden_until_github_says_that_it_is_public(
    flows: Flows, github: ScriptedGitHub, visibility: Visibility, *, shown: bool
) -> None:
    await flows.portfolio.adopt(["o/own"], [THERE, TRUSTED_GUILD], at=0)
    own = await flows.portfolio.find(OPERATOR, "o/own")

    assert own.visibility is Visibility.UNKNOWN
    assert await flows.portfolio.repositories(THERE) == []
    assert own in await flows.portfolio.repositories(TRUSTED_GUILD)
    for wrong in ("o/own", "o/nobody"):
        with pytest.raises(UnknownRepository, match=f"Nothing is known of {wrong}: check its"):
            await flows.portfolio.find(THERE, wrong)
    with pytest.raises(UnknownRepository, match="Nothing is known of this repository"):
        await flows.portfolio.pointed_at(THERE, own.id)

    github.add("o/own", visibility, stars=1)
    await flows.sync.everything(Trigger.SCHEDULE)
    names = [one.full_name for one in await flows.portfolio.repositories(THERE)]
    assert names == (["o/own"] if shown else [])


async def test_an_empty_list_is_adopted_by_nobody(flows: Flows, store: SqliteStore) -> None:
    await flows.portfolio.adopt([], [THERE], at=0)

    assert await store.watches.of(THERE) == []
