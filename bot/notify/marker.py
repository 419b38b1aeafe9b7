"""What makes a posted digest known again: its outbox id in a button, readable on own messages."""

import discord

from bot.core.card import Action
from bot.core.guild import Post
from bot.render.discord import POSTED

CUSTOM_ID = 100
"""Characters of a custom_id."""


def button(post: Post, action: Action) -> discord.ui.Button[discord.ui.View]:
    """Another look at the same repositories, for whoever presses it: cogs/posted.py answers.

    Its custom_id carries all that takes: no outbox is asked, however old the message is.
    """
    return discord.ui.Button(
        label=action.label,
        style=discord.ButtonStyle.secondary,
        custom_id=f"{_prefix(post)}{action.wish}"[:CUSTOM_ID],
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
