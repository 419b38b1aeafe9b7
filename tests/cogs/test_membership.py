"""Who left while a shard was away is noticed at its next READY, whichever shard it is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from discord.http import Route
from pydantic import SecretStr

from bot.client import RadarBot
from bot.core.guild import Guild as Settled
from bot.flows.membership import Membership
from bot.settings import Discord
from cogs.membership import Members, Ready, ready_in
from tests.standins.clock import SettableClock
from tests.standins.discord_api import DiscordStandIn
from tests.standins.discord_world import Guild
from tests.standins.stored import SqliteStore

SHARDS = 2


def shard_of(guild_id: int) -> int:
    return (guild_id >> 22) % SHARDS


class Hasty(RadarBot):
    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """The stand-in has no limit of identifies to wait for."""


@asynccontextmanager
async def serving(discord: DiscordStandIn, members: Members) -> AsyncIterator[RadarBot]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Route, "BASE", discord.api_url)
        settings = Discord(gateway_url=discord.gateway_url, shard_count=SHARDS)
        bot = Hasty([members], settings)
        task = asyncio.create_task(bot.serve(SecretStr(discord.token)))
        try:
            await discord.ready()
            await bot.wait_until_ready()
            yield bot
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def two_on_each(discord: DiscordStandIn) -> dict[int, list[Guild]]:
    """Two guilds on each shard."""
    found: dict[int, list[Guild]] = {shard: [] for shard in range(SHARDS)}
    while any(len(guilds) < 2 for guilds in found.values()):
        guild = discord.add_guild("Acme")
        if len(found[shard_of(guild.id)]) < 2:
            found[shard_of(guild.id)].append(guild)
    return found


async def departed(store: SqliteStore) -> set[int]:
    return {guild.id for guild in await store.guilds.known() if guild.left_at is not None}


async def until_departed(store: SqliteStore, wanted: set[int]) -> None:
    """These and no others."""
    async with asyncio.timeout(15):
        while await departed(store) != wanted:  # noqa: ASYNC110  # nothing says when
            await asyncio.sleep(0)


async def test_every_shard_notices_who_left_at_its_start_and_in_a_gap(
    store: SqliteStore, clock: SettableClock
) -> None:
    async with DiscordStandIn() as discord:
        guilds = two_on_each(discord)
        strangers = {(shard + SHARDS) << 22 for shard in range(SHARDS)}
        for guild_id in (*strangers, *(one.id for shard in guilds.values() for one in shard)):
            await store.guilds.save(Settled(guild_id))
        members = Members(Membership(store.guilds), clock)
        async with serving(discord, members) as bot:
            await until_departed(store, strangers)
            assert {shard_of(guild_id) for guild_id in strangers} == set(range(SHARDS))

            gone: set[int] = set()
            for shard in range(SHARDS):  # one after the other: the other shard stays connected
                leaving = guilds[shard][0]
                gone.add(leaving.id)
                discord.remove_guild(leaving, unheard=True)
                await discord.drop_gateway(resumable=False, shard=shard)
                await until_departed(store, strangers | gone)
                assert bot.get_guild(leaving.id) is not None, "discord.py keeps it in its list"

            for shard in range(SHARDS):
                discord.invite(guilds[shard][0])
            await until_departed(store, strangers)


async def test_the_timer_goes_on_and_the_heart_beats_while_a_shard_is_away(
    store: SqliteStore, clock: SettableClock
) -> None:
    async with DiscordStandIn() as discord:
        async with serving(discord, Members(Membership(store.guilds), clock)) as bot:
            assert (bot.has_been_ready(), bot.connected()) == (True, True)
            await bot.shards[1].disconnect()
            assert (bot.has_been_ready(), bot.connected()) == (True, True)
            await bot.shards[0].disconnect()
            assert (bot.has_been_ready(), bot.connected()) == (True, False)
        assert (bot.has_been_ready(), bot.connected()) == (False, False)


def test_before_it_is_connected_nothing_beats() -> None:
    bot = RadarBot([], Discord())

    assert (bot.has_been_ready(), bot.connected()) == (False, False)


def test_a_ready_names_the_shard_and_all_its_guilds() -> None:
    said = {"guilds": [{"id": "5", "unavailable": True}, {"id": str(2**63)}], "shard": [1, 3]}

    ready = ready_in(json.dumps({"op": 0, "t": "READY", "s": 1, "d": said}))
    assert ready == Ready(frozenset({5, 2**63}), 1, 3)
    assert [shard for shard in range(6) if ready.serves(shard << 22)] == [1, 4]
    alone = ready_in(json.dumps({"t": "READY", "d": {"guilds": []}}))
    assert alone == Ready(frozenset(), 0, 1)


@pytest.mark.parametrize("event", [{"t": "RESUMED", "d": {}}, {"t": "X", "d": {"name": "READY"}}])
def test_nothing_else_passes_for_a_ready(event: dict[str, object]) -> None:
    assert ready_in(json.dumps(event)) is None
