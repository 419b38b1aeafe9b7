"""/chart and /compare: one metric over a window, as a picture."""

from dataclasses import replace

import discord
from discord import app_commands

from bot.core.metrics import STARS
from bot.flows.charts import Charts
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import Portfolio
from bot.render import cards
from cogs import arguments, replies
from cogs.answers import guild_of
from cogs.replies import Reply


class Pictures(replies.Answering):
    def __init__(self, charts: Charts, portfolio: Portfolio, settings: GuildSettings) -> None:
        self._charts = charts
        self._portfolio = portfolio
        self._settings = settings

    @app_commands.command()
    @app_commands.describe(
        repo="One you watch, or any owner/name",
        metric="What is counted",
        window="90d, 3mo, 2026-05, 2026-05-01..2026-06-01",
    )
    @app_commands.choices(metric=arguments.METRIC_CHOICES)
    @app_commands.guild_only()
    async def chart(
        self,
        interaction: discord.Interaction,
        repo: str,
        metric: str = STARS.key,
        window: str = "90d",
    ) -> None:
        """Draw one number of a repository over time"""
        reply = await self._one(guild_of(interaction), repo, metric, window)
        await replies.send(interaction, reply)

    @app_commands.command()
    @app_commands.describe(
        repos="2 to 5 of them, with spaces",
        metric="What is counted",
        window="90d, 3mo, 2026-05, 2026-05-01..2026-06-01",
    )
    @app_commands.choices(metric=arguments.METRIC_CHOICES)
    @app_commands.guild_only()
    async def compare(
        self,
        interaction: discord.Interaction,
        repos: str,
        metric: str = STARS.key,
        window: str = "90d",
    ) -> None:
        """Draw one number of 2 to 5 repositories over time"""
        guild_id = guild_of(interaction)
        zone = await self._settings.zone(guild_id)
        report = await self._charts.compare(guild_id, repos, metric, window, zone)
        await replies.send(interaction, Reply(cards.compare(report, zone), zone, report.chart))

    async def again(self, guild_id: int, wish: str) -> Reply:
        subject, metric, window = wish.split(":")
        return await self._one(guild_id, int(subject), metric, window)

    async def _one(self, guild_id: int, repo: str | int, metric: str, window: str) -> Reply:
        zone = await self._settings.zone(guild_id)
        drawn = await self._charts.one(guild_id, repo, metric, window, zone)
        wish = f"chart:{drawn.report.subject.id}:{metric}"
        actions = replies.windows(wish, drawn.report.window.text)
        return Reply(replace(cards.chart(drawn, zone), actions=actions), zone, drawn.chart)

    @chart.autocomplete("repo")
    async def _repositories(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.watched(self._portfolio, guild_of(interaction), typed)

    @compare.autocomplete("repos")
    async def _last_of_several(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.watched_last(self._portfolio, guild_of(interaction), typed)

    @chart.autocomplete("window")
    @compare.autocomplete("window")
    async def _windows(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return arguments.windows(typed)
