"""Settings: what is settled, refused, moved along and written down."""

import asyncio
from dataclasses import fields, replace

import pytest

from bot.core.guild import BY_HAND, DigestSettings, Guild
from bot.core.schedule import Every, Plan
from bot.core.settled import Scheduled
from bot.errors import UsageError
from bot.flows.guild_settings import MOST_DIGESTS, NOBODY, PAUSED, Actor, GuildSettings, Wish
from tests.conftest import Flows
from tests.standins.clock import DAY, HOUR, SettableClock, moment
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

HERE, THERE, ALICE, CHANNEL = 11, 12, 7, 99
WISH = Wish(channel_id=CHANNEL, time="09:00")


@pytest.fixture
def settings(store: SqliteStore, flows: Flows, clock: SettableClock) -> GuildSettings:
    return GuildSettings(store.guilds, flows.portfolio, clock)


async def put(settings: GuildSettings, wish: Wish = WISH, guild_id: int = HERE) -> Scheduled:
    return await settings.set_digest(Actor(guild_id, ALICE), await settings.draft(guild_id, wish))


async def audit(store: SqliteStore) -> list[tuple[object, ...]]:
    rows = await store.database.rows("SELECT guild_id, user_id, action, detail FROM audit")
    return list(rows)


async def test_a_digest_is_settled_from_now_on(
    settings: GuildSettings, store: SqliteStore, clock: SettableClock
) -> None:
    one = await put(settings)

    plan = Plan(9 * 60, Every.DAY, "UTC")
    assert one.digest == DigestSettings(HERE, "all", CHANNEL, plan, clock.now())
    assert one.next_due == moment("2026-07-02T09:00")
    assert await store.guilds.digests(HERE) == [one.digest]
    assert (await settings.show(HERE)).digests == (one,)
    assert (await settings.show(THERE)).digests == ()


async def test_a_draft_writes_nothing(settings: GuildSettings, store: SqliteStore) -> None:
    await settings.draft(HERE, WISH)

    assert await store.guilds.digests(HERE) == []
    assert await audit(store) == []


async def test_what_is_not_wished_for_stays(settings: GuildSettings, clock: SettableClock) -> None:
    await put(
        settings,
        Wish("Docs", CHANNEL, "09:00", "monday", "Asia/Tokyo", "stars", 3, 2, skip_empty=True),
    )
    clock.pass_(HOUR)

    digest = (await put(settings, Wish(" DOCS ", time="18:30"))).digest

    assert (digest.group, digest.channel_id, digest.by, digest.top) == ("docs", CHANNEL, "stars", 3)
    assert (digest.minimum, digest.skip_empty, digest.since) == (2, True, clock.now())
    assert digest.plan == Plan(18 * 60 + 30, Every.MONDAY, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("wish", "paused", "moved"),
    [
        (Wish(top=20), False, False),
        (Wish(channel_id=CHANNEL + 1, time="09:00", mention_role_id=5), False, False),
        (Wish(time="09:30"), False, True),
        (Wish(every="monday"), False, True),
        (Wish(zone="Asia/Tokyo"), False, True),
        (Wish(top=20), True, True),
    ],
)
async def test_what_is_due_already_is_dropped_by_another_plan_only(
    settings: GuildSettings, clock: SettableClock, wish: Wish, *, paused: bool, moved: bool
) -> None:
    before = (await put(settings)).digest.since
    if paused:
        await settings.pause(Actor(HERE, ALICE), "all")
    clock.pass_(DAY)

    assert (await put(settings, wish)).digest.since == (clock.now() if moved else before)


