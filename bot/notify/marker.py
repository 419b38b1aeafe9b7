"""What makes a posted digest known again: its outbox id in a button, readable on own messages."""

import discord

from bot.core.guild import DigestSettings, Post
from bot.core.schedule import Every
from bot.render.discord import POSTED

CUSTOM_ID = 100
"""Characters of a custom_id."""


def button(post: Post, settings: DigestSettings) -> discord.ui.Button[discord.ui.View]:
    """Another look at the same repositories, for whoever presses it: cogs/posted.py answers.

    Its custom_id carries all that takes: no outbox is asked, however old the message is.
    """
    daily = settings.plan.every in (Every.DAY, Every.WEEKDAYS)
    window, label = ("7d", "Last 7 days") if daily else ("30d", "Last 30 days")
    wish = f"digest:0:{window}:{settings.by}:{settings.group}"
    return discord.ui.Button(
        label=label,
        style=discord.ButtonStyle.secondary,
        custom_id=f"{_prefix(post)}{wish}"[:CUSTOM_ID],
    )


def nonce(post: Post) -> str:
    """At most 25 characters; Discord takes a second message with it for the first."""
    return f"radar-{post.id}"


def carries(message: discord.Message, post: Post) -> bool:
    """Is it this very post?"""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    ids = [part.custom_id for row in rows for part in row.children]
    return any(id_ is not None and id_.startswith(_prefix(post)) for id_ in ids)


def _prefix(post: Post) -> str:
    return f"{POSTED}{post.id}:"
