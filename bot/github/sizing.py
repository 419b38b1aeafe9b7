"""How many repositories a page holds: halved where GitHub fails at it, grown where it is quick."""

PAGE_SIZE = 50  # GitHub gives a query 10 s and takes about 0.09 s a repository with its counts
LARGEST = 100  # ids in one `nodes(ids:)`
QUICK = 6.0  # seconds a larger page may be expected to take
CAREFUL = 8  # quick answers in a row before a size that failed once is tried again


class PageSize:
    def __init__(self, first: int = PAGE_SIZE) -> None:
        self.now = first
        self._quick, self._needed = 0, 1

    def too_heavy(self, asked: int) -> None:
        """A page of so many failed: the following ones are half of it at most."""
        self.now = max(1, min(self.now, asked // 2))
        self._quick, self._needed = 0, CAREFUL

    def fits(self, largest: int) -> None:
        """No repository was to blame; pieces of this size came home."""
        self.now = max(1, min(self.now, largest))

    def not_to_blame(self, before: int) -> None:
        """One repository was: the others may be asked for as they were."""
        self.now = max(self.now, before)
        self._needed = 1

    def answered(self, asked: int, seconds: float) -> None:
        larger = min(LARGEST, self.now + max(1, self.now // 4))
        if asked < self.now:
            return
        self._quick = self._quick + 1 if seconds * larger / asked <= QUICK else 0
        if self._quick >= self._needed:
            self.now, self._quick = larger, 0
