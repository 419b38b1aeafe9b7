"""The neutral answer: built once, shown alike by Discord and the terminal."""

from dataclasses import dataclass
from enum import StrEnum

TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""For `str.translate`: what turns round the text after it, and so the numbers beside a name."""


class Tone(StrEnum):
    """What a colour would say; every tone is also told in words."""

    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"  # nothing to be glad or sorry about


@dataclass(frozen=True, slots=True)
class Row:
    """One thing and its numbers; all parts are plain text, escaped by whoever shows them."""

    name: str
    value: str = ""
    change: str = ""
    percent: str = ""
    note: str = ""
    url: str | None = None
    rank: int | None = None
    tone: Tone = Tone.QUIET
    channel_id: int | None = None  # shown as a link by whoever knows channels
    at: int | None = None  # a moment: shown on the reader's own clock where there is one


@dataclass(frozen=True, slots=True)
class Action:
    """Something more to ask for by pressing a button."""

    label: str
    wish: str  # what is asked for, in the words of whoever answers
    current: bool = False  # it is what is shown now
    possible: bool = True


@dataclass(frozen=True, slots=True)
class Card:
    """An answer; whoever shows it may leave out rows at the end, and then says how many."""

    title: str
    url: str | None = None
    lines: tuple[str, ...] = ()  # before the rows
    rows: tuple[Row, ...] = ()
    more: int = 0  # rows left out already
    notes: tuple[str, ...] = ()  # after the rows
    footer: tuple[str, ...] = ()  # short facts, shown on one line
    tone: Tone = Tone.QUIET
    actions: tuple[Action, ...] = ()  # at most five; a terminal has none
