"""SVG into PNG, beside the event loop and with one bundled font: alike on every machine."""

import asyncio
from pathlib import Path

import resvg_py

from bot.render.chart_svg import FONT

FONT_FILE = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
ZOOM = 2
"""Twice the pixels: crisp on the screens people have."""


async def png(svg: str) -> bytes:
    return await asyncio.to_thread(_drawn, svg)


def _drawn(svg: str) -> bytes:
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=ZOOM,
        font_files=[str(FONT_FILE)],
        skip_system_fonts=True,
        font_family=FONT,
        sans_serif_family=FONT,
    )
