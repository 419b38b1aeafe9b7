"""What somebody types to have it watched: repositories, and owners with all that is theirs."""

import re
from dataclasses import dataclass

from bot.core.follow import EVERYTHING, USUAL, OwnerWish, Terms, parse_owner
from bot.core.names import parse_repositories
from bot.errors import UsageError

NOBODY = (
    "No repository was named: write owner/name, or several with spaces; owner/* stands for all of"
    " an owner's."
)
MOST_AT_ONCE = 10
"""Owners that one command may name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed: repositories, and owners with all that is theirs."""

    names: tuple[str, ...]
    wishes: tuple[OwnerWish, ...]
    new: tuple[str, ...] = ()  # of the names: not watched yet


def parse_targets(targets: str, terms: Terms = USUAL) -> Asked:
    """What someone typed; raises InvalidName or UsageError."""
    parts = [part for part in re.split(r"[\s,<>]+", targets) if part]
    owners = [part for part in parts if part.endswith(EVERYTHING)]
    names = parse_repositories(" ".join(part for part in parts if part not in owners))
    if not parts:
        raise UsageError(NOBODY)
    if terms != USUAL and not owners:
        raise UsageError(
            "include, exclude, forks and archived go with an owner: write the target as acme/*."
        )
    logins = {login.lower(): login for login in map(parse_owner, owners)}
    if len(logins) > MOST_AT_ONCE:
        raise UsageError(f"Name {MOST_AT_ONCE} owners at a time: each may have thousands.")
    return Asked(tuple(names), tuple(OwnerWish(login, terms) for login in logins.values()))
