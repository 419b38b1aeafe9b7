"""The verb export: what is known of a portfolio, as a file that needs no Repo Radar to be read."""

import asyncio
from collections.abc import Sequence
from datetime import tzinfo

from bot.core.coverage import DAY
from bot.core.daily import daily_json, day_of
from bot.core.export import Document, Form, Order, Trace, collected_at, long_csv, sampled
from bot.core.metrics import METRICS
from bot.core.models import Subject
from bot.core.rank import Movement
from bot.core.window import Window, between, days, parse_window
from bot.errors import UsageError
from bot.flows.deltas import Deltas
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Histories

MOST = 220_000
"""Days times repositories of one CSV: all of it is in memory at once, about 450 bytes each."""
NOTHING_KNOWN = "Nothing was sampled by the end of this window: ask for a later one, or sync first."


class Exports:
    def __init__(
        self, portfolio: Portfolio, deltas: Deltas, histories: Histories, clock: Clock
    ) -> None:
        self._portfolio = portfolio
        self._deltas = deltas
        self._histories = histories
        self._clock = clock
        self._turn = asyncio.Lock()  # one document at a time is in memory

    async def order(self, guild_id: int, form: str, window: str, zone: tzinfo) -> Order:
        """Raises InvalidWindow, or UsageError for an empty portfolio, too much, no such format."""
        asked = parse_window(window, now=self._clock.now(), zone=zone)
        if form not in list(Form):
            raise UsageError(f"There is no format {form[:40]!r}: take {' or '.join(Form)}.")
        subjects = once_by_name(await self._portfolio.repositories(guild_id))
        if not subjects:
            raise await self._portfolio.nothing(guild_id)
        order = Order(guild_id, Form(form), asked, zone, tuple(days(asked, zone=zone)), subjects)
        _check_size(order)
        return order

    async def document(self, order: Order) -> Document:
        """Raises UsageError where nothing was known by the window's end."""
        async with self._turn:
            match order.form:
                case Form.DAILY_JSON:
                    return await self._daily_json(order)
                case Form.CSV:
                    return await self._csv(order)

    async def fitting(self, order: Order, limit: int) -> Document:
        """The same in at most `limit` bytes, packed where it must be; or UsageError."""
        document = await self.document(order)
        if len(document.content) <= limit:
            return document
        packed = await asyncio.to_thread(document.packed)
        if len(packed.content) <= limit:
            return packed
        raise UsageError(
            f"This file is larger than the {limit // 2**20:,} MB that Discord takes here: ask for"
            f" a shorter window, or let whoever runs this bot make it with {order.command}."
        )

    async def _daily_json(self, order: Order) -> Document:
        movements = await self._deltas.between(order.subjects, order.window)
        collected = collected_at(movements)
        if collected is None:
            raise UsageError(NOTHING_KNOWN)
        filed = await self._filed_at(order.window, collected, movements)
        if filed is None:
            content = await asyncio.to_thread(daily_json, movements, collected)
            return Document(f"{day_of(collected)}.json", content)
        # That day came from a file, so it is told as that file did: all of it as of one moment.
        then = await self._deltas.between(order.subjects, between(filed, filed))
        content = await asyncio.to_thread(daily_json, then, filed, by_day=True)
        return Document(f"{day_of(filed)}.json", content)

    async def _filed_at(
        self, window: Window, collected: int, movements: Sequence[Movement]
    ) -> int | None:
        """When the imported file was collected that tells of this day, if one does.

        Nobody whom GitHub answers for has vanished now because somebody else's file is newer.
        """
        if not window.ends_with_day and any(one.subject.github_id for one in movements):
            return None
        filed = await self._histories.newest_file(collected - collected % DAY, window.end)
        # `collected` is the window's end where that lies between two samples
        stands = filed is None or collected <= filed or collected == window.end
        return filed if stands else None

    async def _csv(self, order: Order) -> Document:
        ids = [subject.id for subject in order.subjects]
        trails = {key: await self._histories.trails(ids, key, order.window) for key in METRICS}
        traces = [
            Trace(subject.full_name, key, trails[key][subject.id], subject.gone_at)
            for subject in order.subjects
            for key in METRICS
        ]
        if not sampled(order.days, traces):
            raise UsageError(NOTHING_KNOWN)
        content = await asyncio.to_thread(long_csv, order.days, traces, order.zone)
        first, last = order.days[0].date, order.days[-1].date
        return Document(f"repo-radar-{first}-to-{last}.csv", content)


def once_by_name(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """A name may be that of a vanished repository and of one made anew: the living one is meant."""
    living_last = sorted(subjects, key=lambda one: (one.gone_at is None, one.id))
    once = {subject.full_name.lower(): subject for subject in living_last}
    return tuple(once[name] for name in sorted(once))


def _check_size(order: Order) -> None:
    number, length = len(order.subjects), len(order.days)
    if order.form is Form.CSV and number * length > MOST:
        raise UsageError(
            f"A CSV of {number:,} repositories over {length:,} days is too much at once: ask for"
            f" at most {max(1, MOST // number):,} days at a time."
        )
