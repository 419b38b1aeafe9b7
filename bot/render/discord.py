"""Cards on Discord: one embed within every limit, no pings, nothing out of data taken as markup."""

from dataclasses import replace
from io import BytesIO
from math import ceil
from typing import TypedDict

import discord

from bot.core.card import TURNING, Card, Row, Tone
from bot.core.export import Document
from bot.render.picture import Picture

COLOURS = {Tone.GOOD: 0x2DA44E, Tone.BAD: 0xCF222E, Tone.QUIET: 0x6E7781}
TITLE, DESCRIPTION, FOOTER = 256, 4096, 1024
"""Discord's limits in characters; all three together stay below its 6,000 an embed."""
CONTENT = 2000
THREAD_NAME = 100
"""Characters of a forum post's title."""
PICTURE = "chart.png"
WISH = "ask:"
"""How the `custom_id` of a button that carries an action's wish begins."""
POSTED = "posted:"
"""The same of a posted digest's button: the post's id and a wish come after it."""
ROOM_FOR_END = 700
"""Characters of the description kept for what follows the rows."""


class Message(TypedDict):
    """Arguments of every way to send or edit a message."""

    embed: discord.Embed
    allowed_mentions: discord.AllowedMentions


def message(card: Card, picture: Picture | None = None) -> Message:
    """`picture` is shown in the card; its file is the sender's to attach."""
    shown = embed(card)
    if picture is not None:
        shown.set_image(url=f"attachment://{PICTURE}")
    return Message(embed=shown, allowed_mentions=discord.AllowedMentions.none())


def file_of(picture: Picture) -> discord.File:
    """To be sent once, as discord.py has it."""
    return discord.File(BytesIO(picture.png), PICTURE, description=picture.words)


def attached(document: Document, words: str) -> discord.File:
    """`words` say what is in it to those who do not open it."""
    return discord.File(BytesIO(document.content), document.name, description=words)


def buttons_of(card: Card) -> discord.ui.View:
    """A card's actions; whoever answers them knows them by their `custom_id` alone.

    The view is stopped, so that discord.py does not remember it: it would drop what answers.
    """
    view = discord.ui.View(timeout=None)
    for action in card.actions:
        style = discord.ButtonStyle.primary if action.current else discord.ButtonStyle.secondary
        view.add_item(
            discord.ui.Button(
                label=action.label,
                custom_id=f"{WISH}{action.wish}",
                style=style,
                disabled=not action.possible,
            )
        )
    view.stop()
    return view


def paged(card: Card, page: int, most: int) -> tuple[Card, int, int]:
    """A page of a card's rows, at most so many; with its number, from 0, and how many there are.

    Rows stand whole on one page, so long ones make more pages; a number too high is the last one.
    Rows that the card only counts are taken to be short ones.
    """
    pages = _pages(card, most)
    page = min(page, len(pages) - 1)
    more = sum(map(len, pages[page + 1 :])) + card.more
    number = page + 1 + ceil(more / most) if card.more else len(pages)
    told = (f"page {page + 1} of {number}",) if number > 1 else ()
    shown = replace(card, rows=pages[page], more=more, footer=(*told, *card.footer))
    return shown, page, number


def _pages(card: Card, most: int) -> list[tuple[Row, ...]]:
    pages: list[list[Row]] = [[]]
    room = full = _room_for_rows(card)
    for row in card.rows:
        size = len(_row(row)) + 1
        if pages[-1] and (size > room or len(pages[-1]) == most):
            pages.append([])
            room = full
        pages[-1].append(row)
        room -= size
    return [tuple(rows) for rows in pages]


def embed(card: Card) -> discord.Embed:
    """Rows that do not fit are counted, never cut in the middle."""
    shown = discord.Embed(
        title=_clamped(escaped(card.title), TITLE),
        url=card.url,
        description=_description(card),
        colour=COLOURS[card.tone],
    )
    if card.footer:
        shown.set_footer(text=_clamped(" · ".join(card.footer), FOOTER))  # a footer has no markup
    return shown


def sentence(text: str) -> str:
    """A message of one sentence that may quote what somebody typed; its links can be followed."""
    safe = discord.utils.escape_mentions(discord.utils.escape_markdown(text))
    return _clamped(safe, CONTENT)


def escaped(text: str) -> str:
    """Text from outside, as it stands: no markup, no mentions, no unfurling links."""
    plain = text.translate(TURNING)
    safe = discord.utils.escape_mentions(discord.utils.escape_markdown(plain, ignore_links=False))
    return safe.replace("<", "\\<").replace("://", ":\u200b//")


def _description(card: Card) -> str | None:
    lines = [escaped(line) for line in card.lines]
    room = _room_for_rows(card)
    rows: list[str] = []
    for row in map(_row, card.rows):
        room -= len(row) + 1
        if room < 0:
            break
        rows.append(row)
    left_out = card.more + len(card.rows) - len(rows)
    end = [f"… and {left_out:,} more"] if left_out else []
    end += [escaped(note) for note in card.notes]
    text = "\n".join([*lines, *rows, _clamped(" · ".join(end), ROOM_FOR_END - 1)])
    return _clamped(text.strip("\n"), DESCRIPTION) or None


def _room_for_rows(card: Card) -> int:
    return DESCRIPTION - ROOM_FOR_END - sum(len(escaped(line)) + 1 for line in card.lines)


def _row(row: Row) -> str:
    """Two short lines: phones are narrow."""
    rank = f"{row.rank}\\. " if row.rank else ""
    name = f"[{escaped(row.name)}]({row.url})" if row.url else f"**{escaped(row.name)}**"
    change = f"{row.change} ({row.percent})" if row.change and row.percent else row.change
    channel = [f"<#{row.channel_id}>"] if row.channel_id else []
    parts = [escaped(part) for part in (row.value, change) if part]
    below = [escaped(row.note)] if row.note else []
    if row.at is not None:
        below.append(f"<t:{row.at}:F> (<t:{row.at}:R>)")
    return "\n\u2003".join([" · ".join([f"{rank}{name}", *channel, *parts]), *below])


def _clamped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
