"""Answers with pictures and buttons: in time, and each button for whoever asked.

Who presses another person's button gets an answer of their own, which nobody else sees.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any, Self

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.core.card import Action, Card
from bot.core.chart import Chart
from bot.errors import UsageError
from bot.render.discord import WISH, buttons_of, file_of, message
from bot.render.picture import Picture, picture
from cogs.answers import guild_of

LIFETIME = timedelta(days=7)
"""How long buttons answer."""
LONGEST_WISH = 100 - len(WISH)
"""Characters: Discord's limit of a `custom_id`."""
WINDOWS = ("1d", "7d", "30d", "90d", "1y")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody gets; a chart to be made is made when Discord has been told to wait."""

    card: Card
    zone: tzinfo
    chart: Chart | Callable[[], Awaitable[Chart | None]] | None = None


class Answering(commands.Cog):
    """A cog whose commands can be asked again by a button."""

    async def again(self, guild_id: int, wish: str) -> Reply:
        """Answer the wish of an action, without the name of its command."""
        raise NotImplementedError

    async def answer(self, interaction: discord.Interaction[Any], wish: str) -> Reply:
        """The same for a press, for those who need more of it than its guild."""
        return await self.again(guild_of(interaction), wish)


def windows(wish: str, current: str) -> tuple[Action, ...]:
    """The same over other windows."""
    return tuple(Action(one, f"{wish}:{one}", current=one == current) for one in WINDOWS)


def turns(command: str, page: int, pages: int, rest: str) -> tuple[Action, ...]:
    """To the previous and the next page, where there are several."""
    actions = tuple(
        Action(label, f"{command}:{to}:{rest}", possible=0 <= to < pages)
        for label, to in (("Previous", page - 1), ("Next", page + 1))
    )
    fit = all(len(action.wish) <= LONGEST_WISH for action in actions)
    return actions if pages > 1 and fit else ()


async def send(interaction: discord.Interaction, reply: Reply, *, ephemeral: bool = False) -> None:
    """Answer with a message; all that is refused was refused before."""
    if reply.chart is not None:
        await interaction.response.defer(ephemeral=ephemeral, thinking=True)
        await _complete(interaction, reply)
        return
    view = buttons_of(reply.card)
    await interaction.response.send_message(**message(reply.card), view=view, ephemeral=ephemeral)


async def put_in_place(interaction: discord.Interaction, reply: Reply) -> None:
    """Let the message whose button was pressed say something else."""
    await interaction.response.defer()
    await _complete(interaction, reply)


async def _complete(interaction: discord.Interaction, reply: Reply) -> None:
    drawn = await _drawn(reply)
    await interaction.edit_original_response(
        **message(reply.card, drawn),
        attachments=[] if drawn is None else [file_of(drawn)],
        view=buttons_of(reply.card),
    )


async def _drawn(reply: Reply) -> Picture | None:
    """No picture is worth an answer: without one it still comes."""
    try:
        chart = await reply.chart() if callable(reply.chart) else reply.chart
        return await picture(chart, reply.zone) if chart else None
    except Exception:
        log.exception("a chart failed", card=reply.card.title)
        return None


class Press(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"(?s){WISH}(?P<command>[a-z]+):(?P<wish>.*)",
):
    """A button that outlives restarts: what it asks for stands in its `custom_id`."""

    def __init__(self, item: discord.ui.Button[discord.ui.View], command: str, wish: str) -> None:
        super().__init__(item)
        self._command = command
        self._wish = wish

    @classmethod
    async def from_custom_id(
        cls,
        _interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(item, match["command"], match["wish"])  # type: ignore[arg-type]  # only buttons

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Errors take the way of the commands' errors: discord.py would only log them."""
        try:
            await self._answer(interaction)
        except Exception as error:  # noqa: BLE001  # this is a command tree's branch
            wrapped = app_commands.AppCommandError()
            wrapped.__cause__ = error
            await interaction.client.tree.on_error(interaction, wrapped)

    async def _answer(self, interaction: discord.Interaction[Any]) -> None:
        asked = interaction.message
        if asked is None or interaction.guild_id is None:
            return
        if interaction.created_at - asked.created_at > LIFETIME:
            await interaction.response.edit_message(view=None)
            await interaction.followup.send(
                f"These buttons were older than 7 days: ask anew with /{self._command}.",
                ephemeral=True,
            )
            return
        reply = await self._cog(interaction).answer(interaction, self._wish)
        if _is_theirs(asked, interaction.user):
            await put_in_place(interaction, reply)
        else:
            await send(interaction, reply, ephemeral=True)

    def _cog(self, interaction: discord.Interaction[Any]) -> Answering:
        command = interaction.client.tree.get_command(self._command)
        if isinstance(command, app_commands.Group):
            command = next(iter(command.commands), None)
        cog = getattr(command, "binding", None)
        if not isinstance(cog, Answering):
            raise UsageError("This button is of an older version: use the command anew.")
        return cog


def _is_theirs(shown: discord.Message, user: discord.User | discord.Member) -> bool:
    """Did they ask for this message? What only one person sees is that person's."""
    origin = shown.interaction_metadata
    return shown.flags.ephemeral or (origin is not None and origin.user.id == user.id)
