"""Without a token: REST tells of one repository at a time, sixty an hour, issues and PRs not.

Its `open_issues_count` mixes both, its `watchers_count` are the stars: neither is taken.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated

import msgspec

from bot.core import metrics
from bot.core.models import (
    Allowance,
    Harvest,
    Pause,
    Reading,
    Refusal,
    Refused,
    Visibility,
    Wanted,
)
from bot.errors import RateLimited
from bot.github.budget import HOUR
from bot.github.connection import Connection
from bot.github.gate import limited
from bot.github.limits import requests_left
from bot.github.protocol import FullName
from bot.github.reply import Count, Unreadable, decode
from bot.github.trip import Clock, Trip
from bot.github.wire import Answer, Unanswered

AN_HOUR = 60
SPENT = "The requests that GitHub grants without a token are spent"
_REFUSALS: Mapping[int, Refusal] = {
    HTTPStatus.NOT_FOUND: Refusal(Refused.NOT_FOUND, "gone or not visible without a token"),
    HTTPStatus.FORBIDDEN: Refusal(Refused.FORBIDDEN, "GitHub shows it to nobody without a token"),
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: Refusal(
        Refused.FORBIDDEN, "GitHub may not show it for legal reasons"
    ),
}
_UNREADABLE = Refusal(Refused.ERROR, "GitHub's answer for it could not be read")


class _Repository(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    node_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    full_name: FullName
    private: bool
    stargazers_count: Count
    forks_count: Count
    subscribers_count: Count
    archived: bool = False
    visibility: str = "public"


class _Limits(msgspec.Struct):
    limit: Count
    remaining: Count
    reset: Count


class _Resources(msgspec.Struct):
    core: _Limits


class _RateLimit(msgspec.Struct):
    resources: _Resources


class OneByOne:
    def __init__(self, github: Connection, clock: Clock) -> None:
        self._github, self._clock = github, clock
        self._left: int | None = None  # None: GitHub has not said
        self._resets_at = 0
        self._read_at: dict[str, int] = {}

    async def harvest(
        self, wanted: Sequence[Wanted], waiting: Callable[[Pause], None], *, urgent: bool = False
    ) -> AsyncGenerator[Harvest, None]:
        """Read one after the other; raises RateLimited as soon as the hour's requests are spent.

        Those that were read longest ago come first, so that each has its turn.
        """
        trip = Trip(waiting, urgent=urgent)
        for one in sorted(dict.fromkeys(wanted), key=self._last):
            read = await self._read(one, trip)
            self._read_at[one.full_name] = self._clock.now()
            requests, points = trip.settle()
            found = {one: read} if isinstance(read, Reading) else {}
            refused = {one: read} if isinstance(read, Refusal) else {}
            yield Harvest(self._clock.now(), found, refused, requests, points)

    async def allowance(self, trip: Trip) -> Allowance:
        """What is left of the hour; asking that is free."""
        limits = await self._limits(trip)
        label = self._github.credential.label
        most = limits.limit if limits else AN_HOUR
        return Allowance(
            points_limit=limits.limit if limits else None,
            points_left=limits.remaining if limits else None,
            resets_at=limits.reset if limits else None,
            name=label.what,
            configured=False,
            trouble=(
                f"No GitHub token is set: only {most:,} repositories can be read an hour, without"
                f" issues and PRs. {label.fix}"
            ),
        )

    def _last(self, one: Wanted) -> int:
        return self._read_at.get(one.full_name, 0)

    async def _read(self, one: Wanted, trip: Trip) -> Reading | Refusal:
        try:
            self._refuse_when_spent()
            answer = await self._github.get(f"/repos/{one.full_name}", trip)
        except RateLimited as error:
            raise RateLimited(f"{error} {self._github.credential.label.fix}") from None
        except Unanswered as trouble:
            await self._limits(trip)  # raises when it is GitHub that is down
            return Refusal(trouble.kind, trouble.reason)
        self._left, resets_at = requests_left(answer.headers)
        self._resets_at = min(resets_at or 0, self._clock.now() + HOUR)  # a clock may be wrong
        return _told(answer)

    def _refuse_when_spent(self) -> None:
        """Do not ask in vain: GitHub bans who goes on past a limit."""
        if self._left == 0 and self._clock.now() < self._resets_at:
            raise limited(SPENT, self._resets_at)

    async def _limits(self, trip: Trip) -> _Limits | None:
        try:
            answer = await self._github.get("/rate_limit", trip)
        except Unanswered as trouble:
            raise self._github.silent(trouble) from None
        try:
            return decode(answer.body, _RateLimit).resources.core
        except Unreadable:
            return None  # GitHub Enterprise may have its limits switched off


def _told(answer: Answer) -> Reading | Refusal:
    if answer.status != HTTPStatus.OK:
        unknown = Refusal(Refused.ERROR, f"GitHub answered {answer.status}")
        return _REFUSALS.get(answer.status, unknown)
    try:
        return _reading(decode(answer.body, _Repository))
    except Unreadable:
        return _UNREADABLE


def _reading(repository: _Repository) -> Reading:
    public = repository.visibility == "public" and not repository.private
    values: Mapping[str, int] = {
        metrics.STARS.key: repository.stargazers_count,
        metrics.FORKS.key: repository.forks_count,
        metrics.WATCHERS.key: repository.subscribers_count,
    }
    return Reading(
        full_name=repository.full_name,
        github_id=repository.id,
        node_id=repository.node_id,
        visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
        values=values,
        archived=repository.archived,
    )
