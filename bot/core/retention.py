"""How long every sample is kept before only each day's last one is."""

from dataclasses import dataclass

from bot.core.coverage import DAY


@dataclass(frozen=True, slots=True)
class Removal:
    """What a clean-up takes away, or took."""

    repositories: int
    observations: int
    shortened: int = 0  # repositories that stay, of which earlier days are no longer known


def thinned_before(now: int, days: int) -> int:
    """The beginning of the UTC day before which days keep their last value only."""
    return max(0, now // DAY - days) * DAY
