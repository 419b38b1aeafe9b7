"""What the product's verbs answer, before anybody words it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.backups import Contents
from bot.core.chart import Chart
from bot.core.delta import Delta
from bot.core.digest import Digest
from bot.core.events import Event
from bot.core.follow import Follow, Followed
from bot.core.guild import DigestSettings
from bot.core.metrics import Metric
from bot.core.models import Allowance, Pause, Run, RunError, Subject, Trigger
from bot.core.rank import Movement
from bot.core.traffic import TrafficReport
from bot.core.weekly import Leaf
from bot.core.window import Window


@dataclass(frozen=True, slots=True)
class Report:
    """One repository over one window, for `/diff`."""

    subject: Subject
    window: Window
    deltas: tuple[Delta, ...]
    events: tuple[Event, ...] = ()
    traffic: TrafficReport | None = None  # None: not to be seen here


@dataclass(frozen=True, slots=True)
class ScheduledDigest:
    """A digest on its way to a channel."""

    settings: DigestSettings
    digest: Digest
    chart: Chart | None = None  # the leaders
    folded: tuple[int, ...] = ()  # due times of missed digests that it covers, too
    held: tuple[int, ...] = ()  # of those at which too little had moved
    numbers: tuple[Leaf, ...] = ()  # weekly metrics that it ends with


@dataclass(frozen=True, slots=True)
class Drawn:
    """One metric of one repository over one window, for `/chart`."""

    report: Report
    delta: Delta
    chart: Chart


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of some repositories over one window, for `/compare`."""

    window: Window
    metric: Metric
    movements: tuple[Movement, ...]  # in the order of the chart's lines
    chart: Chart


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    done: int
    total: int | None  # None: nobody knows yet
    pause: Pause | None = None  # what it waits for, while it waits


@dataclass(frozen=True, slots=True)
class Underway:
    """A run that is not over yet, for those who did not ask for it."""

    trigger: Trigger
    started_at: int
    done: int
    total: int | None
    pause: Pause | None = None  # what is left of it, while it waits


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How a run ended; `errors` are of the repositories asked for."""

    run: Run
    errors: tuple[RunError, ...]
    found: Mapping[str, Subject] = field(default_factory=dict)  # by the name asked for


@dataclass(frozen=True, slots=True)
class Tracked:
    """What came of `track add`."""

    group: str
    added: tuple[Movement, ...]  # with their current numbers
    already: tuple[Movement, ...]
    refused: tuple[RunError, ...]
    followed: tuple[Followed, ...] = ()


@dataclass(frozen=True, slots=True)
class Untracked:
    """What came of `track remove`; history is kept."""

    removed: tuple[Subject, ...]
    not_watched: tuple[str, ...]
    unfollowed: tuple[Follow, ...] = ()
    leaving_out: tuple[Follow, ...] = ()  # followed on, without what was removed
    kept: tuple[Subject, ...] = ()  # of those no longer followed: added by their names


@dataclass(frozen=True, slots=True)
class Listed:
    """One watched repository."""

    movement: Movement  # over the last day
    group: str
    first_seen: int | None  # None: never sampled
    last_seen: int | None


@dataclass(frozen=True, slots=True)
class RefusedAt:
    """A row that was not taken, and why."""

    file: str
    line: int | None  # None: the whole file
    reason: str


@dataclass(slots=True)
class ImportReport:
    files: int = 0
    rows: int = 0  # read; each of them is new, known or refused
    new: int = 0
    known: int = 0
    refused: list[RefusedAt] = field(default_factory=list)
    dry_run: bool = False  # nothing was written: this is what would come of it


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the doctor found; each problem is a sentence with its fix."""

    version: str
    now: int
    database_bytes: int
    watched: int  # by anybody
    gone: int
    failing: int
    last_run: Run | None
    next_run_at: int | None
    allowances: tuple[Allowance, ...]  # one a token
    problems: tuple[str, ...]
    underway: tuple[Underway, ...] = ()
    full_round: int | None = None  # seconds until every number was read once; None: not known yet


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What stands on the disk and whether it works; each problem is a sentence with its fix."""

    now: int
    database: Contents | None  # None: there is none yet
    backup: Contents | None  # the newest one that is whole
    allowances: tuple[Allowance, ...]  # of every token; empty: GitHub was not asked
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How far back the stars still held of one repository are known."""

    subject: Subject
    since: int | None  # the first moment of the first day known; None: nothing is
    whole: bool  # it goes back to the first star
    requests: int  # that this took


@dataclass(frozen=True, slots=True)
class BackfillReport:
    done: tuple[Backfilled, ...]
    refused: tuple[RunError, ...]
    unsampled: int = 0  # left out, as nobody knows yet whether they are public


@dataclass(frozen=True, slots=True)
class Verified:
    """One run directory, looked at byte by byte; each problem names its file."""

    path: str
    files: int
    problems: tuple[str, ...]
