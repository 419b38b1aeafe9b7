"""Recovery: a digest that paused by itself goes on when its channel is mended."""

from dataclasses import replace

import pytest

from bot.core.guild import BY_HAND, ITSELF, REFUSED, DigestSettings
from bot.core.schedule import Every, Plan
from bot.errors import NotPosted
from bot.flows.recovery import REST, Recovery
from tests.standins.clock import HOUR, SettableClock
from tests.standins.posters import FakePoster, FakeWarnings
from tests.standins.stored import SqliteStore

HERE, CHANNEL = 11, 500
GONE = "I cannot see its channel."
DIGEST = DigestSettings(HERE, "all", CHANNEL, Plan(540, Every.DAY, "UTC"), since=5, paused=GONE)


class Places(FakePoster):
    """Counts the looks; the first ones may break."""

    __slots__ = ("broken", "looks")

    def __init__(self, clock: SettableClock) -> None:
        super().__init__(clock)
        self.looks: list[int] = []
        self.broken: list[Exception] = []

    async def check(self, guild_id: int, channel_id: int) -> None:
        self.looks.append(channel_id)
        if self.broken:
            raise self.broken.pop(0)
        await super().check(guild_id, channel_id)


@pytest.fixture
def places(clock: SettableClock) -> Places:
    return Places(clock)


@pytest.fixture
def warnings() -> FakeWarnings:
    return FakeWarnings()


@pytest.fixture
async def recovery(
    store: SqliteStore, places: Places, warnings: FakeWarnings, clock: SettableClock
) -> Recovery:
    await store.guilds.save_digest(DIGEST)
    return Recovery(store.guilds, places, warnings, clock)


async def paused(store: SqliteStore) -> dict[str, str | None]:
    return {digest.group: digest.paused for digest in await store.guilds.digests(HERE)}


async def test_a_mended_channel_resumes_its_digest_and_says_so(
    recovery: Recovery,
    store: SqliteStore,
    places: Places,
    warnings: FakeWarnings,
    clock: SettableClock,
) -> None:
    places.gone = {CHANNEL}
    await recovery.look()
    assert (await paused(store), warnings.told) == ({"all": GONE}, [])

    places.gone.clear()
    await recovery.look()
    (digest,) = await store.guilds.digests(HERE)
    assert digest == replace(DIGEST, paused=None), "what was missed meanwhile is made up for"
    ((guild_id, _, sentence),) = warnings.told
    assert guild_id == HERE
    assert sentence == "The digest of the group all runs again: I may post in its channel."
    assert warnings.cleared == [(HERE, "digest paused: all"), (HERE, "digest resumed: all")]
    entries = await store.database.rows("SELECT at, guild_id, user_id, detail FROM audit")
    assert entries == [
        (clock.now(), HERE, ITSELF, "resumed by the bot: group all. Its channel is mended."),
    ]


@pytest.mark.parametrize("reason", [BY_HAND, f"{REFUSED}: blocked by AutoMod.", None])
async def test_what_no_look_can_see_mended_is_left_to_people(
    recovery: Recovery, store: SqliteStore, places: Places, reason: str | None
) -> None:
    await store.guilds.save_digest(replace(DIGEST, paused=reason))
    await recovery.look()

    assert await paused(store) == {"all": reason}
    assert places.looks == []


async def test_what_pauses_again_at_once_is_resumed_once_a_day(
    recovery: Recovery, store: SqliteStore, warnings: FakeWarnings, clock: SettableClock
) -> None:
    for _ in range(2 * REST // HOUR):
        await recovery.look()
        await store.guilds.save_digest(DIGEST)
        clock.pass_(HOUR)

    assert len(warnings.told) == 2


@pytest.mark.parametrize("failure", [NotPosted("The server is out of reach."), ValueError("bug")])
async def test_one_guilds_trouble_is_not_anothers(
    recovery: Recovery, store: SqliteStore, places: Places, failure: Exception
) -> None:
    await store.guilds.save_digest(replace(DIGEST, group="docs"))
    places.broken = [failure]
    if isinstance(failure, ValueError):
        with pytest.raises(ValueError, match="bug"):
            await recovery.look()
    else:
        await recovery.look()

    assert await paused(store) == {"all": GONE, "docs": None}
