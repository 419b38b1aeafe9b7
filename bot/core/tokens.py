"""Which tokens matter to whom, and what people are told when one of them ends."""

from collections.abc import Iterable, Sequence

from bot.core.models import Allowance, Subject

DAY = 86_400
WARN_DAYS = 14
"""A token that ends within so many days is a problem to be told now."""


def serving(allowances: Sequence[Allowance], owners: Iterable[str]) -> list[Allowance]:
    """Those that read for these, or may be to blame that another has to; for nobody the default."""
    reads = {owner.lower(): one for one in reversed(allowances) for owner in one.owners}
    needed = {reads.get(owner.lower()) for owner in owners} or {None}
    return [one for one in allowances if (one if one.owners else None) in needed]


def shown(allowances: Sequence[Allowance], owners: Iterable[str]) -> list[Allowance]:
    """Those an operator is shown: all that were configured, and whatever else reads for these."""
    needed = serving(allowances, owners)
    return [one for one in allowances if one.configured or one in needed]


def owners_of(subjects: Iterable[Subject]) -> set[str]:
    return {subject.full_name.partition("/")[0] for subject in subjects}


def days_left(ends: int, now: int) -> str:
    days = max(0, ends - now) // DAY
    return f"{days} {'day' if days == 1 else 'days'}"


def problem(allowance: Allowance, now: int) -> str | None:
    """What is wrong with it, or will be soon; None: nothing."""
    ends = allowance.token_expires_at
    if allowance.trouble or ends is None or ends - now > WARN_DAYS * DAY:
        return allowance.trouble
    left = days_left(ends, now)
    return (
        f"The GitHub {allowance.name} ends in {left}: make a new one and set {setting(allowance)}."
    )


def setting(allowance: Allowance) -> str:
    """Where a new token has to be written."""
    return "github.tokens" if allowance.owners else "RADAR_GITHUB__TOKEN"
