"""What moved: the store's series through the delta engine, for one repository or many."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.account import Account
from bot.core.delta import Series, Status, measure
from bot.core.digest import Listing, Survey
from bot.core.metrics import STARS
from bot.core.models import Scope, Subject
from bot.core.rank import Movement
from bot.core.retained import Retained, Tally
from bot.core.window import Window
from bot.flows.ports import Histories
from bot.flows.star_ports import RetainedStars

FRESH = 6 * 3600
"""A sample stands for a moment after it for this long, or for one collection interval (seconds)."""
AT_ONCE = 250
"""Repositories measured in one step: others get their turn in between."""


class Deltas:
    def __init__(self, histories: Histories, interval: int, stars: RetainedStars) -> None:
        self._histories = histories
        self._stars = stars
        self._fresh = max(FRESH, interval)

    async def between(self, subjects: Sequence[Subject], window: Window) -> list[Movement]:
        """One movement a subject, in their order; without deltas where nothing was known yet.

        Stars that nobody sampled at the window's start are rebuilt from those still held.
        """
        moved: list[Movement] = []
        for first in range(0, len(subjects), AT_ONCE):
            moved += await self._between(subjects[first : first + AT_ONCE], window)
        return moved

    async def survey(self, scope: Scope, window: Window, listing: Listing) -> Survey:
        """What needs no measuring of a portfolio, and who of it does."""
        return await self._histories.survey(scope, window, listing)

    async def retained(self, subject_ids: Sequence[int]) -> Mapping[int, Retained]:
        """The stars still held, of those whose history was asked for."""
        return await self._stars.retained(subject_ids)

    async def account(self, subject: Subject, window: Window) -> tuple[Movement, Account]:
        """One repository's movement, and what else the store tells of it at once."""
        account = await self._histories.account(subject.id, window)
        (movement,) = await self._moved([subject], {subject.id: account.series}, window)
        return movement, account

    async def _between(self, subjects: Sequence[Subject], window: Window) -> list[Movement]:
        series = await self._histories.series([subject.id for subject in subjects], window)
        return await self._moved(subjects, series, window)

    async def _moved(
        self,
        subjects: Sequence[Subject],
        series: Mapping[int, Mapping[str, Series]],
        window: Window,
    ) -> list[Movement]:
        moved = [self._movement(subject, series[subject.id], window) for subject in subjects]
        young = [movement.subject.id for movement in moved if _is_young(movement)]
        held = await self._stars.tallies(young, window.start) if young else {}
        return [
            self._movement(one.subject, _with(series[one.subject.id], held[one.subject.id]), window)
            if one.subject.id in held
            else one
            for one in moved
        ]

    def _movement(self, subject: Subject, series: Mapping[str, Series], window: Window) -> Movement:
        measured = (
            measure(key, known, window, fresh=self._fresh, gone_at=subject.gone_at)
            for key, known in series.items()
        )
        return Movement(subject, tuple(delta for delta in measured if delta))


def _with(series: Mapping[str, Series], retained: Tally) -> Mapping[str, Series]:
    return {**series, STARS.key: replace(series[STARS.key], retained=retained)}


def _is_young(movement: Movement) -> bool:
    """Do its samples begin after the window does?"""
    stars = movement.delta(STARS.key)
    return stars is not None and stars.status in (Status.SINCE, Status.NEW)
