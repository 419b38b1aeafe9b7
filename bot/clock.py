"""The one place that asks the computer what time it is."""

import time


class SystemClock:
    def now(self) -> int:
        """Seconds since the epoch, UTC."""
        return int(time.time())
