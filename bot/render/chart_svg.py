"""A chart as SVG: crisp on a web page, and the picture that Discord gets as PNG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from html import escape
from itertools import pairwise

from bot.core.chart import Chart, Line, Loss, Point, Segment
from bot.core.coverage import JOIN
from bot.render import words
from bot.render.chart_colours import COLOURS, Colours, Theme
from bot.render.chart_labels import clamped, printable, spread, width
from bot.render.chart_plane import BOTTOM, HEIGHT, TOP, WIDTH, Plane, value_range
from bot.render.chart_words import NOTHING, seen, window
from bot.render.ticks import Tick, time_ticks, value_ticks

FONT = "DejaVu Sans"
"""Bundled for the PNG; a browser without it has Verdana, which is as wide."""
HEADING, TEXT = 20, 15
"""Sizes of letters: still legible on a phone, where the picture is a third as wide."""
MARGIN, AIR = 24, 12
COLUMN = 210
"""Labels at the right end take no more."""
VALUES, APART = 6, 80
"""At most so many values at the left; so many pixels for a moment at the bottom."""
LOSSES = 3
"""Losses of a line that are marked."""


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
    values = value_ticks(low, high, VALUES, chart.metric.unit)
    left = MARGIN + AIR + round(max(width(tick.label, TEXT) for tick in values))
    right = WIDTH - MARGIN - 2 * AIR - round(max((label.width for label in labels), default=0))
    plane = Plane(left, right, chart.start, chart.end, low, high)
    moments = time_ticks(chart.start, chart.end, zone, (right - left) // APART)
    parts = (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.background}"/>',
        *_heading(chart, zone, colours),
        *_axes(plane, values if any(line.segments for line in chart.lines) else [], colours),
        *_calendar(plane, moments, colours),
        *_lines(chart, plane, colours),
        *_labels(chart, labels, plane, colours),
    )
    return "\n".join((_opening(chart), *parts, "</svg>"))


def _opening(chart: Chart) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONT}, Verdana, sans-serif"'
        f' role="img" aria-label="{escape(printable(chart.title))}">'
    )


def _label(chart: Chart, line: Line, zone: tzinfo) -> Label:
    alone = len(chart.lines) == 1
    name = "" if alone and line.label in chart.title else clamped(line.label, TEXT, COLUMN)
    if line.last is None:
        return Label(name, "" if alone else "no data")
    when = "" if _is_current(chart, line.last) else f" · {seen(line.last.at, chart, zone)}"
    return Label(name, f"{words.amount(line.last.value, chart.metric)}{when}")


def _is_current(chart: Chart, last: Point) -> bool:
    return chart.end - last.at <= JOIN


def _heading(chart: Chart, zone: tzinfo, colours: Colours) -> Iterator[str]:
    title = clamped(chart.title, HEADING, WIDTH - 2 * MARGIN)
    yield _text((MARGIN, 36), title, colours.text, size=HEADING)
    yield _text((MARGIN, 60), f"{chart.metric.label}, {window(chart, zone)}", colours.quiet)
    if legend := _legend(chart):
        yield _text((WIDTH - MARGIN, 60), legend, colours.quiet, anchor="end")
    if not any(line.segments for line in chart.lines):
        yield _text((WIDTH / 2, HEIGHT / 2), NOTHING, colours.quiet, anchor="middle")


def _legend(chart: Chart) -> str:
    """What strokes mean that are no samples."""
    dotted = any(len(line.segments) > 1 for line in chart.lines)
    dashed = any(line.rebuilt for line in chart.lines)
    if dashed and dotted:
        return "dashed: reconstructed · dotted: not sampled"
    return f"dashed: {words.RECONSTRUCTED}" if dashed else "dotted: not sampled" if dotted else ""


def _axes(plane: Plane, values: Sequence[Tick], colours: Colours) -> Iterator[str]:
    for tick in values:
        y = plane.y(tick.at)
        yield _stroke(f"M{plane.left} {y:.1f}H{plane.right}", colours.grid)
        yield _text((plane.left - AIR, y + 5), tick.label, colours.quiet, anchor="end")
    yield _stroke(f"M{plane.left} {BOTTOM}H{plane.right}", colours.quiet)


def _calendar(plane: Plane, moments: Sequence[Tick], colours: Colours) -> Iterator[str]:
    for tick in moments:
        x = plane.x(tick.at)
        yield _stroke(f"M{x:.1f} {BOTTOM}v6", colours.quiet)
        yield _text((x, BOTTOM + 26), tick.label, colours.quiet, anchor="middle")


def _lines(chart: Chart, plane: Plane, colours: Colours) -> Iterator[str]:
    for line, colour in zip(chart.lines, colours.lines, strict=False):
        if line.rebuilt:
            yield _rebuilt(plane, line.rebuilt, colour)
        for before, after in pairwise(line.segments):
            yield _bridge(plane, before[-1], after[0], colour)
        for segment in line.segments:
            yield _segment(plane, segment, colour)
        losses = chart.losses(line)[:LOSSES]
        for loss in losses:
            yield _dot(plane, Point(loss.at, loss.after), colour, colours.background)
        if len(chart.lines) == 1:
            yield from _fallen(plane, losses, colours)
        if line.last is not None:
            yield _dot(plane, line.last, colour, colour)


def _segment(plane: Plane, segment: Segment, colour: str) -> str:
    """Steps, since a value holds until the next one was seen; a lone sample is a dot."""
    first, *others = plane.thinned(segment)
    if plane.x(segment[-1].at) - plane.x(first.at) < 2:  # noqa: PLR2004  # no line to be seen
        return _dot(plane, segment[-1], colour, colour)
    begin = f"M{plane.x(first.at):.1f} {plane.y(first.value):.1f}"
    steps = (f"H{plane.x(at):.1f}V{plane.y(value):.1f}" for at, value in others)
    return _stroke(begin + "".join(steps), colour, f'stroke-width="2.5" {CRISP}')


def _rebuilt(plane: Plane, segment: Segment, colour: str) -> str:
    """Thin dashes from day to day: nobody sampled them."""
    places = (f"{plane.x(at):.1f} {plane.y(value):.1f}" for at, value in plane.thinned(segment))
    return _stroke("M" + "L".join(places), colour, 'stroke-width="1.5" stroke-dasharray="6 4"')


def _bridge(plane: Plane, before: Point, after: Point, colour: str) -> str:
    """Dots over what nobody saw."""
    path = (
        f"M{plane.x(before.at):.1f} {plane.y(before.value):.1f}"
        f"L{plane.x(after.at):.1f} {plane.y(after.value):.1f}"
    )
    dots = 'stroke-width="2.5" stroke-dasharray="0.1 7" stroke-linecap="round"'
    return _stroke(path, colour, dots)


def _fallen(plane: Plane, losses: Sequence[Loss], colours: Colours) -> Iterator[str]:
    """How much was lost, below the marks; where there is no room the largest loss has it."""
    taken: list[float] = []
    for at, before, after in losses:
        told = words.signed(after - before)
        room = width(told, TEXT)
        x = min(max(plane.x(at), plane.left + room / 2), plane.right - room / 2)
        if all(abs(x - other) > room + AIR for other in taken):
            taken.append(x)
            place = x, min(plane.y(after) + 24, BOTTOM - 6)
            yield _text(place, told, colours.text, anchor="middle")


def _labels(chart: Chart, labels: Sequence[Label], plane: Plane, colours: Colours) -> Iterator[str]:
    ends = [plane.y(line.last.value) if line.last else BOTTOM for line in chart.lines]
    tall = 2 * TEXT + 8 if any(label.name for label in labels) else TEXT
    places = spread(ends, tall, TOP, BOTTOM)
    for line, label, y, colour in zip(chart.lines, labels, places, colours.lines, strict=False):
        x = plane.right + 2 * AIR
        if line.last and _is_current(chart, line.last):
            start = f"M{plane.x(line.last.at) + 6:.1f} {plane.y(line.last.value):.1f}"
            yield _stroke(f"{start}L{x - 4} {y:.1f}", colour)
        if label.name:
            yield _text((x, y - 3), label.name, colour)
        yield _text((x, y + (16 if label.name else 5)), label.value, colours.text)


CRISP = 'shape-rendering="crispEdges"'
"""For steps, level or upright: as sharp, and sooner drawn. Not for hairlines: in the PNG they are
1.6 pixels wide, which would be one here and two there."""


def _text(
    place: tuple[float, float], text: str, colour: str, *, anchor: str = "start", size: int = TEXT
) -> str:
    return (
        f'<text x="{place[0]:.1f}" y="{place[1]:.1f}" fill="{colour}" font-size="{size}"'
        f' text-anchor="{anchor}">{escape(text)}</text>'
    )


def _stroke(path: str, colour: str, style: str = "") -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" {style}/>'


def _dot(plane: Plane, point: Point, colour: str, fill: str) -> str:
    place = f'cx="{plane.x(point.at):.1f}" cy="{plane.y(point.value):.1f}"'
    return f'<circle {place} r="4" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
