"""Stars still held, by the day they were given: what they tell of the time before the first sample.

GitHub tells them of any public repository, and keeps no others: a past day shrinks when somebody
takes a star back. So they are a series of their own, and what is made of them is always marked.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from bot.core.coverage import DAY, NOON
from bot.core.models import Subject

WEEKS_A_PAGE = 30
"""As many as GitHub gives at once."""
PAGES = 4
"""What is read of a repository at most: 120 weeks, a bit more than two years."""


@dataclass(frozen=True, slots=True)
class StarPage:
    """Some weeks of a repository's star history; days are UTC days, counted from 1970."""

    days: Mapping[int, int]  # day -> stars given on it and still held; none of them zero
    since: int | None  # the first day it tells of; None: it is empty
    until: int | None  # the first day after it
    last: bool  # it goes back to the first star


class Unread(NamedTuple):
    """A repository with pages left."""

    subject: Subject
    pages: int  # read so far


class Extent(NamedTuple):
    """How far back a repository's star history is known."""

    pages: int  # read so far
    since: int | None  # the first day known; None: none is
    whole: bool  # nothing lies before it

    @property
    def is_over(self) -> bool:
        """Is there nothing more to ask for?"""
        return self.whole or self.pages >= PAGES

    def with_page(self, number: int, page: StarPage, today: int) -> "Extent":
        """The same after one more page; an empty one says where the days before it ended."""
        told = page.since if page.since is not None else self.since
        since = today if told is None else told
        if not page.last and self.since is not None:
            since = min(since, self.since)
        return Extent(max(self.pages, number), since, self.whole or page.last)


NOTHING_READ = Extent(0, None, whole=False)


class Given(NamedTuple):
    """Stars of one day."""

    day: int
    stars: int


_DAY_OF = attrgetter("day")


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one repository's stars still held, as one moment needs it: added up."""

    since: int  # as in `Retained`, like the next one
    until: int
    first_day: int | None  # of the first star known; None: none is
    until_sample: int  # given up to the first sample's own day; 0 unless nothing lies before it
    between: int  # given after the moment, and before the first sample's own day
    whole: bool  # nothing lies before the first star known

    def level(self, moment: int, first_at: int, first: int) -> int | None:
        """How many stars there were about `moment`, before the first sample (`first` of them).

        The rule: the stars of a day count as given at 12:00 UTC of it. What was given after
        `moment` and before the first sample's own day is taken off that sample; before the first
        star of a complete history there were none. Of its own day nobody knows which stars came
        before the sample, which holds those already: none is taken off. None: these days are not
        known, or there is none between.
        """
        following = first_after(moment)
        known = following >= self.since or self.whole
        if not known or following >= first_at // DAY or first_at > self.until:
            return None
        if self.whole and self.first_day is None:
            return None if first else 0  # stars without a day: this history cannot be right
        first_star = self.first_star(first)
        if first_star is not None and moment < first_star:
            return 0
        return max(first - self.between, 0)

    def first_star(self, first: int) -> int | None:
        """When it was given, where there is a day for each of the first sample's `first` stars."""
        if not self.whole or self.first_day is None or self.until_sample < first:
            return None
        return noon(self.first_day)


@dataclass(frozen=True, slots=True)
class Retained:
    """What is known of one repository's stars still held."""

    since: int  # the first day known; on one without an entry none was given
    until: int  # the moment GitHub was asked
    days: Sequence[Given]  # ascending, none of them zero
    whole: bool  # nothing lies before the first of them

    def level(self, moment: int, first_at: int, first: int) -> int | None:
        """How many stars there were about `moment`: see `Tally.level`."""
        return self.tally(moment, first_at).level(moment, first_at, first)

    def begun(self, first_at: int, first: int) -> int:
        """The first moment whose level is worth telling."""
        first_star = self.tally(first_at, first_at).first_star(first)
        if first_star is not None:
            return first_star - DAY
        return 0 if self.whole else self.since * DAY

    def tally(self, moment: int, first_at: int) -> Tally:
        """Its days added up, for one moment before the first sample."""
        days = bisect_right(self.days, first_at // DAY, key=_DAY_OF) if self.whole else 0
        return Tally(
            self.since,
            self.until,
            self.days[0].day if self.days else None,
            until_sample=sum(day.stars for day in self.days[:days]),
            between=sum(day.stars for day in self.between(moment, first_at)),
            whole=self.whole,
        )

    def between(self, start: int, first_at: int) -> Sequence[Given]:
        """The days whose noon lies after `start`, up to the one before the first sample's day."""
        low = bisect_right(self.days, start, key=_noon_of)
        high = bisect_left(self.days, first_at // DAY, key=_DAY_OF)
        return self.days[low:high]


def noon(day: int) -> int:
    """The moment that stands for a day."""
    return day * DAY + NOON


def _noon_of(given: Given) -> int:
    return noon(given.day)


def first_after(moment: int) -> int:
    """The first day whose noon lies after a moment."""
    return (moment - NOON) // DAY + 1
