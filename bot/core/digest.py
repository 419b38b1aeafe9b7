"""What moved in a portfolio: ranked rows, and a count for everyone who is not among them."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from bot.core.chart import MOST_LINES
from bot.core.delta import Status
from bot.core.events import Happening
from bot.core.metrics import METRICS, STARS, Metric
from bot.core.rank import ANY, Movement, lead, ranked
from bot.core.window import Window

NAMED = 3
"""Repositories that are gone, or to whom the same happened, that a digest names."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is to be listed."""

    by: str = ANY
    minimum: int = 0  # the change that a row is listed for is at least so large
    most: int | None = None  # rows that are needed, from the first on; None: all there are

    @property
    def drawn(self) -> Metric:
        """What the chart of the leaders shows."""
        return METRICS.get(self.by, STARS)


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

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


NOBODY = Counts(watched=0, changed=0, unchanged=0, new=0, gone=0, unsampled=0, failed=0)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a store tells of a portfolio by itself, and who of it has to be measured."""

    counts: Counts = NOBODY  # of all but the doubtful ones
    ranked: int = 0  # of these, those with a place in the ranking
    listed: int = 0  # and those that are listed
    sampled_at: int | None = None  # the newest sample of all, at or before the window's end
    measured: frozenset[int] = frozenset()  # of these, those that are shown
    doubtful: frozenset[int] = frozenset()  # whoever only a measurement tells about


EVERYTHING, NOT_SURVEYED = Listing(), Survey()


@dataclass(frozen=True, slots=True)
class Digest:
    window: Window
    by: str
    rows: tuple[Movement, ...]  # the first of those listed, as many as were asked for
    listed: int
    ranked: int  # also those whose change is too small to be listed
    leaders: tuple[Movement, ...]  # the first of those listed that a chart can show
    counts: Counts
    gone: tuple[Movement, ...]  # the first by name
    sampled_at: int | None  # the newest sample at or before the window's end
    happened: tuple[Happening, ...] = ()  # in the window, whether or not a number moved


def digest(
    movements: Sequence[Movement],
    window: Window,
    *,
    listing: Listing = EVERYTHING,
    survey: Survey = NOT_SURVEYED,
) -> Digest:
    """Rank a portfolio; `movements` are by name, and leave out whoever needs no measuring."""
    doubtful = [one for one in movements if one.subject.id not in survey.measured]
    ranking = ranked(movements, listing.by)
    listed = [one for one in ranking if _is_listed(one, listing)]
    leaders = [one for one in listed if _moves(one, listing.drawn)]
    gone = [one for one in movements if _is_gone(one, window)]
    times = [delta.after_at for one in movements for delta in one.deltas]
    if survey.sampled_at is not None:
        times.append(survey.sampled_at)
    return Digest(
        window,
        listing.by,
        rows=tuple(listed[: listing.most]),
        listed=survey.listed + _beside(survey, listed),
        ranked=survey.ranked + _beside(survey, ranking),
        leaders=tuple(leaders[:MOST_LINES]),
        counts=survey.counts + _counted(doubtful, window, listing.by),
        gone=tuple(gone[:NAMED]),
        sampled_at=max(times, default=None),
    )


def _counted(movements: Sequence[Movement], window: Window, by: str) -> Counts:
    gone = sum(_is_gone(movement, window) for movement in movements)
    changed = sum(movement.changed(by) for movement in movements)
    new = sum(not movement.changed(by) and _is_new(movement, window) for movement in movements)
    unsampled = sum(_is_unsampled(movement) for movement in movements)
    return Counts(
        watched=len(movements),
        changed=changed,
        unchanged=len(movements) - changed - new - gone - unsampled,
        new=new,
        gone=gone,
        unsampled=unsampled,
        failed=0,
    )


def _beside(survey: Survey, movements: Sequence[Movement]) -> int:
    """How many the survey has not counted."""
    return sum(movement.subject.id not in survey.measured for movement in movements)


def _is_listed(movement: Movement, listing: Listing) -> bool:
    first = lead(movement, listing.by)
    return first is not None and abs(first.change or 0) >= listing.minimum


def _moves(movement: Movement, metric: Metric) -> bool:
    delta = movement.delta(metric.key)
    return delta is not None and bool(delta.change)


def _is_gone(movement: Movement, window: Window) -> bool:
    return movement.has(Status.GONE) or _went_unseen(movement, window)


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
