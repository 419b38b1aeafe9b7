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
class Retained:
    """What is known of one repository's stars still held."""

    since: int  # the first day known; on one without an entry none was given
    until: int  # the moment GitHub was asked
    days: Sequence[Given]  # ascending, none of them zero
    whole: bool  # nothing lies before the first of them

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
        if self.whole and not self.days:
            return None if first else 0  # stars without a day: this history cannot be right
        if self._is_complete(first_at, first) and moment < noon(self.days[0].day):
            return 0
        return max(first - sum(day.stars for day in self.between(moment, first_at)), 0)

    def begun(self, first_at: int, first: int) -> int:
        """The first moment whose level is worth telling."""
        if self._is_complete(first_at, first):
            return noon(self.days[0].day) - DAY
        return 0 if self.whole else self.since * DAY

    def _is_complete(self, first_at: int, first: int) -> bool:
        """Does it go back to the first star, with a day for each of the first sample's?"""
        days = (day.stars for day in self.days if day.day * DAY <= first_at)
        return self.whole and bool(self.days) and sum(days) >= first

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
