"""Charts to draw: ordinary ones, and whatever a stranger might name a repository."""

from hypothesis import strategies as st

from bot.core.chart import MOST_LINES, Chart, Line, Point, Segment
from bot.core.metrics import METRICS, STARS

HOUR, DAY = 3_600, 86_400
END = 1_782_820_800  # 12:00 UTC of 30 June 2026
HOSTILE = (
    "",
    "acme/rocket",
    "a" * 39 + "/" + "W" * 100,
    "<script>alert('1')</script>&amp;\"]]>",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}/\N{RIGHT-TO-LEFT OVERRIDE}evil",
    "\N{ROCKET}\N{ZERO WIDTH JOINER}\N{WOMAN} moon\nshot\x00\x0b\ud800\ufffe",
    "e" + "\N{COMBINING ACUTE ACCENT}" * 300,
    "\u4e2d\u6587" * 40,
)


def chart(*lines: Line, days: int = 90, title: str = "The leaders") -> Chart:
    return Chart(title, STARS, lines, END - days * DAY, END)


def line(label: str, *values: int, days: int = 90, pieces: int = 1) -> Line:
    """Values evenly over the days, in so many segments."""
    step = days * DAY // max(len(values) - 1, 1)
    points = [Point(END - days * DAY + i * step, value) for i, value in enumerate(values)]
    size = -(-len(points) // pieces)
    return Line(label, tuple(tuple(points[i : i + size]) for i in range(0, len(points), size)))


@st.composite
def _lines(draw: st.DrawFn, start: int, end: int) -> Line:
    moments = sorted(draw(st.sets(st.integers(start, end), max_size=30)))
    highest = draw(st.sampled_from([3, 50, 434_000, 10**9, 10**13]))
    points = [Point(at, draw(st.integers(0, highest))) for at in moments]
    segments: list[Segment] = []
    while points:
        size = draw(st.integers(1, len(points)))
        segments.append(tuple(points[:size]))
        points = points[size:]
    label = draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)))
    return Line(label, tuple(segments))


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    wide = draw(st.sampled_from([0, 600, 5 * HOUR, 2 * DAY, 30 * DAY, 90 * DAY, 1_095 * DAY]))
    lines = draw(st.lists(_lines(END - wide, END), max_size=MOST_LINES))
    title = draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=200)))
    metric = draw(st.sampled_from(list(METRICS.values())))
    return Chart(title, metric, tuple(lines), END - wide, END)
