"""What happened to repositories, as the verbs tell it, and to whom."""

from datetime import UTC

import pytest

from bot.core.events import Event, Kind
from bot.core.models import Trigger, Visibility
from bot.core.window import between
from bot.flows.portfolio import OPERATOR
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, SettableClock
from tests.standins.harvests import Repository, ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE = 11


@pytest.fixture
async def site(flows: Flows, github: ScriptedGitHub) -> Repository:
    site = github.add("o/site", stars=100)
    for guild_id in (HERE, TRUSTED_GUILD, OPERATOR):
        await flows.track.add(guild_id, "o/site")
    return site


async def next_day(flows: Flows, clock: SettableClock) -> int:
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)
    return clock.now()


async def told(flows: Flows, guild_id: int, name: str, window: str = "30d") -> tuple[Event, ...]:
    return (await flows.diff.report(guild_id, name, window, UTC)).events


async def test_a_diff_has_what_happened_in_its_window_and_the_newest_name(
    flows: Flows, clock: SettableClock, site: Repository, github: ScriptedGitHub
) -> None:
    github.rename(site, "o/home")
    renamed = await next_day(flows, clock)
    site.archived = True
    archived = await next_day(flows, clock)
    site.archived = False
    await next_day(flows, clock)

    before, after = Event(renamed, Kind.RENAMED, "o/site"), Event(archived, Kind.ARCHIVED)
    assert (await told(flows, HERE, "o/home"))[:2] == (before, after)
    assert [e.kind for e in await told(flows, HERE, "o/site", "1d")] == [
        Kind.RENAMED, Kind.UNARCHIVED,
    ]  # fmt: skip


async def test_gone_and_back_are_told_together(
    flows: Flows, clock: SettableClock, site: Repository, github: ScriptedGitHub
) -> None:
    github.repositories.clear()
    gone = await next_day(flows, clock)
    github.repositories.append(site)
    back = await next_day(flows, clock)

    expected = (Event(gone, Kind.GONE), Event(back, Kind.BACK))
    assert await told(flows, HERE, "o/site") == await told(flows, HERE, "o/site", "24h") == expected


async def test_nothing_happened_is_nothing_told(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    await next_day(flows, clock)

    assert await told(flows, HERE, site.full_name) == ()
    assert (await flows.digests.report(HERE, "7d", UTC)).happened == ()


async def test_a_digest_has_what_happened_to_its_own_repositories_in_its_window(
    flows: Flows, clock: SettableClock, site: Repository, github: ScriptedGitHub
) -> None:
    elsewhere = github.add("o/elsewhere", stars=1)
    await flows.track.add(99, "o/elsewhere")
    await next_day(flows, clock)
    github.rename(site, "p/site")
    site.archived = elsewhere.archived = True
    await next_day(flows, clock)

    digest = await flows.digests.report(HERE, "24h", UTC)

    assert [(h.subject.full_name, h.event.kind, h.event.detail) for h in digest.happened] == [
        ("p/site", Kind.TRANSFERRED, "o/site"), ("p/site", Kind.ARCHIVED, ""),
    ]  # fmt: skip
    clock.pass_(2 * DAY)
    assert (await flows.digests.report(HERE, "24h", UTC)).happened == ()


async def test_what_a_repository_was_while_it_was_private_only_the_trusted_hear(
    flows: Flows, clock: SettableClock, site: Repository, github: ScriptedGitHub
) -> None:
    site.visibility = Visibility.PRIVATE
    hidden = await next_day(flows, clock)
    github.rename(site, "o/secret-plan")
    site.archived = True
    await next_day(flows, clock)
    github.rename(site, "o/launch")
    site.visibility = Visibility.PUBLIC
    shown = await next_day(flows, clock)

    expected = (Event(hidden, Kind.GONE), Event(shown, Kind.BACK))
    assert await told(flows, HERE, "o/launch") == expected
    assert [h.event for h in (await flows.digests.report(HERE, "7d", UTC)).happened] == [*expected]
    for trusted in (TRUSTED_GUILD, OPERATOR):
        events = await told(flows, trusted, "o/launch")
        assert [event.kind for event in events] == [
            Kind.PRIVATE, Kind.RENAMED, Kind.ARCHIVED, Kind.RENAMED, Kind.PUBLIC,
        ]  # fmt: skip
        assert "secret" not in str(events), "not even they are told a private name"


async def test_a_published_digest_leaves_out_what_it_was_while_it_was_private(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    site.visibility = Visibility.PRIVATE
    start = clock.now()
    await next_day(flows, clock)
    site.archived = True
    await next_day(flows, clock)
    site.visibility = Visibility.PUBLIC
    await next_day(flows, clock)

    window = between(start, clock.now())
    digests = [
        await flows.digests.over(TRUSTED_GUILD, window, published=published)
        for published in (False, True)
    ]
    kinds = [[one.event.kind for one in digest.happened] for digest in digests]

    assert kinds == [[Kind.PRIVATE, Kind.ARCHIVED, Kind.PUBLIC], [Kind.GONE, Kind.BACK]]


async def test_a_private_repositorys_events_reach_nobody_who_may_not_see_it(
    flows: Flows, clock: SettableClock, site: Repository
) -> None:
    site.visibility = Visibility.PRIVATE
    await next_day(flows, clock)

    assert (await flows.digests.report(TRUSTED_GUILD, "7d", UTC)).happened != ()
    subjects = await flows.portfolio.repositories(HERE)
    assert await flows.portfolio.events(HERE, subjects) == {}


async def test_the_list_knows_who_is_archived(
    flows: Flows, clock: SettableClock, site: Repository, store: SqliteStore
) -> None:
    site.archived = True
    await next_day(flows, clock)

    (listed,) = await flows.track.listed(HERE)

    assert listed.movement.subject.archived is True
    assert await store.subjects.get(listed.movement.subject.id) == listed.movement.subject
