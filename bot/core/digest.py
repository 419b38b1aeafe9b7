"""What moved in a portfolio: ranked rows, and a count for everyone who is not among them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.delta import Status
from bot.core.rank import ANY, Movement, ranked
from bot.core.window import Window


@dataclass(frozen=True, slots=True)
class Counts:
    """Every watched repository is changed, unchanged, new or gone; failed ones are so besides."""

    watched: int
    changed: int
    unchanged: int
    new: int  # sampled once or not yet: no change can be known
    gone: int
    failed: int  # could not be read by the newest run


@dataclass(frozen=True, slots=True)
class Digest:
    window: Window
    by: str
    rows: tuple[Movement, ...]
    counts: Counts
    gone: tuple[Movement, ...]
    sampled_at: int | None  # the newest sample at or before the window's end


def digest(
    movements: Sequence[Movement], window: Window, *, by: str = ANY, failed: Collection[int] = ()
) -> Digest:
    """Rank a portfolio; `failed` holds the ids of subjects the newest run could not read."""
    gone = [m for m in movements if m.has(Status.GONE) or _went_unseen(m, window)]
    new = [m for m in movements if m.has(Status.NEW) or not (m.deltas or _went_unseen(m, window))]
    changed = sum(movement.changed for movement in movements)
    times = [delta.after_at for movement in movements for delta in movement.deltas]
    counts = Counts(
        watched=len(movements),
        changed=changed,
        unchanged=len(movements) - changed - len(new) - len(gone),
        new=len(new),
        gone=len(gone),
        failed=sum(movement.subject.id in failed for movement in movements),
    )
    rows = tuple(ranked(movements, by))
    return Digest(window, by, rows, counts, tuple(gone), max(times, default=None))


def _went_unseen(movement: Movement, window: Window) -> bool:
    """Was it gone by the window's end, before anyone had sampled it?"""
    gone_at = movement.subject.gone_at
    return not movement.deltas and gone_at is not None and gone_at <= window.end
