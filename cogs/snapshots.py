"""/diff: one repository between two moments."""

from datetime import UTC

import discord
from discord import app_commands
from discord.ext import commands

from bot.flows.diff import Diff
from bot.flows.portfolio import Portfolio
from bot.render import cards
from bot.render.discord import message
from cogs import arguments
from cogs.answers import guild_of


class Snapshots(commands.Cog):
    def __init__(self, diff: Diff, portfolio: Portfolio) -> None:
        self._diff = diff
        self._portfolio = portfolio

    @app_commands.command()
    @app_commands.describe(
        repo="One you watch, or any owner/name", window="7d, 3mo, 2026-05, 2026-05-01..2026-06-01"
    )
    @app_commands.guild_only()
    async def diff(self, interaction: discord.Interaction, repo: str, window: str = "7d") -> None:
        """Show what changed in a repository"""
        report = await self._diff.report(guild_of(interaction), repo, window, UTC)
        await interaction.response.send_message(**message(cards.diff(report, UTC)))

    @diff.autocomplete("repo")
    async def _repositories(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.watched(self._portfolio, guild_of(interaction), typed)

    @diff.autocomplete("window")
    async def _windows(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return arguments.windows(typed)
