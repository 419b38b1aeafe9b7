"""GitHub as a whole, whichever token asks: how much at once, and not while it is down.

100 requests at once are the most: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from bot.errors import GitHubError
from bot.github.breaker import Breaker
from bot.github.trip import Clock, Trip


class Host:
    def __init__(self, name: str, clock: Clock, *, concurrency: int = 4) -> None:
        self.name, self._clock, self._concurrency = name, clock, concurrency
        self._breaker = Breaker()
        self._in_flight = 0
        self._queue: dict[Trip, None] = {}  # in the order in which they came

    def failed(self, reason: str) -> None:
        """It did not answer; what it refuses to one token is an answer."""
        self._breaker.failed(reason, self._clock.now())

    def succeeded(self) -> None:
        self._breaker.succeeded()
        self._admit()

    @property
    def rest(self) -> tuple[float, str]:
        """Until when it is left alone, and why; a moment that is over when it is not."""
        return self._breaker.rest(self._clock.now())

    @property
    def doubtful(self) -> bool:
        """It was down and nobody has looked since: ask it something small first."""
        return self._breaker.doubtful(self._clock.now())

    def silent(self, reason: str, again: str) -> GitHubError:
        """What to raise where it does not answer; `again` is when it may be asked again."""
        return GitHubError(
            f"GitHub does not answer at {self.name} ({reason}): try again {again};"
            " https://www.githubstatus.com tells of outages."
        )

    async def enter(self, trip: Trip) -> None:
        """Wait for a place; who waits for a person goes first, then who came first."""
        self._queue[trip] = None
        self._admit()
        try:
            while trip in self._queue:
                trip.stirred.clear()
                await trip.stirred.wait()
                self._admit()  # it may have become urgent
        except BaseException:
            if trip in self._queue:
                del self._queue[trip]
            else:
                self.leave()
            raise

    def leave(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._queue:
            first = next((trip for trip in self._queue if trip.urgent), next(iter(self._queue)))
            if self._in_flight >= self._most(first):
                return
            del self._queue[first]
            self._in_flight += 1
            first.stirred.set()

    def _most(self, trip: Trip) -> int:
        """One place more is kept for who waits: background pages may all hang at once."""
        return 1 if self.doubtful else self._concurrency + trip.urgent
