"""The nouns that cross walls: repositories, samples, and what a collection run brings home.

Moments are integer UTC seconds everywhere. An unknown value is absent or None, never 0.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple


class Visibility(StrEnum):
    UNKNOWN = "unknown"  # known from a file or a list only: nobody has asked GitHub yet
    PUBLIC = "public"
    PRIVATE = "private"  # GitHub's INTERNAL counts as private, too


class Trigger(StrEnum):
    """Why a run was made."""

    SCHEDULE = "schedule"
    SYNC = "sync"  # /sync in Discord
    CLI = "cli"
    DIGEST = "digest"  # fresh numbers for one that is due soon
    TRACK = "track"  # the first numbers of a repository just added
    IMPORT = "import"


class RunStatus(StrEnum):
    RUNNING = "running"
    OK = "ok"  # every repository was sampled, or answered that it is gone
    PARTIAL = "partial"  # some could not be read; run_errors says which and why
    FAILED = "failed"  # nothing could be read
    STOPPED = "stopped"  # ended before its last page: killed, or told to stop


class Refused(StrEnum):
    """Why GitHub gave no numbers for one repository."""

    NOT_FOUND = "not_found"  # gone or not visible
    FORBIDDEN = "forbidden"
    SSO = "sso"  # its organisation asks that the token be authorised
    TIMEOUT = "timeout"
    LIMIT = "limit"
    ERROR = "error"


WITHHELD = frozenset({Refused.FORBIDDEN, Refused.SSO})
"""GitHub has it and shows it not to us: who may not know of that is told that it is gone."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A repository as the store knows it."""

    id: int
    full_name: str  # owner/name in GitHub's own spelling
    visibility: Visibility = Visibility.PUBLIC
    github_id: int | None = None  # databaseId; None until the first run has read it
    node_id: str | None = None
    gone_at: int | None = None  # since when GitHub no longer shows it; it does not say why
    archived: bool | None = None  # None: nobody has asked GitHub yet
    forbidden_at: int | None = None  # since when GitHub forbids to read it

    @property
    def hidden(self) -> "Subject":
        """As those see it who may not know whether it is forbidden or missing."""
        since = [at for at in (self.gone_at, self.forbidden_at) if at is not None]
        return replace(self, gone_at=min(since, default=None)) if since else self

    @property
    def state(self) -> str:
        """The word people see."""
        return "active" if self.gone_at is None else "gone"


class Sample(NamedTuple):  # three of these may be made a million times in an import
    """What was read of one repository at one moment; a metric that was not read is absent."""

    at: int
    values: Mapping[str, int]  # metric key -> value
    daily: bool = False  # the source names only a day; `at` is 12:00 UTC of it


class Wanted(NamedTuple):  # a key of every page: hashed some ten thousand times in a run
    """A repository to ask GitHub for: by node id where one is known, else by name."""

    full_name: str
    node_id: str | None = None
    counted: bool = True  # False: only what costs GitHub no counting


@dataclass(frozen=True, slots=True)
class Reading:
    """What GitHub answered for one repository."""

    full_name: str  # as it is called now: it may differ from the name asked for
    github_id: int
    node_id: str
    visibility: Visibility
    values: Mapping[str, int]
    archived: bool | None = None  # None: it was not asked
    # May whoever the token belongs to write to it? None: GitHub does not say, as to Apps.
    may_push: bool | None = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one repository gave no reading; `message` is a sentence without secrets."""

    kind: Refused
    message: str


NOT_VISIBLE = Refusal(Refused.NOT_FOUND, "gone or not visible")
"""Missing, private and forbidden repositories get the same words: nobody can probe."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """One page of a run: every repository asked for is either found or refused."""

    at: int  # when the answer arrived
    found: Mapping[Wanted, Reading] = field(default_factory=dict)
    refused: Mapping[Wanted, Refusal] = field(default_factory=dict)
    requests: int = 0  # HTTP requests this page took, retries included
    points: int = 0  # GraphQL points, as `rateLimit.cost` says


@dataclass(frozen=True, slots=True)
class Page:
    """A harvest whose repositories are known subjects, ready to be kept."""

    at: int
    found: Sequence[tuple[Subject, Reading]] = ()
    refused: Sequence[tuple[Subject, Refusal]] = ()
    requests: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True)
class Pause:
    """The collection is waiting for GitHub, and why."""

    seconds: float
    reason: str  # "GitHub's secondary rate limit", "GitHub answered 502"


@dataclass(frozen=True, slots=True)
class Run:
    """One collection cycle."""

    id: str
    trigger: Trigger
    status: RunStatus
    started_at: int
    finished_at: int | None = None
    sampled: int = 0  # repositories that gave numbers
    changed: int = 0  # of those, with a number that differs from the last one known
    failed: int = 0  # repositories that gave none, the gone ones included
    requests: int = 0
    points: int = 0
    message: str | None = None  # why it ended early
    wanted: int | None = None  # repositories it set out to read
    round_at: int | None = None  # when the round began that it goes on with; None: it began one

    @property
    def cut_short(self) -> bool:
        """Did it end, or does it seem to go on, where another one soon may read the rest?

        What a refused token left unread counts as failed, so that nothing is left to ask for.
        """
        if self.status in (RunStatus.RUNNING, RunStatus.STOPPED):
            return True
        if self.message is None:
            return False
        nothing = self.status is RunStatus.FAILED or self.wanted is None
        return nothing or self.sampled + self.failed < (self.wanted or 0)

    @property
    def round_began_at(self) -> int:
        return self.started_at if self.round_at is None else self.round_at


@dataclass(frozen=True, slots=True)
class RunError:
    """Why one repository gave no numbers in a run."""

    full_name: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Watch:
    """A guild watches a repository, in a named group."""

    subject: Subject
    group: str
    followed: bool = False  # a follow of its owner brought it; nobody has named it


@dataclass(frozen=True, slots=True)
class Scope:
    """Which of the repositories that a guild watches are meant."""

    guild_id: int
    group: str | None = None  # None: all groups
    hidden: bool = False  # also those that are not known to be public


@dataclass(frozen=True, slots=True)
class Allowance:
    """What GitHub still grants this token, as its last answers said; None where none said it."""

    login: str | None = None
    points_limit: int | None = None
    points_left: int | None = None
    resets_at: int | None = None
    token_expires_at: int | None = None  # header GitHub-Authentication-Token-Expiration
    name: str = "token"  # after "GitHub": "token for acme, globex"
    owners: tuple[str, ...] = ()  # whose repositories it reads; () is everybody else's
    trouble: str | None = None  # a sentence: refused, out of reach, or what it cannot do
    refused: bool = False  # the trouble is the token's own: somebody has to mend it
    configured: bool = True  # False: GitHub is asked without a token


class ImportRow(NamedTuple):
    """One good row of an import file."""

    line: int  # in the file, from 1; of a JSON file where the repository's name stands
    full_name: str
    sample: Sample  # without values where nobody looked
    collected_at: int | None = None  # the moment of the daily file that it stands in
    gone_at: int | None = None  # the file says that it was gone or not visible then


@dataclass(frozen=True, slots=True)
class Told:
    """What the files that a bundle of rows comes from say besides samples."""

    collected: Collection[int] = ()  # the moments of daily files
    gone: Mapping[str, Collection[int]] = field(default_factory=dict)  # full name -> when


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One row of an import file that cannot be used, and why, in one sentence."""

    line: int
    reason: str
