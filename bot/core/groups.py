"""The groups a guild sorts its repositories into; `all` is every one of them."""

from collections.abc import Sequence

from bot.core.names import few, quoted
from bot.errors import UsageError

ALL = "all"
LONGEST = 50
NAMED = 10
"""Groups that are named where one is not there."""


def spelled(text: str) -> str:
    """The one spelling of a group's name, whatever its length."""
    return " ".join(text.split()).lower()


def group_of(text: str) -> str:
    """A group's name as it is kept, however it was typed; raises UsageError."""
    name = spelled(text)
    if not 0 < len(name) <= LONGEST:
        raise UsageError(f"A group's name has 1 to {LONGEST} characters.")
    return name


def only(group: str | None) -> str | None:
    """The one group that is asked for; None: every repository. Raises UsageError."""
    name = ALL if group is None else group_of(group)
    return None if name == ALL else name


def unknown(group: str, known: Sequence[str]) -> UsageError:
    """What somebody is told who named a group that is not there."""
    every = "; /repos and track list tell them all" if known[NAMED:] else ""
    return UsageError(
        f"There is no group {quoted(group)} here: choose from {few(known, NAMED)}{every}."
    )
