"""A chart as SVG: crisp on a web page, and the picture that Discord gets as PNG."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from itertools import pairwise
from typing import Literal

from bot.core.chart import Chart, Line, Point, Segment
from bot.core.coverage import JOIN
from bot.render import words
from bot.render.chart_labels import clamped, printable, spread, width
from bot.render.chart_plane import BOTTOM, HEIGHT, TOP, WIDTH, Plane, value_range
from bot.render.chart_words import NOTHING, seen, window
from bot.render.ticks import Tick, time_ticks, value_ticks, whole

FONT = "DejaVu Sans"
"""Bundled for the PNG; a browser without it has Verdana, which is as wide."""
MARGIN, AIR = 24, 12
HEADING, TEXT = 20, 15
"""Sizes of letters: still legible on a phone, where the picture is a third as wide."""
COLUMN = 210
"""Labels at the right end take no more."""
LOSSES = 3
"""Losses of a line that are marked."""

Theme = Literal["dark", "light"]


@dataclass(frozen=True, slots=True)
class Colours:
    background: str
    text: str
    quiet: str
    grid: str
    lines: tuple[str, ...]  # apart from each other for the colour-blind as well (Okabe and Ito)


COLOURS: dict[Theme, Colours] = {
    "dark": Colours(
        *("#313338", "#dbdee1", "#b5bac1", "#45474e"),
        ("#56b4e9", "#e69f00", "#2fc79a", "#f0e442", "#e08fbf"),
    ),
    "light": Colours(
        *("#ffffff", "#1f2328", "#59636e", "#e3e6ea"),
        ("#0072b2", "#c45500", "#00805d", "#8a6d00", "#b5488f"),
    ),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What stands at the right end of a line."""

    name: str  # empty where the title names the line
    value: str

    @property
    def width(self) -> float:
        return max(width(self.name, TEXT), width(self.value, TEXT))


def svg(chart: Chart, *, zone: tzinfo, theme: Theme) -> str:
    """Draw a chart of 900 by 400 pixels; moments are told in `zone`."""
    colours = COLOURS[theme]
    labels = [_label(chart, line, zone) for line in chart.lines]
    low, high = value_range(chart)
    ticks = value_ticks(low, high, 6)
    left = MARGIN + AIR + round(max(width(tick.label, TEXT) for tick in ticks))
    right = WIDTH - MARGIN - AIR - round(max((label.width for label in labels), default=0))
    plane = Plane(left, right, chart.start, chart.end, low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}, Verdana, sans-serif"'
        f' font-size="{TEXT}" role="img" aria-label="{escape(printable(chart.title))}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.background}"/>',
        *_heading(chart, zone, colours),
        *_axes(
            plane, ticks, time_ticks(chart.start, chart.end, zone, (right - left) // 80), colours
        ),
        *_lines(chart, plane, colours),
        *_labels(chart, labels, plane, colours),
        "</svg>",
    ]
    return "\n".join(parts)


def _label(chart: Chart, line: Line, zone: tzinfo) -> Label:
    named = len(chart.lines) == 1 and line.label in chart.title
    name = "" if named else clamped(line.label, TEXT, COLUMN)
    if line.last is None:
        return Label(name, "no data")
    stale = chart.end - line.last.at > JOIN
    when = f" · {seen(line.last.at, chart, zone)}" if stale else ""
    return Label(name, f"{whole(line.last.value)}{when}")


def _heading(chart: Chart, zone: tzinfo, colours: Colours) -> Iterator[str]:
    title = clamped(chart.title, HEADING, WIDTH - 2 * MARGIN)
    yield _text(MARGIN, 36, title, colours.text, size=HEADING)
    yield _text(MARGIN, 60, f"{chart.metric.label}, {window(chart, zone)}", colours.quiet)
    if any(len(line.segments) > 1 for line in chart.lines):
        yield _text(WIDTH - MARGIN, 60, "dotted: not sampled", colours.quiet, anchor="end")
    if not any(line.segments for line in chart.lines):
        yield _text(WIDTH / 2, HEIGHT / 2, NOTHING, colours.quiet, anchor="middle")


