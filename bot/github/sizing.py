"""How many repositories a page holds: halved where GitHub fails at it, grown where it is quick."""

PAGE_SIZE = 50  # GitHub gives a query 10 s and takes about 0.09 s a repository with its counts
LARGEST = 100  # ids in one `nodes(ids:)`
QUICK = 6.0  # seconds a larger page may be expected to take
CAREFUL = 20  # quick answers in a row before a size near one that failed is tried


class PageSize:
    def __init__(self, first: int = PAGE_SIZE) -> None:
        self.now = first
        self._failed_at = 2 * LARGEST  # nothing has failed
        self._quick = 0

    def too_heavy(self, asked: int) -> None:
        """A page of so many failed: the following ones are half of it at most."""
        if asked > 1:
            self.now = min(self.now, asked // 2)
            self._failed_at, self._quick = asked, 0

    def fits(self, largest: int) -> None:
        """No repository was to blame; pieces of this size came home."""
        self.now = max(1, min(self.now, largest))

    def not_to_blame(self, before: int) -> None:
        """Single repositories were: the others may be asked for as they were before."""
        self.now = max(self.now, before)
        self._failed_at = 2 * LARGEST

    def answered(self, asked: int, seconds: float) -> None:
        if asked < self.now:
            return  # it says little of a full page
        larger = min(LARGEST, self.now + max(1, self.now // 4))
        self._quick = self._quick + 1 if seconds * larger / asked <= QUICK else 0
        near = 4 * larger > 3 * self._failed_at
        if self._quick < (CAREFUL if near else 1):
            return
        if larger > self._failed_at:
            self._failed_at = 2 * LARGEST
        self.now, self._quick = larger, 0
