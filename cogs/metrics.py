"""/metric: the server's own numbers, week by week."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.flows.guild_settings import Actor, GuildSettings
from bot.flows.metric_views import MetricViews
from bot.render import metric_cards
from bot.render.discord import message
from cogs import replies
from cogs.answers import guild_of
from cogs.arguments import MOST, NAME, Choices
from cogs.replies import Reply

Name = app_commands.Range[str, 1, 64]
Value = app_commands.Range[str, 1, 6000]


class WeeklyMetrics(commands.Cog):
    metric = app_commands.Group(
        name="metric",
        description="Keep numbers of your own by week",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, views: MetricViews, settings: GuildSettings) -> None:
        self._views = views
        self._settings = settings

    @metric.command(name="record")
    @app_commands.describe(
        name="Such as open_bugs",
        value="A number, or a JSON object of numbers",
        week="Such as 2025-44 (this week)",
    )
    async def record(
        self, interaction: discord.Interaction, name: Name, value: Value, week: str | None = None
    ) -> None:
        """Record a number of this week"""
        actor = Actor(guild_of(interaction), interaction.user.id)
        self._views.check(name, value, week)
        await interaction.response.defer(thinking=True)
        one = await self._views.record(actor, name, value, week)
        await interaction.edit_original_response(**message(metric_cards.recorded(one)))

    @metric.command(name="show")
    @app_commands.describe(
        name="Which metric",
        key="Which of its numbers to draw; up to 5 with commas",
    )
    async def show(
        self, interaction: discord.Interaction, name: Name, key: str | None = None
    ) -> None:
        """Show 16 weeks of a metric"""
        guild_id = guild_of(interaction)
        zone = await self._settings.zone(guild_id)
        report = await self._views.show(guild_id, name, key or "", zone)
        await replies.send(interaction, Reply(metric_cards.shown(report), zone, report.chart))

    @record.autocomplete("name")
    @show.autocomplete("name")
    async def _names(self, interaction: discord.Interaction, typed: str) -> Choices:
        return _like(await self._views.names(guild_of(interaction)), typed)

    @show.autocomplete("key")
    async def _keys(self, interaction: discord.Interaction, typed: str) -> Choices:
        name = str(getattr(interaction.namespace, "name", ""))
        return _like(await self._views.keys(guild_of(interaction), name), typed)


def _like(names: list[str], typed: str) -> Choices:
    """Those with the typed letters in them; a choice has at most 100 characters."""
    letters = typed.strip().lower()
    found = [name for name in names if letters in name.lower() and len(name) <= NAME]
    return [app_commands.Choice(name=name, value=name) for name in found[:MOST]]
