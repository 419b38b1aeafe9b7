"""Joining and leaving servers: a welcome with the two commands to start with; who left is noted."""

from contextlib import suppress

import discord
from discord.ext import commands

from bot.flows.membership import Membership
from bot.flows.ports import Clock
from bot.render import guild_cards
from bot.render.discord import message
from cogs import channels


class Members(commands.Cog):
    """discord.py tells an outage from a removal: guilds that are unavailable stay in its list."""

    def __init__(self, membership: Membership, clock: Clock) -> None:
        self._membership = membership
        self._clock = clock
        self._client: commands.AutoShardedBot | None = None

    def attend(self, client: commands.AutoShardedBot) -> None:
        """Whose guilds are reconciled."""
        self._client = client

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """All shards are there, with every guild: notice what happened while the bot was away."""
        client = self._client
        if client is None:
            return
        shards = client.shards.keys()
        count = client.shard_count or 1
        await self._membership.reconcile(
            {guild.id for guild in client.guilds},
            self._clock.now(),
            ours=lambda guild_id: (guild_id >> 22) % count in shards,
        )

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._membership.joined(guild.id)
        channel = _first_channel(guild)
        if channel is not None:
            with suppress(discord.HTTPException):  # a welcome is not worth an error
                await channel.send(**message(guild_cards.welcome()))

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._membership.left(guild.id, self._clock.now())


def _first_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Where Discord itself welcomes people, else the first one where the bot may write."""
    places = [guild.system_channel, *guild.text_channels]
    return next((place for place in places if place and channels.may_write(place)), None)
