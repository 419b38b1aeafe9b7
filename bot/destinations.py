"""The channels a digest can go to, and what Discord demands there, for all who write to them."""

import discord

from bot.core.rights import INVITED, Kind, missing

Destination = discord.TextChannel | discord.Thread | discord.ForumChannel


def missing_rights(place: Destination) -> list[str]:
    """What the bot lacks there, as Discord's own settings call it."""
    held = place.permissions_for(place.guild.me)
    return missing([right for right in INVITED if getattr(held, right)], _kind(place))


def is_locked(place: Destination) -> bool:
    """Is it a thread in which only moderators may write?"""
    if not isinstance(place, discord.Thread) or not place.locked:
        return False
    return not place.permissions_for(place.guild.me).manage_threads


def is_tagless(place: Destination) -> bool:
    """Does it want a tag on every post, and has none for us?"""
    forum = place if isinstance(place, discord.ForumChannel) else None
    return forum is not None and forum.flags.require_tag and not tags_for(forum)


def tags_for(forum: discord.ForumChannel) -> list[discord.ForumTag]:
    """The tags of a post of ours: where one is wanted the first that is no moderator's will do."""
    usable = [tag for tag in forum.available_tags if not tag.moderated]
    return usable[:1] if forum.flags.require_tag else []


def _kind(place: Destination) -> Kind:
    if isinstance(place, discord.Thread):
        return Kind.THREAD
    return Kind.FORUM if isinstance(place, discord.ForumChannel) else Kind.CHANNEL
