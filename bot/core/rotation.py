"""Which repositories GitHub counts in a run, where it cannot count all of them in one interval.

The rest gives what costs no counting. Counting one takes about 0.09 s of GitHub's own time, of
which it grants about 60 s a minute; we take 50 (design: "Limits").
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

EACH = 0.09
"""Seconds of GitHub's time that the counts of one repository take."""
BUDGET = 50.0
"""Seconds of it to spend in a minute."""
SHARE = 0.8
"""How much of the budget a run in rotation takes: the rest is for people's commands."""


@dataclass(frozen=True, slots=True)
class Look:
    """When a repository was looked at last, by runs; None: never."""

    sampled_at: int | None = None
    counted_at: int | None = None  # with the numbers that GitHub has to count
    sought_at: int | None = None  # when GitHub last said that it is gone


@dataclass(frozen=True, slots=True)
class Rotation:
    """What fits into one interval."""

    interval: int
    each: float = EACH
    budget: float = BUDGET

    @property
    def fits(self) -> int:
        """The largest portfolio that is counted whole, every run."""
        return int(self.interval / 60 * self.budget / self.each)

    @property
    def room(self) -> int:
        """How many are counted in a run where not all are."""
        return max(1, int(self.fits * SHARE))

    def counted(
        self,
        last_counted: Mapping[int, int | None],
        last: Collection[int] = (),
        *,
        watched: int = 0,
        spent: int = 0,
    ) -> frozenset[int]:
        """Those longest uncounted, of ids with the moment each was counted last.

        Ids in `last` come behind all others: what cannot be read must not keep them waiting.
        Where these are the rest of a round, it is about `watched` in all, `spent` of them counted.
        """
        if max(watched, len(last_counted)) <= self.fits:
            return frozenset(last_counted)

        def turn(id_: int) -> tuple[bool, int, int]:
            at = last_counted[id_]
            return id_ in last, -1 if at is None else at, id_

        return frozenset(sorted(last_counted, key=turn)[: max(0, self.room - spent)])

    def takes(self, number: int) -> int | None:
        """Seconds until each of so many was counted once; None where each run counts all."""
        if number <= self.fits:
            return None
        return -(-number // self.room) * self.interval
