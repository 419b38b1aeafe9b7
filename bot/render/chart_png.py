"""SVG into PNG, beside the event loop and with one bundled font: alike on every machine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from bot.render.chart_svg import FONT

FONT_FILE = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
ZOOM = 1.6
"""1440 by 640: more than two pixels for each that Discord shows a picture on, about 500 wide.

Time and memory grow with the pixels. A line of 2.5 is four whole ones, equally wide all along.
"""


async def png(svg: str) -> bytes:
    return await asyncio.get_running_loop().run_in_executor(_pen(), _drawn, svg)


@lru_cache(maxsize=1)
def _pen() -> ThreadPoolExecutor:
    """One thread for all pictures.

    resvg holds the GIL while it draws: more of them drew nothing sooner, and each kept the 4 MB
    of a picture's pixels, and what encoding them took, in a heap of its own.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="drawing")


def _drawn(svg: str) -> bytes:
    import resvg_py  # 1 MB that a bot which draws nothing does without

    return resvg_py.svg_to_bytes(
        svg_string=svg,
        zoom=ZOOM,
        font_files=[str(FONT_FILE)],
        skip_system_fonts=True,
        font_family=FONT,
        sans_serif_family=FONT,
    )
