"""The operator's portfolio over a period, as run directories tell of it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.core.coverage import DAY
from bot.core.history import Observation
from bot.core.models import Subject, Visibility
from bot.core.run_directory import PORTFOLIO, Head, Row, build
from bot.core.run_rows import Known, known_by, others, row
from bot.core.window import Window, between, parse_window
from bot.errors import UsageError
from bot.flows.deltas import FRESH
from bot.flows.export import NOTHING_KNOWN, once_by_name
from bot.flows.portfolio import OPERATOR, Portfolio
from bot.flows.ports import Clock, Histories
from bot.flows.run_ports import FinishedRuns

AT_ONCE = 500
"""Repositories read in one step: others get their turn in between."""


class RunPortfolio:
    def __init__(self, portfolio: Portfolio, histories: Histories, interval: int) -> None:
        self._portfolio = portfolio
        self._histories = histories
        self._fresh = max(FRESH, interval)

    async def rows(self, window: Window, *, public_only: bool) -> list[Row]:
        """One for each repository of which anything was known by the window's end, by name.

        For a place that others may read only those that are known to be public, and as those see
        them who may not know which are forbidden.
        """
        subjects = list(once_by_name(await self._portfolio.repositories(OPERATOR)))
        if public_only:
            public = (one for one in subjects if one.visibility is Visibility.PUBLIC)
            subjects = [subject.hidden for subject in public]
        found: list[Row] = []
        for first in range(0, len(subjects), AT_ONCE):
            known = await self._known(subjects[first : first + AT_ONCE], window)
            found += await asyncio.to_thread(self._told, known, window)
        return found

    def _told(self, known: Sequence[Known], window: Window) -> list[Row]:
        rows = (row(one, window, self._fresh) for one in known)
        return [one for one in rows if one is not None]

    async def _known(self, subjects: Sequence[Subject], window: Window) -> list[Known]:
        series = await self._histories.series([subject.id for subject in subjects], window)

        def compared() -> list[tuple[Known, dict[str, list[int]]]]:
            found = [known_by(one, series[one.id], window.end) for one in subjects]
            return [(known, others(known, window, self._fresh)) for known in found]

        return [
            await self._with_others(known, moments) if moments else known
            for known, moments in await asyncio.to_thread(compared)
        ]

    async def _with_others(self, known: Known, moments: Mapping[str, Sequence[int]]) -> Known:
        id_ = known.subject.id
        also: dict[str, list[Observation]] = {key: [] for key in moments}
        for at in sorted({at for wanted in moments.values() for at in wanted}):
            then = (await self._histories.series([id_], between(at, at)))[id_]
            for key in (key for key, wanted in moments.items() if at in wanted):
                value = then[key].before if key in then else None
                if value is not None:
                    also[key].append(Observation(at, value))
        return replace(known, also=also)


class RunExports:
    """A run directory of any window, for whoever asks on the command line."""

    def __init__(
        self,
        portfolio: RunPortfolio,
        finished: FinishedRuns,
        clock: Clock,
        *,
        new_id: Callable[[], str],
        org: str | None,
    ) -> None:
        self._portfolio, self._finished, self._clock = portfolio, finished, clock
        self._new_id, self._org = new_id, org

    async def files(self, window: str, zone: tzinfo) -> tuple[str, dict[str, bytes]]:
        """The directory's name and its files; raises InvalidWindow, or UsageError for nothing."""
        now = self._clock.now()
        asked = parse_window(window, now=now, zone=zone)
        rows = await self._portfolio.rows(asked, public_only=False)
        if not rows:
            raise UsageError(NOTHING_KNOWN)
        run = await self._finished.last(asked.end)
        head = Head(
            org=self._org or org_of(rows),
            run_id=self._new_id() if run is None else run.id,
            generated_at=now,
            period_start=asked.start,
            period_end=asked.end,
        )
        return head.directory, await asyncio.to_thread(build, head, {PORTFOLIO: rows})


def org_of(rows: Sequence[Row]) -> str:
    """Who owns most of them; of several the first by name."""
    owners = [str(one["repo"]).partition("/")[0] for one in rows]
    return min(set(owners), key=lambda owner: (-owners.count(owner), owner))


def day_before(moment: int) -> int:
    """Where the first directory of all begins, when no run went before."""
    return moment - DAY
