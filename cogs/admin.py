"""/status and /help: is all well here, and what there is."""

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.card import Card, Row
from bot.core.settled import Checkup
from bot.errors import UsageError
from bot.flows.checkup import Checkups
from bot.flows.guild_settings import GuildSettings
from bot.render import guild_cards
from bot.render.discord import message
from cogs import channels
from cogs.answers import guild_of


class Admin(commands.Cog):
    def __init__(self, checkups: Checkups, settings: GuildSettings) -> None:
        self._checkups = checkups
        self._settings = settings

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def status(self, interaction: discord.Interaction) -> None:
        """Is all well here, and what to do where it is not"""
        guild_id = guild_of(interaction)
        await interaction.response.defer(ephemeral=True)  # GitHub is asked
        report = await self._checkups.report(guild_id)
        rights = await _obstacles(interaction.guild, report)
        card = guild_cards.checkup(report, await self._settings.zone(guild_id), rights)
        await interaction.edit_original_response(**message(card))

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """What this bot can do"""
        card = Card(
            title="Repo Radar remembers what GitHub forgets",
            lines=("Start with /track add owner/name; then ask /digest or /diff.",),
            rows=tuple(_rows(interaction.client)),
        )
        await interaction.response.send_message(**message(card), ephemeral=True)


async def _obstacles(guild: discord.Guild | None, report: Checkup) -> list[str]:
    """What keeps digests and warnings out of their channels, each once."""
    if guild is None:
        return []
    digests = (one.digest.channel_id for one in report.settled.digests)
    found = [*digests, report.settled.guild.alerts_channel_id]
    asked = (_obstacle(guild, id_) for id_ in dict.fromkeys(found) if id_ is not None)
    return [why for why in await asyncio.gather(*asked) if why]


async def _obstacle(guild: discord.Guild, channel_id: int) -> str | None:
    try:
        return channels.obstacle(await channels.find(guild, channel_id))
    except UsageError as error:
        return str(error)


def _rows(client: discord.Client) -> list[Row]:
    """A row a command, in the words it is registered with."""
    found = client.tree.walk_commands() if isinstance(client, commands.AutoShardedBot) else ()
    return [
        Row(f"/{command.qualified_name}", note=command.description)
        for command in sorted(found, key=lambda command: command.qualified_name)
        if isinstance(command, app_commands.Command)
    ]
