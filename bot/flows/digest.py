"""The verb digest: what moved most in a portfolio."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.core.digest import Digest, digest
from bot.core.events import Event, Happening, in_public, inside
from bot.core.models import Subject, Visibility
from bot.core.rank import ANY, RANKINGS
from bot.core.window import Window, parse_window
from bot.errors import UsageError
from bot.flows.deltas import Deltas
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Runs


class Digests:
    def __init__(self, portfolio: Portfolio, deltas: Deltas, runs: Runs, clock: Clock) -> None:
        self._portfolio = portfolio
        self._deltas = deltas
        self._runs = runs
        self._clock = clock

    async def report(
        self,
        guild_id: int,
        window: str,
        zone: tzinfo,
        *,
        by: str = ANY,
        group: str | None = None,
    ) -> Digest:
        """Raises InvalidWindow, or UsageError for a ranking nobody knows or an empty portfolio."""
        asked = parse_window(window, now=self._clock.now(), zone=zone)
        if by not in RANKINGS:
            raise UsageError(f"Nothing is ranked by {by!r}: take one of {_listed(RANKINGS)}.")
        subjects = await self._portfolio.repositories(guild_id, group)
        if not subjects:
            raise await self._portfolio.nothing(guild_id, group)
        return await self._ranked(guild_id, subjects, asked, by)

    async def over(
        self,
        guild_id: int,
        window: Window,
        *,
        by: str = ANY,
        group: str | None = None,
        published: bool = False,
    ) -> Digest:
        """Exactly that window; a portfolio without repositories makes an empty digest.

        One that is published leaves the guild: it tells of public repositories only.
        """
        subjects = await self._portfolio.repositories(guild_id, group)
        if published:
            subjects = [one.hidden for one in subjects if one.visibility is Visibility.PUBLIC]
        return await self._ranked(guild_id, subjects, window, by, published=published)

    async def _ranked(
        self,
        guild_id: int,
        subjects: Sequence[Subject],
        window: Window,
        by: str,
        *,
        published: bool = False,
    ) -> Digest:
        movements = await self._deltas.between(subjects, window)
        gone = {subject.id for subject in subjects if subject.gone_at is not None}
        failed = await self._runs.failing() - gone  # who may not know why is told that it is gone
        moved = digest(movements, window, by=by, failed=failed)
        events = await self._portfolio.events(guild_id, subjects, window.start)
        happened = (
            Happening(subject, event)
            for subject in subjects
            for event in inside(_told(events.get(subject.id, ()), published=published), window)
        )
        return replace(moved, happened=tuple(happened))


def _told(events: Sequence[Event], *, published: bool) -> Sequence[Event]:
    """What it was while it was private leaves the guild as little as a private one does."""
    return in_public(events) if published else events


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
