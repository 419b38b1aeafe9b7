"""Cards on a terminal: columns, colours where there are any, plain text where there are none."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.card import Card, Row, Tone

STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.QUIET: ""}
CONTROL = dict.fromkeys([*range(32), *range(127, 160)])


def show(card: Card, console: Console) -> None:
    """Print a card; its parts are data, never markup."""
    console.print(_plain(card.title, "bold"))
    for line in card.lines:
        console.print(_plain(line, STYLES[card.tone] if card.tone is Tone.BAD else ""))
    if card.rows:
        console.print(_table(card.rows))
    more = (f"… and {card.more:,} more",) if card.more else ()
    for note in (*more, *card.notes):
        console.print(_plain(note))
    if card.footer:
        console.print(_plain(" · ".join(card.footer), "dim"))


def _table(rows: tuple[Row, ...]) -> Table:
    """Numbers to the right, names and notes to the left; a column nobody fills is left out."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    columns = [
        ("rank", [Text(f"{row.rank}." if row.rank else "", "dim") for row in rows], "right"),
        ("name", [_plain(row.name, "bold") for row in rows], "left"),
        ("value", [_plain(row.value) for row in rows], "right"),
        ("change", [_plain(row.change, STYLES[row.tone]) for row in rows], "right"),
        ("percent", [_plain(row.percent, STYLES[row.tone]) for row in rows], "right"),
        ("note", [_plain(row.note, "dim") for row in rows], "left"),
    ]
    filled = [column for column in columns if any(cell.plain for cell in column[1])]
    for name, _, side in filled:
        table.add_column(justify="right" if side == "right" else "left", no_wrap=name != "note")
    for cells in zip(*(cells for _, cells, _ in filled), strict=True):
        table.add_row(*cells)
    return table


def _plain(text: str, style: str = "") -> Text:
    """Text without control characters: names and messages come from outside."""
    return Text(text.translate(CONTROL), style)
