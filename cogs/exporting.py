"""/export: what a server watches, as a file."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.export import Form
from bot.flows.export import Exports
from bot.flows.guild_settings import GuildSettings
from bot.render import guild_cards
from bot.render.discord import attached, message
from cogs import arguments
from cogs.answers import guild_of

FORMS = [app_commands.Choice(name=form.value, value=form.value) for form in Form]


class Exporting(commands.Cog):
    def __init__(self, exports: Exports, settings: GuildSettings) -> None:
        self._exports = exports
        self._settings = settings

    @app_commands.command()
    @app_commands.rename(form="format")
    @app_commands.describe(
        form="daily-json: the newest numbers; csv: every day's",
        window="30d, 3mo, 2026-05, 2026-05-01..2026-06-01",
    )
    @app_commands.choices(form=FORMS)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def export(
        self, interaction: discord.Interaction, form: str, window: str = "30d"
    ) -> None:
        """Take the history of what this server watches with you, as a file"""
        guild_id = guild_of(interaction)
        zone = await self._settings.zone(guild_id)
        order = await self._exports.order(guild_id, form, window, zone)
        await interaction.response.defer(ephemeral=True, thinking=True)
        document = await self._exports.fitting(order, interaction.filesize_limit)
        card = guild_cards.exported(order, document)
        file = attached(document, card.lines[0])
        await interaction.edit_original_response(**message(card), attachments=[file])

    @export.autocomplete("window")
    async def _windows(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return arguments.windows(typed)
