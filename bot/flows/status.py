"""The verb status: is everything well, and what to do where it is not."""

from collections.abc import Sequence

from bot import __version__
from bot.core.models import Allowance, Run, RunStatus, Subject, Trigger
from bot.core.reports import StatusReport
from bot.errors import GitHubError
from bot.flows.allowance import Allowances
from bot.flows.portfolio import OPERATOR
from bot.flows.ports import Clock, Store
from bot.flows.traffic import Traffic

LATE = 2
"""Intervals without a run after which it is a problem."""
DAY = 86_400
WARN_DAYS = 14
"""A token that ends within so many days is a problem to be told now."""


class Status:
    def __init__(
        self,
        allowances: Allowances,
        store: Store,
        traffic: Traffic,
        clock: Clock,
        *,
        interval: int,
    ) -> None:
        self._allowances = allowances
        self._store = store
        self._traffic = traffic
        self._clock = clock
        self._interval = interval

    async def report(self) -> StatusReport:
        """Never raises for what is wrong with GitHub: that is a problem to report."""
        now = self._clock.now()
        watched = await self._store.subjects.watched()
        last = await self._store.runs.newest()
        scheduled = await self._store.runs.newest(Trigger.SCHEDULE)
        failing = len(await self._store.runs.failing() & {subject.id for subject in watched})
        allowance, problems = await self.of_github(now)
        problems += self.of_runs(last, now, len(watched), failing)
        problems += await self.of_traffic(OPERATOR, watched)
        return StatusReport(
            version=__version__,
            now=now,
            database_bytes=self._store.histories.size(),
            watched=len(watched),
            gone=sum(subject.gone_at is not None for subject in watched),
            failing=failing,
            last_run=last,
            next_run_at=self.after(scheduled),
            allowance=allowance,
            problems=tuple(problems),
        )

    def after(self, scheduled: Run | None) -> int | None:
        """When the next run of the timer is due; None: as soon as the bot runs."""
        return scheduled.started_at + self._interval if scheduled else None

    async def of_github(self, now: int) -> tuple[Allowance | None, list[str]]:
        """What GitHub grants, and what is wrong with that."""
        try:
            allowance = await self._allowances.ask()
        except GitHubError as error:
            return None, [str(error)]
        ends = allowance.token_expires_at
        if ends is None or ends - now > WARN_DAYS * DAY:
            return allowance, []
        days = max(0, ends - now) // DAY
        left = f"{days} {'day' if days == 1 else 'days'}"
        problem = f"The GitHub token ends in {left}: make a new one and set RADAR_GITHUB__TOKEN."
        return allowance, [problem]

    async def of_traffic(self, guild_id: int, watched: Sequence[Subject]) -> list[str]:
        """What is wrong with reading the traffic of these, where the guild may know of it."""
        return await self._traffic.problems(guild_id, watched)

    def of_runs(self, last: Run | None, now: int, watched: int, failing: int) -> list[str]:
        """What is wrong with the sampling of so many repositories."""
        problems = []
        if not watched:
            problems.append("Nothing is watched yet: start with track add owner/name.")
        elif last is None:
            problems.append("Nothing was sampled yet: start with sync, or let the bot run.")
        elif now - last.started_at > LATE * self._interval:
            problems.append("The last sampling is long ago: let the bot run, or run sync by cron.")
        if last and last.status in (RunStatus.FAILED, RunStatus.STOPPED):
            why = (last.message or "it was killed").rstrip(".")
            problems.append(f"The last run did not end well: {why}.")
        if failing:
            problems.append("Some repositories cannot be read: sync tells which, and why.")
        return problems
