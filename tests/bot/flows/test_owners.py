"""Following owners: what track add brings, what is left out, and how it ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial

import pytest

from bot.core.follow import Follow, OwnerWish, Terms
from bot.core.models import Refusal, Refused, Trigger, Visibility
from bot.core.reports import Progress
from bot.errors import RateLimited, TokenRejected, UnknownOwner, UsageError
from bot.flows.checkup import Checkups
from bot.flows.deltas import Deltas
from bot.flows.guild_settings import GuildSettings
from bot.flows.targets import MOST_AT_ONCE
from bot.flows.track import MOST_FOLLOWED, Track
from bot.storage.watches import Watches
from tests.conftest import MOST, TRUSTED_GUILD, Flows
from tests.standins.clock import HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.owners import ScriptedOwners
from tests.standins.stored import SqliteStore

HERE, THERE, OPERATOR = 11, 12, 0


@pytest.fixture(autouse=True)
def known_to_github(github: ScriptedGitHub, owners: ScriptedOwners) -> None:
    github.add("Acme/site", stars=1)
    github.add("Acme/tools-one", stars=2)
    github.add("Acme/fork", stars=3)
    github.add("Acme/old", stars=4)
    github.add("Acme/secret", Visibility.PRIVATE, stars=5)
    github.add("other/thing", stars=6)
    owners.forks.add("Acme/fork")
    owners.archived.add("Acme/old")


async def names_in(flows: Flows, guild: int, group: str = "all") -> list[str]:
    return [subject.full_name for subject in await flows.portfolio.repositories(guild, group)]


async def audit(store: SqliteStore) -> Sequence[object]:
    rows = await store.database.rows("SELECT guild_id, user_id, action, detail FROM audit")
    return list(rows)


async def test_following_watches_what_the_owner_has_with_its_numbers(flows: Flows) -> None:
    told: list[Progress] = []

    tracked = await flows.track.add(HERE, "acme/*", "all", told.append)

    assert {m.subject.full_name for m in tracked.added} == {"Acme/site", "Acme/tools-one"}
    assert all(m.deltas for m in tracked.added)
    (followed,) = tracked.followed
    assert (followed.follow.target, followed.beyond) == ("Acme/*", 0)
    assert (followed.sifted.forks, followed.sifted.archived, followed.sifted.unnamed) == (1, 1, 0)
    assert await flows.track.follows(HERE) == [followed.follow]
    assert told[0] == Progress(5, None), "how many were found, before they are read"
    assert told[-1] == Progress(2, 2)


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        (Terms(forks=True), {"site", "tools-one", "fork"}),
        (Terms(archived=True), {"site", "tools-one", "old"}),
        (Terms(include=("tools-*",)), {"tools-one"}),
        (Terms(exclude=("tools-*",)), {"site"}),
        (Terms(include=("nothing",)), set()),
    ],
)
async def test_terms_choose(flows: Flows, terms: Terms, names: set[str]) -> None:
    tracked = await flows.track.add(HERE, "acme/*", terms=terms)

    assert {m.subject.full_name.partition("/")[2] for m in tracked.added} == names
    assert [follow.terms for follow in await flows.track.follows(HERE)] == [terms]


async def test_an_owner_and_names_go_together(flows: Flows, store: SqliteStore) -> None:
    tracked = await flows.track.add(HERE, "other/thing, acme/*", "docs", user_id=7)

    assert len(tracked.added) == 3
    assert [follow.group for follow in await flows.track.follows(HERE, "docs")] == ["docs"]
    assert await audit(store) == [(HERE, 7, "track add", "Acme/*, other/thing in docs")]


async def test_following_again_takes_the_new_terms(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/*")
    tracked = await flows.track.add(HERE, "ACME/*", terms=Terms(forks=True))

    assert [m.subject.full_name for m in tracked.added] == ["Acme/fork"]
    assert len(tracked.already) == 2
    assert [follow.terms.forks for follow in await flows.track.follows(HERE)] == [True]


async def test_private_ones_are_followed_only_where_they_may_be_seen(flows: Flows) -> None:
    here = await flows.track.add(HERE, "acme/*")
    trusted = await flows.track.add(TRUSTED_GUILD, "acme/*")

    assert "Acme/secret" not in repr(here), "neither named nor counted"
    assert "Acme/secret" in {m.subject.full_name for m in trusted.added}


async def test_an_owner_nobody_knows_costs_a_sentence_and_writes_nothing(flows: Flows) -> None:
    with pytest.raises(UnknownOwner, match="no user or organisation nobody"):
        await flows.track.add(HERE, "acme/* nobody/*")

    assert await flows.track.follows(HERE) == []
    assert await names_in(flows, HERE) == []


async def test_where_github_gives_no_numbers_nothing_is_followed(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.raises[0] = TokenRejected("The token was revoked.")

    with pytest.raises(TokenRejected):
        await flows.track.add(HERE, "acme/*")

    assert await flows.track.follows(HERE) == []


async def test_a_run_cut_short_keeps_the_follow_and_says_what_is_missing(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.raises[1] = RateLimited("GitHub's limit ends at 15:00.")

    tracked = await flows.track.add(HERE, "acme/*", terms=Terms(forks=True, archived=True))

    assert (len(tracked.added), len(tracked.refused)) == (2, 2)
    assert len(await flows.track.follows(HERE)) == 1


async def test_one_that_cannot_be_read_costs_no_other(flows: Flows, github: ScriptedGitHub) -> None:
    github.refusals["Acme/site"] = Refusal(Refused.TIMEOUT, "GitHub took too long")

    tracked = await flows.track.add(HERE, "acme/*")

    assert await names_in(flows, HERE) == ["Acme/tools-one"]
    assert [error.full_name for error in tracked.refused] == ["Acme/site"]


async def test_an_owner_of_nothing_is_followed_without_a_run(
    flows: Flows, owners: ScriptedOwners, store: SqliteStore
) -> None:
    owners.empty.add("young")

    tracked = await flows.track.add(HERE, "young/*")

    assert (tracked.added, len(tracked.followed)) == ((), 1)
    assert await store.runs.newest() is None


# -- limits ---------------------------------------------------------------------------------------


async def test_only_so_much_is_watched_and_the_rest_is_told(
    flows: Flows, github: ScriptedGitHub
) -> None:
    for number in range(MOST + 3):
        github.add(f"big/r{number:02}", stars=1)
    await flows.track.add(HERE, "acme/site")

    tracked = await flows.track.add(HERE, "big/*")
    unlimited = await flows.track.add(OPERATOR, "big/*")

    (followed,) = tracked.followed
    assert (len(tracked.added), followed.beyond) == (MOST - 1, 4)
    assert f"a server may watch {MOST} repositories" in str(followed.follow.trouble)
    assert len(await names_in(flows, HERE)) == MOST
    assert (len(unlimited.added), unlimited.followed[0].follow.trouble) == (MOST + 3, None)


async def test_an_owner_too_large_to_list_says_so(flows: Flows, owners: ScriptedOwners) -> None:
    owners.cut.add("acme")

    tracked = await flows.track.add(HERE, "acme/*")

    assert "Not all of Acme/* was listed" in str(tracked.followed[0].follow.trouble)


async def test_too_many_owners_are_refused_before_github_is_asked(
    flows: Flows, owners: ScriptedOwners
) -> None:
    many = [f"o{number}/*" for number in range(MOST_FOLLOWED)]
    owners.empty |= {name.partition("/")[0] for name in many}
    for begin in range(0, MOST_FOLLOWED, MOST_AT_ONCE):
        await flows.track.add(HERE, " ".join(many[begin : begin + MOST_AT_ONCE]))

    with pytest.raises(UsageError, match=f"may follow {MOST_FOLLOWED} owners"):
        await flows.track.add(HERE, "acme/*")
    with pytest.raises(UsageError, match=f"Name {MOST_AT_ONCE} owners at a time"):
        await flows.track.add(OPERATOR, " ".join(many))
    await flows.track.check(HERE, many[0])  # it is followed already: its terms may change
    assert owners.asked["acme"] == 0


async def test_terms_without_an_owner_are_refused(flows: Flows) -> None:
    with pytest.raises(UsageError, match="go with an owner: write the target as acme/"):
        await flows.track.add(HERE, "acme/site", terms=Terms(forks=True))


# -- the end of it --------------------------------------------------------------------------------


async def test_unfollowing_stops_watching_what_the_follow_means_in_its_group(
    flows: Flows, store: SqliteStore
) -> None:
    await flows.track.add(HERE, "acme/*", terms=Terms(include=("tools-*",)))
    await flows.track.add(HERE, "acme/site other/thing")
    await flows.track.add(HERE, "acme/tools-one", "docs")
    await flows.track.add(THERE, "acme/*")

    untracked = await flows.track.remove(HERE, "ACME/*", user_id=9)

    assert [follow.target for follow in untracked.unfollowed] == ["Acme/*"]
    assert [subject.full_name for subject in untracked.removed] == ["Acme/tools-one"]
    assert await flows.track.follows(HERE) == []
    rows = [(one.movement.subject.full_name, one.group) for one in await flows.track.listed(HERE)]
    assert rows == [("Acme/site", "all"), ("Acme/tools-one", "docs"), ("other/thing", "all")]
    assert len(await names_in(flows, THERE)) == 2
    assert (await audit(store))[-1] == (HERE, 9, "track remove", "Acme/*")


async def test_what_somebody_named_stays_when_the_follow_ends(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    """Before it, beside it, though it was brought, and what it would never have brought."""
    github.add("Acme/tools-old", stars=7)
    github.add("Acme/tools-two", stars=8)
    await flows.track.add(HERE, "acme/site")
    await flows.track.add(HERE, "acme/* ACME/tools-two", terms=Terms(exclude=("tools-old",)))
    await flows.track.add(HERE, "acme/fork acme/tools-old")
    github.add("Acme/new", stars=9)
    outlook = await flows.lookout.look()
    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await flows.lookout.keep()
    assert "Acme/new" in await names_in(flows, HERE)
    await flows.track.add(HERE, "acme/tools-one")

    untracked = await flows.track.remove(HERE, "acme/*")

    named = ["Acme/fork", "Acme/site", "Acme/tools-old", "Acme/tools-one", "Acme/tools-two"]
    assert [subject.full_name for subject in untracked.removed] == ["Acme/new"]
    assert [subject.full_name for subject in untracked.kept] == named
    assert await names_in(flows, HERE) == named
    assert not any(watch.followed for watch in await store.watches.of(HERE))


async def test_what_a_follow_brought_under_other_terms_goes_with_it(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/*", terms=Terms(forks=True))
    await flows.track.add(HERE, "acme/*", terms=Terms(include=("tools-*",)))

    removed = (await flows.track.remove(HERE, "acme/*")).removed

    names = ["Acme/fork", "Acme/site", "Acme/tools-one"]
    assert [subject.full_name for subject in removed] == names
    assert await names_in(flows, HERE) == []


async def test_what_the_settings_name_stays_also_when_a_follow_had_brought_it(
    flows: Flows,
) -> None:
    await flows.track.add(OPERATOR, "acme/*")
    await flows.portfolio.adopt(["acme/site"], [], at=0)

    await flows.track.remove(OPERATOR, "acme/*")

    assert await names_in(flows, OPERATOR) == ["Acme/site"]


async def test_of_what_is_named_and_alone_removed_in_one_breath_nothing_stays(
    flows: Flows,
) -> None:
    await flows.track.add(HERE, "acme/site acme/fork")
    await flows.track.add(HERE, "acme/*")

    untracked = await flows.track.remove(HERE, "acme/* acme/site")

    assert [subject.full_name for subject in untracked.kept] == ["Acme/fork"]
    assert {one.full_name for one in untracked.removed} == {"Acme/site", "Acme/tools-one"}
    assert await names_in(flows, HERE) == ["Acme/fork"]


async def test_one_that_is_named_in_another_group_is_not_told_to_be_gone(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/*")
    await flows.track.add(HERE, "acme/site", "docs")
    await flows.track.add(HERE, "acme/*", "docs")

    untracked = await flows.track.remove(HERE, "acme/*")

    assert [subject.full_name for subject in untracked.removed] == ["Acme/tools-one"]
    assert [subject.full_name for subject in untracked.kept] == ["Acme/site"]


async def test_hidden_ones_that_stay_are_not_named(flows: Flows, github: ScriptedGitHub) -> None:
    await flows.track.add(HERE, "acme/site")
    await flows.track.add(HERE, "acme/*")
    github.repositories[0].visibility = Visibility.PRIVATE
    await flows.track.add(OPERATOR, "acme/site")

    assert "site" not in repr(await flows.track.remove(HERE, "acme/*"))


@pytest.mark.parametrize(
    ("followed_in", "group", "left"),
    [
        (("all", "docs", "tools"), "all", ["docs", "tools"]),
        (("all", "docs", "tools"), " ALL", ["docs", "tools"]),
        (("all", "docs", "tools"), "Docs", ["all", "tools"]),
        (("all", "docs", "tools"), None, []),
        (("docs", "tools"), "all", []),
    ],
)
async def test_all_is_the_group_a_follow_is_in_and_else_every_group(
    flows: Flows, followed_in: Sequence[str], group: str | None, left: list[str]
) -> None:
    for one in followed_in:
        await flows.track.add(HERE, "acme/*", one)

    untracked = await flows.track.remove(HERE, "acme/*", group)

    assert [follow.group for follow in await flows.track.follows(HERE)] == left
    assert len(untracked.unfollowed) == len(followed_in) - len(left)
    assert {one.group for one in await flows.track.listed(HERE)} == set(left)


async def test_a_group_is_there_as_soon_as_somebody_is_followed_in_it(
    flows: Flows, owners: ScriptedOwners
) -> None:
    owners.empty.add("young")
    await flows.track.add(HERE, "acme/site")
    await flows.track.add(HERE, "young/*", "docs")

    assert await flows.track.listed(HERE, "docs") == []
    assert [follow.target for follow in await flows.track.follows(HERE, "docs")] == ["young/*"]
    assert await flows.portfolio.group_names(HERE) == ["all", "docs"]
    with pytest.raises(UsageError, match="choose from all, docs"):
        await flows.track.listed(HERE, "dosc")
    with pytest.raises(UsageError, match=r"Nothing was found yet of young/\*, which is followed"):
        await flows.digests.report(HERE, "1d", UTC, group="docs")
    assert (await flows.track.remove(HERE, "acme/site", "docs")).not_watched == ("acme/site",)
    assert await flows.portfolio.group_names(THERE) == []


class Stuck(Watches):
    """Watches of a program that is killed before it removes any."""

    async def remove(self, *_: object) -> set[int]:
        raise asyncio.CancelledError


async def test_what_is_stopped_halfway_does_not_come_back_by_itself(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "acme/*")
    stuck = replace(store.port(), watches=Stuck(store.database))
    deltas = Deltas(store.histories, HOUR, store.stars)
    track = Track(
        flows.collector, flows.portfolio, stuck, deltas, clock, following=flows.following, most=MOST
    )
    with pytest.raises(asyncio.CancelledError):
        await track.remove(HERE, "acme/site")

    (follow,) = await flows.track.follows(HERE)
    assert follow.terms.exclude == ("site",)


async def test_who_follows_only_is_told_so_instead_of_to_begin(
    flows: Flows, owners: ScriptedOwners, store: SqliteStore, clock: SettableClock
) -> None:
    owners.empty |= {"young", "new"}
    await flows.track.add(HERE, "young/*")

    asked = [
        partial(flows.digests.report, HERE, "1d", UTC),
        partial(flows.sync.admit, HERE),
        partial(flows.exports.order, HERE, "csv", "7d", UTC),
        partial(flows.backfill.repositories, HERE),
    ]
    for ask in asked:
        with pytest.raises(UsageError, match=r"of young/\*, which is followed here: what comes is"):
            await ask()
    settings = GuildSettings(store.guilds, flows.portfolio, clock)
    checkups = Checkups(flows.status, settings, flows.portfolio, store.port(), clock)
    assert (await checkups.report(HERE)).problems == ()
    assert (await checkups.report(THERE)).problems != ()

    await flows.track.add(HERE, "new/*")
    with pytest.raises(UsageError, match=r"of new/\*, young/\*, which are followed here: "):
        await flows.digests.report(HERE, "1d", UTC)


async def test_why_nothing_was_found_of_an_owner_is_told(flows: Flows, store: SqliteStore) -> None:
    await store.follows.save(Follow(HERE, "all", "lost", trouble="GitHub knows no user lost."))

    with pytest.raises(UsageError, match=r"yet of lost/\*: GitHub knows no user lost.$"):
        await flows.digests.report(HERE, "1d", UTC)


async def test_what_became_private_is_let_go_without_being_named(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    await flows.track.add(HERE, "acme/*")
    github.repositories[0].visibility = Visibility.PRIVATE
    await flows.track.add(OPERATOR, "acme/site")

    untracked = await flows.track.remove(HERE, "acme/*")

    assert [subject.full_name for subject in untracked.removed] == ["Acme/tools-one"]
    assert await store.watches.of(HERE) == []


async def test_an_owner_that_is_not_followed_is_told(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/site")

    untracked = await flows.track.remove(HERE, "acme/* acme/site")

    assert untracked.not_watched == ("acme/*",)
    assert [subject.full_name for subject in untracked.removed] == ["Acme/site"]


async def test_one_that_is_removed_alone_does_not_come_back_until_it_is_named(
    flows: Flows,
) -> None:
    await flows.track.add(HERE, "acme/*")
    await flows.track.add(HERE, "acme/*", "docs")

    untracked = await flows.track.remove(HERE, "acme/site", "docs")

    assert [follow.group for follow in untracked.leaving_out] == ["docs"]
    left_out = {one.group: one.terms.exclude for one in await flows.track.follows(HERE)}
    assert left_out == {"all": (), "docs": ("site",)}
    await flows.track.add(HERE, "acme/site", "docs")
    assert [one.terms.exclude for one in await flows.track.follows(HERE)] == [(), ()]


async def test_one_that_turned_private_is_left_out_by_the_name_that_is_known(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "acme/*")
    (site, *_) = github.repositories
    site.visibility = Visibility.PRIVATE
    github.rename(site, "Acme/plans")
    clock.pass_(HOUR)
    await flows.track.add(OPERATOR, "acme/plans")

    untracked = await flows.track.remove(HERE, "acme/site")

    assert [subject.full_name for subject in untracked.removed] == ["acme/site"]
    assert [one.terms.exclude for one in await flows.track.follows(HERE)] == [("site",)]
    assert "plans" not in repr(untracked)


async def test_one_that_a_follow_never_meant_changes_no_follow(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/*", terms=Terms(include=("tools-*",)))
    await flows.track.add(HERE, "acme/site")

    assert (await flows.track.remove(HERE, "acme/site")).leaving_out == ()


# -- the operator's own list -----------------------------------------------------------------------


async def test_the_operators_list_is_followed_by_the_guilds_it_names(flows: Flows) -> None:
    wishes = [OwnerWish("acme", Terms(exclude=("tools-*",)))]
    for _ in range(2):
        await flows.following.adopt(wishes, [THERE])

    follows = [*await flows.following.of(OPERATOR), *await flows.following.of(THERE)]
    assert [(one.guild_id, one.owner, one.terms) for one in follows] == [
        (OPERATOR, "acme", wishes[0].terms),
        (THERE, "acme", wishes[0].terms),
    ]
    assert await flows.following.of(HERE) == []


async def test_the_list_wins_but_for_what_was_left_out_by_name(flows: Flows) -> None:
    await flows.following.adopt([OwnerWish("acme", Terms(include=("a*",)))], [])
    (follow,) = await flows.following.of(OPERATOR)
    await flows.track.add(OPERATOR, "acme/*", terms=Terms(exclude=("*-old",)))
    await flows.track.remove(OPERATOR, "acme/site")

    await flows.following.adopt([OwnerWish("acme", Terms(forks=True))], [])

    (follow,) = await flows.following.of(OPERATOR)
    assert follow.terms == Terms(exclude=("site",), forks=True)
