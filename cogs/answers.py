"""Answers that take their time: live progress, at a pace Discord allows, and a sure end."""

import asyncio
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import discord

from bot.core.card import Card
from bot.render.discord import message

PACE = 2.0
"""Seconds between two edits of one message: Discord allows five in five seconds."""
LIFETIME = 14 * 60
"""Seconds an interaction may still be answered (Discord ends its token after 15 minutes)."""


def guild_of(interaction: discord.Interaction) -> int:
    """The guild a command was used in; all of ours that need one are guild-only."""
    if interaction.guild_id is None:
        raise discord.app_commands.NoPrivateMessage
    return interaction.guild_id


class Live:
    """A deferred answer that shows progress; outlives the interaction as a channel message.

    What is over within `patience` seconds shows its end alone.
    """

    def __init__(self, interaction: discord.Interaction, patience: float = 0.0) -> None:
        self._interaction = interaction
        self._patience = patience
        self._ends_at = time.monotonic() + LIFETIME
        self._newest: Card | None = None
        self._shower: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._quieten()

    def show(self, card: Card) -> None:
        """Show a state soon; one that is overtaken before its turn is never sent."""
        self._newest = card
        if self._shower is None or self._shower.done():
            self._shower = asyncio.create_task(self._keep_showing())

    async def finish(self, card: Card) -> None:
        await self._quieten()
        if time.monotonic() < self._ends_at:
            await self._interaction.edit_original_response(**message(card))
        elif isinstance(self._interaction.channel, discord.abc.Messageable):
            await self._interaction.channel.send(**message(card))

    async def _keep_showing(self) -> None:
        if self._patience:
            await self._rest(self._patience)
            self._patience = 0.0
        while self._newest is not None and time.monotonic() < self._ends_at:
            card, self._newest = self._newest, None
            try:
                await self._interaction.edit_original_response(**message(card))
            except discord.HTTPException:
                return  # progress is not worth an error: the end will be told
            await self._rest(PACE)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    async def _quieten(self) -> None:
        """An edit under way is waited for: cut off, it could still arrive after the last one."""
        self._newest = None
        self._over.set()
        if self._shower is not None:
            await asyncio.gather(self._shower, return_exceptions=True)
            self._shower = None
