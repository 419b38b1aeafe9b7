"""What each failure tells the person who asked: one table, the first row that fits."""

from collections.abc import Callable
from typing import NamedTuple

import aiohttp
import discord
from discord import app_commands

from bot.errors import RadarError

TOO_MANY = 429
RELOAD = "This command has changed: reload Discord (Ctrl+R, or restart the app) and try again."
AGAIN = "try again in a minute; https://discordstatus.com tells more."


class Told(NamedTuple):
    kind: type[BaseException]
    sentence: Callable[..., str]


def _rights(names: list[str]) -> str:
    """`Manage Server and Embed Links`, as Discord's settings call them."""
    words = [name.replace("guild", "server").replace("_", " ").title() for name in names]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


TABLE = (
    Told(RadarError, str),
    Told(
        app_commands.MissingPermissions,
        lambda e: f"You need the right {_rights(e.missing_permissions)}: ask someone who has it.",
    ),
    Told(
        app_commands.BotMissingPermissions,
        lambda e: (
            f"I need the right {_rights(e.missing_permissions)} here: give it to my role in this"
            " channel's settings."
        ),
    ),
    Told(
        app_commands.NoPrivateMessage,
        lambda _: "This works on a server only: use it in one of its channels.",
    ),
    Told(
        app_commands.CommandOnCooldown,
        lambda e: f"That was asked a moment ago: try again in {max(1, round(e.retry_after))} s.",
    ),
    Told(
        app_commands.CheckFailure,
        lambda _: "You may not use this here: ask someone who manages the server.",
    ),
    Told(
        app_commands.TransformerError,
        lambda e: f'"{str(e.value)[:60]}" does not fit here: take one of the choices offered.',
    ),
    Told(app_commands.CommandSignatureMismatch, lambda _: RELOAD),
    Told(app_commands.CommandNotFound, lambda _: RELOAD),
    Told(
        discord.Forbidden,
        lambda _: "Discord does not let me do that here: /status tells which right is missing.",
    ),
    Told(
        discord.NotFound,
        lambda _: "What this was about is no longer there: start again with the command.",
    ),
    Told(discord.DiscordServerError, lambda e: f"Discord has trouble ({e.status}): {AGAIN}"),
    Told(discord.RateLimited, lambda _: f"Discord asks me to be slower: {AGAIN}"),
    Told(TimeoutError, lambda _: "That took too long: try again in a minute."),
    Told(
        aiohttp.ClientConnectionError, lambda _: f"The connection to Discord was cut: {AGAIN}"
    ),
)  # fmt: skip
"""A subclass stands before what it is one of."""


def sentence_of(error: Exception) -> str | None:
    """What a person is told; None for what nobody expected."""
    for cause in (getattr(error, "original", None), error.__cause__, error):
        for row in TABLE:
            if isinstance(cause, row.kind):
                return row.sentence(cause)
        if isinstance(cause, discord.HTTPException) and cause.status == TOO_MANY:
            return f"Discord asks me to be slower: {AGAIN}"
    return None
