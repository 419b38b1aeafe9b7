"""The hour's points: our share of what GitHub grants, and a reserve for what is urgent."""

HOUR = 3_600
RESERVE = 10
"""One part in so many is for urgent requests alone."""
RESERVED_FROM = 100
"""An hour of fewer points has no reserve: the sixty without a token are for everyone."""
SLACK = 60
"""GitHub's reset times of one and the same hour may differ by some seconds."""


class HourBudget:
    def __init__(self, configured: int) -> None:
        self._configured = configured
        self._granted: int | None = None  # this hour, as GitHub said last
        self._left: int | None = None  # the same; others may spend of it, too
        self._spent = 0
        self._ends_at, self._told = 0, False  # of GitHub's hour, else of one that we began
        self._usual, self._in_flight = 1, 0

    def begin(self) -> None:
        self._in_flight += 1

    def end(self) -> None:
        self._in_flight -= 1

    def spend(self, points: int, now: int, *, usual: int | None = None) -> None:
        if self._is_over(now):
            self._renew(now + HOUR, told=False)
        self._spent += points
        self._usual = usual or self._usual

    def learn(self, limit: int, left: int, resets_at: int, now: int) -> None:
        """Believe GitHub's own count where it is lower than ours; its hour is the hour."""
        resets_at = min(resets_at, now + HOUR)
        if resets_at <= now:
            return  # of an hour that is over
        if self._is_over(now) or (self._told and resets_at > self._ends_at + SLACK):
            self._renew(resets_at, told=True)
        elif not self._told:
            self._ends_at, self._told = resets_at, True
        self._granted = limit
        self._left = left if self._left is None else min(left, self._left)

    def told(self, now: int) -> tuple[int, int, int] | None:
        """What GitHub grants, what is left of it, and until when; None: it has not said."""
        if self._granted is None or self._left is None or self._is_over(now):
            return None
        return self._granted, self._left, self._ends_at

    def wait(self, now: int, *, urgent: bool) -> int:
        """Seconds until the next request may be paid for; those in flight are, as usual."""
        if self._is_over(now):
            return 0
        share = self._configured if self._granted is None else min(self._configured, self._granted)
        room = share - self._spent
        room = room if self._left is None else min(room, self._left)
        reserve = 0 if urgent or share < RESERVED_FROM else share // RESERVE
        needed = self._usual * (self._in_flight + 1)
        return 0 if room - needed >= reserve else self._ends_at - now

    def _is_over(self, now: int) -> bool:
        """No hour ends later than in one: then this machine's clock was set back."""
        return not now < self._ends_at <= now + HOUR + SLACK

    def _renew(self, ends_at: int, *, told: bool) -> None:
        self._spent, self._granted, self._left = 0, None, None
        self._ends_at, self._told = ends_at, told
