"""/digest: what moved most in what a server watches."""

from datetime import UTC

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.rank import ANY
from bot.flows.digest import Digests
from bot.flows.portfolio import Portfolio
from bot.render import cards
from bot.render.discord import message
from cogs import arguments
from cogs.answers import guild_of


class Reporting(commands.Cog):
    def __init__(self, digests: Digests, portfolio: Portfolio) -> None:
        self._digests = digests
        self._portfolio = portfolio

    @app_commands.command()
    @app_commands.describe(
        window="1d, 7d, 3mo, 2026-05, 2026-05-01..2026-06-01",
        by="What decides the order",
        group="Only this group",
    )
    @app_commands.choices(by=arguments.RANKING_CHOICES)
    @app_commands.guild_only()
    async def digest(
        self,
        interaction: discord.Interaction,
        window: str = "1d",
        by: str = ANY,
        group: str | None = None,
    ) -> None:
        """Rank what moved in the repositories this server watches"""
        report = await self._digests.report(guild_of(interaction), window, UTC, by=by, group=group)
        await interaction.response.send_message(**message(cards.digest(report, UTC)))

    @digest.autocomplete("window")
    async def _windows(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return arguments.windows(typed)

    @digest.autocomplete("group")
    async def _groups(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.groups(self._portfolio, guild_of(interaction), typed)
