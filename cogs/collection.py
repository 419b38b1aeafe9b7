"""/track, /sync and /repos: what is watched, and reading it now."""

from collections.abc import Callable
from datetime import UTC

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.models import Trigger
from bot.core.reports import Progress
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio
from bot.flows.ports import Clock
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.render import cards
from bot.render.discord import message
from cogs import arguments
from cogs.answers import Live, guild_of

Group = app_commands.Range[str, 1, 50]
MANAGE = discord.Permissions(manage_guild=True)


class Collection(commands.Cog):
    track = app_commands.Group(
        name="track",
        description="Choose the repositories this server watches",
        default_permissions=MANAGE,
        guild_only=True,
    )

    def __init__(self, track: Track, sync: Sync, portfolio: Portfolio, clock: Clock) -> None:
        self._track = track
        self._sync = sync
        self._portfolio = portfolio
        self._clock = clock

    @track.command(name="add")
    @app_commands.describe(
        target="owner/name or a link, several with spaces", group="A name of your own (all)"
    )
    async def track_add(
        self, interaction: discord.Interaction, target: str, group: Group = DEFAULT_GROUP
    ) -> None:
        """Watch repositories, starting with their numbers now"""
        self._track.names(target)  # refused before the defer, for nobody else to see
        await interaction.response.defer()
        report = await self._track.add(guild_of(interaction), target, group)
        await interaction.edit_original_response(**message(cards.tracked(report)))

    @track.command(name="remove")
    @app_commands.describe(target="owner/name or a link, several with spaces", group="Only here")
    async def track_remove(
        self, interaction: discord.Interaction, target: str, group: Group | None = None
    ) -> None:
        """Stop watching repositories; their history stays"""
        report = await self._track.remove(guild_of(interaction), target, group)
        await interaction.response.send_message(**message(cards.untracked(report)))

    @app_commands.command()
    @app_commands.describe(repo="Only this one")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def sync(self, interaction: discord.Interaction, repo: str | None = None) -> None:
        """Read the numbers of this server's repositories from GitHub now"""
        guild_id = guild_of(interaction)
        await self._sync.check(guild_id, repo)
        await interaction.response.defer()
        async with Live(interaction) as live:
            report = await self._sync.guild(
                guild_id, Trigger.SYNC, repository=repo, listener=_shown_by(live)
            )
            await live.finish(cards.sync(report))

    @app_commands.command()
    @app_commands.describe(group="Only this group")
    @app_commands.guild_only()
    async def repos(self, interaction: discord.Interaction, group: str | None = None) -> None:
        """What this server watches, with the numbers now"""
        listed = await self._track.listed(guild_of(interaction), group)
        card = cards.repositories(listed, UTC, self._clock.now())
        await interaction.response.send_message(**message(card))

    @track_remove.autocomplete("target")
    @sync.autocomplete("repo")
    async def _watched(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.watched(self._portfolio, guild_of(interaction), typed)

    @track_add.autocomplete("group")
    @track_remove.autocomplete("group")
    @repos.autocomplete("group")
    async def _groups(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.groups(self._portfolio, guild_of(interaction), typed)


def _shown_by(live: Live) -> Callable[[Progress], None]:
    return lambda progress: live.show(cards.progress(progress))
