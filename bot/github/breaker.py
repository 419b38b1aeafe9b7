"""Not asking a GitHub that is down: after some failures in a row it is left alone for a while."""

FAILURES, SPAN = 5, 10
"""So many in a row, over so many seconds at least: several requests fail at one hiccup."""
FIRST_REST, LONGEST_REST = 30, 600


class Breaker:
    """Closed while GitHub answers, open for a rest, then half-open: one may look again."""

    def __init__(self) -> None:
        self._failures, self._since = 0, 0
        self._seconds = FIRST_REST
        self._until, self._reason = 0.0, ""

    def failed(self, reason: str, now: int) -> None:
        """GitHub as a whole failed at a request; one page's trouble is none of this."""
        self._since = self._since if self._failures else now
        self._failures += 1
        outage = self._failures >= FAILURES and not 0 <= now - self._since < SPAN
        if not outage or now < self.rest(now)[0]:
            return
        self._until, self._reason = now + self._seconds, reason
        self._seconds = min(2 * self._seconds, LONGEST_REST)

    def succeeded(self) -> None:
        self._failures, self._seconds, self._until = 0, FIRST_REST, 0.0

    def rest(self, now: int) -> tuple[float, str]:
        """Until when GitHub is left alone, and why; a moment that is over when it is not.

        No rest is so long that it lies further ahead: then this machine's clock was set back.
        """
        return (self._until if self._until <= now + LONGEST_REST else 0.0), self._reason

    def doubtful(self, now: int) -> bool:
        return self._until > 0 and self.rest(now)[0] <= now