async def test_a_test_needs_a_channel_only(settings: GuildSettings) -> None:
    sample = await settings.sample(HERE, Wish(channel_id=CHANNEL))
    assert sample.plan.minute == 9 * 60

    await put(settings, Wish(channel_id=CHANNEL, time="07:00"))
    assert (await settings.sample(HERE, Wish(top=3))).plan.minute == 7 * 60


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(), "Name the channel and the time"),
        (Wish(channel_id=CHANNEL), "Name the channel and the time"),
        (Wish(channel_id=CHANNEL, time="24:00"), "HH:MM"),
        (Wish(channel_id=CHANNEL, time="9am"), "HH:MM"),
        (Wish(channel_id=CHANNEL, time="09:00", every="often"), "A digest comes every day, "),
        (Wish(channel_id=CHANNEL, time="09:00", zone="Berlin/Europe"), "is not a time zone"),
        (Wish(channel_id=CHANNEL, time="09:00", zone="Bärlin"), "did you mean"),
        (Wish(channel_id=CHANNEL, time="09:00", zone="?" * 500), "Europe/Berlin."),
        (Wish(channel_id=CHANNEL, time="09:00", by="luck"), "Nothing is ranked by 'luck'"),
        (Wish(channel_id=CHANNEL, time="09:00", top=0), "1 to 25"),
        (Wish(channel_id=CHANNEL, time="09:00", top=26), "1 to 25"),
        (Wish(channel_id=CHANNEL, time="09:00", minimum=-1), "0 or more"),
        (Wish(" ", CHANNEL, "09:00"), "1 to 50 characters"),
        (Wish("g" * 51, CHANNEL, "09:00"), "1 to 50 characters"),
    ],
)
async def test_what_cannot_be_is_refused(settings: GuildSettings, wish: Wish, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("?", r"\?")) as refused:
        await settings.draft(HERE, wish)

    assert str(refused.value).endswith((".", "?"))
    assert len(str(refused.value)) < 200


async def test_the_zone_takes_digests_along_that_had_the_old_one(
    settings: GuildSettings, clock: SettableClock
) -> None:
    await put(settings)
    await put(settings, Wish("own", CHANNEL, "09:00", zone="Asia/Tokyo"))
    clock.pass_(HOUR)

    settled = await settings.set_zone(Actor(HERE, ALICE), "berlin")

    zones = {one.digest.group: (one.digest.plan.zone, one.digest.since) for one in settled.digests}
    assert zones == {
        "all": ("Europe/Berlin", clock.now()),
        "own": ("Asia/Tokyo", clock.now() - HOUR),
    }
    assert (await settings.zone(HERE)).key == "Europe/Berlin"
    assert (await settings.zone(THERE)).key == "UTC"


async def test_changes_at_the_same_time_are_all_kept(
    settings: GuildSettings, store: SqliteStore
) -> None:
    await put(settings)
    actor = Actor(HERE, ALICE)

    await asyncio.gather(
        settings.set_zone(actor, "Asia/Tokyo"),
        settings.set_alerts(actor, CHANNEL),
        settings.pause(actor, "all"),
    )

    (digest,) = await store.guilds.digests(HERE)
    assert await store.guilds.get(HERE) == Guild(HERE, "Asia/Tokyo", CHANNEL)
    assert (digest.plan.zone, digest.paused) == ("Asia/Tokyo", BY_HAND)


async def test_pausing_resuming_removing(
    settings: GuildSettings, store: SqliteStore, clock: SettableClock
) -> None:
    actor = Actor(HERE, ALICE)
    await put(settings)
    paused = await settings.pause(actor, "ALL")
    assert (paused.digest.paused, paused.next_due) == (BY_HAND, None)

    clock.pass_(2 * DAY)
    assert await store.guilds.tell_once(HERE, PAUSED.format(group="all"), clock.now())
    resumed = await settings.resume(actor, "all")
    assert (resumed.digest.paused, resumed.digest.since) == (None, clock.now())
    assert await store.guilds.tell_once(HERE, PAUSED.format(group="all"), clock.now()), "told anew"

    await settings.remove(actor, "all")
    with pytest.raises(UsageError, match="No digest is set here yet"):
        await settings.pause(actor, "all")


async def test_setting_a_paused_digest_resumes_it(settings: GuildSettings) -> None:
    await put(settings)
    await settings.pause(Actor(HERE, ALICE), "all")

    assert (await put(settings, Wish(time="10:00"))).digest.paused is None


async def test_the_groups_with_digests_are_named(settings: GuildSettings) -> None:
    await put(settings)

    with pytest.raises(UsageError, match="The group other has no digest: choose from all"):
        await settings.digest(HERE, "other")


