"""The daily portfolio file of the operator's own portfolio, written after each run."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from bot.core.daily import Daily, build
from bot.core.export import collected_at
from bot.core.models import Run, Subject, Visibility
from bot.core.rank import Movement
from bot.core.window import parse_window
from bot.errors import RadarError
from bot.flows.deltas import Deltas
from bot.flows.export import once_by_name
from bot.flows.portfolio import OPERATOR, Portfolio
from bot.flows.ports import Clock


class Destination(Protocol):
    async def keep(self, daily: Daily, *, now: int, hidden: Collection[str] = ()) -> None:
        """Merge a document into what is there; raises RadarError, and what is there stays.

        No `hidden` repository is in it afterwards.
        """
        ...


class Notes(Protocol):
    """What is told to whoever asks how things are, also by another process."""

    def read(self) -> list[str]: ...

    def write(self, sentences: list[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    destination: Destination
    public_only: bool = False  # others may read it: private repositories do not go there


class DailyFiles:
    """Writing never fails a run: what went wrong is told, and tried again after the next one."""

    def __init__(
        self,
        places: Sequence[Place],
        notes: Notes,
        portfolio: Portfolio,
        deltas: Deltas,
        clock: Clock,
    ) -> None:
        self._places, self._notes = places, notes
        self._portfolio, self._deltas, self._clock = portfolio, deltas, clock
        self._due = asyncio.Event()

    def ended(self, run: Run) -> None:
        """A run is over; several of them before the next writing are one reason for it."""
        if run.sampled and self._places:
            self._due.set()

    @property
    def due(self) -> bool:
        return self._due.is_set()

    async def wait(self) -> None:
        """Until there is something to write."""
        await self._due.wait()

    async def write(self) -> list[str]:
        """Write all places, in their order; returns a sentence for each that failed."""
        self._due.clear()
        movements, now = await self._movements(), self._clock.now()
        troubles = [said for place in self._places if (said := await _kept(place, movements, now))]
        self._notes.write(troubles)
        return troubles

    def troubles(self) -> list[str]:
        """What the newest writing could not do; nothing where no files are wanted any more."""
        return self._notes.read() if self._places else []

    async def _movements(self) -> list[Movement]:
        subjects = once_by_name(await self._portfolio.repositories(OPERATOR))
        window = parse_window("1d", now=self._clock.now(), zone=UTC)
        return await self._deltas.between(subjects, window)


async def _kept(place: Place, movements: Sequence[Movement], now: int) -> str | None:
    """Why a place has it not; where nothing was sampled yet there is nothing to keep."""
    shown = [one for one in movements if _may_go(place, one.subject)]
    collected = collected_at(shown)
    if collected is None:
        return None
    daily = await asyncio.to_thread(build, shown, collected)
    hidden = [one.subject.full_name for one in movements if _must_go(place, one.subject)]
    try:
        await place.destination.keep(daily, now=now, hidden=hidden)
    except RadarError as error:
        return str(error)
    return None


def _may_go(place: Place, subject: Subject) -> bool:
    return subject.visibility is Visibility.PUBLIC or not place.public_only


def _must_go(place: Place, subject: Subject) -> bool:
    """It may have been public until now, and stand there from then."""
    return subject.visibility is Visibility.PRIVATE and place.public_only
