"""The doctor's visit to one guild: its own affairs, and the bot's health; nobody else's."""

from collections.abc import Sequence

from bot import __version__
from bot.core.guild import BY_HAND
from bot.core.models import Run, Subject, Trigger
from bot.core.reports import Underway
from bot.core.settled import Checkup, Settled
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Store
from bot.flows.status import Status, as_it_is


class Checkups:
    def __init__(
        self,
        status: Status,
        settings: GuildSettings,
        portfolio: Portfolio,
        store: Store,
        clock: Clock,
    ) -> None:
        self._status = status
        self._settings = settings
        self._portfolio = portfolio
        self._store = store
        self._clock = clock

    async def report(self, guild_id: int) -> Checkup:
        """Never raises for what is wrong: that is a problem to report."""
        now = self._clock.now()
        watched = await self._portfolio.repositories(guild_id)
        gone = tuple(subject for subject in watched if subject.gone_at is not None)
        failing = len(await self._store.runs.failing() & {subject.id for subject in watched})
        underway, full_round = await self._status.of_sampling()
        last = await self._last(underway)
        settled = await self._settings.show(guild_id)
        owners = await self._portfolio.owners(guild_id)
        allowances, problems = await self._status.of_github(now, owners)
        problems += await self._of_work(guild_id, now, last, watched, failing)
        return Checkup(
            version=__version__,
            now=now,
            database_bytes=self._store.histories.size(),
            watched=len(watched),
            gone=gone,
            failing=failing,
            last_run=last,
            next_run_at=self._status.after(last),
            allowances=tuple(allowances),
            settled=settled,
            problems=(*problems, *_of_digests(settled), *_of_gone(gone)),
            underway=tuple(run for run in underway if run.trigger is Trigger.SCHEDULE),
            full_round=full_round,
        )

    async def _last(self, underway: tuple[Underway, ...]) -> Run | None:
        """The timer's newest run: others may be another guild's."""
        return as_it_is(await self._store.runs.newest(Trigger.SCHEDULE), underway)

    async def _of_work(
        self, guild_id: int, now: int, last: Run | None, watched: Sequence[Subject], failing: int
    ) -> list[str]:
        """What is wrong with sampling, with what is followed here, and with what else is read."""
        told = await self._status.discreet(last)
        return [
            *self._status.of_runs(told, now, len(watched), failing),
            *await self._status.of_portfolio(guild_id, watched),
            *self._status.of_files(),
        ]


def _of_digests(settled: Settled) -> list[str]:
    return [
        f"The digest of the group {one.digest.group} is paused: {one.digest.paused.rstrip('.')}."
        " Mend that, then /settings digest action:resume."
        for one in settled.digests
        if one.digest.paused and one.digest.paused != BY_HAND
    ]


def _of_gone(gone: tuple[Subject, ...]) -> list[str]:
    if not gone:
        return []
    names = ", ".join(subject.full_name for subject in gone[:3])
    more = f" and {len(gone) - 3:,} more" if len(gone) > 3 else ""  # noqa: PLR2004  # three named
    return [f"Gone or not visible: {names}{more}. Stop watching with /track remove."]
