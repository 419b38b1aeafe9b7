"""/settings: the server's time zone, where warnings go, its digests, and forgetting it all."""

from dataclasses import replace
from typing import Self
from zoneinfo import ZoneInfo

import discord
from discord import app_commands
from discord.ext import commands

from bot.core.card import Card
from bot.core.digest import of_at_least
from bot.core.guild import DigestSettings
from bot.core.schedule import Every
from bot.core.zones import zones_like
from bot.destinations import Destination, tags_for
from bot.errors import UsageError
from bot.flows.digest import Digests
from bot.flows.guild_settings import Actor, GuildSettings, Wish
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio
from bot.render import cards, guild_cards
from bot.render.discord import message
from cogs import arguments, channels
from cogs.answers import guild_of

SET, PAUSE, RESUME, REMOVE, TEST = "set", "pause", "resume", "remove", "test"
ACTIONS = [
    app_commands.Choice(name=name, value=name) for name in (SET, PAUSE, RESUME, REMOVE, TEST)
]
DAYS = [app_commands.Choice(name=every.capitalize(), value=every.value) for every in Every]
TYPED = "FORGET"


class ServerSettings(commands.Cog):
    settings = app_commands.Group(
        name="settings",
        description="Choose when and where digests come",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, settings: GuildSettings, digests: Digests, portfolio: Portfolio) -> None:
        self._settings = settings
        self._digests = digests
        self._portfolio = portfolio

    @settings.command(name="show")
    async def show(self, interaction: discord.Interaction) -> None:
        """Everything in force, and when the next digest comes"""
        settled = await self._settings.show(guild_of(interaction))
        card = guild_cards.settings(settled, _roles(interaction))
        await interaction.response.send_message(**message(card), ephemeral=True)

    @settings.command(name="timezone")
    @app_commands.describe(zone="Such as Europe/Berlin: type your city or the nearest large one")
    async def timezone(self, interaction: discord.Interaction, zone: str) -> None:
        """Set the clock of this server"""
        settled = await self._settings.set_zone(_actor(interaction), zone)
        card = guild_cards.zone_set(settled, _roles(interaction))
        await interaction.response.send_message(**message(card), ephemeral=True)

    @settings.command(name="alerts")
    @app_commands.describe(channel="Leave it out for the digest's channel")
    async def alerts(
        self, interaction: discord.Interaction, channel: channels.Writable | None = None
    ) -> None:
        """Choose the channel for warnings"""
        if channel is not None:
            channels.require(await channels.find(_guild(interaction), channel.id))
        guild = await self._settings.set_alerts(
            _actor(interaction), channel.id if channel else None
        )
        card = guild_cards.alerts_set(guild)
        await interaction.response.send_message(**message(card), ephemeral=True)

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
        mention="A role to mention",
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
        place, role = channel.id if channel else None, mention.id if mention else None
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

    async def _set(self, interaction: discord.Interaction, wish: Wish) -> None:
        guild = _guild(interaction)
        draft = await self._settings.draft(guild.id, wish)
        channel = await channels.find(guild, draft.channel_id)
        channels.require(channel)
        advice = _advice(guild, channel, draft)
        scheduled = await self._settings.set_digest(_actor(interaction), draft)
        card = guild_cards.scheduled(scheduled, _roles(interaction), advice=advice)
        await interaction.response.send_message(**message(card), ephemeral=True)

    async def _change(self, interaction: discord.Interaction, action: str, group: str) -> None:
        """Pause, resume or remove it."""
        actor, guild = _actor(interaction), _guild(interaction)
        if action == REMOVE:
            card = guild_cards.removed(await self._settings.remove(actor, group))
        elif action == PAUSE:
            paused = await self._settings.pause(actor, group)
            card = guild_cards.scheduled(paused, _roles(interaction))
        else:
            digest = await self._settings.digest(guild.id, group)
            channels.require(await channels.find(guild, digest.channel_id))
            resumed = await self._settings.resume(actor, group)
            card = guild_cards.scheduled(resumed, _roles(interaction))
        await interaction.response.send_message(**message(card), ephemeral=True)

    async def _test(self, interaction: discord.Interaction, wish: Wish) -> None:
        """Post one now as it would come, marked as a test; nothing is settled by it."""
        guild = _guild(interaction)
        digest = await self._settings.sample(guild.id, wish)
        channel = await channels.find(guild, digest.channel_id)
        channels.require(channel)
        window = "1d" if digest.plan.every in (Every.DAY, Every.WEEKDAYS) else "7d"
        zone = ZoneInfo(digest.plan.zone)
        report = await self._digests.report(
            guild.id, window, zone, by=digest.by, group=digest.group
        )
        await interaction.response.defer(ephemeral=True)
        await _post(channel, cards.digest(of_at_least(report, digest.minimum), zone, digest.top))
        card = guild_cards.tested(channel.id)
        await interaction.edit_original_response(**message(card))

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
        await self._settings.forget(guild_of(interaction))
        await interaction.response.send_message(**message(guild_cards.forgotten()), ephemeral=True)

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:  # type: ignore[override]  # discord.py's own signature
        """As a command's: whatever failed is told by the one handler."""
        raised = app_commands.AppCommandError()
        raised.__cause__ = error
        if isinstance(interaction.client, commands.AutoShardedBot):
            await interaction.client.tree.on_error(interaction, raised)  # type: ignore[arg-type]  # it is its client's


async def _post(channel: Destination, card: Card) -> None:
    marked = replace(card, title=f"Test · {card.title}")
    if isinstance(channel, discord.ForumChannel):
        tags = tags_for(channel)
        await channel.create_thread(name=marked.title[:100], applied_tags=tags, **message(marked))
    else:
        await channel.send(**message(marked))


def _advice(guild: discord.Guild, channel: Destination, digest: DigestSettings) -> tuple[str, ...]:
    """What will not do what was meant; raises UsageError for what cannot be at all."""
    news = isinstance(channel, discord.TextChannel) and channel.is_news()
    if digest.publish and not news:
        raise UsageError(f"#{channel.name} is no announcement channel: leave out publish.")
    role = guild.get_role(digest.mention_role_id or 0)
    if role is not None and role.is_default():
        raise UsageError("I never mention everyone: choose a role, or leave out mention.")
    may = channel.permissions_for(guild.me).mention_everyone
    if role is not None and not (role.mentionable or may):
        return (f"@{role.name} is shown but not notified: allow anyone to mention that role",)
    return ()


def _guild(interaction: discord.Interaction) -> discord.Guild:
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    return interaction.guild


def _actor(interaction: discord.Interaction) -> Actor:
    return Actor(guild_of(interaction), interaction.user.id)


def _roles(interaction: discord.Interaction) -> dict[int, str]:
    return {role.id: role.name for role in _guild(interaction).roles}
