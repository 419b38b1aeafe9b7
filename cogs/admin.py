"""/help: the commands in short."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.card import Card, Row
from bot.render.discord import message


class Admin(commands.Cog):
    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """What this bot can do"""
        card = Card(
            title="Repo Radar remembers what GitHub forgets",
            lines=("Start with /track add owner/name; then ask /digest or /diff.",),
            rows=tuple(_rows(interaction.client)),
        )
        await interaction.response.send_message(**message(card), ephemeral=True)


def _rows(client: discord.Client) -> list[Row]:
    """A row a command, in the words it is registered with."""
    found = client.tree.walk_commands() if isinstance(client, commands.AutoShardedBot) else ()
    return [
        Row(f"/{command.qualified_name}", note=command.description)
        for command in sorted(found, key=lambda command: command.qualified_name)
        if isinstance(command, app_commands.Command)
    ]
