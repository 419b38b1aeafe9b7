"""Which guilds the bot is a member of: who left is forgotten after 30 days, who returns is not."""

from collections.abc import Callable, Collection
from dataclasses import replace

from bot.core.guild import Guild
from bot.flows.ports import Guilds

KEPT = 30 * 86_400
"""Seconds for which the data of a guild is kept after it removed the bot."""


class Membership:
    def __init__(self, guilds: Guilds) -> None:
        self._guilds = guilds

    async def joined(self, guild_id: int) -> None:
        """A guild that returns in time finds all as it was."""
        guild = await self._guilds.get(guild_id)
        if guild.left_at is not None:
            await self._guilds.save(replace(guild, left_at=None))

    async def left(self, guild_id: int, now: int) -> None:
        """Nothing is kept of a guild that never settled or watched anything."""
        known = {guild.id: guild for guild in await self._guilds.known()}
        if guild_id in known:
            await self._mark(known[guild_id], now)

    async def reconcile(
        self,
        member_ids: Collection[int],
        now: int,
        ours: Callable[[int], bool] = lambda _: True,
    ) -> None:
        """Notice who left or returned while the bot was away.

        `member_ids` must be complete, unavailable guilds included; `ours` leaves out the guilds
        that another process serves.
        """
        for guild in await self._guilds.known():
            if guild.id in member_ids:
                await self.joined(guild.id)
            elif ours(guild.id):
                await self._mark(guild, now)

    async def forget_departed(self, now: int) -> list[int]:
        """Delete all of the guilds that left long enough ago; returns their ids."""
        gone = [
            guild.id
            for guild in await self._guilds.known()
            if guild.left_at is not None and now - guild.left_at >= KEPT
        ]
        for guild_id in gone:
            await self._guilds.forget(guild_id)
        return gone

    async def _mark(self, guild: Guild, now: int) -> None:
        if guild.left_at is None:
            await self._guilds.save(replace(guild, left_at=now))
