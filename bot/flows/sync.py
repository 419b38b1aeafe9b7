"""The verb sync: sample repositories now; whoever asks for the same meanwhile joins in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.models import Subject, Trigger, Wanted
from bot.core.reports import Progress, SyncReport
from bot.errors import UsageError
from bot.flows.collection import Collector, Listener, verdict
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Subjects
from bot.flows.rounds import Rounds, unwatched
from bot.flows.steps import in_steps

Scope = tuple[bool, frozenset[int]]
"""What a run is about, and whether it is urgent: who waits for it joins no other kind."""
REST = 60
"""Seconds between two runs that one guild forces; whoever joins one waits for nothing."""


@dataclass(slots=True)
class _Audience:
    """Who follows a run; one that joins late is told at once how far it has come."""

    listeners: list[Listener] = field(default_factory=list)
    newest: Progress | None = None

    def join(self, listener: Listener) -> None:
        self.listeners.append(listener)
        if self.newest is not None:
            listener(self.newest)

    def tell(self, progress: Progress) -> None:
        self.newest = progress
        for listener in self.listeners:
            listener(progress)


@dataclass(frozen=True, slots=True)
class _Ongoing:
    """A run that others may join."""

    task: asyncio.Task[SyncReport]
    audience: _Audience


@dataclass(slots=True)
class _Admission:
    """A run that a guild forced; whoever asks for the same before it is over joins it."""

    at: int
    scope: Scope
    over: bool = False


class Sync:
    def __init__(
        self,
        collector: Collector,
        rounds: Rounds,
        subjects: Subjects,
        portfolio: Portfolio,
        clock: Clock,
    ) -> None:
        self._collector = collector
        self._rounds = rounds
        self._subjects = subjects
        self._portfolio = portfolio
        self._clock = clock
        self._admitted: dict[int, _Admission] = {}
        self._ongoing: dict[Scope, _Ongoing] = {}

    async def everything(
        self,
        trigger: Trigger,
        listener: Listener | None = None,
        new: Sequence[Wanted] = (),
    ) -> SyncReport:
        """Sample every repository that anybody watches, and `new` ones that will be.

        The timer does so in rounds.
        """
        return await self._sample(await self._subjects.watched(), trigger, listener, new)

    async def guild(
        self,
        guild_id: int,
        trigger: Trigger,
        *,
        repository: str | None = None,
        listener: Listener | None = None,
        new: Sequence[Wanted] = (),
    ) -> SyncReport:
        """Sample what a guild watches, or one repository of it, and `new` ones that it will.

        Raises what `check` and `Collector.collect` raise.
        """
        if new:
            subjects = await self._portfolio.repositories(guild_id)
        else:
            subjects = await self.check(guild_id, repository)
        try:
            report = await self._sample(subjects, trigger, listener, new)
        except BaseException:
            self._admitted.pop(guild_id, None)  # nothing was read: they may try again at once
            raise
        if guild_id in self._admitted:
            self._admitted[guild_id].over = True
        return self._discreet(guild_id, report)

    def _discreet(self, guild_id: int, report: SyncReport) -> SyncReport:
        """Verdict and order, too, must not tell a forbidden repository from a missing one."""
        named = sorted(report.errors, key=lambda error: error.full_name.lower())
        errors = tuple(self._portfolio.discreet(guild_id, error) for error in named)
        run = report.run
        if run.message is None:  # else it ended early, which is no repository's doing
            run = replace(run, status=verdict(errors, run.sampled))
        return replace(report, run=run, errors=errors)

    async def admit(self, guild_id: int, repository: str | None = None) -> None:
        """Let a guild force a run; raises what `check` raises, and UsageError for one too soon."""
        scope = _scope(await self.check(guild_id, repository), Trigger.SYNC)
        now, last = self._clock.now(), self._admitted.get(guild_id)
        if last is not None and last.scope == scope and not last.over:
            return
        left = last.at + REST - now if last else 0
        if left > 0 and scope not in self._ongoing:
            raise UsageError(f"This server was synced a moment ago: try again in {left} s.")
        self._admitted[guild_id] = _Admission(now, scope)

    async def these(self, subjects: Sequence[Subject], trigger: Trigger) -> SyncReport:
        """Sample just these."""
        return await self._sample(subjects, trigger, None)

    async def check(self, guild_id: int, repository: str | None = None) -> list[Subject]:
        """What `guild` would sample; raises UsageError where that is nothing."""
        watched = await self._portfolio.repositories(guild_id)
        if repository is not None:
            wanted = await self._portfolio.find(guild_id, repository)
            watched = [subject for subject in watched if subject.id == wanted.id]
        if not watched and repository is None:
            raise await self._portfolio.nothing(guild_id)
        if not watched:
            raise UsageError("This repository is not watched here: start with track add.")
        return watched

    async def _sample(
        self,
        subjects: Sequence[Subject],
        trigger: Trigger,
        listener: Listener | None,
        new: Sequence[Wanted] = (),
    ) -> SyncReport:
        scope = _scope(subjects, trigger)
        ongoing = self._ongoing.get(scope) or self._begin(scope, subjects, trigger, new)
        if listener is not None:
            ongoing.audience.join(listener)
        # a caller that gives up must not end the run for the others
        return await asyncio.shield(ongoing.task)

    def _begin(
        self, scope: Scope, subjects: Sequence[Subject], trigger: Trigger, new: Sequence[Wanted]
    ) -> _Ongoing:
        audience, new = _Audience(), _strangers(new, subjects)
        if trigger is Trigger.SCHEDULE:
            collecting = self._rounds.collect(subjects, audience.tell, new)
        else:
            collecting = self._collect(subjects, trigger, audience.tell, new)
        ongoing = _Ongoing(asyncio.create_task(collecting), audience)
        self._ongoing[scope] = ongoing

        def over(task: asyncio.Task[SyncReport]) -> None:
            del self._ongoing[scope]
            if not task.cancelled():
                task.exception()  # heard, though whoever asked may have gone meanwhile

        ongoing.task.add_done_callback(over)
        return ongoing

    async def _collect(
        self,
        subjects: Sequence[Subject],
        trigger: Trigger,
        listener: Listener,
        new: Sequence[Wanted],
    ) -> SyncReport:
        """Sample all of them at once, in no rounds."""
        wanted: dict[Wanted, Subject | None] = dict.fromkeys(unwatched(new, subjects))
        async for some in in_steps(subjects):
            wanted |= {Wanted(subject.full_name, subject.node_id): subject for subject in some}
        return await self._collector.collect(wanted, trigger, listener=listener)


def _scope(subjects: Sequence[Subject], trigger: Trigger) -> Scope:
    return trigger is not Trigger.SCHEDULE, frozenset(subject.id for subject in subjects)


def _strangers(new: Sequence[Wanted], subjects: Sequence[Subject]) -> list[Wanted]:
    """Those that are not asked for already: one may be found that somebody else watches."""
    if not new:
        return []
    ids = {subject.node_id for subject in subjects if subject.node_id}
    names = {subject.full_name.lower() for subject in subjects if subject.node_id is None}
    return [one for one in new if one.node_id not in ids and one.full_name.lower() not in names]
