"""Words in a picture: what fits, and how labels make room for each other."""

import unicodedata
from collections.abc import Sequence

THIN, PLAIN, WIDE = 0.42, 0.64, 1.0
"""Widths in DejaVu Sans as shares of its size, rounded up; its figures are 0.636 wide."""


def printable(text: str) -> str:
    """One line without what XML forbids or what turns the text around it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def width(text: str, size: float) -> float:
    """About how many pixels a text takes, rather more than less."""
    return sum(_share(letter) for letter in text) * size


def clamped(text: str, size: float, room: float) -> str:
    """As much of both ends as fits: names differ at either."""
    text = printable(text)
    if width(text, size) <= room:
        return text
    kept = len(text)
    while kept and width(shown := _both_ends(text, kept), size) > room:
        kept -= 1
    return shown if kept else "…"


def spread(wanted: Sequence[float], apart: float, top: float, bottom: float) -> list[float]:
    """Places as near as possible to the wanted ones, in their order and `apart` from each other."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [0.0] * len(wanted)
    free = top
    for index in order:
        free = places[index] = max(wanted[index], free)
        free += apart
    free = bottom
    for index in reversed(order):
        free = places[index] = min(places[index], free)
        free -= apart
    return places


def _share(letter: str) -> float:
    if letter in " !'(),-./:;I[]fijlrt|":
        return THIN
    if letter in "+<=>@MWmw%…" or unicodedata.east_asian_width(letter) != "Na":
        return WIDE
    return WIDE * 0.8 if letter.isupper() else PLAIN


def _both_ends(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
