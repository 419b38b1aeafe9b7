"""Cards on Discord: one embed within every limit, no pings, nothing out of data taken as markup."""

from typing import TypedDict

import discord

from bot.core.card import Card, Row, Tone

COLOURS = {Tone.GOOD: 0x2DA44E, Tone.BAD: 0xCF222E, Tone.QUIET: 0x6E7781}
TITLE, DESCRIPTION, FOOTER = 256, 4096, 2048
"""Discord's limits in characters; all three together stay below its 6,000 an embed."""
ROOM_FOR_END = 700
"""Characters of the description kept for what follows the rows."""


class Message(TypedDict):
    """Arguments of every way to send or edit a message."""

    embed: discord.Embed
    allowed_mentions: discord.AllowedMentions


def message(card: Card) -> Message:
    return Message(embed=embed(card), allowed_mentions=discord.AllowedMentions.none())


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


def escaped(text: str) -> str:
    """Text from outside, as it stands: no markup, no mentions, no unfurling links."""
    safe = discord.utils.escape_mentions(discord.utils.escape_markdown(text, ignore_links=False))
    return safe.replace("://", ":\u200b//")


def _description(card: Card) -> str | None:
    lines = [escaped(line) for line in card.lines]
    room = DESCRIPTION - ROOM_FOR_END - sum(len(line) + 1 for line in lines)
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


def _row(row: Row) -> str:
    """Two short lines: phones are narrow."""
    rank = f"{row.rank}\\. " if row.rank else ""
    name = f"[{escaped(row.name)}]({row.url})" if row.url else f"**{escaped(row.name)}**"
    change = f"{row.change} ({row.percent})" if row.change and row.percent else row.change
    first = " · ".join([f"{rank}{name}", *(escaped(part) for part in (row.value, change) if part)])
    return f"{first}\n\u2003{escaped(row.note)}" if row.note else first


def _clamped(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
