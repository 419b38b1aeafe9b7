"""Reading one page: what GitHub cannot manage is taken apart until each stands alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.models import Allowance, Reading, Refusal, Refused, Wanted
from bot.github.connection import ATTEMPTS, Connection
from bot.github.protocol import ALLOWANCE, counts_of, read_counts
from bot.github.sizing import PageSize
from bot.github.trip import Trip
from bot.github.wire import Unanswered

PAGE_ATTEMPTS = 2  # what fails twice is sooner read in halves
FEW = 5  # one part in so many may be to blame
IN_VAIN = 20  # failures of single repositories in a row: it is GitHub that reads none of them
TOO_HEAVY = (Refused.TIMEOUT, Refused.LIMIT)  # alone it may well be counted

Keep = Callable[[Mapping[Wanted, Reading], Mapping[Wanted, Refusal]], None]


async def ask_allowance(github: Connection, trip: Trip) -> Allowance:
    """What the token may still spend; GitHubError when GitHub as a whole does not answer."""
    try:
        reply = await github.ask(ALLOWANCE, trip)
    except Unanswered as trouble:
        raise github.silent(trouble) from None
    limit, label = reply.rate_limit, github.credential.label
    return Allowance(
        name=label.what,
        owners=label.owners,
        login=reply.login,
        points_limit=limit.limit if limit else None,
        points_left=limit.remaining if limit else None,
        resets_at=int(limit.reset_at.timestamp()) if limit else None,
        token_expires_at=github.token_expires_at,
    )


@dataclass(slots=True)
class _Page:
    """A page under way, and what was learnt of it."""

    trip: Trip
    keep: Keep
    too_heavy: bool = False
    largest: int = 0  # piece that came home
    alone: int = 0  # repositories that had to be asked for one by one
    failed: int = 0  # and failed even so

    def blames_few_of(self, wanted: Sequence[Wanted]) -> bool:
        """Whether single repositories were the trouble; else the page was too large for GitHub."""
        return self.failed > 0 or 0 < FEW * self.alone <= len(wanted)


class PageReader:
    def __init__(self, github: Connection) -> None:
        self._github = github
        self._in_vain = 0

    async def read(self, wanted: Sequence[Wanted], trip: Trip, size: PageSize, keep: Keep) -> None:
        """Hand each repository's outcome to `keep` once, as the answers arrive.

        Raises GitHubError when nothing more can be had.
        """
        page, before = _Page(trip, keep), size.now
        heavy = await self._whole(wanted, page, size)
        await self._apart(heavy, page)
        if page.blames_few_of(wanted):
            size.not_to_blame(before)
        elif page.too_heavy:
            size.fits(page.largest)

    async def _whole(self, wanted: Sequence[Wanted], page: _Page, size: PageSize) -> list[Wanted]:
        """Ask for all at once; returns those that have to be taken apart."""
        try:
            heavy = await self._ask(wanted, page, PAGE_ATTEMPTS, last=len(wanted) == 1)
        except Unanswered as trouble:
            await ask_allowance(self._github, page.trip)  # raises when GitHub is down, not the page
            page.too_heavy, heavy = trouble.kind in TOO_HEAVY, list(wanted)
        else:
            page.too_heavy = bool(heavy)
        if page.too_heavy:
            size.too_heavy(len(wanted))
        elif not heavy:
            size.answered(len(wanted), page.trip.seconds)
        return heavy

    async def _ask(
        self, piece: Sequence[Wanted], page: _Page, attempts: int, *, last: bool
    ) -> list[Wanted]:
        """Keep what is final, all if it is the last try; returns those for a smaller piece."""
        reply = await self._github.ask(counts_of(piece), page.trip, attempts=attempts)
        found, refused = read_counts(piece, reply)
        too_heavy = [one for one, why in refused.items() if why.kind in TOO_HEAVY]
        heavy = [] if last else too_heavy
        page.failed += last and bool(too_heavy)
        page.largest = max(page.largest, len(piece) - len(heavy))
        if len(too_heavy) < len(piece):
            self._in_vain = 0
        page.keep(found, {one: why for one, why in refused.items() if one not in heavy})
        return heavy

    async def _apart(self, wanted: Sequence[Wanted], page: _Page) -> None:
        for piece in _halves(wanted):
            await self._piece(piece, page)

    async def _piece(self, piece: Sequence[Wanted], page: _Page) -> None:
        """Take it apart further where that may help; asking for each in vain is no news."""
        alone = len(piece) == 1
        last = alone or self._in_vain >= IN_VAIN
        page.alone += alone
        self._in_vain += alone  # until something comes home
        try:
            heavy = await self._ask(piece, page, ATTEMPTS if alone else 1, last=last)
        except Unanswered as trouble:
            heavy = [] if last else list(piece)
            if last:
                page.failed += 1
                page.keep({}, dict.fromkeys(piece, Refusal(trouble.kind, trouble.reason)))
        await self._apart(heavy, page)


def _halves(wanted: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    middle = (len(wanted) + 1) // 2
    return (half for half in (wanted[:middle], wanted[middle:]) if half)
