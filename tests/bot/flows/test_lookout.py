"""The lookout: what is new at an owner is watched by the next run, and nobody's trouble spreads."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.core.follow import Estate, Follow, Holdings, Terms
from bot.core.models import Refusal, Refused, RunStatus, Subject, Trigger, Visibility, Wanted
from bot.core.reports import SyncReport
from bot.errors import GitHubError, RateLimited, TokenMissing, TokenRejected, UsageError
from bot.flows.lookout import REST, Lookout
from bot.flows.owners import Following
from bot.flows.portfolio import OPERATOR
from tests.conftest import MOST, TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.owners import ScriptedOwners
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12


@dataclass
class Said:
    """Warnings as guilds would read them."""

    told: list[tuple[int, str]] = field(default_factory=list)
    known: set[tuple[int, str]] = field(default_factory=set)

    async def warn(self, guild_id: int, kind: str, sentence: str) -> None:
        if (guild_id, kind) not in self.known:
            self.known.add((guild_id, kind))
            self.told.append((guild_id, sentence))

    async def clear(self, guild_id: int, kind: str) -> None:
        self.known.discard((guild_id, kind))


@pytest.fixture
async def followed(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    """Two guilds and the operator follow the same owner since yesterday."""
    github.add("acme/site", stars=1)
    for guild_id in (HERE, THERE, OPERATOR):
        await flows.track.add(guild_id, "acme/*")
    clock.pass_(DAY)


async def scheduled(flows: Flows) -> SyncReport:
    """What the timer does."""
    outlook = await flows.lookout.look()
    report = await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await flows.lookout.keep()
    return report


async def names_in(flows: Flows, guild: int) -> list[str]:
    return [subject.full_name for subject in await flows.portfolio.repositories(guild)]


async def follows(store: SqliteStore, guild: int = HERE) -> list[Follow]:
    return await store.follows.of(guild)


@pytest.mark.usefixtures("followed")
async def test_a_new_repository_is_read_in_the_same_run_and_watched_by_all_who_follow(
    flows: Flows, github: ScriptedGitHub, owners: ScriptedOwners, store: SqliteStore
) -> None:
    owners.asked.clear()
    github.asked.clear()
    github.add("acme/new", stars=7)

    report = await scheduled(flows)

    assert (report.run.status, report.run.sampled) == (RunStatus.OK, 2)
    assert owners.asked == {"acme": 1}, "once, though three follow it"
    (asked,) = github.asked
    assert len(asked) == len(set(asked)) == 2
    for guild_id in (HERE, THERE, OPERATOR):
        assert await names_in(flows, guild_id) == ["acme/new", "acme/site"]
    rows = await store.database.rows(
        "SELECT guild_id, user_id, detail FROM audit WHERE action = 'follow' ORDER BY guild_id"
    )
    assert list(rows) == [
        (guild_id, 0, "followed acme/*: added acme/new in all")
        for guild_id in (OPERATOR, HERE, THERE)
    ]
    listed = await flows.track.listed(HERE)
    assert [one.last_seen for one in listed] == [report.run.started_at] * 2


@pytest.mark.usefixtures("followed")
async def test_nothing_new_changes_nothing(flows: Flows, store: SqliteStore) -> None:
    before = await store.database.rows("SELECT count(*) FROM audit")

    await scheduled(flows)

    assert await store.database.rows("SELECT count(*) FROM audit") == before
    assert await names_in(flows, HERE) == ["acme/site"]


@pytest.mark.usefixtures("followed")
async def test_each_owner_is_asked_at_most_once_an_hour(
    flows: Flows, owners: ScriptedOwners, clock: SettableClock
) -> None:
    owners.asked.clear()
    for wait in (0, REST - 1, 1, HOUR):
        clock.pass_(wait)
        await scheduled(flows)

    assert owners.asked["acme"] == 3


@pytest.mark.usefixtures("followed")
async def test_what_a_failed_run_did_not_read_is_not_forgotten(
    flows: Flows, github: ScriptedGitHub, owners: ScriptedOwners, clock: SettableClock
) -> None:
    github.add("acme/new", stars=7)
    github.raises[0] = GitHubError("GitHub is down.")
    outlook = await flows.lookout.look()
    with pytest.raises(GitHubError):
        await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    assert "acme/new" not in await names_in(flows, HERE)
    owners.asked.clear()
    github.raises.clear()
    clock.pass_(300)

    await scheduled(flows)

    assert await names_in(flows, HERE) == ["acme/new", "acme/site"]
    assert owners.asked["acme"] == 0, "the hour is not over"


@pytest.mark.usefixtures("followed")
async def test_one_that_cannot_be_read_is_watched_as_soon_as_it_can(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.add("acme/new", stars=7)
    github.refusals["acme/new"] = Refusal(Refused.TIMEOUT, "GitHub took too long")
    await scheduled(flows)
    assert await names_in(flows, HERE) == ["acme/site"]
    github.refusals.clear()
    clock.pass_(HOUR)

    await scheduled(flows)

    assert await names_in(flows, HERE) == ["acme/new", "acme/site"]


@pytest.mark.usefixtures("followed")
async def test_a_follow_that_ended_meanwhile_brings_nothing(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("acme/new", stars=7)
    github.add("acme/unwanted", stars=7)
    outlook = await flows.lookout.look()
    await flows.track.remove(HERE, "acme/*")
    await flows.track.add(THERE, "acme/*", terms=Terms(exclude=("unwanted",)))
    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await flows.lookout.keep()

    assert await names_in(flows, HERE) == []
    assert await names_in(flows, THERE) == ["acme/new", "acme/site"]


@dataclass
class Interrupted:
    """The subjects of a store; a guild is forgotten while they are looked up for it."""

    store: SqliteStore
    found: list[str] = field(default_factory=list)

    async def find(self, full_name: str) -> Subject | None:
        self.found.append(full_name)
        if len(self.found) == len([OPERATOR, HERE]):  # in the order of ids
            await self.store.guilds.forget(HERE)
        return await self.store.subjects.find(full_name)


@pytest.mark.usefixtures("followed")
async def test_a_guild_forgotten_while_its_new_ones_are_kept_stays_forgotten(
    flows: Flows,
    github: ScriptedGitHub,
    owners: ScriptedOwners,
    store: SqliteStore,
    clock: SettableClock,
) -> None:
    github.add("acme/new", stars=7)
    interrupted = replace(store.port(), subjects=Interrupted(store))  # type: ignore[arg-type]  # only asked to find
    lookout = Lookout(owners, flows.following, interrupted, flows.portfolio, clock=clock)
    outlook = await lookout.look()
    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await lookout.keep()

    assert await names_in(flows, THERE) == ["acme/new", "acme/site"]
    assert await store.watches.of(HERE) == []
    assert await store.database.rows("SELECT 1 FROM audit WHERE guild_id = $1", HERE) == []


@pytest.mark.usefixtures("followed")
async def test_who_is_forgotten_while_an_owner_is_asked_about_is_told_nothing_of_it(
    flows: Flows, owners: ScriptedOwners, store: SqliteStore
) -> None:
    @dataclass
    class Forgetting:
        async def repositories(self, owner: str, **_: object) -> Estate:
            await store.guilds.forget(HERE)
            return await owners.repositories(owner)

    said, clock = Said(), owners.github.clock
    owners.cut.add("acme")
    asked = (Forgetting(), flows.following, store.port(), flows.portfolio)
    await Lookout(*asked, clock=clock, warnings=said).look()

    assert {guild_id for guild_id, _ in said.told} == {THERE, OPERATOR}


# -- identity -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("followed")
async def test_a_renamed_one_and_one_that_moved_away_stay_watched(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    (site,) = github.repositories
    github.rename(site, "acme/web")
    await scheduled(flows)
    assert await names_in(flows, HERE) == ["acme/web"], "no second one"
    github.rename(site, "other/web")
    github.add("acme/new", stars=1)
    clock.pass_(HOUR)

    await scheduled(flows)

    assert await names_in(flows, HERE) == ["acme/new", "other/web"]


@pytest.mark.usefixtures("followed")
async def test_a_name_used_again_is_another_repository(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.repositories.clear()
    github.add("acme/site", stars=50)

    await scheduled(flows)

    subjects = await flows.portfolio.repositories(HERE)
    assert sorted(one.gone_at is not None for one in subjects) == [False, True]
    assert {one.github_id for one in subjects} == {100, 101}


# -- private ones ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("followed")
async def test_a_new_private_one_is_for_those_who_may_see_it_and_named_to_nobody_else(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    await flows.track.add(TRUSTED_GUILD, "acme/*")
    github.add("acme/secret", Visibility.PRIVATE, stars=7)

    await scheduled(flows)

    assert "acme/secret" in await names_in(flows, TRUSTED_GUILD)
    assert await names_in(flows, HERE) == ["acme/site"]
    assert [watch.subject.full_name for watch in await store.watches.of(HERE)] == ["acme/site"]
    rows = await store.database.rows("SELECT guild_id FROM audit WHERE detail LIKE '%secret%'")
    assert {guild_id for (guild_id,) in rows} == {OPERATOR, TRUSTED_GUILD}


@pytest.mark.usefixtures("followed")
async def test_one_that_turns_private_between_the_look_and_the_run_is_not_watched(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    new = github.add("acme/new", stars=7)
    outlook = await flows.lookout.look()
    new.visibility = Visibility.PRIVATE
    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await flows.lookout.keep()

    assert [watch.subject.full_name for watch in await store.watches.of(HERE)] == ["acme/site"]


# -- trouble --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("followed")
async def test_one_owner_that_fails_costs_no_other(
    flows: Flows, github: ScriptedGitHub, owners: ScriptedOwners
) -> None:
    github.add("zeta/one", stars=1)
    await flows.track.add(HERE, "zeta/*")
    owners.raises["acme"] = GitHubError("GitHub does not tell what acme owns.")
    github.add("zeta/two", stars=2)

    outlook = await flows.lookout.look()

    assert {owner: str(why) for owner, why in outlook.failed.items()} == {
        "acme": "GitHub does not tell what acme owns."
    }
    assert [want.full_name for want in outlook.wanted] == ["zeta/two"]


@pytest.mark.parametrize(
    "trouble",
    [
        TokenMissing("There is no GitHub token."),
        TokenRejected("GitHub rejected the token for o01 (401)."),
        RateLimited("GitHub's limit ends at 15:00."),
    ],
)
async def test_a_token_or_a_limit_in_the_way_of_one_owner_stops_no_other(
    flows: Flows,
    github: ScriptedGitHub,
    owners: ScriptedOwners,
    store: SqliteStore,
    trouble: GitHubError,
) -> None:
    names = [f"o{number:02}" for number in range(12)]
    for name in names:
        await store.follows.save(Follow(HERE, "all", name))
        github.add(f"{name}/new", stars=1)
    owners.raises = dict.fromkeys(names[1:7], trouble)

    outlook = await flows.lookout.look()

    assert owners.asked == dict.fromkeys(names, 1)
    assert outlook.failed == dict.fromkeys(names[1:7], trouble)
    found = {want.full_name for want in outlook.wanted}
    assert found == {f"{name}/new" for name in (names[0], *names[7:])}


@pytest.mark.usefixtures("followed")
async def test_an_owner_that_is_gone_is_told_once_to_each_guild_and_in_the_status(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    said = Said()
    lookout = flows.lookout.warning(said)
    (site,) = github.repositories
    site.full_name = "acme-inc/site"
    for _ in range(2):
        await lookout.look()
        clock.pass_(HOUR)
    assert sorted(said.told) == [
        (guild_id, "GitHub knows no user or organisation acme.")
        for guild_id in (OPERATOR, HERE, THERE)
    ]
    assert "GitHub knows no user or organisation acme." in (await flows.status.report()).problems
    site.full_name = "acme/site"
    await lookout.look()
    clock.pass_(HOUR)

    assert [one.trouble for one in await follows(store)] == [None]
    assert said.known == set(), "it may be told again"


@pytest.mark.usefixtures("followed")
async def test_the_audit_names_a_few_of_what_a_look_brought(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    for number in range(2_000):
        github.add(f"acme/r{number:04}", stars=1)

    await scheduled(flows)

    ((detail,),) = await store.database.rows(
        "SELECT detail FROM audit WHERE action = 'follow' AND guild_id = $1", OPERATOR
    )
    assert str(detail).startswith("followed acme/*: added acme/r0000, acme/r0001, ")
    assert str(detail).endswith(", acme/r0009 and 1,990 more in all")


@pytest.mark.usefixtures("followed")
async def test_what_does_not_fit_is_told_once_until_it_does(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    said = Said()
    lookout = flows.lookout.warning(said)
    for number in range(MOST + 2):
        github.add(f"acme/r{number:02}", stars=1)
    for _ in range(2):
        outlook = await lookout.look()
        await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
        await lookout.keep()
        github.add(f"acme/later{clock.pass_(HOUR)}", stars=1)

    assert len(await names_in(flows, HERE)) == MOST
    assert len(await names_in(flows, OPERATOR)) == MOST + 4, "no limit there"
    told = [sentence for guild_id, sentence in said.told if guild_id == HERE]
    assert len(told) == 1
    assert f"Not all of acme/* fits: a server may watch {MOST} repositories." in told[0]
    assert [one.trouble for one in await follows(store)] == told


# -- the command line -----------------------------------------------------------------------------


async def test_the_first_sync_of_a_list_in_the_settings_watches_it(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.add("acme/site", stars=1)
    await store.follows.save(Follow(OPERATOR, "all", "acme"))
    await store.follows.save(Follow(HERE, "all", "acme"))

    report = await synced(flows)

    assert report.run.sampled == 1
    assert await names_in(flows, OPERATOR) == ["acme/site"]
    assert await names_in(flows, HERE) == [], "the timer looks for the others"


async def test_why_an_owner_could_not_be_listed_stands_beside_what_was_read(
    flows: Flows, github: ScriptedGitHub, owners: ScriptedOwners
) -> None:
    github.add("acme/site", stars=1)
    await flows.track.add(OPERATOR, "acme/*")
    owners.raises["acme"] = GitHubError("GitHub does not tell what acme owns.")

    report = await synced(flows)

    assert report.run.sampled == 1
    assert [(error.full_name, error.refusal.message) for error in report.errors] == [
        ("acme/*", "GitHub does not tell what acme owns.")
    ]


async def test_with_nothing_watched_the_owners_trouble_is_the_answer(
    flows: Flows, owners: ScriptedOwners, store: SqliteStore
) -> None:
    with pytest.raises(UsageError, match="Nothing is watched here yet"):
        await synced(flows)
    await store.follows.save(Follow(OPERATOR, "all", "acme"))
    owners.raises["acme"] = TokenRejected("The token was revoked.")

    with pytest.raises(TokenRejected):
        await flows.lookout.warning(Said()).around(lambda new: sampled(flows, new), OPERATOR)


async def synced(flows: Flows) -> SyncReport:
    return await flows.lookout.around(lambda new: sampled(flows, new), OPERATOR)


async def sampled(flows: Flows, new: Sequence[Wanted]) -> SyncReport:
    return await flows.sync.guild(OPERATOR, Trigger.CLI, new=new)


@pytest.mark.parametrize("guild", [None, OPERATOR])
async def test_what_is_watched_already_is_asked_for_once(
    flows: Flows,
    github: ScriptedGitHub,
    clock: SettableClock,
    store: SqliteStore,
    guild: int | None,
) -> None:
    """Somebody named it in the settings, so that no node id of it is known yet."""
    github.add("acme/site", stars=1)
    await flows.portfolio.adopt(["Acme/Site"], [], clock.now())
    await store.follows.save(Follow(OPERATOR, "docs", "acme"))
    outlook = await flows.lookout.look()
    if guild is None:
        report = await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    else:
        report = await flows.sync.guild(guild, Trigger.SYNC, new=outlook.wanted)

    assert [want.full_name for page in github.asked for want in page] == ["Acme/Site"]
    assert (report.run.wanted, report.run.sampled) == (1, 1)


@pytest.mark.usefixtures("followed")
async def test_what_was_added_while_a_run_lasted_leaves_a_follow_less_room(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    for number in range(15):
        github.add(f"acme/n{number}", stars=1)
    outlook = await flows.lookout.look()
    for number in range(MOST - 3):
        github.add(f"x/y{number}", stars=1)
    await flows.track.add(HERE, " ".join(f"x/y{number}" for number in range(MOST - 3)))

    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    await flows.lookout.keep()

    names = await names_in(flows, HERE)
    assert len(names) == MOST
    assert [name for name in names if name.startswith("acme/")] == [
        "acme/n0",
        "acme/n1",
        "acme/site",
    ]
    (follow,) = await follows(store)
    assert follow.trouble is not None
    assert follow.trouble.startswith("Not all of acme/* fits: ")
    assert len(await names_in(flows, THERE)) == 16


@pytest.mark.usefixtures("followed")
async def test_what_is_added_at_the_last_moment_does_not_pass_the_limit_either(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.add("acme/new", stars=1)
    outlook = await flows.lookout.look()
    await flows.sync.everything(Trigger.SCHEDULE, new=outlook.wanted)
    before = await flows.following.holdings(HERE)
    for number in range(MOST - 1):
        github.add(f"x/y{number}", stars=1)
    await flows.track.add(HERE, " ".join(f"x/y{number}" for number in range(MOST - 1)))

    class Late(Following):
        """Counts room as it was before the last ones came."""

        async def holdings(self, guild_id: int) -> Holdings:
            return before if guild_id == HERE else await super().holdings(guild_id)

    flows.lookout.following = Late(ScriptedOwners(github), store.port(), flows.portfolio, most=MOST)
    await flows.lookout.keep()

    assert len(await names_in(flows, HERE)) == MOST
    assert "acme/new" in await names_in(flows, THERE)
    (follow,) = await follows(store)
    assert follow.trouble is not None