async def test_how_many_are_watched_in_the_group_is_told(
    settings: GuildSettings, flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("o/one", stars=1)
    github.add("o/two", stars=1)
    await flows.track.add(HERE, "o/one")
    await flows.track.add(HERE, "o/two", "docs")
    await flows.track.add(THERE, "o/one o/two", "docs")

    assert (await put(settings, Wish("docs", CHANNEL, "09:00"))).watched == 1
    assert (await put(settings, Wish("empty", CHANNEL, "09:00"))).watched == 0


async def test_every_change_is_written_down(settings: GuildSettings, store: SqliteStore) -> None:
    actor = Actor(HERE, ALICE)
    await settings.set_zone(actor, "Asia/Tokyo")
    await settings.set_alerts(actor, 5)
    await settings.set_alerts(actor, None)
    await put(settings)
    await settings.pause(actor, "all")
    await settings.resume(actor, "all")
    await settings.remove(actor, "all")

    entries = await audit(store)
    assert {(guild, user) for guild, user, _, _ in entries} == {(HERE, ALICE)}
    assert [f"{action}: {detail}" for _, _, action, detail in entries] == [
        "settings timezone: Asia/Tokyo",
        "settings alerts: 5",
        "settings alerts: the digest's channel",
        (
            "settings digest: set: group all: channel 99, time 09:00, every day, zone Asia/Tokyo,"
            " by any, top 10, minimum 0, skip_empty no, mention nobody, publish no, paused no"
        ),
        "settings digest: paused: group all",
        "settings digest: resumed: group all",
        "settings digest: removed: group all",
    ]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish(channel_id=5), "channel 99 → 5"),
        (Wish(time="18:30"), "time 09:00 → 18:30"),
        (Wish(every="friday"), "every day → friday"),
        (Wish(zone="Asia/Tokyo"), "zone UTC → Asia/Tokyo"),
        (Wish(by="stars"), "by any → stars"),
        (Wish(top=3), "top 10 → 3"),
        (Wish(minimum=7), "minimum 0 → 7"),
        (Wish(skip_empty=True), "skip_empty no → yes"),
        (Wish(mention_role_id=8), "mention nobody → 8"),
        (Wish(publish=True), "publish no → yes"),
        (Wish(top=3, minimum=7), "top 10 → 3, minimum 0 → 7"),
        (Wish(), "nothing changed"),
    ],
)
async def test_the_audit_tells_what_changed_from_what_to_what(
    settings: GuildSettings, store: SqliteStore, wish: Wish, told: str
) -> None:
    await put(settings)
    await put(settings, wish)

    assert (await audit(store))[-1] == (
        HERE, ALICE, "settings digest", f"set: group all: {told}"
    )  # fmt: skip


async def test_every_field_of_a_digest_stands_in_the_audit(
    settings: GuildSettings, store: SqliteStore
) -> None:
    """A field that is added later has to be told, too."""
    known = (await put(settings)).digest
    await store.guilds.save_digest(replace(known, paused="gone"))
    await put(settings)
    assert (await audit(store))[-1][3] == "set: group all: paused gone → no"

    told = str((await audit(store))[0][3])
    plan = {"time", "every", "zone"}
    words = {"mention_role_id": "mention", "channel_id": "channel", "plan": "time"}
    names = {words.get(field.name, field.name) for field in fields(DigestSettings)}
    for name in (names | plan) - {"guild_id", "since"}:
        assert f"{name} " in told


async def test_a_mention_can_be_taken_away_again(settings: GuildSettings) -> None:
    await put(settings, replace(WISH, mention_role_id=8))
    assert (await put(settings, Wish(top=3))).digest.mention_role_id == 8

    assert (await put(settings, Wish(mention_role_id=NOBODY))).digest.mention_role_id is None


async def test_forgetting_leaves_nothing_of_it_and_all_of_others(
    settings: GuildSettings, store: SqliteStore
) -> None:
    await put(settings)
    await put(settings, guild_id=THERE)

    await settings.forget(HERE)

    assert (await settings.show(HERE)).digests == ()
    assert len((await settings.show(THERE)).digests) == 1
    assert {entry[0] for entry in await audit(store)} == {THERE}


async def test_a_server_has_so_many_digests_and_no_more(settings: GuildSettings) -> None:
    for number in range(MOST_DIGESTS):
        await put(settings, Wish(f"group {number}", CHANNEL, "09:00"))

    with pytest.raises(UsageError, match="at most 25 digests"):
        await settings.draft(HERE, WISH)
    await put(settings, Wish("group 3", time="10:00"))
