"""A repository's stars still held, by week and day, as REST tells them of any public repository.

`GET /repos/{owner}/{repo}/stargazers/history`, newest week first; a request costs one point.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import pairwise
from typing import Annotated

import msgspec

from bot.core.coverage import DAY
from bot.core.models import Pause, Refusal, Refused
from bot.core.retained import WEEKS_A_PAGE, StarPage
from bot.github.connection import Connections
from bot.github.reply import NOT_FOUND, Unreadable, decode
from bot.github.trip import Trip, in_silence
from bot.github.wire import Answer, Unanswered

WEEK = 7 * DAY
EARLIEST, LATEST = 1_199_145_600, 4_102_444_800
"""From 2008, when GitHub opened, to 2100."""
_UNREADABLE = Refusal(Refused.ERROR, "GitHub's answer about its star history could not be read")
_REFUSALS: Mapping[int, Refusal] = {
    HTTPStatus.NOT_FOUND: NOT_FOUND,
    HTTPStatus.GONE: Refusal(Refused.NOT_FOUND, "gone from GitHub"),
    HTTPStatus.FORBIDDEN: Refusal(
        Refused.FORBIDDEN, "GitHub does not tell this token its star history"
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Refusal(
        Refused.ERROR, "GitHub does not tell its star history so far back"
    ),
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Refusal(
        Refused.FORBIDDEN, "GitHub had to close it for legal reasons"
    ),
}

_Stars = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class _Week(msgspec.Struct):
    week: Annotated[int, msgspec.Meta(ge=EARLIEST, le=LATEST)]
    days: Annotated[list[_Stars], msgspec.Meta(min_length=7, max_length=7)]


_Weeks = Annotated[list[_Week], msgspec.Meta(max_length=WEEKS_A_PAGE)]


class StarHistory:
    def __init__(self, github: Connections) -> None:
        self._github = github

    async def page(
        self,
        full_name: str,
        number: int,
        *,
        waiting: Callable[[Pause], None] = in_silence,
        urgent: bool = False,
    ) -> StarPage | Refusal | None:
        """One page, from 1, or why there is none; None: GitHub is still counting, ask again later.

        A refusal of the kind TIMEOUT is GitHub's own trouble: the same may succeed a little later.
        Raises GitHubError when nothing can be asked at all.
        """
        path = f"/repos/{full_name}/stargazers/history?per_page={WEEKS_A_PAGE}&page={number}"
        owner = full_name.partition("/")[0]
        connection = await self._github.connection_of(owner, urgent=urgent)
        try:
            answer = await connection.get(path, Trip(waiting, urgent=urgent))
        except Unanswered as trouble:
            return Refusal(Refused.TIMEOUT, trouble.reason)
        if answer.status == HTTPStatus.ACCEPTED:
            return None
        return read_page(answer)


def read_page(answer: Answer) -> StarPage | Refusal:
    """Believe an answer only if it is weeks of whole UTC days, each once, newest first."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return StarPage({}, None, None, last=True)
    if answer.status != HTTPStatus.OK:
        return _REFUSALS.get(answer.status, _UNREADABLE)
    try:
        weeks: Sequence[_Week] = decode(answer.body, _Weeks)
    except Unreadable:
        return _UNREADABLE
    if not _are_in_order(weeks):
        return _UNREADABLE
    days = dict(_days(weeks))
    last = not weeks or not _has_next(answer.headers)
    since, until = (weeks[-1].week, weeks[0].week + WEEK) if weeks else (None, None)
    return StarPage(days, since and since // DAY, until and until // DAY, last)


def _are_in_order(weeks: Sequence[_Week]) -> bool:
    whole = all(week.week % DAY == 0 for week in weeks)
    apart = [newer.week - older.week for newer, older in pairwise(weeks)]
    return whole and all(gap > 0 and gap % WEEK == 0 for gap in apart)


def _days(weeks: Sequence[_Week]) -> Iterator[tuple[int, int]]:
    for week in weeks:
        for number, count in enumerate(week.days):
            if count:
                yield week.week // DAY + number, count


def _has_next(headers: Mapping[str, str]) -> bool:
    return 'rel="next"' in headers.get("link", "")
