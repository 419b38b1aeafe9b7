"""Which change comes first: a total order, whatever order the changes were read in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.core.delta import Delta, Status
from bot.core.metrics import METRICS, STARS
from bot.core.models import Subject

ANY = "any"
PERCENT = "percent"
RANKINGS = (ANY, *METRICS, PERCENT)
"""What `by=` takes."""

Score = TypeVar("Score", int, float)

PERCENT_FROM = 50
"""Growth in percent ranks from this many stars: 2 -> 4 is not news."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One repository over one window."""

    subject: Subject
    deltas: tuple[Delta, ...]  # in the registry's order; empty: never sampled

    def changed(self, by: str = ANY) -> bool:
        """Did a number change that can put it into a digest? Most repositories get commits."""
        return any(_counts(delta, ANY) or _counts(delta, by) for delta in self.deltas)

    def delta(self, metric: str) -> Delta | None:
        return next((delta for delta in self.deltas if delta.metric == metric), None)

    def has(self, status: Status) -> bool:
        """Does every metric of the repository have this status?"""
        return bool(self.deltas) and all(delta.status is status for delta in self.deltas)


def ranked(movements: Iterable[Movement], by: str = ANY) -> list[Movement]:
    """Largest gain first, losses after all gains (largest first), unchanged and unknown left out.

    Under `any` the largest single gain decides, then the sum of the gains, then the name.
    """
    keyed = [(scores, movement) for movement in movements if (scores := _scores(movement, by))]
    return [movement for _, movement in sorted(keyed, key=_order)]


def lead(movement: Movement, by: str = ANY) -> Delta | None:
    """The change a ranked repository is listed for: its largest gain, else its largest loss."""
    if by == PERCENT:
        return movement.delta(STARS.key)
    deltas = [delta for delta in movement.deltas if _counts(delta, by)]
    gains = [delta for delta in deltas if (delta.change or 0) > 0]
    return max(gains or deltas, key=lambda delta: abs(delta.change or 0), default=None)


def weigh(scores: Sequence[Score]) -> tuple[Score, Score]:
    """The largest of some changes and their sum: of the gains, else of the losses, below zero then.

    None of them is zero, and there is one at least.
    """
    gains = [score for score in scores if score > 0]
    return (max(gains), sum(gains)) if gains else (min(scores), sum(scores))


def _order(
    keyed: tuple[Sequence[float], Movement],
) -> tuple[bool, float, float, str, int]:
    scores, movement = keyed
    most, total = weigh(scores)
    subject = movement.subject
    return (most < 0, -abs(most), -abs(total), subject.full_name.lower(), subject.id)


def _scores(movement: Movement, by: str) -> list[float]:
    """The changes that count under `by`, none of them zero or unknown."""
    if by == PERCENT:
        stars = movement.delta(STARS.key)
        growth = stars.percent if stars and (stars.before or 0) >= PERCENT_FROM else None
        return [growth] if growth else []
    return [delta.change for delta in movement.deltas if delta.change and _counts(delta, by)]


def _counts(delta: Delta, by: str) -> bool:
    return bool(delta.change) and (
        METRICS[delta.metric].ranks_any if by == ANY else delta.metric == by
    )