def _axes(plane: Plane, values: list[Tick], moments: list[Tick], colours: Colours) -> Iterator[str]:
    for tick in values:
        y = plane.y(tick.at)
        yield _stroke(f"M{plane.left} {y:.1f}H{plane.right}", colours.grid)
        yield _text(plane.left - AIR, y + 5, tick.label, colours.quiet, anchor="end")
    yield _stroke(f"M{plane.left} {BOTTOM}H{plane.right}", colours.quiet)
    for tick in moments:
        x = plane.x(tick.at)
        yield _stroke(f"M{x:.1f} {BOTTOM}v6", colours.quiet)
        yield _text(x, BOTTOM + 26, tick.label, colours.quiet, anchor="middle")


def _lines(chart: Chart, plane: Plane, colours: Colours) -> Iterator[str]:
    for line, colour in zip(chart.lines, colours.lines, strict=False):
        for before, after in pairwise(line.segments):
            yield _bridge(plane, before[-1], after[0], colour)
        for segment in line.segments:
            yield _segment(plane, segment, colour)
        if line.last is not None:
            yield _dot(plane, line.last, colour, colour)
        yield from _losses(chart, line, plane, colour, colours)


def _segment(plane: Plane, segment: Segment, colour: str) -> str:
    """Steps, since a value holds until the next one was seen; a lone sample is a dot."""
    first, *others = plane.thinned(segment)
    if plane.x(segment[-1].at) - plane.x(first.at) < 2:  # noqa: PLR2004  # no line to be seen
        return _dot(plane, first, colour, colour)
    begin = f"M{plane.x(first.at):.1f} {plane.y(first.value):.1f}"
    steps = (f"H{plane.x(at):.1f}V{plane.y(value):.1f}" for at, value in others)
    return _stroke(begin + "".join(steps), colour, 'stroke-width="2.5" stroke-linejoin="round"')


def _bridge(plane: Plane, before: Point, after: Point, colour: str) -> str:
    """Dots over what nobody saw."""
    path = (
        f"M{plane.x(before.at):.1f} {plane.y(before.value):.1f}"
        f"L{plane.x(after.at):.1f} {plane.y(after.value):.1f}"
    )
    dots = 'stroke-width="2" stroke-dasharray="0.1 7" stroke-linecap="round" opacity="0.7"'
    return _stroke(path, colour, dots)


def _losses(chart: Chart, line: Line, plane: Plane, colour: str, colours: Colours) -> Iterator[str]:
    taken: list[float] = []
    for at, before, after in chart.losses(line)[:LOSSES]:
        x, y = plane.x(at), plane.y(after)
        yield _dot(plane, Point(at, after), colour, colours.background)
        told = words.signed(after - before)
        room = width(told, TEXT)
        if len(chart.lines) == 1 and all(abs(x - other) > room + AIR for other in taken):
            taken.append(x)
            middle = min(max(x, plane.left + room / 2), plane.right - room / 2)
            yield _text(middle, min(y + 24, BOTTOM - 6), told, colours.text, anchor="middle")


def _labels(chart: Chart, labels: list[Label], plane: Plane, colours: Colours) -> Iterator[str]:
    ends = [plane.y(line.last.value) if line.last else BOTTOM for line in chart.lines]
    tall = 2 * TEXT + 8 if any(label.name for label in labels) else TEXT
    places = spread(ends, tall, TOP + tall / 2 - TEXT, BOTTOM - tall / 2 + TEXT)
    for line, label, y, colour in zip(chart.lines, labels, places, colours.lines, strict=False):
        x = plane.right + AIR
        if line.last and chart.end - line.last.at <= JOIN:
            start = f"M{plane.x(line.last.at) + 5:.1f} {plane.y(line.last.value):.1f}"
            yield _stroke(f"{start}L{x - 3} {y:.1f}", colour, 'opacity="0.6"')
        if label.name:
            yield _text(x, y - 3, label.name, colour)
        yield _text(x, y + (16 if label.name else 5), label.value, colours.text)


def _text(
    x: float, y: float, text: str, colour: str, *, anchor: str = "start", size: int = TEXT
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"'
        f' font-size="{size}">{escape(text)}</text>'
    )


def _stroke(path: str, colour: str, style: str = "") -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" {style}/>'


def _dot(plane: Plane, point: Point, colour: str, fill: str) -> str:
    x, y = plane.x(point.at), plane.y(point.value)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
