"""The figures for people: a table on the terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Peer
from benchmarks.timing import TIMES, Spread

WIDTH = 150
VARYING = {"s", "ms", "MB"}
"""Units of what differs from time to time; bytes and requests are counted."""


def show(figures: Sequence[Figure]) -> None:
    """Every figure at every size, what misses in words."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("what", max_width=36)
    for heading in ("repos", "target", "measured"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("limit", max_width=24)
    table.add_column("peers, and how many times ours", max_width=44)
    table.add_column("", max_width=18)
    for figure in ordered(figures):
        table.add_row(*_cells(figure), style="bold" if "MISSES" in figure.verdict else "")
    Console(width=WIDTH).print(table)


def ordered(figures: Sequence[Figure]) -> list[Figure]:
    """Ratios first; the sizes of a figure below each other."""
    keys = list(dict.fromkeys(figure.key for figure in figures))
    return sorted(figures, key=lambda one: (one.unit != "x", keys.index(one.key), one.repositories))


def _cells(figure: Figure) -> Sequence[str]:
    unit = figure.unit
    return (
        figure.what,
        f"{figure.repositories:,}",
        target_of(figure),
        _with_spread(figure.measured, unit),
        _limit(figure),
        "\n".join(_neighbour(figure, peer) for peer in figure.peers),
        figure.verdict,
    )


def _limit(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    notes = noted(how_often(figure.limit.count, figure.unit))
    return f"{told(figure.limit, figure.unit)} {figure.limit_is}{notes}"


def _neighbour(figure: Figure, peer: Peer) -> str:
    if peer.figure is None:
        return f"{peer.name}: {peer.trouble or 'not measured'}"
    times = figure.ratios.get(peer.name)
    ratio = f" = {number(times)} x" if times is not None else ""
    notes = noted(peer.trouble or how_often(peer.figure.count, figure.unit))
    return f"{peer.name} {told(peer.figure, figure.unit)}{ratio}{notes}"


def target_of(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "≥" if figure.at_least else "≤"
    return f"{sign} {_united(number(figure.target), figure.unit)}"


def told(spread: Spread | None, unit: str) -> str:
    return _united(number(spread.median), unit) if spread else "not measured"


def _with_spread(spread: Spread | None, unit: str) -> str:
    if spread is None:
        return told(spread, unit)
    often = how_often(spread.count, unit)
    across = f"{number(spread.low)} to {number(spread.high)}" if spread.count > 1 else ""
    return f"{told(spread, unit)}{noted(often, across)}"


def how_often(count: float, unit: str) -> str:
    """Said of what is no median of as many measurements as the others are."""
    if count >= TIMES or unit not in VARYING:
        return ""
    return "once" if count == 1 else f"of {count:g}"


def noted(*notes: str) -> str:
    """In brackets, where there is anything to say."""
    said = ", ".join(note for note in notes if note)
    return f" ({said})" if said else ""


def _united(text: str, unit: str) -> str:
    return f"{text} {unit}".strip()


def number(value: float) -> str:
    """Three digits, all of them from a hundred on."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
