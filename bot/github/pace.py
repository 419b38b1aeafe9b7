"""At most so much in any rolling minute: points, or seconds of GitHub's computing time."""

from collections import deque

MINUTE = 60.0


class Pace:
    """`most` None: without a limit. `usual` is what one request takes before any was seen."""

    def __init__(self, most: float | None, usual: float) -> None:
        self._most, self._usual = most, usual
        self._taken = deque[tuple[float, float]]()  # when, how much; oldest first
        self._in_flight = 0

    def begin(self) -> None:
        """A request starts whose amount shows at its end."""
        self._in_flight += 1

    def end(self, at: float, amount: float) -> None:
        self._in_flight -= 1
        self.add(at, amount)

    def add(self, at: float, amount: float) -> None:
        if self._most is not None:
            self._forget(at)
            self._taken.append((at, amount))

    def wait(self, at: float) -> float:
        """Seconds until one more fits, those in flight left aside."""
        self._forget(at)
        left = self._used() + self._expected() - (self._most or 0)
        if self._most is None or left <= 0:
            return 0
        for taken_at, amount in self._taken:
            left -= amount
            if left <= 0:
                return max(taken_at + MINUTE - at, 0)
        return 0

    def crowded(self, at: float) -> bool:
        """Whether one more fits only once it shows what those in flight take."""
        if self._most is None or not self._in_flight:
            return False
        self._forget(at)
        return self._used() + self._expected() * (self._in_flight + 1) > self._most

    def _used(self) -> float:
        return sum(amount for _, amount in self._taken)

    def _expected(self) -> float:
        """The largest of the last minute: a limit is kept by being careful."""
        largest = max((amount for _, amount in self._taken), default=self._usual)
        return min(largest, self._most or largest)

    def _forget(self, at: float) -> None:
        while self._taken and self._taken[0][0] + MINUTE <= at:
            self._taken.popleft()
