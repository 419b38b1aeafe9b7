"""The picture: well-formed whatever it is given, inside its frame, and honest."""

import re
from collections.abc import Iterator
from datetime import UTC
from itertools import pairwise
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.chart import Chart, Line, Point
from bot.core.metrics import OPEN_ISSUES
from bot.render.chart_colours import COLOURS, Theme
from bot.render.chart_labels import clamped, printable, spread, width
from bot.render.chart_plane import BOTTOM, HEIGHT, TOP, WIDTH, Plane, value_range
from bot.render.chart_svg import svg
from tests.bot.render.charts import DAY, END, HOSTILE, chart, charts, line

SVG = "{http://www.w3.org/2000/svg}"
BERLIN = ZoneInfo("Europe/Berlin")
THEMES: tuple[Theme, ...] = ("dark", "light")
PATIENT = settings(deadline=None, max_examples=120)

Box = tuple[float, float, float, float]


def drawn(shown: Chart, theme: Theme = "dark") -> ET.Element:
    return ET.fromstring(svg(shown, zone=UTC, theme=theme))  # noqa: S314  # our own


def texts(picture: ET.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def strokes(picture: ET.Element, colour: str) -> list[str]:
    """The lines of one colour; what leads to its label is thinner."""
    paths = [path for path in picture.iter(f"{SVG}path") if path.get("stroke") == colour]
    return [path.get("d", "") for path in paths if path.get("stroke-width")]


def bridges(picture: ET.Element) -> list[ET.Element]:
    return [path for path in picture.iter(f"{SVG}path") if path.get("stroke-dasharray")]


def box(text: ET.Element) -> Box:
    x, y, size = (float(text.get(key, "")) for key in ("x", "y", "font-size"))
    wide = width(text.text or "", size)
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[text.get("text-anchor", "")]
    return left, y - size * 0.8, left + wide, y + size * 0.25


def corners(path: str) -> Iterator[tuple[float, float]]:
    """Absolute places only: the one relative step is a tick of six pixels."""
    x = y = 0.0
    for letter, figures in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        numbers = [float(figure) for figure in figures.split()]
        first, last = numbers[0], numbers[-1]
        x = first if letter in "MLH" else x
        y = last if letter in "MLV" else y + last if letter == "v" else y
        yield x, y


@PATIENT
@given(charts(), st.sampled_from(THEMES), st.sampled_from([UTC, BERLIN]))
def test_whatever_is_drawn_stays_inside_the_picture(
    shown: Chart, theme: Theme, zone: ZoneInfo
) -> None:
    picture = ET.fromstring(svg(shown, zone=zone, theme=theme))  # noqa: S314  # our own
    places = [place for path in picture.iter(f"{SVG}path") for place in corners(path.get("d", ""))]
    places += [
        (float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in picture.iter(f"{SVG}circle")
    ]
    for left, top, right, bottom in map(box, picture.iter(f"{SVG}text")):
        places += [(left, top), (right, bottom)]

    assert (picture.get("width"), picture.get("height")) == (str(WIDTH), str(HEIGHT))
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)


@PATIENT
@given(charts())
def test_words_beside_the_axes_do_not_overlap(shown: Chart) -> None:
    texts = list(drawn(shown).iter(f"{SVG}text"))
    below = sorted(place for place in map(box, texts) if place[1] > BOTTOM + 12)
    ends = [box(text) for text in texts if text.get("text-anchor") == "start"]  # losses: middle
    beside = sorted((b[1], b[3]) for b in ends if b[0] > WIDTH / 2 and TOP < b[1] < BOTTOM - 12)

    assert all(before[2] < after[0] for before, after in pairwise(below))
    assert all(before[1] <= after[0] + 2 for before, after in pairwise(beside))


@pytest.mark.parametrize("label", HOSTILE)
def test_names_are_words_and_never_marks(label: str) -> None:
    picture = drawn(chart(line(label, 1, 2), line("other", 2, 3), title=label))

    assert clamped(label, 15, 210) in texts(picture)
    assert picture.get("aria-label") == printable(label)
    assert {mark.tag.removeprefix(SVG) for mark in picture.iter()} == {
        *("svg", "rect", "text", "path", "circle"),
    }


@given(st.text(max_size=80), st.integers(0, 400))
def test_a_long_name_keeps_both_ends_and_fits(text: str, room: int) -> None:
    shown = clamped(text, 15, room)

    assert shown == printable(text) or "…" in shown
    assert width(shown, 15) <= max(room, 15)


def test_two_long_names_stay_different() -> None:
    names = [f"{'organisation' * 3}/{'repository' * 9}-{number}" for number in range(2)]

    assert clamped(names[0], 15, 200) != clamped(names[1], 15, 200)
    assert clamped(names[0], 15, 200).startswith("organ")


def test_a_gap_is_bridged_by_dots_and_said() -> None:
    whole = drawn(chart(line("a/b", 1, 2, 3, 4)))
    broken = drawn(chart(line("a/b", 1, 2, 3, 4, pieces=2)))

    assert len(strokes(whole, COLOURS["dark"].lines[0])) == 1
    assert not bridges(whole)
    assert "dotted: not sampled" not in texts(whole)
    assert len(strokes(broken, COLOURS["dark"].lines[0])) == 3
    assert len(bridges(broken)) == 1
    assert "dotted: not sampled" in texts(broken)


@PATIENT
@given(charts())
def test_nothing_solid_is_drawn_across_a_gap(shown: Chart) -> None:
    picture = drawn(shown)
    solid = [
        path.get("d", "")
        for path in picture.iter(f"{SVG}path")
        if path.get("stroke-width") and not path.get("stroke-dasharray")
    ]
    gaps = sum(max(len(one.segments) - 1, 0) for one in shown.lines)

    assert len(bridges(picture)) == gaps
    assert len(solid) <= sum(len(one.segments) for one in shown.lines)
    assert all(path.count("M") == 1 for path in solid)


def test_a_value_holds_until_the_next_one() -> None:
    """Steps: level first, then upright."""
    (path,) = strokes(drawn(chart(line("a/b", 1, 2, 4))), COLOURS["dark"].lines[0])

    assert re.fullmatch(r"M[\d.]+ [\d.]+(H[\d.]+V[\d.]+){2}", path)


def test_one_sample_is_a_dot() -> None:
    picture = drawn(chart(Line("a/b", ((Point(END - 9 * DAY, 7),),))))

    assert not strokes(picture, COLOURS["dark"].lines[0])
    assert list(picture.iter(f"{SVG}circle"))
    assert "7 · 21 Jun" in texts(picture)


def test_the_value_now_stands_at_the_end_and_an_old_one_with_its_day() -> None:
    gone = Line("a/gone", (line("", 5, 9, days=90).segments[0][:1],))
    told = texts(drawn(chart(line("a/b", 1_000, 1_234), gone)))

    assert {"a/b", "1,234", "a/gone", "5 · 1 Apr"} <= set(told)


def test_the_title_names_a_single_line() -> None:
    told = texts(drawn(chart(line("a/b", 1, 2), title="Stars of a/b")))

    assert "a/b" not in told
    assert "a/b" in texts(drawn(chart(line("a/b", 1, 2), title="The winner")))


@pytest.mark.parametrize("lines", [(), (Line("a/b", ()),), (Line("a/b", ()), Line("c/d", ()))])
def test_no_data_is_said_and_no_axis_is_invented(lines: tuple[Line, ...]) -> None:
    told = texts(drawn(chart(*lines)))

    assert "No data in this window" in told
    assert "0" not in told


def test_one_without_data_stands_beside_the_others() -> None:
    told = texts(drawn(chart(line("a/b", 1, 2), Line("c/d", ()))))

    assert "no data" in told
    assert "No data in this window" not in told


def test_a_loss_is_marked_and_told() -> None:
    told = texts(drawn(chart(line("a/b", 1_000, 1_100, 800, 810), title="a/b")))

    assert "\N{MINUS SIGN}300" in told


def test_fewer_issues_are_not_marked_as_a_loss() -> None:
    falling = chart(line("a/b", 100, 10))
    issues = Chart("a/b", OPEN_ISSUES, falling.lines, falling.start, falling.end)

    assert len(list(drawn(falling).iter(f"{SVG}circle"))) == 2
    assert len(list(drawn(issues).iter(f"{SVG}circle"))) == 1


@pytest.mark.parametrize(
    ("values", "most"), [((434_000, 434_001), 0.01), ((1_234, 1_235), 0.15), ((0, 1), 0.3)]
)
def test_a_single_star_is_no_cliff(values: tuple[int, int], most: float) -> None:
    low, high = value_range(chart(line("a/b", *values)))

    assert 1 / (high - low) <= most


@PATIENT
@given(charts())
def test_the_axis_holds_every_value_and_goes_below_zero_for_none(shown: Chart) -> None:
    low, high = value_range(shown)
    values = [value for one in shown.lines for value in one.values()]

    assert 0 <= low < high
    assert all(low <= value <= high for value in values)


def test_an_axis_below_zero_is_for_values_below_zero() -> None:
    low, high = value_range(chart(line("a/b", -5, 3)))

    assert low <= -5 < 3 <= high


def test_a_long_history_keeps_its_peaks_ends_and_held_values() -> None:
    points = [Point(END - 20_000 * 60 + i * 60, i % 7) for i in range(20_000)]
    points[9_876] = Point(points[9_876].at, 99)
    plane = Plane(80, 800, points[0].at, points[-1].at, 0, 100)
    kept = plane.thinned(points)

    assert len(kept) <= 2 * (plane.right - plane.left)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert points[9_876] in kept
    assert kept == sorted(set(kept))


def test_a_burst_is_followed_by_the_value_it_ended_with() -> None:
    burst = [Point(END - 90 * DAY + i, i % 50) for i in range(3_001)]
    plane = Plane(80, 800, END - 90 * DAY, END, 0, 100)

    assert plane.thinned([*burst, Point(END, 0)])[-2] == burst[-1]


def test_a_short_history_is_drawn_whole() -> None:
    points = line("a/b", *range(300)).segments[0]

    assert Plane(80, 800, END - 90 * DAY, END, 0, 300).thinned(points) == list(points)


@given(st.lists(st.floats(TOP, BOTTOM), max_size=5), st.sampled_from([15.0, 38.0]))
def test_labels_make_room_in_order(wanted: list[float], apart: float) -> None:
    places = spread(wanted, apart, TOP, BOTTOM)
    ordered = [place for _, place in sorted(zip(wanted, places, strict=True))]

    assert all(TOP - 0.01 <= place <= BOTTOM + 0.01 for place in places)
    assert all(after - before >= apart - 0.01 for before, after in pairwise(ordered))


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([100, 300, 200], 38, TOP, BOTTOM) == [100, 300, 200]


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_stands_out(theme: Theme) -> None:
    """WCAG: 4.5 to 1 for words, 3 to 1 for lines."""
    colours = COLOURS[theme]

    assert contrast(colours.text, colours.background) >= 4.5
    assert contrast(colours.quiet, colours.background) >= 4.5
    assert all(contrast(colour, colours.background) >= 4.3 for colour in colours.lines)


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
