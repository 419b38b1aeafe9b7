"""A chart in words, for those who do not see it."""

from datetime import datetime, tzinfo

from bot.core.chart import Chart, Line
from bot.render import words
from bot.render.chart_labels import printable

NOTHING = "No data in this window"
SHORT = 2 * words.DAY
"""In a window no longer than this the time of day matters."""
LONGEST = 1024
"""Characters of an alternative text that Discord takes."""
LONGEST_NAME, WITH_MORE_TO_TELL = 60, 44
"""Characters of a title or a label in it: five lines have room for all they have to tell."""


def describe(chart: Chart, zone: tzinfo) -> str:
    """The alternative text: metric, window, and of every line its ends, its change and its gaps."""
    most = WITH_MORE_TO_TELL if any(line.rebuilt for line in chart.lines) else LONGEST_NAME
    told = [
        f"Line chart: {_shortened(chart.title, most)}.",
        f"{chart.metric.label}, {window(chart, zone)}{_note(chart)}.",
        *(f"{_shortened(line.label, most)}: {_line(chart, line, zone)}." for line in chart.lines),
    ]
    text = " ".join(told if chart.lines else [*told, f"{NOTHING}."])
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _note(chart: Chart) -> str:
    """Where a part of it comes from; said once, as five lines need their room."""
    return f", in part {words.RECONSTRUCTED}" if any(line.rebuilt for line in chart.lines) else ""


def window(chart: Chart, zone: tzinfo) -> str:
    """`3 Nov 2025 to 1 Feb 2026`, the year once where it is shared; hours if it is one day."""
    start, end = (datetime.fromtimestamp(at, zone) for at in (chart.start, chart.end))
    first = words.day(chart.start, zone, beside=chart.end)
    last = f"{end.day} {words.MONTHS[end.month - 1]} {end.year}"
    if start.date() == end.date():
        return f"{last}, {start:%H:%M} to {end:%H:%M}"
    return f"{first} to {last}"


def seen(at: int, chart: Chart, zone: tzinfo) -> str:
    """When a point was seen: its day, or its moment where the window is short."""
    day = words.day(at, zone, beside=chart.end)
    return f"{day} {words.clock(at, zone)}" if chart.end - chart.start <= SHORT else day


def _line(chart: Chart, line: Line, zone: tzinfo) -> str:
    first, last = line.first, line.last
    if first is None or last is None:
        return "no data"
    if first.at == last.at:
        value = words.amount(first.value, chart.metric)
        return f"{value}, sampled once, {seen(first.at, chart, zone)}"
    began, ended = (
        f"{words.amount(point.value, chart.metric)} ({seen(point.at, chart, zone)})"
        for point in (first, last)
    )
    if line.rebuilt:
        until = seen(line.rebuilt[-1].at, chart, zone)
        began = f"about {began}, reconstructed to {until},"
    change = last.value - first.value  # of what is drawn; the delta of a window stands in its card
    told = [f"{began} to {ended}", words.gained(change, chart.metric)]
    if losses := chart.losses(line):
        fallen = words.gained(losses[0].after - losses[0].before, chart.metric)
        told.append(f"largest loss {fallen} {seen(losses[0].at, chart, zone)}")
    if gaps := len(line.segments) - 1:
        told.append(f"{words.counted(gaps, 'gap')} without samples")
    return ", ".join(told)


def _shortened(text: str, most: int) -> str:
    text = printable(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
