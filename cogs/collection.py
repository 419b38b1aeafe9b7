"""/track, /sync and /repos: what is watched, and reading it now."""

from collections.abc import Callable
from dataclasses import replace

import discord
from discord import app_commands

from bot.core.follow import parse_terms
from bot.core.models import Trigger
from bot.core.reports import Progress
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio
from bot.flows.ports import Clock
from bot.flows.sync import Sync
from bot.flows.track import Track
from bot.render import portfolio_cards
from bot.render.discord import message, paged
from cogs import arguments, replies
from cogs.answers import Live, guild_of
from cogs.replies import Reply

Group = app_commands.Range[str, 1, 50]
Patterns = app_commands.Range[str, 0, 500]
PAGE = 15
"""Rows of a list at once."""
MANAGE = discord.Permissions(manage_guild=True)


class Collection(replies.Answering):
    track = app_commands.Group(
        name="track",
        description="Choose the repositories this server watches",
        default_permissions=MANAGE,
        guild_only=True,
    )

    def __init__(
        self,
        track: Track,
        sync: Sync,
        portfolio: Portfolio,
        settings: GuildSettings,
        clock: Clock,
    ) -> None:
        self._track = track
        self._sync = sync
        self._portfolio = portfolio
        self._settings = settings
        self._clock = clock

    @track.command(name="add")
    @app_commands.describe(
        target="owner/name or a link, several with spaces; owner/* for all, new ones too",
        group="A name of your own (all)",
        include="Of owner/*: only names like these, such as tools-* site",
        exclude="Of owner/*: no names like these, such as *-old",
        forks="Of owner/*: forks, too (no)",
        archived="Of owner/*: archived ones, too (no)",
    )
    async def track_add(  # noqa: PLR0913, PLR0917  # Discord's options
        self,
        interaction: discord.Interaction,
        target: str,
        group: Group = DEFAULT_GROUP,
        include: Patterns = "",
        exclude: Patterns = "",
        forks: bool = False,  # noqa: FBT001, FBT002  # Discord names them
        archived: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> None:
        """Watch repositories, starting with their numbers now"""
        guild_id, user = guild_of(interaction), interaction.user.id
        terms = parse_terms(include, exclude, forks=forks, archived=archived)
        asked = await self._track.check(guild_id, target, terms)  # refused unseen, before the defer
        await interaction.response.defer()
        async with Live(interaction) as live:
            tell = _shown_by(live, "Looking them up") if asked.wishes else _nothing
            report = await self._track.add(guild_id, target, group, tell, user_id=user, terms=terms)
            await live.finish(portfolio_cards.tracked(report))

    @track.command(name="remove")
    @app_commands.describe(target="owner/name, several with spaces; owner/*", group="Only here")
    async def track_remove(
        self, interaction: discord.Interaction, target: str, group: Group | None = None
    ) -> None:
        """Stop watching repositories; their history stays"""
        guild_id, user_id = guild_of(interaction), interaction.user.id
        await interaction.response.defer()  # a write may have to wait for its turn
        report = await self._track.remove(guild_id, target, group, user_id)
        await interaction.edit_original_response(**message(portfolio_cards.untracked(report)))

    @app_commands.command()
    @app_commands.describe(repo="Only this one")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def sync(self, interaction: discord.Interaction, repo: str | None = None) -> None:
        """Read the numbers of this server's repositories from GitHub now"""
        guild_id = guild_of(interaction)
        await self._sync.admit(guild_id, repo)
        await interaction.response.defer()
        async with Live(interaction) as live:
            report = await self._sync.guild(
                guild_id, Trigger.SYNC, repository=repo, listener=_shown_by(live)
            )
            await live.finish(portfolio_cards.sync(report))

    @app_commands.command()
    @app_commands.describe(group="Only this group")
    @app_commands.guild_only()
    async def repos(self, interaction: discord.Interaction, group: str | None = None) -> None:
        """What this server watches, with the numbers now"""
        await replies.send(interaction, await self._listed(guild_of(interaction), group))

    async def again(self, guild_id: int, wish: str) -> Reply:
        page, _, group = wish.partition(":")
        return await self._listed(guild_id, group or None, int(page))

    async def _listed(self, guild_id: int, group: str | None, page: int = 0) -> Reply:
        listed = await self._track.listed(guild_id, group)
        zone = await self._settings.zone(guild_id)
        follows = await self._track.follows(guild_id, group)
        whole = portfolio_cards.repositories(listed, zone, self._clock.now(), follows)
        card, page, pages = paged(whole, page, PAGE)
        actions = replies.turns("repos", page, pages, group or "")
        return Reply(replace(card, actions=actions), zone)

    @track_remove.autocomplete("target")
    async def _tracked(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        guild_id = guild_of(interaction)
        follows = arguments.followed(await self._track.follows(guild_id), typed)
        watched = await arguments.watched(self._portfolio, guild_id, typed)
        return [*follows, *watched][: arguments.MOST]

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


def _shown_by(live: Live, *title: str) -> Callable[[Progress], None]:
    return lambda progress: live.show(portfolio_cards.progress(progress, *title))


def _nothing(_: Progress) -> None:
    """A few that are named are there before anybody could read how far it is."""
