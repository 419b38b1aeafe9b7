"""A clock that stands where it is put."""

from datetime import UTC, datetime

DAY = 86_400
HOUR = 3_600


def moment(text: str) -> int:
    """The UTC seconds of "2026-07-01" (its noon) or "2026-07-01T09:30"."""
    written = text if "T" in text else f"{text}T12:00"
    return int(datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp())


class SettableClock:
    def __init__(self, text: str = "2026-07-01") -> None:
        self._now = moment(text)

    def now(self) -> int:
        return self._now

    def set(self, text: str) -> int:
        self._now = moment(text)
        return self._now

    def pass_(self, seconds: int) -> int:
        self._now += seconds
        return self._now
