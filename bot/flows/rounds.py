"""The scheduled collection: all that is watched, in rounds that go on where they were cut short."""

from collections.abc import Mapping, Sequence

from bot.core.models import WITHHELD, Refused, Run, RunStatus, Subject, Trigger, Wanted
from bot.core.reports import SyncReport
from bot.core.rotation import Look, Rotation
from bot.flows.collection import Collector, Listener
from bot.flows.ports import Clock, Store
from bot.flows.steps import in_steps

DAY = 86_400
RETRY = 300
"""Seconds to wait after a collection that failed, unless the interval is shorter."""
LONGEST_RETRY = 3600
"""The same after many in a row that read nothing."""
STANDING = {Refused.TIMEOUT, Refused.LIMIT, *WITHHELD}
"""What is its repository's own trouble, and the same five minutes later."""


def due_after(last: Run, interval: int) -> int:
    """When the timer collects after this run.

    What failed or was cut short is soon made again: what it did not read is missing. Where
    nothing could be read at all, the pause is as long as the round has failed until then: it about
    doubles. Else a round is due an interval after the last one began, in however many runs.
    """
    soon = min(RETRY, interval)
    if last.status is RunStatus.STOPPED:
        return last.started_at + soon
    if last.finished_at is not None and last.status is RunStatus.FAILED:
        failing = last.started_at - last.round_began_at
        return last.finished_at + max(soon, min(failing, LONGEST_RETRY, interval))
    if last.finished_at is not None and last.cut_short:
        return last.finished_at + soon
    return last.round_began_at + interval


def unwatched(new: Sequence[Wanted], watched: Sequence[Subject]) -> list[Wanted]:
    """Those that no watched repository is, by node id or else by name: a run asks for each once.

    Of the same name and another id is another repository: GitHub gives names away again.
    """
    if not new:
        return []
    node_ids = {one.node_id for one in watched if one.node_id is not None}
    names = {one.full_name.lower() for one in watched}
    unread = {one.full_name.lower() for one in watched if one.node_id is None}

    def known(want: Wanted) -> bool:
        if want.node_id is None:
            return want.full_name.lower() in names
        return want.node_id in node_ids or want.full_name.lower() in unread

    return [want for want in new if not known(want)]


class Rounds:
    def __init__(
        self, collector: Collector, store: Store, clock: Clock, rotation: Rotation
    ) -> None:
        self._collector = collector
        self._store = store
        self._clock = clock
        self._rotation = rotation
        self._round_at: int | None = None  # when the round began in which these were refused
        self._refused: set[str] = set()

    async def collect(
        self, subjects: Sequence[Subject], listener: Listener, new: Sequence[Wanted] = ()
    ) -> SyncReport:
        """Sample what is due of these, and `new` ones; raises what `Collector.collect` raises."""
        round_at = await self._goes_on()
        looks = await self._store.runs.looks([subject.id for subject in subjects])
        due = list[Subject]()
        async for some in in_steps(subjects):
            due += [one for one in some if self._is_due(one, looks[one.id], round_at)]
        due.sort(key=lambda one: (looks[one.id].sampled_at or 0, one.id))
        counted = await self._counted(subjects, due, looks, round_at)
        wanted: dict[Wanted, Subject | None] = dict.fromkeys(unwatched(new, subjects))
        async for some in in_steps(due):
            wanted |= {
                Wanted(one.full_name, one.node_id, counted=one.id in counted): one for one in some
            }
        report = await self._collector.collect(
            wanted, Trigger.SCHEDULE, listener=listener, round_at=round_at
        )
        self._note(report)
        return report

    def _note(self, report: SyncReport) -> None:
        """Remember who need not be asked again if this round goes on; a restart may ask once."""
        if not report.run.cut_short:
            self._round_at, self._refused = None, set()
            return
        if self._round_at != report.run.round_began_at:
            self._round_at, self._refused = report.run.round_began_at, set()
        self._refused |= {e.full_name for e in report.errors if e.refusal.kind in STANDING}

    async def _goes_on(self) -> int | None:
        """When the round began that goes on now; None: a new one begins.

        One in which nothing could be read goes on, too, so that it is known how long it has failed.
        After an interval all of it is due again, whatever became of the round.
        """
        last = await self._store.runs.newest(Trigger.SCHEDULE)
        if last is None or not (last.cut_short or last.status is RunStatus.FAILED):
            return None
        late = self._clock.now() - last.round_began_at >= self._rotation.interval
        return None if late else last.round_began_at

    def _is_due(self, subject: Subject, look: Look, round_at: int | None) -> bool:
        """Was it neither read nor refused in this round yet, nor found gone within a day?"""
        if subject.gone_at is not None and look.sought_at is not None:
            # of the runs around a day later, the nearest
            return self._clock.now() - look.sought_at > DAY - self._rotation.interval // 2
        if round_at is None:
            return True
        if round_at == self._round_at and subject.full_name in self._refused:
            return False
        return look.sampled_at is None or look.sampled_at < round_at

    async def _counted(
        self,
        subjects: Sequence[Subject],
        due: Sequence[Subject],
        looks: Mapping[int, Look],
        round_at: int | None,
    ) -> frozenset[int]:
        """Of those due; a rest that would fit is in rotation where all that is watched does not."""
        since = self._clock.now() if round_at is None else round_at
        return self._rotation.counted(
            {one.id: looks[one.id].counted_at for one in due},
            await self._store.runs.failing(),
            watched=sum(one.gone_at is None for one in subjects),
            spent=sum((look.counted_at or -1) >= since for look in looks.values()),
        )
