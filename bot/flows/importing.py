"""The verb import: bring history in from files, gaps only, in any order and any number of times."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from bot.core.history import Merged
from bot.core.models import ImportRow, RefusedRow, Run, RunStatus, Trigger
from bot.core.reports import ImportReport, Progress, RefusedAt
from bot.errors import InvalidFile
from bot.flows.collection import Listener
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR
from bot.flows.ports import Clock, Reader, Store

CHUNK = 20_000
"""Rows merged in one transaction: enough that a year of a large portfolio packs its pages well."""


class Import:
    def __init__(self, read: Reader, store: Store, clock: Clock, new_id: Callable[[], str]) -> None:
        self._read = read
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def files(
        self, paths: Sequence[Path], *, track: bool = True, listener: Listener = lambda _: None
    ) -> ImportReport:
        """Merge files; what they bring joins the operator's own portfolio unless `track` is off.

        Raises InvalidFile when not one of the files can be used; nothing was written then.
        """
        started_at = self._clock.now()
        report = ImportReport(files=len(paths))
        names: dict[str, None] = {}
        unusable: list[InvalidFile] = []
        for path in paths:
            try:
                await self._file(path, report, names, listener)
            except InvalidFile as error:
                unusable.append(error)
                report.refused.append(RefusedAt(str(path), None, str(error)))
        if len(unusable) == len(paths):
            raise InvalidFile("\n".join(map(str, unusable)))
        await self._note(report, started_at)
        if track:
            known = await self._store.subjects.ensure(list(names), self._clock.now())
            await self._store.watches.add(
                OPERATOR, DEFAULT_GROUP, [subject.id for subject in known]
            )
        if report.new:
            await self._store.histories.tidy()
        return report

    async def _note(self, report: ImportReport, started_at: int) -> None:
        await self._store.runs.note(
            Run(
                id=self._new_id(),
                trigger=Trigger.IMPORT,
                status=RunStatus.PARTIAL if report.refused else RunStatus.OK,
                started_at=started_at,
                finished_at=self._clock.now(),
                sampled=report.new + report.known,
                changed=report.new,
                failed=len(report.refused),
            )
        )

    async def _file(
        self, path: Path, report: ImportReport, names: dict[str, None], listener: Listener
    ) -> None:
        rows = self._read(path, now=self._clock.now())
        while chunk := await asyncio.to_thread(lambda: list(islice(rows, CHUNK))):
            good = [row for row in chunk if isinstance(row, ImportRow)]
            bad = [row for row in chunk if isinstance(row, RefusedRow)]
            merged = await self._store.histories.merge(
                [(row.full_name, row.sample) for row in good], self._clock.now()
            )
            report.refused += [RefusedAt(str(path), row.line, row.reason) for row in bad]
            _count(report, str(path), good, merged)
            report.rows += len(chunk)
            names.update(dict.fromkeys(row.full_name for row in good))
            listener(Progress(report.rows, None))


def _count(
    report: ImportReport, file: str, rows: Sequence[ImportRow], merged: Sequence[Merged]
) -> None:
    for row, outcome in zip(rows, merged, strict=True):
        if outcome.refused:
            reason = _conflict(row.full_name, outcome.refused)
            report.refused.append(RefusedAt(file, row.line, reason))
        elif outcome.new:
            report.new += 1
        else:
            report.known += 1


def _conflict(full_name: str, refused: Mapping[str, tuple[int, int]]) -> str:
    told = ", ".join(
        f"{key} stays {held}, not {offered}" for key, (held, offered) in refused.items()
    )
    return f"{full_name} was sampled then already, and otherwise: {told}."
