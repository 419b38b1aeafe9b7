"""/settings: the server's time zone, where warnings go, its digests, and forgetting it all."""

from dataclasses import replace
from typing import Self
from zoneinfo import ZoneInfo

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.card import Card
from bot.core.guild import DigestSettings
from bot.core.schedule import Every
from bot.core.zones import zones_like
from bot.destinations import Destination
from bot.errors import UsageError
from bot.flows.composing import Composing
from bot.flows.guild_settings import NOBODY, Actor, GuildSettings, Wish, parse_zone
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio
from bot.render import guild_cards
from bot.render.discord import message, paged
from cogs import arguments, channels, replies, trials
from cogs.answers import guild_of
from cogs.replies import Reply

SET, PAUSE, RESUME, REMOVE, TEST = "set", "pause", "resume", "remove", "test"
ACTIONS = [
    app_commands.Choice(name=name, value=name) for name in (SET, PAUSE, RESUME, REMOVE, TEST)
]
DAYS = [app_commands.Choice(name=every.capitalize(), value=every.value) for every in Every]
PAGE = 15
"""Rows of /settings show at once."""
TYPED = "FORGET"


class ServerSettings(replies.Answering):
    """What can be refused at once is: after the defer Discord is asked, and writes may wait."""

    settings = app_commands.Group(
        name="settings",
        description="Choose when and where digests come",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, settings: GuildSettings, composing: Composing, portfolio: Portfolio) -> None:
        self._settings = settings
        self._composing = composing
        self._portfolio = portfolio

    @settings.command(name="show")
    async def show(self, interaction: discord.Interaction) -> None:
        """Everything in force, and when the next digest comes"""
        await replies.send(interaction, await self._page(interaction), ephemeral=True)

    @settings.command(name="timezone")
    @app_commands.describe(zone="Such as Europe/Berlin: type your city or the nearest large one")
    async def timezone(self, interaction: discord.Interaction, zone: str) -> None:
        """Set the clock of this server"""
        named = parse_zone(zone)
        await interaction.response.defer(ephemeral=True)
        settled = await self._settings.set_zone(_actor(interaction), named)
        await _done(interaction, guild_cards.zone_set(settled, _roles(interaction)))

    @settings.command(name="alerts")
    @app_commands.describe(channel="Leave it out for the digest's channel")
    async def alerts(
        self, interaction: discord.Interaction, channel: channels.Writable | None = None
    ) -> None:
        """Choose the channel for warnings"""
        await interaction.response.defer(ephemeral=True)
        if channel is not None:
            channels.require(await channels.find(_guild(interaction), channel.id))
        guild = await self._settings.set_alerts(
            _actor(interaction), channel.id if channel else None
        )
        await _done(interaction, guild_cards.alerts_set(guild))

    @settings.command(name="digest")
    @app_commands.choices(every=DAYS, by=arguments.RANKING_CHOICES, action=ACTIONS)
    @app_commands.describe(
        channel="Where it is posted",
        time="HH:MM on a 24-hour clock, such as 09:00",
        every="On which days (day)",
        zone="Of this digest only; else the server's",
        group="The repositories of this group (all)",
        by="What decides the order (any)",
        top="How many repositories it lists (10)",
        minimum="The smallest change it lists (0)",
        skip_empty="Post nothing when nothing moved",
        mention="A role to mention; @everyone: nobody any more",
        publish="Publish it to the followers of an announcement channel",
        action="What to do with it (set)",
    )
    async def digest(  # noqa: PLR0913, PLR0917  # a command's options are its parameters
        self,
        interaction: discord.Interaction,
        channel: channels.Postable | None = None,
        time: str | None = None,
        every: str | None = None,
        zone: str | None = None,
        group: app_commands.Range[str, 1, 50] = DEFAULT_GROUP,
        by: str | None = None,
        top: app_commands.Range[int, 1, 25] | None = None,
        minimum: app_commands.Range[int, 0, 1_000_000_000] | None = None,
        skip_empty: bool | None = None,  # noqa: FBT001  # an option
        mention: discord.Role | None = None,
        publish: bool | None = None,  # noqa: FBT001  # an option
        action: str = SET,
    ) -> None:
        """Set, pause, resume, remove or test a digest"""
        place, role = channel.id if channel else None, _role(mention)
        when = (time, every, zone)
        wish = Wish(group, place, *when, by, top, minimum, skip_empty, role, publish)
        if action == SET:
            await self._set(interaction, wish)
        elif action == TEST:
            await self._test(interaction, wish)
        else:
            await self._change(interaction, action, group)

    @settings.command(name="forget")
    async def forget(self, interaction: discord.Interaction) -> None:
        """Delete all that is kept of this server, for good"""
        modal = Forgetting(self._settings, _guild(interaction).name)
        await interaction.response.send_modal(modal)

    async def answer(self, interaction: discord.Interaction, wish: str) -> Reply:
        return await self._page(interaction, int(wish.partition(":")[0]))

    async def _page(self, interaction: discord.Interaction, page: int = 0) -> Reply:
        settled = await self._settings.show(guild_of(interaction))
        whole = guild_cards.settings(settled, _roles(interaction))
        card, page, pages = paged(whole, page, PAGE)
        actions = replies.turns("settings", page, pages, "")
        return Reply(replace(card, actions=actions), ZoneInfo(settled.guild.zone))

    async def _set(self, interaction: discord.Interaction, wish: Wish) -> None:
        guild = _guild(interaction)
        draft = await self._settings.draft(guild.id, wish)
        await interaction.response.defer(ephemeral=True)
        channel = await channels.find(guild, draft.channel_id)
        channels.require(channel)
        draft, advice = _fitted(draft, channel, wish)
        scheduled = await self._settings.set_digest(_actor(interaction), draft)
        await _done(
            interaction, guild_cards.scheduled(scheduled, _roles(interaction), advice=advice)
        )

    async def _change(self, interaction: discord.Interaction, action: str, group: str) -> None:
        """Pause, resume or remove it."""
        actor, guild = _actor(interaction), _guild(interaction)
        digest = await self._settings.digest(guild.id, group)
        await interaction.response.defer(ephemeral=True)
        if action == REMOVE:
            removed = await self._settings.remove(actor, group)
            return await _done(interaction, guild_cards.removed(removed))
        if action == PAUSE:
            changed = await self._settings.pause(actor, group)
        else:
            channels.require(await channels.find(guild, digest.channel_id))
            changed = await self._settings.resume(actor, group)
        return await _done(interaction, guild_cards.scheduled(changed, _roles(interaction)))

    async def _test(self, interaction: discord.Interaction, wish: Wish) -> None:
        """Post one now as it would come, marked as a test; nothing is settled by it."""
        guild = _guild(interaction)
        digest = await self._settings.sample(guild.id, wish)
        await interaction.response.defer(ephemeral=True)
        channel = await channels.find(guild, digest.channel_id)
        channels.require(channel)
        await trials.post(channel, await self._composing.today(digest))
        await _done(interaction, guild_cards.tested(channel.id))

    @timezone.autocomplete("zone")
    @digest.autocomplete("zone")
    async def _zones(
        self, _interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        found = zones_like(typed[: arguments.NAME], arguments.MOST)
        return [app_commands.Choice(name=name, value=name) for name in found]

    @digest.autocomplete("group")
    async def _groups(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await arguments.groups(self._portfolio, guild_of(interaction), typed)


class Forgetting(discord.ui.Modal):
    """Asks to type the server's name: only who opened it sees it."""

    def __init__(self, settings: GuildSettings, name: str) -> None:
        super().__init__(title="Forget this server?", timeout=600)
        self._settings = settings
        self._name = name
        self.typed: discord.ui.TextInput[Self] = discord.ui.TextInput(max_length=100)
        self.add_item(
            discord.ui.Label(
                text=f"Type {TYPED} or the server's name",
                description="Settings, digests and watches are deleted at once and for good.",
                component=self.typed,
            )
        )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        if self.typed.value.strip() not in {TYPED, self._name}:
            await interaction.response.send_message(
                f"Nothing was deleted: type {TYPED} in capitals to confirm.", ephemeral=True
            )
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._settings.forget(guild_of(interaction))
        await _done(interaction, guild_cards.forgotten())

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]  # discord.py's own signature
        """As a command's: whatever failed is told by the one handler."""
        raised = app_commands.AppCommandError()
        raised.__cause__ = error
        if isinstance(interaction.client, commands.AutoShardedBot):
            await interaction.client.tree.on_error(interaction, raised)  # type: ignore[arg-type]  # it is its client's


async def _done(interaction: discord.Interaction, card: Card) -> None:
    """Fill in the deferred answer."""
    await interaction.edit_original_response(**message(card))


def _role(mention: discord.Role | None) -> int | None:
    """Everyone is never mentioned: choosing that role takes a mention away."""
    if mention is None:
        return None
    return NOBODY if mention.is_default() else mention.id


def _fitted(
    digest: DigestSettings, channel: Destination, wish: Wish
) -> tuple[DigestSettings, list[str]]:
    """The digest as that channel can have it, and what will not do what was meant.

    Raises UsageError for what was asked for just now and cannot be.
    """
    advice = []
    news = isinstance(channel, discord.TextChannel) and channel.is_news()
    if digest.publish and not news:
        if wish.publish:
            raise UsageError(f"#{channel.name} is no announcement channel: leave out publish.")
        digest = replace(digest, publish=False)
        advice.append(f"no longer published: #{channel.name} is no announcement channel")
    guild = channel.guild
    role = guild.get_role(digest.mention_role_id or NOBODY)
    may = channel.permissions_for(guild.me).mention_everyone
    if role is not None and not (role.mentionable or may):
        advice.append(f"@{role.name} is shown but not notified: allow anyone to mention that role")
    return digest, advice


def _guild(interaction: discord.Interaction) -> discord.Guild:
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild


def _actor(interaction: discord.Interaction) -> Actor:
    return Actor(guild_of(interaction), interaction.user.id)


def _roles(interaction: discord.Interaction) -> dict[int, str]:
    return {role.id: role.name for role in _guild(interaction).roles}
