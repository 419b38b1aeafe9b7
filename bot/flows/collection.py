"""One collection run: ask, keep the pages as they come, and say how it ended."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

from bot.core.coverage import reach
from bot.core.models import (
    NOT_VISIBLE,
    Harvest,
    Page,
    Pause,
    Reading,
    Refusal,
    Refused,
    Run,
    RunError,
    RunStatus,
    Subject,
    Trigger,
    Wanted,
)
from bot.core.reports import Progress, SyncReport, Underway
from bot.errors import GitHubError, Stopped, TokenMissing, TokenRejected
from bot.flows.arrivals import keep_arriving
from bot.flows.occupancy import Occupancy
from bot.flows.ports import Clock, GitHub, Store

Listener = Callable[[Progress], None]
Welcome = Callable[[Reading], bool]
STOPPING = "The bot is stopping: what was read is kept, try again later."


@dataclass(slots=True, eq=False)
class _State:
    """A run under way."""

    run: Run
    wanted: Mapping[Wanted, Subject | None]
    listener: Listener
    welcome: Welcome
    clock: Clock
    waits: tuple[Pause, int] | None = None  # and since when
    errors: list[RunError] = field(default_factory=list)
    known: dict[str, Subject] = field(default_factory=dict)

    @property
    def done(self) -> int:
        return self.run.sampled + self.run.failed

    def wait(self, pause: Pause) -> None:
        self.waits = (pause, self.clock.now())
        self.tell()

    def tell(self) -> None:
        self.listener(Progress(self.done, len(self.wanted), self._pause()))

    def shown(self) -> Underway:
        return Underway(
            self.run.trigger, self.run.started_at, self.done, len(self.wanted), self._pause()
        )

    def found(self, harvest: Harvest) -> list[tuple[Wanted, Subject | None, Reading]]:
        """Who it was asked for as, who that is, and what it answered."""
        return [(want, self.wanted[want], got) for want, got in harvest.found.items()]

    def refused(self, harvest: Harvest) -> list[tuple[Subject, Refusal]]:
        """Of those that are known."""
        refused = harvest.refused.items()
        return [(known, why) for want, why in refused if (known := self.wanted[want])]

    def note(self, harvests: Sequence[Harvest], changed: int) -> None:
        """Add what was written."""
        for harvest in harvests:
            self.errors += [RunError(w.full_name, why) for w, why in harvest.refused.items()]
            self.run = replace(
                self.run,
                sampled=self.run.sampled + len(harvest.found),
                failed=self.run.failed + len(harvest.refused),
                requests=self.run.requests + harvest.requests,
                points=self.run.points + harvest.points,
            )
        self.run = replace(self.run, changed=self.run.changed + changed)

    def _pause(self) -> Pause | None:
        """What is left of it; several questions may wait, and the last to be told is shown."""
        if self.waits is None:
            return None
        pause, since = self.waits
        left = since + pause.seconds - self.clock.now()
        return replace(pause, seconds=left) if left > 0 else None


class Collector:
    """Runs collections, several at once; other processes run none meanwhile.

    Whoever waits for a person or a digest goes first: all that the timer did not begin is urgent.
    """

    def __init__(  # noqa: PLR0913  # what a run stands on
        self,
        github: GitHub,
        store: Store,
        clock: Clock,
        *,
        interval: int,
        new_id: Callable[[], str],
        ended: Callable[[Run], None] = lambda _: None,
    ) -> None:
        self._ended = ended
        self._github = github
        self._store = store
        self._clock = clock
        self._within = reach(interval)
        self._new_id = new_id
        self._occupancy = Occupancy(store.runs, clock)
        self._states: list[_State] = []
        self._tasks: set[asyncio.Task[object]] = set()
        self._closing = False

    async def collect(
        self,
        wanted: Mapping[Wanted, Subject | None],
        trigger: Trigger,
        *,
        listener: Listener = lambda _: None,
        welcome: Welcome = lambda _: True,
        round_at: int | None = None,
    ) -> SyncReport:
        """Sample each; None stands for one nobody knows yet, known once it is found and welcome.

        `round_at`: when the round began that this run goes on with.
        Raises GitHubError when GitHub gave nothing at all, RunInProgress when another process is
        sampling. Whatever ends it, the pages that were read are kept and the run says so.
        """
        begun_at, number = self._clock.now(), len(wanted)
        run = Run(
            self._new_id(), trigger, RunStatus.RUNNING, begun_at, wanted=number, round_at=round_at
        )
        state = _State(run, wanted, listener, welcome, self._clock)
        with self._stoppable():
            async with self._present(state):
                await self._finish_well(state)
        return SyncReport(state.run, tuple(state.errors), state.known)

    def underway(self) -> list[Underway]:
        """The runs of this process that are not over yet."""
        return [state.shown() for state in self._states]

    async def close(self) -> None:
        """End what is under way, and wait until it is: its pages so far are kept."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @asynccontextmanager
    async def _present(self, state: _State) -> AsyncIterator[None]:
        async with self._occupancy.shared():
            self._states.append(state)
            try:
                yield
            finally:
                self._states.remove(state)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """Let `close` end this task, whose caller hears of it as a failure that can be told."""
        if self._closing:
            raise Stopped(STOPPING)
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self._closing:
                raise
            raise Stopped(STOPPING) from None
        finally:
            self._tasks.discard(task)

    async def _finish_well(self, state: _State) -> None:
        try:
            await self._store.runs.begin(state.run)
            await self._pages(state)
        except GitHubError as error:
            nothing = not state.run.sampled
            state.run = replace(state.run, failed=_failed(state, error))
            await self._end(state, RunStatus.FAILED if nothing else RunStatus.PARTIAL, str(error))
            if nothing:
                raise
        except BaseException:
            await asyncio.shield(self._end(state, RunStatus.STOPPED, "stopped before its end"))
            raise
        else:
            await self._end(state, verdict(state.errors, state.run.sampled))

    async def _end(self, state: _State, status: RunStatus, message: str | None = None) -> None:
        finished_at = self._clock.now()
        state.run = replace(state.run, status=status, finished_at=finished_at, message=message)
        await self._store.runs.finish(state.run)
        self._ended(state.run)

    async def _pages(self, state: _State) -> None:
        async def keep(arrived: list[Harvest]) -> None:
            await self._keep(state, [_welcomed(page, state.welcome) for page in arrived])
            state.tell()

        state.tell()
        await keep_arriving(self._read(state), keep)

    async def _read(self, state: _State) -> AsyncGenerator[Harvest, None]:
        urgent = state.run.trigger is not Trigger.SCHEDULE
        pages = self._github.harvest(list(state.wanted), waiting=state.wait, urgent=urgent)
        async with aclosing(pages):
            async for page in pages:
                state.waits = None
                yield page

    async def _keep(self, state: _State, pages: Sequence[Harvest]) -> None:
        """Write what arrived together in one transaction; where that fails, each page in its own.

        So those before the one at fault are kept; that one ends the run by what it raises.
        """
        try:
            strangers = await self._write(state, pages)
        except Exception:
            if len(pages) == 1:
                raise
            strangers = {}
            for page in pages:
                strangers |= await self._write(state, [page])
        # once more: the name they were met under may have been another's until now
        state.known |= await self._met(strangers, pages[-1].at)

    async def _write(self, state: _State, harvests: Sequence[Harvest]) -> dict[str, str]:
        """All of it or nothing; returns whom nobody knew, by the name asked for."""
        pages, strangers = list[Page](), dict[str, str]()
        for harvest in harvests:
            found = state.found(harvest)
            new = {want.full_name: got.full_name for want, known, got in found if known is None}
            met = await self._met(new, harvest.at)
            answers = [(known or met[want.full_name], got) for want, known, got in found]
            refused = state.refused(harvest)
            pages.append(Page(harvest.at, answers, refused, harvest.requests, harvest.points))
            strangers |= new
        state.note(harvests, await self._store.runs.record(state.run, pages, self._within))
        return strangers

    async def _met(self, names: Mapping[str, str], at: int) -> dict[str, Subject]:
        """Those nobody knew, by the name asked for; they are known by the one GitHub gives them."""
        if not names:
            return {}
        known = await self._store.subjects.ensure(list(names.values()), at)
        return dict(zip(names, known, strict=True))


def _welcomed(page: Harvest, welcome: Welcome) -> Harvest:
    """Who is found and not welcome is not visible."""
    away = {want: NOT_VISIBLE for want, got in page.found.items() if not welcome(got)}
    if not away:
        return page
    found = {want: got for want, got in page.found.items() if want not in away}
    return replace(page, found=found, refused={**page.refused, **away})


def _failed(state: _State, error: GitHubError) -> int:
    """How many gave no numbers in a run that this ended, and will not before somebody acts.

    A token that is refused is refused five minutes later, too. But where GitHub is down or grants
    no more, those it told nothing of are still to be asked for: `Run.cut_short` counts on it.
    """
    if state.run.sampled and isinstance(error, TokenMissing | TokenRejected):
        return len(state.wanted) - state.run.sampled
    unanswered = sum(one.refusal.kind is Refused.ERROR for one in state.errors)
    return state.run.failed - unanswered


def verdict(errors: Sequence[RunError], sampled: int) -> RunStatus:
    """Gone repositories are an answer; others that could not be read are not."""
    if all(error.refusal.kind is Refused.NOT_FOUND for error in errors):
        return RunStatus.OK
    return RunStatus.PARTIAL if sampled else RunStatus.FAILED
