"""Channels the bot is to write to: choosing one, whether it may, and how to mend it."""

import asyncio

import discord
from discord import app_commands

from bot.destinations import Destination, is_locked, is_tagless, missing_rights
from bot.errors import UsageError

Option = app_commands.AppCommandChannel | app_commands.AppCommandThread
WRITABLE = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
)
PATIENCE = 8.0
"""Seconds for which Discord is asked about a channel that nobody has told us of."""


class _Writable(app_commands.Transformer):
    """Hands on the channel as Discord sent it: archived threads are in nobody's cache."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return list(WRITABLE)

    async def transform(self, _interaction: discord.Interaction, value: Option, /) -> Option:
        return value


class _Postable(_Writable):
    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return [*WRITABLE, discord.ChannelType.forum]


Writable = app_commands.Transform[Option, _Writable]
Postable = app_commands.Transform[Option, _Postable]


async def find(guild: discord.Guild, channel_id: int) -> Destination:
    """The channel as it is now, for which REST may be asked; raises UsageError for none to use."""
    found = guild.get_channel_or_thread(channel_id) or await _fetched(guild, channel_id)
    if not isinstance(found, Destination):
        raise UsageError(f"#{found.name} takes no messages of mine: choose a text channel.")
    return found


async def _fetched(
    guild: discord.Guild, channel_id: int
) -> discord.abc.GuildChannel | discord.Thread:
    try:
        async with asyncio.timeout(PATIENCE):  # discord.py asks five times in 25 s
            return await guild.fetch_channel(channel_id)
    except (discord.NotFound, discord.Forbidden):
        raise UsageError(
            f"I cannot see the channel {channel_id}: it was deleted, or I need the right View"
            " Channel there. Choose another one, or give it to my role."
        ) from None
    except (discord.HTTPException, OSError) as error:  # a timeout is an OSError
        status = f" ({error.status})" if isinstance(error, discord.HTTPException) else ""
        raise UsageError(
            f"Discord does not tell me of the channel {channel_id} now{status}: try again in a"
            " minute; https://discordstatus.com tells more."
        ) from None


def obstacle(channel: Destination) -> str | None:
    """What keeps digests out of it, and how to mend that."""
    missing = missing_rights(channel)
    if missing:
        rights = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
        return (
            f"I may not post in #{channel.name} yet: {rights} missing. Open its settings,"
            f" Permissions, and give {'this' if len(missing) == 1 else 'these'} to the role"
            f" {channel.guild.me.name}; then try again."
        )
    if is_tagless(channel):
        return (
            f"#{channel.name} wants a tag on every post and has none that I may use: add one in its"
            " settings, or switch off the required tag."
        )
    if is_locked(channel):
        return f"The thread #{channel.name} is locked: unlock it, or choose another channel."
    return None


def require(channel: Destination) -> None:
    """Raises UsageError where a digest could not be posted."""
    why = obstacle(channel)
    if why is not None:
        raise UsageError(why)


def may_write(channel: discord.TextChannel) -> bool:
    held = channel.permissions_for(channel.guild.me)
    return held.view_channel and held.send_messages and held.embed_links
