"""Track: begin and stop watching; nobody can probe for what is hidden."""

import asyncio
from datetime import UTC

import pytest

from bot.core.delta import Status
from bot.core.models import NOT_VISIBLE, Refusal, Refused, Trigger, Visibility
from bot.errors import InvalidName, RateLimited, TokenRejected, UnknownRepository, UsageError
from bot.flows.portfolio import reference
from tests.conftest import MOST, TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore, contents

HERE, THERE, OPERATOR = 11, 12, 0
SSO = Refusal(Refused.SSO, "Resource protected by organization SAML enforcement")


@pytest.fixture(autouse=True)
def known_to_github(github: ScriptedGitHub) -> None:
    github.add("acme/Rocket", stars=45, forks=3)
    github.add("acme/site", stars=0)
    github.add("acme/secret", Visibility.PRIVATE, stars=7)


async def names_in(flows: Flows, guild: int) -> list[str]:
    return [subject.full_name for subject in await flows.portfolio.repositories(guild)]


async def test_adding_answers_with_the_current_numbers(flows: Flows) -> None:
    tracked = await flows.track.add(HERE, "ACME/rocket")

    (movement,) = tracked.added
    assert (tracked.group, tracked.already, tracked.refused) == ("all", (), ())
    assert movement.subject.full_name == "acme/Rocket", "as GitHub spells it"
    assert {delta.metric: delta.after for delta in movement.deltas} == {"stars": 45, "forks": 3}
    assert {delta.status for delta in movement.deltas} == {Status.NEW}
    assert [delta.change for delta in movement.deltas] == [None, None], "unknown, not 45 - 0"


