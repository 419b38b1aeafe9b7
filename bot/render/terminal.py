"""Cards on a terminal: columns, colours where there are any, plain text where there are none."""

from collections.abc import Iterator

from rich.align import AlignMethod
from rich.console import Console
from rich.text import Text

from bot.core.card import TURNING, Card, Row, Tone

STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.QUIET: ""}
GAP = 2
"""Columns between two columns."""
INDENT = 4
SHORTEST_NAME = 12
CONTROL = dict.fromkeys([*range(32), *range(127, 160)]) | TURNING


def show(card: Card, console: Console) -> None:
    """Print a card; its parts are data, never markup."""
    console.print(_plain(card.title, "bold"))
    for line in card.lines:
        console.print(_plain(line))
    if card.rows:
        console.print(Text("\n").join(_lines(card.rows, console.width)))
    more = (f"… and {card.more:,} more",) if card.more else ()
    for note in (*more, *card.notes):
        console.print(_plain(note))
    if card.footer:
        console.print(_plain(" · ".join(card.footer), "dim"))


def _lines(rows: tuple[Row, ...], width: int) -> Iterator[Text]:
    """Numbers to the right, names and notes to the left; a column nobody fills is left out.

    Notes that do not fit beside their rows stand below them; where even the numbers do not fit,
    names are cut.
    """
    columns = {
        "rank": [Text(f"{row.rank}." if row.rank else "", "dim") for row in rows],
        "name": [_plain(row.name, "bold") for row in rows],
        "value": [_plain(row.value) for row in rows],
        "change": [_plain(row.change, STYLES[row.tone]) for row in rows],
        "percent": [_plain(row.percent, STYLES[row.tone]) for row in rows],
    }
    notes = [_plain(row.note, "dim") for row in rows]
    filled = {name: cells for name, cells in columns.items() if any(cells)}
    names = width - sum(_width(cells) for name, cells in filled.items() if name != "name")
    _align(filled["name"], "left", most=max(names - GAP, SHORTEST_NAME))
    for name in filled.keys() - {"name"}:
        _align(filled[name], "right")
    beside = sum(map(_width, [*filled.values(), notes])) <= width + GAP
    between = Text(" " * GAP if beside else "\n" + " " * INDENT)
    for cells, note in zip(zip(*filled.values(), strict=True), notes, strict=True):
        row = Text(" " * GAP).join(cells)
        line = row + between + note if note else row
        line.rstrip()
        yield line


def _width(cells: list[Text]) -> int:
    return max(cell.cell_len for cell in cells) + GAP


def _align(cells: list[Text], side: AlignMethod, *, most: int | None = None) -> None:
    widest = max(cell.cell_len for cell in cells)
    for cell in cells:
        cell.truncate(min(widest, most or widest), overflow="ellipsis")
        cell.align(side, min(widest, most or widest))


def _plain(text: str, style: str = "") -> Text:
    """Text without control characters: names and messages come from outside."""
    return Text(text.translate(CONTROL), style)
