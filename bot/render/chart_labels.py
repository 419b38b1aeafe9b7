"""Words in a picture: what fits, and how labels make room for each other."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from statistics import fmean as mean

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
    fitting = bisect_right(range(len(text)), room, key=lambda n: width(_both_ends(text, n), size))
    return _both_ends(text, max(fitting - 1, 0))


def spread(wanted: Sequence[float], apart: float, top: float, bottom: float) -> list[float]:
    """Places near the wanted ones, in their order and `apart` from each other.

    Labels that crowd share their distress: they stand around the middle of where they would be.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    crowds: list[list[float]] = []
    for rank, index in enumerate(order):
        crowds.append([wanted[index] - rank * apart])
        while len(crowds) > 1 and mean(crowds[-2]) > mean(crowds[-1]):
            crowds[-2:] = [crowds[-2] + crowds[-1]]
    shared = [mean(crowd) for crowd in crowds for _ in crowd]
    lowest = max(bottom - (len(wanted) - 1) * apart, top)
    places = [0.0] * len(wanted)
    for rank, (index, place) in enumerate(zip(order, shared, strict=True)):
        places[index] = min(max(place, top), lowest) + rank * apart
    return places


def _share(letter: str) -> float:
    if letter in " !'(),-./:;I[]fijlrt|":
        return THIN
    if letter in "+<=>@MWmw%…" or unicodedata.east_asian_width(letter) != "Na":
        return WIDE
    return WIDE * 0.8 if letter.isupper() else PLAIN


def _both_ends(text: str, kept: int) -> str:
    return f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
