"""The verb sync: sample repositories now; whoever asks for the same meanwhile joins in."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.core.models import Subject, Trigger, Wanted
from bot.core.reports import Progress, SyncReport
from bot.errors import Stopped, UsageError
from bot.flows.collection import Collector, Listener
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Subjects


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


class Sync:
    def __init__(self, collector: Collector, subjects: Subjects, portfolio: Portfolio) -> None:
        self._collector = collector
        self._subjects = subjects
        self._portfolio = portfolio
        self._ongoing: dict[frozenset[int], _Ongoing] = {}

    async def everything(self, trigger: Trigger, listener: Listener | None = None) -> SyncReport:
        """Sample every repository that anybody watches."""
        return await self._sample(await self._subjects.watched(), trigger, listener)

    async def guild(
        self,
        guild_id: int,
        trigger: Trigger,
        *,
        repository: str | None = None,
        listener: Listener | None = None,
    ) -> SyncReport:
        """Sample what a guild watches, or one repository of it.

        Raises what `check` and `Collector.collect` raise.
        """
        return await self._sample(await self.check(guild_id, repository), trigger, listener)

    async def check(self, guild_id: int, repository: str | None = None) -> list[Subject]:
        """What `guild` would sample; raises UsageError where that is nothing."""
        watched = await self._portfolio.repositories(guild_id)
        if repository is not None:
            wanted = await self._portfolio.find(guild_id, repository)
            watched = [subject for subject in watched if subject.id == wanted.id]
        if not watched:
            raise UsageError(
                "Nothing is watched here yet: start with track add owner/name."
                if repository is None
                else "This repository is not watched here: start with track add."
            )
        return watched

    async def close(self) -> None:
        """End what is under way; its pages so far are kept."""
        tasks = [ongoing.task for ongoing in self._ongoing.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sample(
        self, subjects: Sequence[Subject], trigger: Trigger, listener: Listener | None
    ) -> SyncReport:
        scope = frozenset(subject.id for subject in subjects)
        ongoing = self._ongoing.get(scope) or self._begin(scope, subjects, trigger)
        if listener is not None:
            ongoing.audience.join(listener)
        try:  # a caller that gives up must not end the run for the others
            return await asyncio.shield(ongoing.task)
        except asyncio.CancelledError:
            if not ongoing.task.cancelled():
                raise
            raise Stopped("The bot is stopping: what was read is kept, try again later.") from None

    def _begin(
        self, scope: frozenset[int], subjects: Sequence[Subject], trigger: Trigger
    ) -> _Ongoing:
        audience = _Audience()
        wanted = {Wanted(subject.full_name, subject.node_id): subject for subject in subjects}
        collecting = self._collector.collect(wanted, trigger, listener=audience.tell)
        ongoing = _Ongoing(asyncio.create_task(collecting), audience)
        self._ongoing[scope] = ongoing
        ongoing.task.add_done_callback(lambda _: self._ongoing.pop(scope))
        return ongoing
