"""One of GitHub's two purses of points: what its requests may cost, and have cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.github.budget import HOUR, HourBudget
from bot.github.limits import hour_told
from bot.github.pace import Pace


class Resource(StrEnum):
    """As `x-ratelimit-resource` calls them."""

    GRAPHQL = "graphql"
    CORE = "core"  # REST


_MINUTE_POINTS = {Resource.GRAPHQL: 2_000, Resource.CORE: 900}
"""https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
_FIRST_SECONDS = 5.0
"""What the first page is expected to take: 50 repositories of about 0.09 s."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the next request has to wait."""

    seconds: float
    reason: str
    refusable: bool = False  # it may outlast anybody's patience


class Purse:
    def __init__(self, resource: Resource, points_per_hour: int, cpu_seconds: float | None) -> None:
        self._resource = resource
        self._hour = HourBudget(points_per_hour)
        self._points = Pace(_MINUTE_POINTS[resource], 1)
        self._seconds = Pace(cpu_seconds, _FIRST_SECONDS)
        self._closed: tuple[float, str] = 0.0, ""

    def close(self, until: float, reason: str, now: int) -> None:
        """For an hour at most."""
        if until > self.closed(now)[0]:
            self._closed = until, reason

    def closed(self, now: int) -> tuple[float, str]:
        """Until when, and why; a moment that is over when it is not, or a clock was set back."""
        until, reason = self._closed
        return (until if until <= now + HOUR else 0.0), reason

    def learn(self, headers: Mapping[str, str], now: int) -> None:
        """Take over what an answer's headers say of the hour, if it is this purse's."""
        told = hour_told(headers)
        if told and headers.get("x-ratelimit-resource", self._resource) == self._resource:
            self._hour.learn(*told, now)

    def told(self, now: int) -> tuple[int, int, int] | None:
        return self._hour.told(now)

    def begin(self, now: int, at: float) -> None:
        """A request starts: each costs a point at least."""
        self._hour.spend(1, now)
        self._points.add(at, 1)
        self._hour.begin()
        self._seconds.begin()

    def end(self, at: float, seconds: float) -> None:
        self._hour.end()
        self._seconds.end(at, seconds)

    def charge(self, points: int, now: int, at: float) -> None:
        """Count what it cost beyond its one point."""
        self._hour.spend(max(points - 1, 0), now, usual=points)
        self._points.add(at, max(points - 1, 0))

    def hold(self, now: int, at: float, *, urgent: bool) -> Hold | None:
        until, reason = self.closed(now)
        if until > now:
            return Hold(until - now, reason, refusable=True)
        if wait := self._hour.wait(now, urgent=urgent):
            return Hold(wait, "GitHub's points for this hour are spent", refusable=True)
        if left := self._points.wait(at):
            return Hold(left, "GitHub's points for this minute are spent")
        if left := self._seconds.wait(at):
            return Hold(left, "GitHub's computing time for this minute is used up")
        return None

    def crowded(self, at: float) -> bool:
        """Whether those in flight have to come back first."""
        return self._seconds.crowded(at)
