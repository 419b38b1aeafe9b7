"""/diff: one repository between two moments."""

from dataclasses import replace

import discord
from discord import app_commands

from bot.flows.charts import Charts
from bot.flows.diff import Diff
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import Portfolio
from bot.render import cards
from cogs import arguments, replies
from cogs.answers import guild_of
from cogs.replies import Reply


class Snapshots(replies.Answering):
    def __init__(
        self, diff: Diff, charts: Charts, portfolio: Portfolio, settings: GuildSettings
    ) -> None:
        self._diff = diff
        self._charts = charts
        self._portfolio = portfolio
        self._settings = settings

    @app_commands.command()
    @app_commands.describe(
        repo="One you watch, or any owner/name", window="7d, 3mo, 2026-05, 2026-05-01..2026-06-01"
    )
    @app_commands.guild_only()
    async def diff(self, interaction: discord.Interaction, repo: str, window: str = "7d") -> None:
        """Show what changed in a repository"""
        await replies.send(interaction, await self._reply(guild_of(interaction), repo, window))

    async def again(self, guild_id: int, wish: str) -> Reply:
        subject, _, window = wish.partition(":")
        return await self._reply(guild_id, int(subject), window)

    async def _reply(self, guild_id: int, repo: str | int, window: str) -> Reply:
        zone = await self._settings.zone(guild_id)
        report = await self._diff.report(guild_id, repo, window, zone)
        actions = replies.windows(f"diff:{report.subject.id}", report.window.text)
        card = replace(cards.diff(report, zone), actions=actions)
        return Reply(card, zone, lambda: self._charts.of_report(report))

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
