"""A run directory after each run of the operator's portfolio, in a commit of its own.

Writing never fails a run. What could not be written is told, and written after the next one: a
directory for each run that was missed, as of the moment it ended.
"""

import asyncio
from dataclasses import dataclass, field

from bot.core.guild import ITSELF, AuditEntry
from bot.core.models import Run, RunStatus, Trigger
from bot.core.run_directory import META, PORTFOLIO, Ground, Head, Meta, build
from bot.core.window import between
from bot.errors import RadarError
from bot.flows.portfolio import OPERATOR
from bot.flows.ports import Clock, Guilds
from bot.flows.run_portfolio import RunPortfolio, day_before
from bot.flows.run_ports import FinishedRuns, Notes, ReadMeta, Trunk

MOST = 12
"""Directories of missed runs that are written at a time; the rest after the next run.

Each is five requests that make something, and GitHub takes 80 a minute before it has everybody
wait: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""
ACTION = "run directory"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is settled about the destination."""

    org: str
    retain_last: int | None = None
    incremental: bool = False


@dataclass(slots=True)
class Filed:
    """What came of writing."""

    written: list[str] = field(default_factory=list)  # directories
    removed: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)  # sentences
    warnings: list[str] = field(default_factory=list)  # the same, of what was done all the same


class RunDirectories:
    def __init__(  # noqa: PLR0913  # what they stand on
        self,
        trunk: Trunk | None,
        wish: Wish,
        portfolio: RunPortfolio,
        *,
        finished: FinishedRuns,
        guilds: Guilds,
        notes: Notes,
        read_meta: ReadMeta,
        clock: Clock,
    ) -> None:
        """Without a trunk nothing is wanted."""
        self._trunk, self._wish, self._portfolio = trunk, wish, portfolio
        self._finished, self._guilds, self._notes = finished, guilds, notes
        self._read_meta, self._clock = read_meta, clock
        self._due = asyncio.Event()

    def ended(self, run: Run) -> None:
        """A run is over; several of them before the next writing have a directory each."""
        well = run.status in (RunStatus.OK, RunStatus.PARTIAL) and run.sampled > 0
        if self._trunk and well and run.trigger in (Trigger.SCHEDULE, Trigger.CLI):
            self._due.set()

    @property
    def due(self) -> bool:
        return self._due.is_set()

    async def wait(self) -> None:
        """Until there is something to write."""
        await self._due.wait()

    def troubles(self) -> list[str]:
        """What the newest writing could not do; nothing where none are wanted any more."""
        return self._notes.read() if self._trunk else []

    async def unreachable(self) -> list[str]:
        """Why the destination cannot even be read: before the first run finds out."""
        try:
            if self._trunk is not None:
                await self._trunk.look()
        except RadarError as error:
            return [str(error)]
        return []

    async def write(self) -> Filed:
        """Write what was not written yet. Raises only what nobody expected, and audits that too."""
        self._due.clear()
        filed = Filed()
        try:
            if self._trunk is not None:
                await self._write(self._trunk, filed)
        except RadarError as error:
            await self._failed(str(error), filed)
        except Exception as error:
            await self._failed(f"It failed unexpectedly ({type(error).__name__}).", filed)
            raise
        else:
            self._notes.write([])
        return filed

    async def _write(self, trunk: Trunk, filed: Filed) -> None:
        since = await self._since(trunk)
        now, label = self._clock.now(), trunk.label
        runs = [] if since is None else await self._finished.after(label, since, now, MOST)
        if since is None or not runs:
            return
        ground = await trunk.look()
        await self._warn(trunk, ground, filed)
        previous = await self._previous(trunk, ground, since) if self._wish.incremental else None
        for run in runs:
            head = _head(self._wish.org, run, since)
            if head.directory in ground.directories:
                await self._recognise(trunk, head, filed)
            else:
                previous = await self._add(trunk, ground, head, previous)
                filed.written.append(head.directory)
            since = head.period_end
            await self._finished.note(trunk.label, since, run.id)
        if self._wish.retain_last is not None:
            spared = filed.written[-1] if filed.written else ""
            filed.removed += await trunk.keep(self._wish.retain_last, spared)

    async def _since(self, trunk: Trunk) -> int | None:
        """Up to when all is written; where nothing is, from before the newest run on.

        It is noted before anything is tried: a first attempt that fails is not forgotten. What was
        written under a clock that was ahead says nothing of the runs since it was set right.
        """
        noted, now = await self._finished.written(trunk.label), self._clock.now()
        if noted is not None and noted <= now:
            return noted
        newest = await self._finished.last(now)
        if newest is None or newest.finished_at is None:
            return None
        older = await self._finished.last(newest.finished_at - 1)
        since = older.finished_at if older else None
        since = day_before(newest.finished_at) if since is None else since
        await self._finished.note(trunk.label, since, older.id if older else "")
        return since

    async def _add(
        self, trunk: Trunk, ground: Ground, head: Head, previous: Meta | None
    ) -> Meta | None:
        """Returns what the next one is compared with."""
        window = between(head.period_start, head.period_end)
        rows = await self._portfolio.rows(window, public_only=ground.is_open)
        known = previous if self._wish.incremental else None
        files = await asyncio.to_thread(build, head, {PORTFOLIO: rows}, known)
        like = known.head.directory if known else None
        message, private_only = _message(head, len(rows)), not ground.is_open
        await trunk.add(head.directory, files, message, like, private_only=private_only)
        return self._read_meta(files[META])

    async def _previous(self, trunk: Trunk, ground: Ground, since: int) -> Meta | None:
        """The newest directory of this database; None where it is not there, or not readable."""
        run = await self._finished.last(since)
        name = _head(self._wish.org, run, since).directory if run else None
        if name is None or name not in ground.directories:
            return None
        return await self._meta(trunk, name)

    async def _recognise(self, trunk: Trunk, head: Head, filed: Filed) -> None:
        """One that is there was written by this run as a rule; what is another's is told, once."""
        meta = await self._meta(trunk, head.directory)
        if meta is None or meta.head.run_id != head.run_id:
            filed.warnings.append(
                f"{head.directory} in {trunk.label} is none of run {head.run_id}: it was left as it"
                " is, and the run has no directory; export --format run-directory makes one."
            )
            await self._audit(filed.warnings[-1])

    async def _meta(self, trunk: Trunk, name: str) -> Meta | None:
        octets = await trunk.read(name, META)
        try:
            return None if octets is None else self._read_meta(octets)
        except Exception:  # noqa: BLE001  # whatever is wrong with it: all is written anew
            return None

    async def _warn(self, trunk: Trunk, ground: Ground, filed: Filed) -> None:
        """Once, and again after it was private meanwhile."""
        kind = f"open {trunk.label}".lower()
        if not ground.is_open:
            await self._guilds.clear(OPERATOR, kind)
        elif await self._guilds.tell_once(OPERATOR, kind, self._clock.now()):
            filed.warnings.append(
                f"{trunk.label} can be read by others, so only public repositories go there: make"
                " it private for all of your portfolio."
            )
            await self._audit(filed.warnings[-1])

    async def _failed(self, reason: str, filed: Filed) -> None:
        filed.troubles.append(reason)
        self._notes.write(filed.troubles)
        await self._audit(f"not written: {reason}")

    async def _audit(self, detail: str) -> None:
        now = self._clock.now()
        await self._guilds.audit(AuditEntry(now, OPERATOR, ITSELF, ACTION, detail))


def _head(org: str, run: Run, since: int) -> Head:
    end = run.started_at if run.finished_at is None else run.finished_at
    return Head(org, run.id, generated_at=end, period_start=min(since, end), period_end=end)


def _message(head: Head, number: int) -> str:
    many = "repository" if number == 1 else "repositories"
    return f"Run {head.run_id[:8]}: {number:,} {many}\n\n{head.directory}"
