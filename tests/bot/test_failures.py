"""What a person is told: a row of the table a failure, an id for what nobody expected."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands

from bot.errors import UnknownRepository
from bot.failures import TABLE, sentence_of


def answered(status: int) -> Any:  # noqa: ANN401  # a response of aiohttp, as far as it is read
    return SimpleNamespace(status=status, reason="No")


def command() -> Any:  # noqa: ANN401  # as far as it is read
    return SimpleNamespace(name="diff")


def invoked(error: Exception) -> app_commands.CommandInvokeError:
    return app_commands.CommandInvokeError(command(), error)


def caused(error: Exception) -> app_commands.AppCommandError:
    """As an option's own error arrives."""
    raised = app_commands.AppCommandError()
    raised.__cause__ = error
    return raised


HTTP = discord.HTTPException
AGAIN = "try again in a minute; https://discordstatus.com tells more."
FAILURES: list[tuple[Exception, str]] = [
    (UnknownRepository("Nothing is known of it."), "Nothing is known of it."),
    (invoked(UnknownRepository("Nothing is known of it.")), "Nothing is known of it."),
    (caused(UnknownRepository("Nothing is known of it.")), "Nothing is known of it."),
    (
        app_commands.MissingPermissions(["manage_guild"]),
        "You need the right Manage Server: ask someone who has it.",
    ),
    (
        app_commands.BotMissingPermissions(["embed_links", "attach_files", "view_channel"]),
        (
            "I need the right Embed Links, Attach Files and View Channel here: give it to my role"
            " in this channel's settings."
        ),
    ),
    (
        app_commands.NoPrivateMessage(),
        "This works on a server only: use it in one of its channels.",
    ),
    (
        app_commands.CommandOnCooldown(app_commands.Cooldown(1, 60), 0.2),
        "That was asked a moment ago: try again in 1 s.",
    ),
    (
        app_commands.CheckFailure(),
        "You may not use this here: ask someone who manages the server.",
    ),
    (
        app_commands.TransformerError(
            "x" * 500, discord.AppCommandOptionType.channel, app_commands.Transformer()
        ),
        f'"{"x" * 60}" does not fit here: take one of the choices offered.',
    ),
    (
        app_commands.CommandNotFound("old", []),
        "This command has changed: reload Discord (Ctrl+R, or restart the app) and try again.",
    ),
    (
        invoked(discord.Forbidden(answered(403), "Missing Permissions")),
        "Discord does not let me do that here: /status tells which right is missing.",
    ),
    (
        invoked(discord.NotFound(answered(404), "Unknown Message")),
        "What this was about is no longer there: start again with the command.",
    ),
    (
        invoked(discord.DiscordServerError(answered(503), "No")),
        f"Discord has trouble (503): {AGAIN}",
    ),
    (
        discord.RateLimited(900.0),
        f"Discord asks me to be slower: {AGAIN}",
    ),
    (
        invoked(HTTP(answered(429), "slow down")),
        f"Discord asks me to be slower: {AGAIN}",
    ),
    (invoked(TimeoutError()), "That took too long: try again in a minute."),
    (
        invoked(aiohttp.ServerDisconnectedError()),
        f"The connection to Discord was cut: {AGAIN}",
    ),
]


@pytest.mark.parametrize(("error", "sentence"), FAILURES)
def test_a_failure_is_told_with_the_next_step(error: Exception, sentence: str) -> None:
    assert sentence_of(error) == sentence


def test_a_changed_command_is_told() -> None:
    mismatch = app_commands.CommandSignatureMismatch.__new__(app_commands.CommandSignatureMismatch)
    assert (sentence_of(mismatch) or "").startswith("This command has changed")


@pytest.mark.parametrize(
    "error", [invoked(KeyError("x")), KeyError("x"), invoked(HTTP(answered(400), "Bad"))]
)
def test_what_nobody_expected_has_no_sentence(error: Exception) -> None:
    assert sentence_of(error) is None


def test_no_row_stands_below_one_that_takes_its_failures() -> None:
    kinds = [row.kind for row in TABLE]
    hidden = [
        kind.__name__
        for number, kind in enumerate(kinds)
        if any(issubclass(kind, above) for above in kinds[:number])
    ]

    assert hidden == []
