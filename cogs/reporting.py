"""/digest: what moved most in what a server watches."""

from dataclasses import replace

import discord
from discord import app_commands

from bot.core.digest import Listing
from bot.core.rank import ANY
from bot.flows.charts import Charts
from bot.flows.digest import Digests
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import Portfolio
from bot.render import cards
from bot.render.discord import paged
from cogs import arguments, replies
from cogs.answers import guild_of
from cogs.replies import Reply


class Reporting(replies.Answering):
    def __init__(
        self, digests: Digests, charts: Charts, portfolio: Portfolio, settings: GuildSettings
    ) -> None:
        self._digests = digests
        self._charts = charts
        self._portfolio = portfolio
        self._settings = settings

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
        await replies.send(interaction, await self._reply(guild_of(interaction), window, by, group))

    async def again(self, guild_id: int, wish: str) -> Reply:
        page, window, by, group = wish.split(":", 3)
        return await self._reply(guild_id, window, by, group or None, int(page))

    async def _reply(
        self, guild_id: int, window: str, by: str, group: str | None, page: int = 0
    ) -> Reply:
        zone = await self._settings.zone(guild_id)
        most = (page + 1) * cards.TOP
        listing = Listing(by, most=most)
        report = await self._digests.report(guild_id, window, zone, listing, group=group)
        card, page, pages = paged(cards.digest(report, zone, most), page, cards.TOP)
        rest = f"{report.window.text}:{by}:{group or ''}"
        card = replace(card, actions=replies.turns("digest", page, pages, rest))
        return Reply(card, zone, lambda: self._charts.leaders(report))

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
