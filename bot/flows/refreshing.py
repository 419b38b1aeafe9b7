"""Fresh numbers for a digest: only what it is about, and in time for its due moment."""

from collections.abc import Sequence

from bot.core.guild import DigestSettings
from bot.core.models import Subject, Trigger
from bot.core.schedule import next_due
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Runs
from bot.flows.sync import Sync

BASE, EACH = 60, 0.1
"""Seconds a run is expected to take, and a repository of it: GitHub counts 0.09 s for one."""
EARLIEST = 1800
"""Seconds before the due time at which the longest run begins."""
FRESH = 300
"""A sample of all numbers so young when the first run begins is not taken again."""
FIRST_PAUSE, LONGEST_PAUSE = 10, 300
"""Seconds before a run that read nothing, or a part, is made again; each is twice the last."""


class Refresh:
    def __init__(self, sync: Sync, portfolio: Portfolio, runs: Runs, clock: Clock) -> None:
        self._sync = sync
        self._portfolio = portfolio
        self._runs = runs
        self._clock = clock
        self._starts: dict[int, int] = {}  # due time -> when its run begins, or begins again
        self._pauses: dict[int, int] = {}  # due time -> seconds between its last two runs
        self._begun: dict[int, int] = {}  # due time -> when its first run began
        self._done: set[int] = set()  # due times whose run was made

    async def run(self, active: Sequence[DigestSettings]) -> None:
        """Sample what is due soon, one run a due time; one that fails is soon made again.

        One that was cut short counts as failed: only what it did not read is asked for again.

        May be called while it runs: a due time that waits for GitHub keeps no other from its run.
        Raises what Sync raises.
        """
        now = self._clock.now()
        self._forget(now)
        for due, digests in _by_due(active, now).items():
            if due in self._done or self._starts.get(due, now) > now:
                continue
            subjects = await self._subjects(digests)
            if due not in self._pauses:
                self._starts[due] = due - min(EARLIEST, BASE + round(EACH * len(subjects)))
            if self._starts[due] <= now and due not in self._done:  # another call may be faster
                await self._make(due, subjects)

    def wait(self, active: Sequence[DigestSettings]) -> int:
        """Seconds until the next run begins."""
        now = self._clock.now()
        moments = [
            self._starts.get(due, due - EARLIEST)
            for due in {next_due(plan, now) for plan in {digest.plan for digest in active}}
            if due not in self._done
        ]
        return max(0, min(moments, default=now + EARLIEST) - now)

    async def _make(self, due: int, subjects: Sequence[Subject]) -> None:
        """Until it has succeeded another one waits: its own end, and a pause after that."""
        pause = min(self._pauses.get(due, FIRST_PAUSE // 2) * 2, LONGEST_PAUSE)
        self._pauses[due], self._starts[due] = pause, due
        try:
            if await self._sample(subjects, self._begun.setdefault(due, self._clock.now())):
                self._done.add(due)
        finally:
            self._starts[due] = self._clock.now() + pause

    def _forget(self, now: int) -> None:
        self._starts = {due: start for due, start in self._starts.items() if due > now}
        self._pauses = {due: pause for due, pause in self._pauses.items() if due > now}
        self._begun = {due: at for due, at in self._begun.items() if due > now}
        self._done = {due for due in self._done if due > now}

    async def _subjects(self, digests: Sequence[DigestSettings]) -> list[Subject]:
        """What they are about, each once."""
        found: dict[int, Subject] = {}
        for digest in digests:
            watched = await self._portfolio.repositories(digest.guild_id, digest.group)
            found |= {subject.id: subject for subject in watched}
        return list(found.values())

    async def _sample(self, subjects: Sequence[Subject], begun_at: int) -> bool:
        """Whether all of them were asked for, in this run or in those before it."""
        looks = await self._runs.looks([subject.id for subject in subjects])
        late = begun_at - FRESH
        stale = [s for s in subjects if (looks[s.id].counted_at or 0) < late]
        if not stale:
            return True
        report = await self._sync.these(stale, Trigger.DIGEST)
        return report.run.message is None


def _by_due(active: Sequence[DigestSettings], now: int) -> dict[int, list[DigestSettings]]:
    """Those due soon, soonest first."""
    dues = {plan: next_due(plan, now) for plan in {digest.plan for digest in active}}
    soon: dict[int, list[DigestSettings]] = {}
    for digest in active:
        due = dues[digest.plan]
        if due - now <= EARLIEST:
            soon.setdefault(due, []).append(digest)
    return dict(sorted(soon.items()))
