"""The verb backfill: the time before the first sample, from the stars still held.

One to four requests a repository, the newest weeks of all first. What is stored says where it was:
an end at any moment costs nothing but the page under way.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot.core.coverage import DAY
from bot.core.models import Pause, Refusal, RunError, Subject
from bot.core.reports import Backfilled, BackfillReport, Progress
from bot.core.retained import PAGES, Extent, Unread
from bot.errors import GitHubError
from bot.flows.collection import Listener
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock
from bot.flows.star_answers import (
    COUNTING,
    NOT_SAMPLED,
    Answer,
    Asking,
    is_trouble,
    owner_of,
    refusal_of,
)
from bot.flows.star_ports import Stars

AT_ONCE = 4
"""First pages that are read at the same time while somebody waits."""
WAIT = 10
"""Seconds that `begin` takes at most; what it did not read comes later."""
FEW = 20
"""Repositories of one command whose first page goes before all others."""
PACE = 2.0
"""Seconds between two requests nobody waits for: 1,800 an hour of the 5,000 that GitHub grants."""
BATCH = 20
"""Repositories between two looks at the store."""
AGAIN_COUNTED, AGAIN_FAILED, AGAIN_REFUSED = 60, 900, DAY
"""Seconds until asking again: while GitHub counts, after a failure, and after a refusal."""
TROUBLES = 3
"""Failures in a row that end a round: it is GitHub that is in trouble, not a repository."""


class Backfill:
    def __init__(
        self,
        stars: Stars,
        portfolio: Portfolio,
        clock: Clock,
        *,
        pace: float = PACE,
        background: bool = True,
    ) -> None:
        """Without `background` a round reads the first pages of what was added, nothing else."""
        self._history, self._stars = stars.history, stars.kept
        self._portfolio = portfolio
        self._clock = clock
        self._pace = pace
        self._background = background
        self._new: dict[int, Subject] = {}  # somebody waits for these
        self._rest_until: dict[int | str, int] = {}  # subject id or owner -> when to ask again
        self._woken = asyncio.Event()

    def wake(self, subjects: Sequence[Subject]) -> None:
        """Read the first pages of these next: they were added just now."""
        self._new |= {one.id: one for one in subjects[:FEW] if refusal_of(one) is None}
        self._woken.set()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until something was added."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def begin(self, subjects: Sequence[Subject]) -> None:
        """Read first pages while somebody waits: few, briefly, and whatever fails comes later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                await self._first([one for one in subjects if refusal_of(one) is None][:FEW])

    async def round(self) -> bool:
        """Read on in the background; returns whether there may be more to read at once.

        An owner that cannot be asked about rests and costs no other: raises GitHubError when
        nobody else's is left.
        """
        answers = await self._first_of_new()
        ready = await self._ready()
        troubles = 0
        for subject, pages in ready:
            if self._rests(subject):
                continue
            why = await self._read(subject, pages + 1)
            answers.append(why)
            troubles = troubles + 1 if why and is_trouble(why) else 0
            if troubles == TROUBLES:
                _raise_if_all_failed(answers)
                return False
            await self.rest(self._pace)
            answers += await self._first_of_new()
        more = bool(ready and await self._ready())
        if not more:
            _raise_if_all_failed(answers)
        return more

    async def _ready(self) -> list[Unread]:
        """Some that have pages left and may be asked for now."""
        if not self._background:
            return []
        now = self._clock.now()
        self._rest_until = {key: at for key, at in self._rest_until.items() if at > now}
        most = BATCH + len(self._rest_until)
        while True:
            unread = await self._stars.unread(now - AGAIN_REFUSED, most)
            ready = [one for one in unread if not self._rests(one.subject)]
            if len(ready) >= BATCH or len(unread) < most:
                return ready[:BATCH]
            most *= 2  # an owner that rests may have thousands

    def _rests(self, subject: Subject) -> bool:
        keys = (subject.id, owner_of(subject))
        return any(self._rest_until.get(key, 0) > self._clock.now() for key in keys)

    async def repositories(
        self,
        guild_id: int,
        names: Sequence[str] = (),
        *,
        again: bool = False,
        listener: Listener = lambda _: None,
    ) -> BackfillReport:
        """Read all there is of these, or of all a guild watches; `again` from the first page on.

        An owner that cannot be asked about costs no other. Raises InvalidName, UnknownRepository,
        UsageError, or GitHubError when that is so of all; what was read is kept.
        """
        subjects, unsampled = await self._asked(guild_id, names)
        asking = Asking({one.id: why for one in subjects if (why := refusal_of(one))})
        left = mine = [one for one in subjects if one.id not in asking.refused]
        for number in range(1, PAGES + 1):
            extents = await self._stars.extents([one.id for one in left])
            due = [one for one in left if _is_due(extents[one.id], number, again=again)]
            for done, subject in enumerate(due):
                listener(Progress(done, len(due)))
                if asking.may(subject):
                    waiting = partial(_tell_pause, listener, done, len(due))
                    asking.note(subject, await self._read(subject, number, waiting=waiting))
            listener(Progress(len(due), len(due)))
            left = [one for one in left if one.id not in asking.refused]
        if mine and {owner_of(one) for one in mine} <= set(asking.failed):
            raise next(iter(asking.failed.values()))
        return replace(await self._told(subjects, asking), unsampled=unsampled)

    async def _asked(self, guild_id: int, names: Sequence[str]) -> tuple[list[Subject], int]:
        """What is meant, and of all there is how many are left out as nobody sampled them."""
        if names:
            found = [await self._portfolio.find(guild_id, name) for name in names]
            return list({subject.id: subject for subject in found}.values()), 0
        subjects = await self._portfolio.repositories(guild_id)
        if not subjects:
            raise await self._portfolio.nothing(guild_id)
        refusals = [refusal_of(subject) for subject in subjects]
        meant = [one for one, why in zip(subjects, refusals, strict=True) if why is None]
        return meant, refusals.count(NOT_SAMPLED)

    async def _told(self, subjects: Sequence[Subject], asking: Asking) -> BackfillReport:
        extents = await self._stars.extents([one.id for one in subjects])
        refused = asking.refused
        return BackfillReport(
            done=tuple(
                Backfilled(
                    one, _moment(extents[one.id].since), extents[one.id].whole, asking.spent[one.id]
                )
                for one in subjects
                if one.id not in refused
            ),
            refused=tuple(
                RunError(one.full_name, refused[one.id]) for one in subjects if one.id in refused
            ),
        )

    async def _first_of_new(self) -> list[Answer]:
        self._woken.clear()
        answers: list[Answer] = []
        while self._new:
            waiting, self._new = list(self._new.values()), {}
            answers += await self._first(waiting)
        return answers

    async def _first(self, subjects: Sequence[Subject]) -> list[Answer]:
        """Ask for the first page of each that has none; of an owner that fails no further one."""
        extents = await self._stars.extents([one.id for one in subjects])
        left = [one for one in subjects if not extents[one.id].pages]
        answers: list[Answer] = []
        failed: set[str] = set()
        while left := [one for one in left if owner_of(one) not in failed]:
            several, left = left[:AT_ONCE], left[AT_ONCE:]
            reading = [self._read(one, 1, urgent=True) for one in several]
            done = await asyncio.gather(*reading, return_exceptions=True)
            for subject, answer in zip(several, done, strict=True):
                if isinstance(answer, GitHubError):
                    failed.add(owner_of(subject))
                elif isinstance(answer, BaseException):
                    raise answer
                answers.append(answer)
        return answers

    async def _read(
        self,
        subject: Subject,
        number: int,
        *,
        urgent: bool = False,
        waiting: Callable[[Pause], None] = lambda _: None,
    ) -> Answer:
        """Ask for one page and keep it, or return why there is none."""
        try:
            page = await self._history.page(
                subject.full_name, number, waiting=waiting, urgent=urgent
            )
        except GitHubError as error:
            self._rest_until[owner_of(subject)] = self._clock.now() + AGAIN_FAILED
            return error
        now = self._clock.now()
        self._rest_until.pop(owner_of(subject), None)
        if page is None or isinstance(page, Refusal):
            why = page or COUNTING
            self._rest_until[subject.id] = now + _rest_after(why)
            if why is not COUNTING and not is_trouble(why):
                await self._stars.refused(subject.id, now)
            return why
        self._rest_until.pop(subject.id, None)
        await self._stars.keep(subject.id, number, page, now)
        return None


def _raise_if_all_failed(answers: Sequence[Answer]) -> None:
    errors = [answer for answer in answers if isinstance(answer, GitHubError)]
    if errors and len(errors) == len(answers):
        raise errors[0]


def _rest_after(why: Refusal) -> int:
    if why is COUNTING:
        return AGAIN_COUNTED
    return AGAIN_FAILED if is_trouble(why) else AGAIN_REFUSED


def _tell_pause(listener: Listener, done: int, total: int, pause: Pause) -> None:
    listener(Progress(done, total, pause))


def _is_due(extent: Extent, number: int, *, again: bool) -> bool:
    if again:
        return number == 1 or not (extent.whole and extent.pages < number)
    return not extent.is_over and extent.pages < number


def _moment(day: int | None) -> int | None:
    return None if day is None else day * DAY
