"""A chart as PNG, drawn beside the event loop."""

from datetime import UTC

from benchmarks.figures import Figure
from benchmarks.portfolios import Watched
from benchmarks.ticking import ticking
from benchmarks.timing import awaited, p99, spread
from bot.core.metrics import STARS
from bot.flows.portfolio import OPERATOR
from bot.render.chart_png import png
from bot.render.chart_svg import svg


async def measure_chart(watched: Watched, times: int) -> list[Figure]:
    """The busiest repository's, warm; the limit is its background: what is clear takes longer."""
    values = watched.invented.values
    busiest = max(range(watched.size), key=lambda number: values[number][0])
    name = watched.invented.names[busiest]
    async with watched.opened() as app:
        drawn = await app.charts.one(OPERATOR, name, STARS.key, watched.window, UTC)
    picture = svg(drawn.chart, zone=UTC, theme="dark")
    opening, background, *_ = picture.split("\n")
    empty = f"{opening}{background}</svg>"
    await png(picture)
    async with ticking() as lags:
        took = await awaited(lambda _: png(picture), times)
    return [
        Figure(
            "chart", "chart as PNG, in a thread, warm", watched.size, "ms",
            spread(took), 60,
            limit=spread(await awaited(lambda _: png(empty), times)),
            limit_is="its background alone",
        ),
        Figure(
            "chart_lag", "event-loop lag while it is drawn, p99", watched.size, "ms",
            spread([p99(lags)]),
        ),
    ]  # fmt: skip
