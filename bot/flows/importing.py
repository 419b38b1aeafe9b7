"""The verb import: bring history in from files, gaps only, in any order and any number of times."""

import asyncio
import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from bot.core.history import Merged
from bot.core.models import ImportRow, RefusedRow, Run, RunStatus, Told, Trigger
from bot.core.reports import ImportReport, Progress, RefusedAt
from bot.errors import InvalidFile
from bot.flows.collection import Listener
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR
from bot.flows.ports import Clock, Reader, Store

CHUNK = 100_000
"""Rows merged in one transaction: ten days of a large portfolio, or what is known of it would be
read anew for each file; about 100 MB while it lasts."""
FileRow = tuple[Path, ImportRow | RefusedRow]


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
        rows = self._rows(paths, report, unusable)
        with _few_collections():
            while chunk := await asyncio.to_thread(lambda: list(islice(rows, CHUNK))):
                await self._merge(chunk, report, names)
                listener(Progress(report.rows, None))
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

    def _rows(
        self, paths: Sequence[Path], report: ImportReport, unusable: list[InvalidFile]
    ) -> Iterator[FileRow]:
        """Every row of every file that can be used, with its file."""
        for path in paths:
            try:
                for row in self._read(path, now=self._clock.now()):
                    yield path, row
            except InvalidFile as error:
                unusable.append(error)
                report.refused.append(RefusedAt(str(path), None, str(error)))

    async def _merge(
        self, chunk: Sequence[FileRow], report: ImportReport, names: dict[str, None]
    ) -> None:
        good = [(path, row) for path, row in chunk if isinstance(row, ImportRow)]
        merged = await self._store.histories.merge(
            [(row.full_name, row.sample) for _, row in good],
            self._clock.now(),
            _told([row for _, row in good]),
        )
        report.refused += [
            RefusedAt(str(path), row.line, row.reason)
            for path, row in chunk
            if isinstance(row, RefusedRow)
        ]
        _count(report, good, merged)
        report.rows += len(chunk)
        names.update(dict.fromkeys(row.full_name for _, row in good))

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


@contextmanager
def _few_collections() -> Iterator[None]:
    """Rows make no cycles: looking for some among millions of them took a quarter of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(CHUNK, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _told(rows: Sequence[ImportRow]) -> Told:
    gone: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.gone_at is not None:
            gone[row.full_name].add(row.gone_at)
    return Told({row.collected_at for row in rows if row.collected_at is not None}, gone)


def _count(
    report: ImportReport, rows: Sequence[tuple[Path, ImportRow]], merged: Sequence[Merged]
) -> None:
    for (path, row), outcome in zip(rows, merged, strict=True):
        if outcome.refused:
            reason = _conflict(row.full_name, outcome.refused)
            report.refused.append(RefusedAt(str(path), row.line, reason))
        elif outcome.new:
            report.new += 1
        else:
            report.known += 1


def _conflict(full_name: str, refused: Mapping[str, tuple[int, int]]) -> str:
    told = ", ".join(
        f"{key} stays {held}, not {offered}" for key, (held, offered) in refused.items()
    )
    return f"{full_name} was sampled then already, and otherwise: {told}."
