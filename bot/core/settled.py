"""What a guild has settled and how it fares, as its people are shown it."""

from dataclasses import dataclass

from bot.core.guild import DigestSettings, Guild
from bot.core.models import Allowance, Run, Subject
from bot.core.reports import Underway


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One digest, and when it comes next."""

    digest: DigestSettings
    next_due: int | None  # None: paused
    watched: int  # repositories it is about


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything in force in a guild."""

    guild: Guild
    digests: tuple[Scheduled, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """What the doctor tells one guild: its own affairs, and the bot's health."""

    version: str
    now: int
    database_bytes: int
    watched: int
    gone: tuple[Subject, ...]
    failing: int
    last_run: Run | None
    next_run_at: int | None
    allowances: tuple[Allowance, ...]  # one a token that reads what is watched here
    settled: Settled
    problems: tuple[str, ...]
    underway: tuple[Underway, ...] = ()  # of the timer's runs: others may be another guild's
    full_round: int | None = None  # seconds, as in StatusReport
