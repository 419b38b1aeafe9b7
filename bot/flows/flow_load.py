"""The verb measure: the work open on GitHub now, once after a run, as it cannot be told later."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.flow_load import METRIC, RepositoryLoad, flow_load
from bot.core.models import Refusal, Refused
from bot.core.weeks import week_of
from bot.errors import GitHubError
from bot.flows.guild_settings import GuildSettings
from bot.flows.metric_ports import Loads
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.flows.portfolio import OPERATOR, Portfolio
from bot.flows.ports import Clock, Guilds

AT_ONCE = 4
"""Repositories that are asked about at the same time."""
HIDDEN = (Refused.NOT_FOUND, Refused.FORBIDDEN)
"""GitHub's word, not its trouble: asking again changes nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    portfolios: int  # of which the load was kept
    failed: Mapping[str, str]  # by repository, why; their portfolios wait for the next run
    too_large: Sequence[int] = ()  # portfolios that did not fit the limit


class FlowLoads:
    """Each repository is asked about once, however many portfolios it is in."""

    def __init__(  # noqa: PLR0913  # what measuring stands on
        self,
        loads: Loads,
        snapshots: MetricsSnapshots,
        portfolio: Portfolio,
        guilds: Guilds,
        clock: Clock,
        *,
        enabled: bool,
        most: int,
    ) -> None:
        self._loads = loads
        self._snapshots = snapshots
        self._portfolio = portfolio
        self._settings = GuildSettings(guilds, portfolio, clock)
        self._guilds = guilds
        self._clock = clock
        self._enabled = enabled
        self._most = most
        self._left_out: Sequence[int] = ()

    async def measure(self) -> Measured:
        """Keep the load of every portfolio that fits the limit; nothing where it is switched off.

        A portfolio with a repository that could not be read is not kept: half of it would look as
        if work had been finished. Larger ones are not counted at all, for the same reason.
        """
        if not self._enabled:
            return Measured(0, {})
        portfolios, too_large = await self._portfolios()
        self._left_out = too_large
        names = list(dict.fromkeys(name for one in portfolios.values() for name in one))
        found = await self._ask(names)
        failed = {
            name: answer.message
            for name, answer in found.items()
            if isinstance(answer, Refusal) and answer.kind not in HIDDEN
        }
        whole = {id_: own for id_, own in portfolios.items() if not failed.keys() & set(own)}
        for portfolio, own in whole.items():
            await self._keep(portfolio, [found[name] for name in own])
        return Measured(len(whole), failed, too_large)

    async def problems(self, portfolio: int) -> list[str]:
        """Why nothing is kept of a portfolio: it is too large, or was left out the last time."""
        if not self._enabled:
            return []
        if portfolio not in self._left_out and len(await self._names(portfolio)) <= self._most:
            return []
        told = (
            "The open work here is not kept by week, as there is no room for it among the"
            f" {self._most:,} repositories that are read for it: watch fewer, or let whoever runs"
            " the bot raise flow_load.repositories."
        )
        return [told]

    async def _portfolios(self) -> tuple[dict[int, list[str]], list[int]]:
        """What each watches and may see, all of it; and those of which that is too much."""
        ids = [OPERATOR, *(guild.id for guild in await self._guilds.known() if not guild.left_at)]
        fitting, too_large, room = {}, list[int](), self._most
        counted: set[str] = set()
        for id_ in ids:
            names = await self._names(id_)
            new = set(names) - counted
            if len(new) > room:
                too_large.append(id_)
            elif names:
                fitting[id_] = names
                counted |= new
                room -= len(new)
        return fitting, too_large

    async def _names(self, portfolio: int) -> list[str]:
        watched = await self._portfolio.repositories(portfolio)
        return [subject.full_name for subject in watched if subject.gone_at is None]

    async def _ask(self, names: Sequence[str]) -> dict[str, RepositoryLoad | Refusal]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> RepositoryLoad | Refusal:
            async with turns:
                try:
                    return await self._loads.load(name)
                except GitHubError as error:
                    return Refusal(Refused.ERROR, str(error))

        return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))

    async def _keep(self, portfolio: int, answers: Sequence[RepositoryLoad | Refusal]) -> None:
        read = [answer for answer in answers if isinstance(answer, RepositoryLoad)]
        if not read:
            return
        zone = await self._settings.zone(portfolio)
        week = week_of(self._clock.now(), zone).label
        data = flow_load(read, unread=len(answers) - len(read))
        await self._snapshots.of(portfolio).save_metric_snapshot(week, METRIC, data)
