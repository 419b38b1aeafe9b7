"""Joining and leaving servers: a welcome with the two commands to start with; who left is noted."""

import asyncio
import json
from contextlib import suppress
from typing import NamedTuple

import discord
from discord.ext import commands

from bot.flows.membership import Membership
from bot.flows.ports import Clock
from bot.render import guild_cards
from bot.render.discord import message
from cogs import channels


class Ready(NamedTuple):
    """What a shard is told when it begins a session: all its guilds, in an outage or not."""

    guild_ids: frozenset[int]
    shard: int
    shards: int

    def serves(self, guild_id: int) -> bool:
        return (guild_id >> 22) % self.shards == self.shard


class Members(commands.Cog):
    """discord.py keeps guilds in its list that a later READY no longer names: the READY is read.

    An outage is no removal: guilds that are unavailable are named, too.
    """

    def __init__(self, membership: Membership, clock: Clock) -> None:
        self._membership = membership
        self._clock = clock
        self._in_turn = asyncio.Lock()  # a guild that joins right after a READY has not left

    @commands.Cog.listener()
    async def on_socket_raw_receive(self, payload: str) -> None:
        """Notice what happened to a shard's guilds while it was away, at its start and later."""
        ready = ready_in(payload)
        if ready is None:
            return
        async with self._in_turn:
            await self._membership.reconcile(ready.guild_ids, self._clock.now(), ours=ready.serves)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        async with self._in_turn:
            await self._membership.joined(guild.id)
        channel = _first_channel(guild)
        if channel is not None:
            with suppress(discord.HTTPException):  # a welcome is not worth an error
                await channel.send(**message(guild_cards.welcome()))

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """So discord.py calls a guild, too, that joins within seconds after a READY."""
        async with self._in_turn:
            await self._membership.joined(guild.id)

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        async with self._in_turn:
            await self._membership.left(guild.id, self._clock.now())


def ready_in(payload: str) -> Ready | None:
    """The READY that the gateway sent; None for anything else."""
    if '"READY"' not in payload:  # most are something else, and large
        return None
    event = json.loads(payload)
    if event.get("t") != "READY":
        return None
    said = event["d"]
    shard, shards = said.get("shard", (0, 1))
    return Ready(frozenset(int(guild["id"]) for guild in said["guilds"]), shard, shards)


def _first_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Where Discord itself welcomes people, else the first one where the bot may write."""
    places = [guild.system_channel, *guild.text_channels]
    return next((place for place in places if place and channels.may_write(place)), None)
