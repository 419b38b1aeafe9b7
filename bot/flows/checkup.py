"""The doctor's visit to one guild: its own affairs, and the bot's health; nobody else's."""

from collections.abc import Sequence
from dataclasses import replace

from bot import __version__
from bot.core.guild import BY_HAND
from bot.core.models import WITHHELD, Run, Subject, Trigger, Visibility
from bot.core.names import few
from bot.core.reports import Underway
from bot.core.settled import Checkup, Settled
from bot.flows.collection import verdict
from bot.flows.guild_settings import GuildSettings
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Store
from bot.flows.status import Status, as_it_is

NAMED = 3
"""Gone repositories that are named."""


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
        failing = await self._failing(watched)
        underway, full_round = await self._status.of_sampling()
        last, next_run_at = await self._last(guild_id, underway)
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
            next_run_at=next_run_at,
            allowances=tuple(allowances),
            settled=settled,
            problems=(*problems, *_of_digests(settled), *_of_gone(gone)),
            underway=tuple(run for run in underway if run.trigger is Trigger.SCHEDULE),
            full_round=full_round,
        )

    async def _failing(self, watched: Sequence[Subject]) -> int:
        """Of what a guild sees; what it sees as gone does not fail."""
        there = {subject.id for subject in watched if subject.gone_at is None}
        return len(await self._store.runs.failing() & there)

    async def _last(
        self, guild_id: int, underway: tuple[Underway, ...]
    ) -> tuple[Run | None, int | None]:
        """The timer's newest run, as others may be another guild's; when the next is due."""
        last = as_it_is(await self._store.runs.newest(Trigger.SCHEDULE), underway)
        return await self._discreet(guild_id, last), self._status.after(last)

    async def _discreet(self, guild_id: int, last: Run | None) -> Run | None:
        """With the verdict it had if what is forbidden were missing, where that is not told."""
        if last is None or last.message or self._portfolio.shows(guild_id, Visibility.PRIVATE):
            return last
        errors = await self._store.runs.errors(last.id)
        told = [one for one in errors if one.refusal.kind not in WITHHELD]
        if len(told) == len(errors):
            return last
        return replace(last, status=verdict(told, last.sampled))

    async def _of_work(
        self, guild_id: int, now: int, last: Run | None, watched: Sequence[Subject], failing: int
    ) -> list[str]:
        """What is wrong with sampling, with what is followed here, and with what else is read."""
        told = await self._status.discreet(last)
        follows = bool(await self._store.follows.of(guild_id))
        return [
            *self._status.of_runs(told, now, len(watched), failing, follows=follows),
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
    names = few([subject.full_name for subject in gone], NAMED)
    return [f"Gone or not visible: {names}. Stop watching with /track remove."]
