"""The PNG: the right size, with words that are really drawn, without any font of the machine."""

import csv
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.chart import Chart, Line, segments
from bot.core.history import History
from bot.core.metrics import STARS
from bot.core.models import Sample
from bot.render.chart_png import FONT_FILE, png
from bot.render.chart_svg import svg
from tests.bot.render.charts import DAY, END, HOSTILE, chart, line

REAL = Path(__file__).parents[4] / "shared" / "data" / "repo-history.csv"


async def drawn(shown: Chart) -> bytes:
    return await png(svg(shown, zone=UTC, theme="dark"))


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    wide, tall = struct.unpack(">II", picture[16:24])
    return wide, tall


async def test_it_is_a_png_of_more_pixels_than_discord_shows_it_on() -> None:
    assert size(await drawn(chart(line("a/b", 1, 2, 5)))) == (1_440, 640)


async def test_names_are_really_drawn() -> None:
    """Without the font every name would be the same nothing."""
    one, same, other = [
        await drawn(chart(line(name, 1, 2), line("c/d", 3, 4))) for name in ("aaa", "aaa", "bbb")
    ]

    assert one == same
    assert one != other


async def test_any_name_can_be_drawn() -> None:
    for name in HOSTILE:
        assert size(await drawn(chart(line(name, 1, 2), title=name))) == (1_440, 640)


def test_the_font_has_its_licence_beside_it() -> None:
    assert FONT_FILE.read_bytes().startswith(b"\x00\x01\x00\x00")
    assert "Bitstream Vera" in FONT_FILE.with_name("LICENSE").read_text("utf-8")


@pytest.mark.skipif(not REAL.exists(), reason="no sample history beside this checkout")
async def test_real_histories_are_drawn() -> None:
    histories: dict[str, History] = {}
    with REAL.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["full_name"] < "c"]
    for row in rows:
        at = int(datetime.fromisoformat(row["date"]).replace(tzinfo=UTC).timestamp()) + DAY // 2
        sample = Sample(at, {"stars": int(row["stars"])}, daily=True)
        histories.setdefault(row["full_name"], History()).add(sample)
    start = END - 90 * DAY
    lines = [
        Line(name, segments(known.observations["stars"], known.spans("stars"), start, END))
        for name, known in list(histories.items())[:5]
    ]

    assert all(line.segments for line in lines)
    assert size(await drawn(Chart("Real ones", STARS, tuple(lines), start, END))) == (1_440, 640)