async def test_several_are_added_at_once_and_a_bad_one_costs_nobody(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("acme/slow", stars=1)
    github.refusals["acme/slow"] = Refusal(Refused.TIMEOUT, "GitHub took too long")

    tracked = await flows.track.add(
        HERE, "acme/rocket, https://github.com/acme/site acme/missing acme/slow"
    )

    assert {movement.subject.full_name for movement in tracked.added} == {
        "acme/Rocket",
        "acme/site",
    }
    assert {error.full_name: error.refusal.kind for error in tracked.refused} == {
        "acme/missing": Refused.NOT_FOUND,
        "acme/slow": Refused.TIMEOUT,
    }
    assert await names_in(flows, HERE) == ["acme/Rocket", "acme/site"]


async def test_adding_again_says_so(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket")
    tracked = await flows.track.add(HERE, "acme/rocket acme/site")

    assert [movement.subject.full_name for movement in tracked.added] == ["acme/site"]
    assert [movement.subject.full_name for movement in tracked.already] == ["acme/Rocket"]


async def test_two_names_of_one_repository_are_one(flows: Flows, github: ScriptedGitHub) -> None:
    github.rename(github.repositories[0], "acme/starship")

    tracked = await flows.track.add(HERE, "acme/rocket acme/starship")

    assert [movement.subject.full_name for movement in tracked.added] == ["acme/starship"]
    assert tracked.refused == ()
    assert await names_in(flows, HERE) == ["acme/starship"]


async def test_an_old_name_adds_the_repository_it_leads_to(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.rename(github.repositories[0], "acme/starship")

    tracked = await flows.track.add(HERE, "acme/rocket")

    assert [movement.subject.full_name for movement in tracked.added] == ["acme/starship"]
    assert (await flows.portfolio.find(HERE, "acme/starship")).github_id == 100


async def test_a_name_used_again_adds_the_repository_that_has_it_now(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    """Its history must not go on with another repository's numbers."""
    await flows.track.add(HERE, "acme/rocket")
    github.repositories[0].full_name = "acme/starship"
    clock.pass_(HOUR)
    await flows.track.add(HERE, "acme/starship")  # the rename is noticed
    github.add("acme/rocket", stars=1)
    clock.pass_(HOUR)

    tracked = await flows.track.add(HERE, "acme/rocket")

    (movement,) = tracked.added
    assert (movement.subject.full_name, movement.subject.github_id) == ("acme/rocket", 103)
    assert await names_in(flows, HERE) == ["acme/rocket", "acme/starship"]
    stored = await contents(store.database)
    values = {name: kept.latest["stars"].value for name, kept in stored.items()}
    assert values == {"acme/rocket": 1, "acme/starship": 45}


async def test_what_is_no_name_is_refused_before_github_is_asked(
    flows: Flows, github: ScriptedGitHub
) -> None:
    with pytest.raises(InvalidName, match=r"acme.* is not a repository"):
        await flows.track.add(HERE, "acme/rocket acme")
    with pytest.raises(UsageError, match="No repository was named"):
        await flows.track.add(HERE, " , ")

    assert github.asked == []


async def test_where_github_gives_nothing_nothing_is_watched(
    flows: Flows, github: ScriptedGitHub
) -> None:
    github.raises[0] = TokenRejected("The token was revoked.")

    with pytest.raises(TokenRejected):
        await flows.track.add(HERE, "acme/rocket")

    assert await names_in(flows, HERE) == []


async def test_names_that_github_had_no_answer_for_are_refused_with_the_reason(
    flows: Flows, github: ScriptedGitHub
) -> None:
    """Two a page: the third name is never read."""
    github.add("acme/third", stars=1)
    github.raises[1] = RateLimited("GitHub's limit ends at 15:00.")

    tracked = await flows.track.add(HERE, "acme/rocket acme/site acme/third")

    assert len(tracked.added) == 2
    assert [(error.full_name, error.refusal.message) for error in tracked.refused] == [
        ("acme/third", "GitHub's limit ends at 15:00.")
    ]


async def test_private_missing_and_forbidden_ones_are_refused_in_the_same_words(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    github.add("acme/sso", stars=1)
    github.refusals["acme/sso"] = SSO

    tracked = await flows.track.add(HERE, "acme/secret acme/missing acme/sso")

    assert len(tracked.refused) == 3
    assert len({error.refusal for error in tracked.refused}) == 1
    assert await store.subjects.count() == 0


async def test_a_private_one_known_to_others_is_refused_in_the_same_words(flows: Flows) -> None:
    await flows.track.add(OPERATOR, "acme/secret")

    tracked = await flows.track.add(HERE, "acme/secret acme/missing")

    assert tracked.added == tracked.already == ()
    assert len({error.refusal for error in tracked.refused}) == 1
    assert await names_in(flows, HERE) == []


@pytest.mark.parametrize("guild", [OPERATOR, TRUSTED_GUILD])
async def test_who_may_see_private_ones_adds_them_and_hears_the_real_reasons(
    flows: Flows, github: ScriptedGitHub, guild: int
) -> None:
    github.add("acme/sso", stars=1)
    github.refusals["acme/sso"] = SSO

    tracked = await flows.track.add(guild, "acme/secret acme/sso")

    assert [movement.subject.full_name for movement in tracked.added] == ["acme/secret"]
    assert [error.refusal for error in tracked.refused] == [SSO]


async def test_a_watched_one_that_becomes_private_disappears_and_comes_back(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "acme/rocket")
    await flows.track.add(TRUSTED_GUILD, "acme/rocket")
    seen = []
    for visibility in (Visibility.PRIVATE, Visibility.PUBLIC):
        github.repositories[0].visibility = visibility
        clock.pass_(HOUR)
        await flows.track.add(OPERATOR, "acme/rocket")
        seen.append((await names_in(flows, HERE), await names_in(flows, TRUSTED_GUILD)))

    assert seen == [([], ["acme/Rocket"]), (["acme/Rocket"], ["acme/Rocket"])]


async def test_a_guild_lists_its_own_only(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket")
    await flows.track.add(THERE, "acme/site")

    assert [one.movement.subject.full_name for one in await flows.track.listed(HERE)] == [
        "acme/Rocket"
    ]
    assert [one.movement.subject.full_name for one in await flows.track.listed(THERE)] == [
        "acme/site"
    ]


async def test_the_list_tells_groups_and_when_each_was_seen(
    flows: Flows, clock: SettableClock, store: SqliteStore
) -> None:
    first = clock.now()
    await flows.track.add(TRUSTED_GUILD, "acme/rocket")
    last = clock.pass_(HOUR)
    await flows.track.add(TRUSTED_GUILD, "acme/rocket", "core")
    (unseen,) = await store.subjects.ensure(["acme/new"], last)
    await store.watches.add(TRUSTED_GUILD, "all", [unseen.id])

    listed = await flows.track.listed(TRUSTED_GUILD)

    assert [(one.movement.subject.full_name, one.group) for one in listed] == [
        ("acme/new", "all"),
        ("acme/Rocket", "all"),
        ("acme/Rocket", "core"),
    ]
    assert [(one.first_seen, one.last_seen) for one in listed] == [
        (None, None),
        (first, last),
        (first, last),
    ]
    assert [one.group for one in await flows.track.listed(TRUSTED_GUILD, "core")] == ["core"]
    assert len(await flows.track.listed(TRUSTED_GUILD, "ALL")) == 3, "all is every group"


async def test_removing_keeps_the_history(
    flows: Flows, store: SqliteStore, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "acme/rocket acme/site")
    before = await contents(store.database)
    clock.pass_(DAY)

    untracked = await flows.track.remove(HERE, "https://github.com/ACME/rocket")

    assert [subject.full_name for subject in untracked.removed] == ["acme/Rocket"]
    assert untracked.not_watched == ()
    assert await names_in(flows, HERE) == ["acme/site"]
    assert await contents(store.database) == before
    assert (await flows.diff.report(HERE, "acme/rocket", "7d", UTC)).deltas


async def test_removing_tells_what_was_not_watched(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket")
    await flows.track.add(THERE, "acme/site")

    untracked = await flows.track.remove(HERE, "acme/rocket acme/site acme/nobody")

    assert [subject.full_name for subject in untracked.removed] == ["acme/Rocket"]
    assert untracked.not_watched == ("acme/site", "acme/nobody")
    assert await names_in(flows, THERE) == ["acme/site"]


async def test_a_repository_named_twice_is_removed_once(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket")

    untracked = await flows.track.remove(HERE, "acme/rocket ACME/Rocket")

    assert [subject.full_name for subject in untracked.removed] == ["acme/Rocket"]
    assert untracked.not_watched == ()


async def test_removing_from_a_group_keeps_the_others(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket")
    await flows.track.add(HERE, "acme/rocket", "core")

    await flows.track.remove(HERE, "acme/rocket", "core")

    assert [one.group for one in await flows.track.listed(HERE)] == ["all"]


async def test_an_old_name_removes_the_repository_it_was(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    await flows.track.add(HERE, "acme/rocket")
    github.rename(github.repositories[0], "acme/starship")
    clock.pass_(HOUR)
    await flows.track.add(THERE, "acme/starship")

    untracked = await flows.track.remove(HERE, "acme/rocket")

    assert [subject.full_name for subject in untracked.removed] == ["acme/starship"]
    with pytest.raises(UnknownRepository):
        await flows.portfolio.find(HERE, "acme/never")


async def test_a_guild_may_watch_so_many_and_no_more(flows: Flows, github: ScriptedGitHub) -> None:
    names = [f"many/repo-{number}" for number in range(MOST + 1)]
    for name in names:
        github.add(name, stars=1)
    await flows.track.add(HERE, " ".join(names[:-1]))
    asked = len(github.asked)

    with pytest.raises(UsageError, match=f"is {MOST}, and this one watches {MOST}: stop"):
        await flows.track.add(HERE, names[-1])

    assert len(github.asked) == asked, "refused before GitHub is asked"
    assert (await flows.track.add(HERE, names[0], "again")).added, "watched already"
    assert len((await flows.track.add(OPERATOR, " ".join(names))).added) == MOST + 1


async def test_what_is_added_at_the_same_time_stays_within_the_limit(
    flows: Flows, github: ScriptedGitHub
) -> None:
    names = [f"many/repo-{number}" for number in range(MOST + 1)]
    for name in names:
        github.add(name, stars=1)
    half = MOST // 2

    outcomes = await asyncio.gather(
        flows.track.add(HERE, " ".join(names[:half])),
        flows.track.add(HERE, " ".join(names[half:])),
        return_exceptions=True,
    )

    refused = [outcome for outcome in outcomes if isinstance(outcome, UsageError)]
    assert len(refused) == 1
    assert f"is {MOST}, and this one watches " in str(refused[0])
    assert len(await names_in(flows, HERE)) in (half, half + 1), "all of one, none of the other"


async def test_a_guild_forgotten_while_github_is_asked_watches_nothing(
    flows: Flows, github: ScriptedGitHub, store: SqliteStore
) -> None:
    await flows.track.add(THERE, "acme/site")
    hold = github.hold(page=0)
    adding = [
        asyncio.create_task(flows.track.add(guild, "acme/rocket", user_id=7))
        for guild in (HERE, THERE)
    ]
    await hold.reached.wait()
    await store.guilds.forget(HERE)
    hold.released.set()

    with pytest.raises(UsageError, match="forgotten meanwhile, so nothing is watched"):
        await adding[0]
    assert (await adding[1]).added
    assert await names_in(flows, HERE) == []
    assert await store.database.rows("SELECT 1 FROM audit WHERE guild_id = $1", HERE) == []
    assert (await flows.track.add(HERE, "acme/rocket")).added


@pytest.mark.parametrize(
    "names", [["o/none", "o/secret", "o/shut"], ["o/shut", "o/secret", "o/none"]]
)
async def test_the_order_of_refusals_does_not_tell_hidden_from_missing(
    flows: Flows, github: ScriptedGitHub, names: list[str]
) -> None:
    github.page_size = 10
    github.add("o/secret", Visibility.PRIVATE, stars=1)
    github.add("o/shut", stars=1)
    github.refusals = {"o/shut": Refusal(Refused.FORBIDDEN, "not for this token")}

    refused = (await flows.track.add(HERE, " ".join(names))).refused

    assert [error.full_name for error in refused] == names
    assert {error.refusal for error in refused} == {NOT_VISIBLE}


@pytest.mark.parametrize("typed", ["docs", " docs ", "Docs", "DOCS"])
async def test_a_group_is_the_same_however_it_is_typed(flows: Flows, typed: str) -> None:
    await flows.track.add(HERE, "acme/rocket", "docs")
    tracked = await flows.track.add(HERE, "acme/rocket acme/site", typed)

    assert [movement.subject.full_name for movement in tracked.already] == ["acme/Rocket"]
    assert {one.group for one in await flows.track.listed(HERE)} == {"docs"}
    assert len(await flows.track.listed(HERE, typed)) == 2
    assert len(await flows.portfolio.repositories(HERE, typed)) == 2
    assert len((await flows.track.remove(HERE, "acme/site", typed)).removed) == 1


@pytest.mark.parametrize("everything", ["all", " All", None])
async def test_all_is_every_group(flows: Flows, everything: str | None) -> None:
    await flows.track.add(HERE, "acme/rocket", "docs")
    await flows.track.add(HERE, "acme/site")

    assert len(await flows.track.listed(HERE, everything)) == 2
    assert len(await flows.portfolio.repositories(HERE, everything)) == 2
    removed = (await flows.track.remove(HERE, "acme/rocket acme/site", everything)).removed
    assert len(removed) == 2
    assert await names_in(flows, HERE) == []


async def test_a_group_that_is_not_there_is_told_with_those_that_are(flows: Flows) -> None:
    await flows.track.add(HERE, "acme/rocket", "tools")
    await flows.track.add(HERE, "acme/site", "docs")
    said = 'There is no group "dosc" here: choose from docs, tools.'

    for asked in (
        flows.track.listed(HERE, "dosc"),
        flows.track.remove(HERE, "acme/site", "dosc"),
        flows.digests.report(HERE, "1d", UTC, group="dosc"),
    ):
        with pytest.raises(UsageError) as refused:
            await asked
        assert str(refused.value) == said

    assert await flows.track.listed(THERE, "dosc") == [], "nothing is watched at all"


@pytest.mark.parametrize(
    ("targets", "group", "kind"),
    [
        ("acme/rocket not-a-name", None, InvalidName),
        (" , ", None, UsageError),
        ("acme/rocket", "dosc", UsageError),
        ("acme/rocket", " ", UsageError),
    ],
)
async def test_what_cannot_be_removed_is_refused_and_nothing_is_removed(
    flows: Flows, targets: str, group: str | None, kind: type[UsageError]
) -> None:
    await flows.track.add(HERE, "acme/rocket")

    with pytest.raises(kind):
        await flows.track.check_removal(HERE, targets, group)
    with pytest.raises(kind):
        await flows.track.remove(HERE, targets, group)
    assert await names_in(flows, HERE) == ["acme/Rocket"]


async def test_what_became_private_is_removed_under_the_name_that_was_typed(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock, store: SqliteStore
) -> None:
    """Renamed since then: its new name is nobody's business here."""
    for guild in (HERE, THERE, TRUSTED_GUILD):
        await flows.track.add(guild, "acme/rocket")
    github.rename(github.repositories[0], "acme/moonshot")
    github.repositories[0].visibility = Visibility.PRIVATE
    clock.pass_(HOUR)
    await flows.sync.everything(Trigger.SCHEDULE)
    hidden = (await store.watches.of(HERE))[0].subject
    assert hidden.full_name == "acme/moonshot"

    told = [
        (await flows.track.remove(guild, target, user_id=7)).removed[0].full_name
        for guild, target in (
            (HERE, "https://github.com/acme/Rocket"),
            (THERE, reference(hidden)),
            (TRUSTED_GUILD, "acme/rocket"),
        )
    ]

    assert told == ["acme/Rocket", "this repository", "acme/moonshot"]
    noted = await store.database.rows(
        "SELECT detail FROM audit WHERE action = 'track remove' ORDER BY id"
    )
    assert [detail for (detail,) in noted] == told


async def test_who_changed_what_is_written_down(flows: Flows, store: SqliteStore) -> None:
    await flows.track.add(HERE, "acme/rocket acme/missing", "tools", user_id=7)
    await flows.track.add(HERE, "acme/rocket", "tools", user_id=8)
    await flows.track.remove(HERE, "acme/rocket acme/site", user_id=9)
    await flows.track.remove(HERE, "acme/rocket", user_id=9)

    rows = await store.database.rows("SELECT guild_id, user_id, action, detail FROM audit")
    assert list(rows) == [
        (HERE, 7, "track add", "acme/Rocket in tools"),
        (HERE, 9, "track remove", "acme/Rocket"),
    ]


@pytest.mark.parametrize("shut", ["o/a", "o/b"])
async def test_nor_does_the_order_in_which_a_forced_run_tells_them(
    flows: Flows, github: ScriptedGitHub, shut: str
) -> None:
    github.page_size = 10
    for name in ("o/b", "o/a"):
        github.add(name, stars=1)
        await flows.track.add(HERE, name)
    github.repositories = [one for one in github.repositories if one.full_name == shut]
    github.refusals = {shut: Refusal(Refused.FORBIDDEN, "not for this token")}

    report = await flows.sync.guild(HERE, Trigger.SYNC)

    assert [error.full_name for error in report.errors] == ["o/a", "o/b"]
