"""What moved in a portfolio: ranked rows, and a count for everyone who is not among them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.core.delta import Status
from bot.core.events import Happening
from bot.core.rank import ANY, Movement, lead, ranked
from bot.core.window import Window


@dataclass(frozen=True, slots=True)
class Counts:
    """Every watched repository is counted once, as what it is first; failed ones are so besides."""

    watched: int
    changed: int
    unchanged: int
    new: int  # not sampled so early: no change can be known, or none is among what is rebuilt
    gone: int
    unsampled: int  # not once within the window: whether it changed is unknown
    failed: int  # could not be read by the newest run


@dataclass(frozen=True, slots=True)
class Digest:
    window: Window
    by: str
    rows: tuple[Movement, ...]
    counts: Counts
    gone: tuple[Movement, ...]
    sampled_at: int | None  # the newest sample at or before the window's end
    happened: tuple[Happening, ...] = ()  # in the window, whether or not a number moved


def digest(
    movements: Sequence[Movement], window: Window, *, by: str = ANY, failed: Collection[int] = ()
) -> Digest:
    """Rank a portfolio; `failed` holds the ids of subjects the newest run could not read."""
    gone = [m for m in movements if m.has(Status.GONE) or _went_unseen(m, window)]
    changed = sum(movement.changed(by) for movement in movements)
    new = [m for m in movements if not m.changed(by) and _is_new(m, window)]
    unsampled = sum(_is_unsampled(movement) for movement in movements)
    times = [delta.after_at for movement in movements for delta in movement.deltas]
    counts = Counts(
        watched=len(movements),
        changed=changed,
        unchanged=len(movements) - changed - len(new) - len(gone) - unsampled,
        new=len(new),
        gone=len(gone),
        unsampled=unsampled,
        failed=sum(movement.subject.id in failed for movement in movements),
    )
    rows = tuple(ranked(movements, by))
    return Digest(window, by, rows, counts, tuple(gone), max(times, default=None))


def of_at_least(report: Digest, minimum: int) -> Digest:
    """Without the rows whose leading change is smaller; they count as changed all the same."""
    leads = [(movement, lead(movement, report.by)) for movement in report.rows]
    rows = tuple(m for m, delta in leads if delta and abs(delta.change or 0) >= minimum)
    return replace(report, rows=rows)


def _is_new(movement: Movement, window: Window) -> bool:
    if not movement.deltas:
        return not _went_unseen(movement, window)
    return all(one.status is Status.NEW or one.reconstructed for one in movement.deltas)


def _is_unsampled(movement: Movement) -> bool:
    """Every metric that is not new stands on one old sample."""
    known = [delta for delta in movement.deltas if delta.status is not Status.NEW]
    return bool(known) and all(delta.unsampled for delta in known)


def _went_unseen(movement: Movement, window: Window) -> bool:
    """Was it gone by the window's end, before anyone had sampled it?"""
    gone_at = movement.subject.gone_at
    return not movement.deltas and gone_at is not None and gone_at <= window.end
