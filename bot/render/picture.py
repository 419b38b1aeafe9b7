"""A chart as people get it: the picture, and the same in words for those who do not see it."""

from dataclasses import dataclass
from datetime import tzinfo

from bot.core.chart import Chart
from bot.render.chart_png import png
from bot.render.chart_svg import svg
from bot.render.chart_words import describe


@dataclass(frozen=True, slots=True)
class Picture:
    png: bytes
    words: str


async def picture(chart: Chart, zone: tzinfo) -> Picture:
    """Draw it for Discord's dark background, beside the event loop."""
    return Picture(await png(svg(chart, zone=zone, theme="dark")), describe(chart, zone))
