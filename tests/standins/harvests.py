"""A GitHub in memory for the flows: answers pages from a dict, and stumbles where it is told to."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from bot.core.metrics import COUNTED
from bot.core.models import (
    Allowance,
    Harvest,
    Pause,
    Reading,
    Refusal,
    Refused,
    Visibility,
    Wanted,
)
from bot.core.traffic import Capture
from bot.errors import TokenRejected
from tests.standins.clock import SettableClock
from tests.standins.visits import ScriptedVisits

MISSING = Refusal(Refused.NOT_FOUND, "gone or not visible to this token")


@dataclass(slots=True)
class Repository:
    """What GitHub knows of one repository now."""

    full_name: str
    github_id: int
    values: dict[str, int]
    visibility: Visibility = Visibility.PUBLIC
    archived: bool | None = False
    may_push: bool | None = False

    @property
    def node_id(self) -> str:
        return f"R_{self.github_id}"

    def reading(self, *, counted: bool = True) -> Reading:
        values = {key: n for key, n in self.values.items() if counted or key not in COUNTED}
        return Reading(
            self.full_name,
            self.github_id,
            self.node_id,
            self.visibility,
            values,
            archived=self.archived,
            may_push=self.may_push,
        )


@dataclass(slots=True)
class Hold:
    """A page that does not come before it is let go."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class ScriptedGitHub:
    clock: SettableClock
    page_size: int = 2
    repositories: list[Repository] = field(default_factory=list)
    redirects: dict[str, int] = field(default_factory=dict)  # an old name -> the repository's id
    refusals: dict[str, Refusal] = field(default_factory=dict)  # name -> why it cannot be read
    raises: dict[int, Exception] = field(default_factory=dict)  # instead of the page, from 0
    holds: dict[int, Hold] = field(default_factory=dict)  # before the page
    timer_holds: dict[int, Hold] = field(default_factory=dict)  # of harvests that are not urgent
    pauses: dict[int, Pause] = field(default_factory=dict)  # before the page
    paused: Pause | None = None  # what it says it waits for
    visits: ScriptedVisits = field(default_factory=ScriptedVisits)
    granted: Allowance | Exception = field(default_factory=Allowance)
    others: list[Allowance] = field(default_factory=list)  # tokens for some owners
    asked: list[list[Wanted]] = field(default_factory=list)  # one entry a harvest
    urgent: list[bool] = field(default_factory=list)  # the same
    ids: Iterator[int] = field(default_factory=lambda: count(100))  # never given twice
    closed: int = 0  # harvests that came to their end, whichever

    def add(
        self, full_name: str, visibility: Visibility = Visibility.PUBLIC, **values: int
    ) -> Repository:
        known = Repository(full_name, next(self.ids), values, visibility)
        self.repositories.append(known)
        return known

    def rename(self, repository: Repository, full_name: str) -> None:
        self.redirects[repository.full_name.lower()] = repository.github_id
        repository.full_name = full_name

    def hold(self, page: int) -> Hold:
        return self.holds.setdefault(page, Hold())

    def hold_timer(self, page: int) -> Hold:
        """Hold a page of what nobody waits for; the urgent goes on."""
        return self.timer_holds.setdefault(page, Hold())

    async def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None],
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest]:
        self.asked.append(list(wanted))
        self.urgent.append(urgent)
        holds = self.holds if urgent else {**self.holds, **self.timer_holds}
        try:
            for page, begin in enumerate(range(0, len(wanted), self.page_size)):
                if pause := self.pauses.get(page):
                    waiting(pause)
                if hold := holds.get(page):
                    hold.reached.set()
                    await hold.released.wait()
                if trouble := self.raises.get(page):
                    raise trouble
                yield self._page(wanted[begin : begin + self.page_size])
        finally:
            self.closed += 1

    async def traffic(self, full_name: str, on: int) -> Capture | Refusal:
        return self.visits.answer(full_name, on)

    async def allowances(self, owners: Collection[str]) -> list[Allowance]:  # noqa: ARG002
        if isinstance(self.granted, Allowance):
            return [*self.others, self.granted]
        refused = isinstance(self.granted, TokenRejected)
        return [*self.others, Allowance(trouble=str(self.granted), refused=refused)]

    def pause(self) -> Pause | None:
        return self.paused

    def _page(self, wanted: Sequence[Wanted]) -> Harvest:
        found: dict[Wanted, Reading] = {}
        refused: dict[Wanted, Refusal] = {}
        for want in wanted:
            repository = self._find(want)
            if why := self.refusals.get(want.full_name):
                refused[want] = why
            elif repository is None:
                refused[want] = MISSING
            else:
                found[want] = repository.reading(counted=want.counted)
        return Harvest(self.clock.now(), found, refused, requests=1, points=3)

    def _find(self, want: Wanted) -> Repository | None:
        """By node id where one is known, else by name, else by the name it had."""
        name = want.full_name.lower()
        for known in self.repositories:
            if want.node_id == known.node_id or (
                want.node_id is None and known.full_name.lower() == name
            ):
                return known
        old = self.redirects.get(name) if want.node_id is None else None
        return next((known for known in self.repositories if known.github_id == old), None)
