"""The verb digest: what moved most in a portfolio."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.core.digest import EVERYTHING, Digest, Listing, digest
from bot.core.events import Event, Happening, in_public, inside
from bot.core.models import Scope
from bot.core.rank import RANKINGS
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
        listing: Listing = EVERYTHING,
        *,
        group: str | None = None,
    ) -> Digest:
        """Raises InvalidWindow, or UsageError for a ranking nobody knows or an empty portfolio."""
        asked = parse_window(window, now=self._clock.now(), zone=zone)
        if listing.by not in RANKINGS:
            raise UsageError(
                f"Nothing is ranked by {listing.by!r}: take one of {_listed(RANKINGS)}."
            )
        scope = self._portfolio.scope(guild_id, group)
        moved = await self._moved(scope, asked, listing)
        if not moved.counts.watched:
            raise await self._portfolio.nothing(guild_id, group)
        return moved

    async def over(
        self,
        guild_id: int,
        window: Window,
        listing: Listing = EVERYTHING,
        *,
        group: str | None = None,
        published: bool = False,
    ) -> Digest:
        """Exactly that window; a portfolio without repositories makes an empty digest.

        One that is published leaves the guild: it tells of public repositories only.
        """
        scope = self._portfolio.scope(guild_id, group, published=published)
        return await self._moved(scope, window, listing, published=published)

    async def _moved(
        self, scope: Scope, window: Window, listing: Listing, *, published: bool = False
    ) -> Digest:
        """Only who may be shown is looked at one by one: the store counts all the others."""
        survey = await self._deltas.survey(scope, window, listing)
        measured = survey.measured | survey.doubtful
        met, failing = await self._portfolio.met(window.start), await self._runs.failing()
        subjects = await self._portfolio.some(scope, measured | met | failing)
        movements = await self._deltas.between([s for s in subjects if s.id in measured], window)
        moved = digest(movements, window, listing=listing, survey=survey)
        events = await self._portfolio.events(scope.guild_id, subjects, window.start)
        happened = (
            Happening(subject, event)
            for subject in subjects
            for event in inside(_told(events.get(subject.id, ()), published=published), window)
        )
        # who may not know why it failed is told that it is gone
        failed = sum(one.id in failing and one.gone_at is None for one in subjects)
        counts = replace(moved.counts, failed=failed)
        return replace(moved, counts=counts, happened=tuple(happened))


def _told(events: Sequence[Event], *, published: bool) -> Sequence[Event]:
    """What it was while it was private leaves the guild as little as a private one does."""
    return in_public(events) if published else events


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
