"""The verb backfill: the time before the first sample, from the stars still held.

One to four requests a repository, the newest weeks of all first. What is stored says where it was:
an end at any moment costs nothing but the page under way.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from bot.core.coverage import DAY
from bot.core.models import Pause, Refusal, Refused, RunError, Subject, Visibility
from bot.core.reports import Backfilled, BackfillReport, Progress
from bot.core.retained import PAGES, Extent, Unread
from bot.errors import GitHubError, UsageError
from bot.flows.collection import Listener
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock
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
MOST_LOOKED_AT = 20_000
"""Unread repositories looked through for some whose token works."""
NOT_SAMPLED = Refusal(Refused.ERROR, "not sampled yet: run sync first")
NOT_PUBLIC = Refusal(
    Refused.FORBIDDEN, "not public: GitHub tells the star history of public repositories only"
)
COUNTING = Refusal(Refused.ERROR, "GitHub is still counting its stars: ask again in a minute")


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
        self._history, self._stars = stars.history, stars.kept
        self._portfolio = portfolio
        self._clock = clock
        self._pace = pace
        self._background = background  # False: the few requests without a token are for sampling
        self._new: dict[int, Subject] = {}  # somebody waits for these
        self._rest_until: dict[int, int] = {}  # subject id -> when it may be asked for again
        self._shut_until: dict[str, int] = {}  # owner -> the same, where the token is the trouble
        self._woken = asyncio.Event()

    def wake(self, subjects: Sequence[Subject]) -> None:
        """Read the first pages of these next: they were added just now."""
        self._new |= {one.id: one for one in subjects[:FEW] if _refusal(one) is None}
        self._woken.set()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until something was added."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def begin(self, subjects: Sequence[Subject]) -> None:
        """Read first pages while somebody waits: few, briefly, and whatever fails comes later."""
        with suppress(GitHubError, TimeoutError):
            async with asyncio.timeout(WAIT):
                await self._first([one for one in subjects if _refusal(one) is None][:FEW])

    async def round(self) -> bool:
        """Read on in the background; returns whether there may be more to read at once."""
        await self._first_of_new()
        ready = await self._ready() if self._background else []
        troubles = 0
        for subject, pages in ready:
            why = await self._read_or_shut(subject, pages + 1)
            troubles = troubles + 1 if why and _is_trouble(why) else 0
            if troubles == TROUBLES:
                return False
            await self.rest(self._pace)
            await self._first_of_new()
        return bool(ready)

    async def _ready(self) -> list[Unread]:
        """Some that have pages left and may be asked for now."""
        now = self._clock.now()
        self._rest_until = {id_: at for id_, at in self._rest_until.items() if at > now}
        self._shut_until = {owner: at for owner, at in self._shut_until.items() if at > now}
        most = MOST_LOOKED_AT if self._shut_until else BATCH + len(self._rest_until)
        unread = await self._stars.unread(now - AGAIN_REFUSED, most)
        return [
            one
            for one in unread
            if one.subject.id not in self._rest_until
            and _owner(one.subject) not in self._shut_until
        ][:BATCH]

    async def repositories(
        self,
        guild_id: int,
        names: Sequence[str] = (),
        *,
        again: bool = False,
        listener: Listener = lambda _: None,
    ) -> BackfillReport:
        """Read all there is of these, or of all a guild watches; `again` from the first page on.

        Raises InvalidName, UnknownRepository, UsageError or GitHubError; what was read is kept.
        """
        subjects = await self._asked(guild_id, names)
        refused = {one.id: why for one in subjects if (why := _refusal(one))}
        spent: dict[int, int] = dict.fromkeys((one.id for one in subjects), 0)
        left = [one for one in subjects if one.id not in refused]
        for number in range(1, PAGES + 1):
            extents = await self._stars.extents([one.id for one in left])
            due = [one for one in left if _is_due(extents[one.id], number, again=again)]
            for done, subject in enumerate(due):
                listener(Progress(done, len(due)))
                spent[subject.id] += 1
                waiting = partial(_tell_pause, listener, done, len(due))
                if why := await self._read(subject, number, waiting=waiting):
                    refused[subject.id] = why
            listener(Progress(len(due), len(due)))
            left = [one for one in left if one.id not in refused]
        return await self._told(subjects, refused, spent)

    async def _asked(self, guild_id: int, names: Sequence[str]) -> list[Subject]:
        if names:
            found = [await self._portfolio.find(guild_id, name) for name in names]
            return list({subject.id: subject for subject in found}.values())
        subjects = await self._portfolio.repositories(guild_id)
        if not subjects:
            raise UsageError("Nothing is watched here yet: start with track add owner/name.")
        return [subject for subject in subjects if _refusal(subject) in (None, NOT_SAMPLED)]

    async def _told(
        self, subjects: Sequence[Subject], refused: dict[int, Refusal], spent: dict[int, int]
    ) -> BackfillReport:
        extents = await self._stars.extents([one.id for one in subjects])
        return BackfillReport(
            done=tuple(
                Backfilled(
                    one, _moment(extents[one.id].since), extents[one.id].whole, spent[one.id]
                )
                for one in subjects
                if one.id not in refused
            ),
            refused=tuple(
                RunError(one.full_name, refused[one.id]) for one in subjects if one.id in refused
            ),
        )

    async def _first_of_new(self) -> None:
        self._woken.clear()
        while self._new:
            waiting, self._new = list(self._new.values()), {}
            await self._first(waiting)

    async def _first(self, subjects: Sequence[Subject]) -> None:
        """The first page of each that has none."""
        extents = await self._stars.extents([one.id for one in subjects])
        left = [one for one in subjects if not extents[one.id].pages]
        while left:
            several, left = left[:AT_ONCE], left[AT_ONCE:]
            reading = [self._read_or_shut(one, 1, urgent=True) for one in several]
            done = await asyncio.gather(*reading, return_exceptions=True)
            for trouble in done:
                if isinstance(trouble, BaseException):
                    raise trouble

    async def _read_or_shut(
        self, subject: Subject, number: int, *, urgent: bool = False
    ) -> Refusal | None:
        """The same in the background: a token's trouble costs only what it is for."""
        try:
            return await self._read(subject, number, urgent=urgent)
        except GitHubError as error:
            self._shut_until[_owner(subject)] = self._clock.now() + AGAIN_FAILED
            return Refusal(Refused.TIMEOUT, str(error))

    async def _read(
        self,
        subject: Subject,
        number: int,
        *,
        urgent: bool = False,
        waiting: Callable[[Pause], None] = lambda _: None,
    ) -> Refusal | None:
        """Ask for one page and keep it, or return why there is none."""
        page = await self._history.page(subject.full_name, number, waiting=waiting, urgent=urgent)
        now = self._clock.now()
        if page is None:
            self._rest_until[subject.id] = now + AGAIN_COUNTED
            return COUNTING
        if isinstance(page, Refusal):
            self._rest_until[subject.id] = now + (
                AGAIN_FAILED if _is_trouble(page) else AGAIN_REFUSED
            )
            if not _is_trouble(page):
                await self._stars.refused(subject.id, now)
            return page
        self._rest_until.pop(subject.id, None)
        await self._stars.keep(subject.id, number, page, now)
        return None


def _owner(subject: Subject) -> str:
    return subject.full_name.partition("/")[0].lower()


def _refusal(subject: Subject) -> Refusal | None:
    """Why its history is not asked for."""
    if subject.visibility is Visibility.UNKNOWN:
        return NOT_SAMPLED
    if subject.visibility is not Visibility.PUBLIC:
        return NOT_PUBLIC
    return None if subject.gone_at is None else Refusal(Refused.NOT_FOUND, "gone or not visible")


def _is_trouble(why: Refusal) -> bool:
    """Did GitHub fail, so that the same may succeed a little later?"""
    return why.kind is Refused.TIMEOUT


def _tell_pause(listener: Listener, done: int, total: int, pause: Pause) -> None:
    listener(Progress(done, total, pause))


def _is_due(extent: Extent, number: int, *, again: bool) -> bool:
    if again:
        return number == 1 or not (extent.whole and extent.pages < number)
    return not extent.is_over and extent.pages < number


def _moment(day: int | None) -> int | None:
    return None if day is None else day * DAY
