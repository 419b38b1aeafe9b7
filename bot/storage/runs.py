"""Collection runs: what each page brought, written at once, and how the run ended."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import structlog

from bot.core.models import (
    Page,
    Refusal,
    Refused,
    Run,
    RunError,
    RunStatus,
    Trigger,
)
from bot.core.rotation import Look
from bot.errors import RunInProgress
from bot.storage.database import Database, Transaction
from bot.storage.dialect import Row, among, ids
from bot.storage.locks import held, taken
from bot.storage.looks import looks
from bot.storage.sampling import joined, sample
from bot.storage.subjects import maybe, refuse, whole

log = structlog.get_logger(__name__)

COLUMNS = (
    "id, cause, status, started_at, finished_at, "
    "sampled, changed, failed, requests, points, message, wanted, round_at"
)
KEPT = 90 * 86_400
"""Seconds for which runs are remembered."""
CHUNK = 500
"""Runs forgotten in one transaction: nobody waits long for the store."""


class Runs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, run: Run) -> None:
        """Write a new run."""
        await self.note(run)

    async def stop_killed(self, at: int) -> None:
        """Mark runs that are still marked as running.

        Only who is `alone`, and runs none yet, knows that they were killed.
        """
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE runs SET status = $1, finished_at = $2 WHERE status = $3",
                RunStatus.STOPPED, at, RunStatus.RUNNING,
            )  # fmt: skip

    async def note(self, run: Run) -> None:
        """Write a run that is over already."""
        async with self._database.transaction() as transaction:
            await _insert(transaction, run)

    async def record(self, run: Run, pages: Sequence[Page], within: int) -> int:
        """Keep pages of a run, all of them or nothing, and add them to the run's figures.

        `within` is the longest silence, in seconds, that coverage bridges. Returns how many
        repositories changed, counted in each page.
        """
        async with self._database.transaction() as transaction:
            changed = 0
            for page in joined(pages):
                changed += await sample(transaction, page.at, page.found, within)
                await _refuse(transaction, run, page)
            await transaction.run(
                "UPDATE runs SET sampled = sampled + $2, changed = changed + $3,"
                " failed = failed + $4, requests = requests + $5, points = points + $6"
                " WHERE id = $1",
                run.id, sum(len(page.found) for page in pages), changed,
                sum(len(page.refused) for page in pages),
                sum(page.requests for page in pages), sum(page.points for page in pages),
            )  # fmt: skip
            return changed

    async def finish(self, run: Run) -> None:
        """Write how a run ended; all of it is then moved from the log into the file."""
        async with self._database.transaction() as transaction:
            await transaction.run(
                "UPDATE runs SET cause = $2, status = $3, started_at = $4, finished_at = $5,"
                " sampled = $6, changed = $7, failed = $8, requests = $9, points = $10,"
                " message = $11, wanted = $12, round_at = $13 WHERE id = $1",
                *_columns(run),
            )
        self._database.checkpoint_soon()

    async def newest(self, trigger: Trigger | None = None) -> Run | None:
        """The run begun last, of one trigger or of all that sample (imports do not)."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM runs WHERE cause <> $1 AND (cause = $2 OR $3)"
            " ORDER BY started_at DESC, id LIMIT 1",
            Trigger.IMPORT, trigger, trigger is None,
        )  # fmt: skip
        return run_of(rows[0]) if rows else None

    async def underway(self) -> list[Run]:
        """What is being sampled by whichever process; a run that was killed is not."""
        if not taken(self._database.path, "run"):
            return []
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM runs WHERE status = $1 ORDER BY started_at, id",
            RunStatus.RUNNING,
        )
        return [run_of(row) for row in rows]

    async def last_full(self) -> Run | None:
        """The newest scheduled run that asked for everything by itself."""
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM runs WHERE cause = $1 AND status IN ($2, $3)"
            " AND message IS NULL AND round_at IS NULL AND sampled > 0"
            " ORDER BY started_at DESC, id LIMIT 1",
            Trigger.SCHEDULE, RunStatus.OK, RunStatus.PARTIAL,
        )  # fmt: skip
        return run_of(rows[0]) if rows else None

    async def looks(self, subject_ids: Sequence[int]) -> dict[int, Look]:
        """When each was looked at last, for every id asked for."""
        return await looks(self._database, subject_ids)

    async def forget_old(self, at: int) -> None:
        """Delete runs of long ago with their errors, but the newest of each trigger."""
        while await self._forget_some(at - KEPT):
            pass

    async def _forget_some(self, before: int) -> bool:
        async with self._database.transaction() as transaction:
            rows = await transaction.rows(
                "SELECT r.id FROM runs r WHERE r.started_at < $1 AND EXISTS (SELECT 1 FROM runs n"
                " WHERE n.cause = r.cause AND n.started_at > r.started_at) LIMIT $2",
                before, CHUNK,
            )  # fmt: skip
            old = ids(str(id_) for (id_,) in rows)
            await transaction.run(f"DELETE FROM run_errors WHERE {among('run_id', 1)}", old)
            await transaction.run(f"DELETE FROM runs WHERE {among('id', 1)}", old)
        return len(rows) == CHUNK

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from running meanwhile; raises RunInProgress if one is."""
        refusal = RunInProgress(
            "Another Repo Radar is sampling into this database right now: try again in a minute."
        )
        return held(self._database.path, "run", refusal)

    async def errors(self, run_id: str) -> list[RunError]:
        rows = await self._database.rows(
            "SELECT s.full_name, e.kind, e.message FROM run_errors e"
            " JOIN subjects s ON s.id = e.subject_id WHERE e.run_id = $1 ORDER BY s.full_name",
            run_id,
        )
        return [RunError(str(n), Refusal(Refused(str(kind)), str(m))) for n, kind, m in rows]

    async def failing(self) -> set[int]:
        """Ids of subjects that could not be read since their last sample; gone ones are not."""
        rows = await self._database.rows(
            "SELECT DISTINCT e.subject_id FROM run_errors e JOIN runs r ON r.id = e.run_id"
            " JOIN subjects s ON s.id = e.subject_id"
            " WHERE s.gone_at IS NULL AND e.kind <> $1 AND r.started_at > coalesce("
            "(SELECT max(c.until) FROM coverage c WHERE c.subject_id = e.subject_id), 0)",
            Refused.NOT_FOUND,
        )
        return {whole(id_) for (id_,) in rows}


async def _insert(transaction: Transaction, run: Run) -> None:
    await transaction.run(
        f"INSERT INTO runs ({COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
        *_columns(run),
    )


async def _refuse(transaction: Transaction, run: Run, page: Page) -> None:
    """Note who gave no numbers and why; that somebody is still gone is no news."""
    if not page.refused:
        return
    missing = ids(s.id for s, why in page.refused if why.kind is Refused.NOT_FOUND)
    known = await transaction.rows(
        f"SELECT id FROM subjects WHERE gone_at IS NOT NULL AND {among('id', 1)}", missing
    )
    await transaction.run(
        f"UPDATE subjects SET sought_at = $2 WHERE {among('id', 1)}", missing, page.at
    )
    for subject, refusal in page.refused:
        await refuse(transaction, subject, refusal, page.at)
        if refusal.kind is Refused.NOT_FOUND and (subject.id,) in known:
            continue
        await transaction.run(
            "INSERT INTO run_errors (run_id, subject_id, kind, message)"
            " SELECT $1, s.id, $3, $4 FROM subjects s WHERE s.id = $2"  # it may be merged
            " ON CONFLICT (run_id, subject_id)"
            " DO UPDATE SET kind = excluded.kind, message = excluded.message",
            run.id, subject.id, refusal.kind, refusal.message,
        )  # fmt: skip


def _columns(run: Run) -> Row:
    return (
        run.id, run.trigger, run.status, run.started_at, run.finished_at, run.sampled,
        run.changed, run.failed, run.requests, run.points, run.message, run.wanted, run.round_at,
    )  # fmt: skip


def run_of(row: Row) -> Run:
    id_, trigger, status, started_at, finished_at, *figures, message, wanted, round_at = row
    sampled, changed, failed, requests, points = (whole(figure) for figure in figures)
    return Run(
        id=str(id_),
        trigger=Trigger(str(trigger)),
        status=RunStatus(str(status)),
        started_at=whole(started_at),
        finished_at=maybe(finished_at),
        sampled=sampled,
        changed=changed,
        failed=failed,
        requests=requests,
        points=points,
        message=None if message is None else str(message),
        wanted=maybe(wanted),
        round_at=maybe(round_at),
    )
