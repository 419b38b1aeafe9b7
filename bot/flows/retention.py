"""The verb cleanup, and the quiet thinning of old days that goes on by itself."""

from bot.core.coverage import DAY
from bot.core.retention import Removal, thinned_before
from bot.errors import UsageError
from bot.flows.ports import Clock, Retention

SUBJECTS = 20
"""Repositories thinned in one transaction: about 25 ms, so that nobody waits for it."""
AGAIN = 8 * DAY
"""Seconds before the limit that are looked at again every night; all of it after a start."""


class Thinning:
    """Old days keep their last value; `days` is how long every sample is kept."""

    def __init__(self, retention: Retention, clock: Clock, *, days: int) -> None:
        self._retention = retention
        self._clock = clock
        self._days = days
        self._done_before: int | None = None

    async def nightly(self) -> int:
        """Thin what has grown old since the last time; returns how many observations went."""
        before = thinned_before(self._clock.now(), self._days)
        if self._done_before is not None and before <= self._done_before:
            return 0
        since = 0 if self._done_before is None else self._done_before - AGAIN
        gone = 0
        for above in range(0, await self._retention.last_id(), SUBJECTS):
            gone += await self._retention.thin(above, above + SUBJECTS, since, before)
        self._done_before = before
        return gone


class Cleanup:
    """For those who want less: nothing of it happens by itself."""

    def __init__(self, retention: Retention, clock: Clock) -> None:
        self._retention = retention
        self._clock = clock

    async def clean(self, *, keep_days: int | None, unwatched: bool, dry_run: bool) -> Removal:
        """Forget history older than so many days, repositories that nobody watches, or both.

        Raises UsageError where neither is asked for.
        """
        if keep_days is None and not unwatched:
            raise UsageError("Say what shall go: --keep-days 365, --unwatched, or both.")
        before = None if keep_days is None else thinned_before(self._clock.now(), keep_days)
        act = self._retention.removable if dry_run else self._retention.remove
        return await act(before, unwatched=unwatched)
