"""A repository's traffic by REST: four questions, each of which may fail alone.

Answers are untrusted: what does not fit is left out, whole, and asked for again.
"""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Protocol, TypeVar

import msgspec

from bot.core.coverage import DAY
from bot.core.models import Refusal, Refused
from bot.core.traffic import TOP, Capture, Day, Popular, Ranking, Visit, days_read
from bot.github.reply import NOT_FOUND, Count, Unreadable, decode
from bot.github.trip import Trip
from bot.github.wire import Answer, Unanswered

T = TypeVar("T")
FORBIDDEN = Refusal(Refused.FORBIDDEN, "this token may not read its traffic")
_LONGEST = 200  # characters kept of a path or a title
_Text = Annotated[str, msgspec.Meta(max_length=10_000)]
_Few = msgspec.Meta(max_length=100)


class Asking(Protocol):
    """A connection, as far as it is needed here."""

    async def get(self, path: str, trip: Trip) -> Answer: ...


class _Entry(msgspec.Struct):
    timestamp: Annotated[datetime, msgspec.Meta(tz=True)]
    count: Count
    uniques: Count


class _Views(msgspec.Struct):
    views: Annotated[list[_Entry], _Few]


class _Clones(msgspec.Struct):
    clones: Annotated[list[_Entry], _Few]


class _Referrer(msgspec.Struct):
    referrer: _Text
    count: Count
    uniques: Count


class _Path(msgspec.Struct):
    path: _Text
    count: Count
    uniques: Count
    title: _Text | None = None


class _Refused(Exception):
    """GitHub said no; `refusal` is the reason."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


async def capture(github: Asking, full_name: str, on: int, trip: Trip) -> Capture | Refusal:
    """Ask for everything that GitHub still knows; `on` is the UTC day it is now.

    Raises GitHubError as the connection does when nothing more can be had.
    """
    days: dict[Visit, dict[int, Day]] = {}
    popular: dict[Ranking, Sequence[Popular]] = {}
    asking = _Questions(github, full_name, trip)
    try:
        if (views := await asking.of("views", _Views)) is not None:
            days[Visit.VIEWS] = _days(views.views, on)
        if (clones := await asking.of("clones", _Clones)) is not None:
            days[Visit.CLONES] = _days(clones.clones, on)
        if (from_ := await asking.of("popular/referrers", list[_Referrer])) is not None:
            popular[Ranking.REFERRERS] = [
                Popular(_plain(one.referrer), one.count, one.uniques) for one in from_[:TOP]
            ]
        if (paths := await asking.of("popular/paths", list[_Path])) is not None:
            popular[Ranking.PATHS] = [
                Popular(_plain(one.path), one.count, one.uniques, _plain(one.title or ""))
                for one in paths[:TOP]
            ]
    except _Refused as no:
        return no.refusal
    return Capture(on, days, popular)


class _Questions:
    """About one repository."""

    def __init__(self, github: Asking, full_name: str, trip: Trip) -> None:
        self._github, self._full_name, self._trip = github, full_name, trip

    async def of(self, what: str, kind: type[T]) -> T | None:
        """None: there was no answer worth reading, this time."""
        try:
            answer = await self._github.get(f"/repos/{self._full_name}/traffic/{what}", self._trip)
            if answer.status == HTTPStatus.FORBIDDEN:
                raise _Refused(FORBIDDEN)
            if answer.status == HTTPStatus.NOT_FOUND:
                raise _Refused(NOT_FOUND)
            return decode(answer.body, kind) if answer.status == HTTPStatus.OK else None
        except (Unanswered, Unreadable):
            return None


def _days(entries: Sequence[_Entry], on: int) -> dict[int, Day]:
    return days_read(
        [(int(one.timestamp.timestamp()) // DAY, one.count, one.uniques) for one in entries], on
    )


def _plain(text: str) -> str:
    """One short line of it: what is in there anybody on the web may have chosen."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
