"""The verb status: is everything well, and what to do where it is not."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from bot import __version__
from bot.core.models import Allowance, Run, RunStatus, Subject, Trigger
from bot.core.reports import StatusReport, Underway
from bot.core.tokens import owners_of, problem, serving, shown
from bot.flows.allowance import Allowances
from bot.flows.pace import Pace
from bot.flows.portfolio import OPERATOR
from bot.flows.ports import Clock, Store
from bot.flows.rounds import due_after
from bot.flows.traffic import Traffic

LATE = 2
"""Intervals without a run after which it is a problem."""


class Status:
    def __init__(  # noqa: PLR0913  # what health stands on
        self,
        allowances: Allowances,
        store: Store,
        pace: Pace,
        traffic: Traffic,
        clock: Clock,
        *,
        interval: int,
        of_files: Callable[[], Sequence[str]] = lambda: (),
        of_copies: Callable[[], Sequence[str]] = lambda: (),
        of_loads: Callable[[int], Awaitable[list[str]]] | None = None,
    ) -> None:
        self._allowances = allowances
        self._store = store
        self._pace = pace
        self._traffic = traffic
        self._clock = clock
        self._interval = interval
        self._of_files = of_files
        self._of_copies = of_copies
        self._of_loads = of_loads

    async def report(self) -> StatusReport:
        """Never raises for what is wrong with GitHub: that is a problem to report."""
        now = self._clock.now()
        watched = await self._store.subjects.watched()
        underway, full_round = await self.of_sampling()
        last = as_it_is(await self._store.runs.newest(), underway)
        scheduled = as_it_is(await self._store.runs.newest(Trigger.SCHEDULE), underway)
        failing = len(await self._store.runs.failing() & {subject.id for subject in watched})
        allowances, problems = await self.of_tokens(now, watched)
        of_runs = self.of_runs(last, now, len(watched), failing, follows=await self._follows())
        problems += [one for one in of_runs if not any(said in one for said in problems)]
        problems += await self.of_portfolio(OPERATOR, watched)
        problems += [*self._of_files(), *self._of_copies()]
        return StatusReport(
            version=__version__,
            now=now,
            database_bytes=self._store.histories.size(),
            watched=len(watched),
            gone=sum(subject.gone_at is not None for subject in watched),
            failing=failing,
            last_run=last,
            next_run_at=self.after(scheduled),
            allowances=tuple(allowances),
            problems=tuple(problems),
            underway=underway,
            full_round=full_round,
        )

    async def of_sampling(self) -> tuple[tuple[Underway, ...], int | None]:
        """The runs under way, and the seconds of a full round over all that anybody watches."""
        watched = await self._store.subjects.count_watched()
        return await self._pace.underway(), await self._pace.full_round(watched)

    def after(self, scheduled: Run | None) -> int | None:
        """When the next run of the timer is due; None: as soon as the bot runs."""
        return due_after(scheduled, self._interval) if scheduled else None

    async def of_tokens(
        self, now: int, watched: Sequence[Subject]
    ) -> tuple[list[Allowance], list[str]]:
        """What GitHub grants to every token, for the operator's eyes, and what is wrong with it."""
        allowances = list(shown(await self._allowances.ask(), owners_of(watched)))
        return allowances, [said for one in allowances if (said := problem(one, now))]

    async def of_github(
        self, now: int, owners: Collection[str]
    ) -> tuple[list[Allowance], list[str]]:
        """What GitHub grants to the tokens that read for these, and what is wrong with that."""
        allowances = serving(await self._allowances.ask(), owners)
        return allowances, [said for one in allowances if (said := problem(one, now))]

    async def discreet(self, run: Run | None) -> Run | None:
        """A run of all that is told to a guild: why it failed may name another guild's token."""
        named = any(one.owners for one in await self._allowances.ask())
        if run is None or run.message is None or not named:
            return run
        return replace(run, message="whoever runs the bot is told why")

    async def _follows(self) -> bool:
        """Does anybody follow an owner?"""
        return bool(await self._store.follows.of())

    async def of_portfolio(self, guild_id: int, watched: Sequence[Subject]) -> list[str]:
        """Why not all is watched of the owners that a guild follows, nor all read of these."""
        follows = await self._store.follows.of(guild_id)
        problems = list(dict.fromkeys(one.trouble for one in follows if one.trouble is not None))
        problems += await self._traffic.problems(guild_id, watched)
        if self._of_loads is not None:
            problems += await self._of_loads(guild_id)
        return problems

    def of_files(self) -> list[str]:
        """What a guild is told of the operator's daily files: where they go is not its business."""
        if not self._of_files():
            return []
        return [
            "A daily file could not be written: whoever runs the bot sees why by repo-radar status."
        ]

    def of_runs(
        self, last: Run | None, now: int, watched: int, failing: int, *, follows: bool
    ) -> list[str]:
        """What is wrong with the sampling of so many; who `follows` is waiting for the first."""
        problems = []
        if not watched:
            nothing = "Nothing is watched yet: start with track add owner/name."
            problems += [] if follows else [nothing]
        elif last is None:
            problems.append("Nothing was sampled yet: start with sync, or let the bot run.")
        elif now - last.started_at > LATE * self._interval:
            problems.append("The last sampling is long ago: let the bot run, or run sync by cron.")
        if last and last.status in (RunStatus.FAILED, RunStatus.STOPPED):
            problems.append(f"The last run did not end well: {_why(last)}.")
        if last and last.status is RunStatus.PARTIAL and last.message:
            problems.append(f"The last run read a part only: {last.message.rstrip('.')}.")
        if failing:
            problems.append("Some repositories cannot be read: sync tells which, and why.")
        return problems


def as_it_is(last: Run | None, underway: tuple[Underway, ...]) -> Run | None:
    """A run that nobody makes was killed, though nobody has written that down yet."""
    if last is None or last.status is not RunStatus.RUNNING or underway:
        return last
    return replace(last, status=RunStatus.STOPPED)


def _why(run: Run) -> str:
    killed = run.status is RunStatus.STOPPED
    return (run.message or ("it was killed" if killed else "nothing could be read")).rstrip(".")
