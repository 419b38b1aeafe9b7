"""The verb diff: one repository between two moments."""

from datetime import UTC, datetime, tzinfo

from bot.core.events import over
from bot.core.models import Subject
from bot.core.reports import Report
from bot.core.window import parse_window
from bot.errors import InvalidWindow, UnknownRepository
from bot.flows.deltas import Deltas
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Histories
from bot.flows.traffic import Traffic


class Diff:
    def __init__(
        self,
        portfolio: Portfolio,
        deltas: Deltas,
        histories: Histories,
        traffic: Traffic,
        clock: Clock,
    ) -> None:
        self._portfolio = portfolio
        self._deltas = deltas
        self._histories = histories
        self._traffic = traffic
        self._clock = clock

    async def report(
        self, guild_id: int, repository: str | int, window: str, zone: tzinfo
    ) -> Report:
        """`repository` is what someone typed, or the id that a button carries.

        Raises InvalidName, InvalidWindow or UnknownRepository, before anything slow.
        """
        asked = parse_window(window, now=self._clock.now(), zone=zone)
        if isinstance(repository, int):
            subject = await self._portfolio.pointed_at(guild_id, repository)
        else:
            subject = await self._portfolio.find(guild_id, repository)
        movement, account = await self._deltas.account(subject, asked)
        if not movement.deltas:
            await self._explain(subject, zone)
        told = self._portfolio.told(guild_id, subject, account.events)
        visits = await self._traffic.over(guild_id, subject, asked) if account.visited else None
        return Report(subject, asked, movement.deltas, events=over(told, asked), traffic=visits)

    async def _explain(self, subject: Subject, zone: tzinfo) -> None:
        seen = await self._histories.seen([subject.id])
        if subject.id not in seen:
            raise UnknownRepository(
                f"{subject.full_name} has not been sampled yet: its first numbers come with the"
                " next sync."
            )
        first = datetime.fromtimestamp(seen[subject.id][0], UTC).astimezone(zone)
        raise InvalidWindow(
            f"{subject.full_name} was first sampled on {first:%Y-%m-%d}: ask for a window that ends"
            " later."
        )
