"""Why the star history of a repository is not read: refusals, and owners nobody can ask about."""

from collections import Counter
from dataclasses import dataclass, field

from bot.core.models import Refusal, Refused, Subject, Visibility
from bot.errors import GitHubError, TokenMissing, TokenRejected

NOT_PUBLIC = Refusal(
    Refused.FORBIDDEN, "not public: GitHub tells the star history of public repositories only"
)
NOT_SAMPLED = Refusal(
    Refused.ERROR, "not sampled yet, so nobody knows whether it is public: run sync first"
)
COUNTING = Refusal(Refused.ERROR, "GitHub is still counting its stars: ask again in a minute")
Answer = Refusal | GitHubError | None
"""Why a page is not there, of a repository or for want of an answer to its owner's token."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of one command so far."""

    refused: dict[int, Refusal]  # by subject
    failed: dict[str, GitHubError] = field(default_factory=dict)  # by owner
    spent: Counter[int] = field(default_factory=Counter)  # requests by subject

    def may(self, subject: Subject) -> bool:
        """May it be asked for? What cannot is refused, as the owner's others are."""
        error = self.failed.get(owner_of(subject))
        if error is not None:
            self.refused[subject.id] = Refusal(Refused.ERROR, str(error))
        return error is None

    def note(self, subject: Subject, answer: Answer) -> None:
        self.spent[subject.id] += 1
        if isinstance(answer, GitHubError):
            self.failed[owner_of(subject)] = answer
            answer = Refusal(Refused.ERROR, str(answer))
        if answer is not None:
            self.refused[subject.id] = answer


def refusal_of(subject: Subject) -> Refusal | None:
    """Why its history is not asked for."""
    if subject.gone_at is not None:
        return Refusal(Refused.NOT_FOUND, "gone or not visible")
    if subject.visibility is Visibility.UNKNOWN:
        return NOT_SAMPLED
    return None if subject.visibility is Visibility.PUBLIC else NOT_PUBLIC


def owner_of(subject: Subject) -> str:
    """Whose token it is asked for with."""
    return subject.full_name.partition("/")[0].lower()


def is_trouble(why: Refusal | GitHubError) -> bool:
    """Did GitHub fail, so that the same may succeed a little later?"""
    if isinstance(why, GitHubError):
        return not isinstance(why, TokenMissing | TokenRejected)
    return why.kind is Refused.TIMEOUT
