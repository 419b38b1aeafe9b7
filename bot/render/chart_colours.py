"""The colours of a chart: one set for Discord's dark background, one for a white page."""

from dataclasses import dataclass
from typing import Literal

Theme = Literal["dark", "light"]


@dataclass(frozen=True, slots=True)
class Colours:
    background: str
    text: str
    quiet: str
    grid: str
    lines: tuple[str, ...]


COLOURS: dict[Theme, Colours] = {
    "dark": Colours(
        *("#313338", "#dbdee1", "#b5bac1", "#45474e"),
        lines=("#56b4e9", "#e69f00", "#24ad7c", "#f5ee8a", "#de7cb0"),
    ),
    "light": Colours(
        *("#ffffff", "#1f2328", "#59636e", "#e3e6ea"),
        lines=("#0077c2", "#cc5200", "#0b5d33", "#c0508c", "#2b2b2b"),
    ),
}
"""Lines after Okabe and Ito: the colour-blind tell them apart, and each stands out (4.3 to 1)."""
