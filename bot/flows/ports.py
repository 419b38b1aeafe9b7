"""What a flow asks of the world; the edges satisfy these by shape."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.core.account import Account
from bot.core.backups import Contents
from bot.core.chart import Trail
from bot.core.delta import Series
from bot.core.digest import Listing, Survey
from bot.core.events import Event
from bot.core.guild import AuditEntry, DigestSettings, Guild, Post, PostState
from bot.core.history import Merged
from bot.core.models import (
    Allowance,
    Harvest,
    ImportRow,
    Page,
    Pause,
    Refusal,
    Refused,
    RefusedRow,
    Run,
    RunError,
    Sample,
    Scope,
    Subject,
    Told,
    Trigger,
    Wanted,
    Watch,
)
from bot.core.reports import ScheduledDigest
from bot.core.retention import Removal
from bot.core.rotation import Look
from bot.core.traffic import Capture, Days, Popular, Ranking, Visit
from bot.core.window import Window
from bot.flows.owner_ports import Follows


class Clock(Protocol):
    def now(self) -> int:
        """UTC seconds."""
        ...


class GitHub(Protocol):
    def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = ...,
        urgent: bool = False,
    ) -> AsyncGenerator[Harvest]:
        """Read the numbers of every repository, page by page, as the answers arrive.

        An urgent one goes before all that are not, and may spend the reserve of points.

        A repository that cannot be read is refused in its page; it never costs the others.
        `waiting` is called before each wait. Raises TokenRejected, RateLimited or another
        GitHubError when nothing more can be had by any token; pages already yielded stay good.
        """
        ...

    async def traffic(self, full_name: str, on: int) -> Capture | Refusal:
        """Read what is still known of a repository's traffic; `on` is the UTC day it is now.

        What could not be read is absent. Raises like `harvest`.
        """
        ...

    async def allowances(self, owners: Collection[str]) -> list[Allowance]:
        """Ask what each token that reads these may still spend and when it ends; the default last.

        Never raises GitHubError: what is wrong with one is its `trouble`.
        """
        ...

    def pause(self) -> Pause | None:
        """What it waits for right now."""
        ...


class Subjects(Protocol):
    async def find(self, full_name: str) -> Subject | None:
        """The repository of that name in any spelling, or that had it last."""
        ...

    async def get(self, subject_id: int) -> Subject | None: ...

    async def ensure(self, full_names: Sequence[str], at: int) -> list[Subject]:
        """The repositories of these names, each made known at `at` if nobody has heard of it."""
        ...

    async def watched(self) -> list[Subject]:
        """Every repository that anybody watches, once."""
        ...

    async def count_watched(self) -> int:
        """How many repositories anybody watches, each once."""
        ...

    async def owners(self) -> set[str]:
        """Who owns what anybody watches."""
        ...

    async def events(
        self, subject_ids: Sequence[int], since: int | None = None
    ) -> dict[int, list[Event]]:
        """All that happened to each, in order; to whom nothing did since then is absent."""
        ...

    async def met(self, since: int) -> set[int]:
        """Ids of those to whom anything happened since then."""
        ...


class Watches(Protocol):
    async def of(self, guild_id: int, group: str | None = None) -> list[Watch]: ...

    async def some(self, scope: Scope, subject_ids: Iterable[int]) -> list[Subject]:
        """Those of these ids that are meant, by name."""
        ...

    async def owners(self, scope: Scope) -> set[str]:
        """Who owns what is meant: also what GitHub was not asked about yet."""
        ...

    async def groups(self, guild_id: int) -> set[str]:
        """The groups in which a guild watches anything."""
        ...

    async def add(  # noqa: PLR0913  # what a watch is, and on what condition
        self,
        guild_id: int,
        group: str,
        subject_ids: Sequence[int],
        admit: Callable[[int, int], None] = ...,
        *,
        followed: Collection[int] = ...,
        owner: str | None = ...,
    ) -> set[int]:
        """Returns the ids that were not watched in this group before.

        Of those, a follow of their owner brought the `followed` ones. None where an `owner` is
        named who is not followed any more.
        `admit` is asked, under the lock, how many are watched and would be; its errors undo it.
        """
        ...

    async def name(self, guild_id: int, group: str, subject_ids: Sequence[int]) -> None:
        """Somebody wants these by their names: they stay when a follow that brought them ends."""
        ...

    async def remove(
        self, guild_id: int, subject_ids: Sequence[int], group: str | None = None
    ) -> set[int]:
        """Returns the ids that were watched."""
        ...


class Runs(Protocol):
    async def begin(self, run: Run) -> None:
        """Write a new run."""
        ...

    async def stop_killed(self, at: int) -> None:
        """Mark runs that are still marked as running.

        Only who is `alone`, and runs none yet, knows that they were killed.
        """
        ...

    async def note(self, run: Run) -> None:
        """Write a run that is over already."""
        ...

    async def record(self, run: Run, pages: Sequence[Page], within: int) -> int:
        """Keep pages, all of them or nothing; returns how many repositories changed."""
        ...

    async def finish(self, run: Run) -> None: ...

    async def newest(self, trigger: Trigger | None = None) -> Run | None:
        """The run begun last, of one trigger or of all that sample (imports do not)."""
        ...

    async def underway(self) -> list[Run]:
        """What is being sampled by whichever process; a run that was killed is not."""
        ...

    async def last_full(self) -> Run | None:
        """The newest scheduled run that asked for everything by itself."""
        ...

    async def looks(self, subject_ids: Sequence[int]) -> dict[int, Look]:
        """When each was looked at last, for every id asked for."""
        ...

    async def forget_old(self, at: int) -> None:
        """Delete runs of long ago with their errors, but the newest of each trigger."""
        ...

    async def failing(self) -> set[int]:
        """Ids of subjects that could not be read since their last sample; gone ones are not."""
        ...

    async def errors(self, run_id: str) -> list[RunError]:
        """Why repositories gave no numbers in a run, by name."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from running meanwhile; raises RunInProgress if one is."""
        ...


class Histories(Protocol):
    async def series(
        self, subject_ids: Sequence[int], window: Window
    ) -> dict[int, dict[str, Series]]:
        """What a window needs: subject id -> metric -> series, metrics in the registry's order."""
        ...

    async def account(self, subject_id: int, window: Window) -> Account:
        """All that is to be told of one repository, in one go."""
        ...

    async def survey(self, scope: Scope, window: Window, listing: Listing) -> Survey:
        """What can be told of a portfolio at once, and who of it has to be measured."""
        ...

    async def trails(
        self, subject_ids: Sequence[int], metric: str, window: Window
    ) -> dict[int, Trail]:
        """What a chart of one metric needs: subject id -> trail, for every id asked for."""
        ...

    async def seen(self, subject_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """When each was first and last sampled; one that never was is absent."""
        ...

    async def merge(
        self, rows: Sequence[tuple[str, Sample]], at: int, told: Told = ...
    ) -> list[Merged]:
        """Merge samples by repository name, gaps only, in one transaction; one answer a row.

        In the same one it is kept which daily files were read, and who was gone by them.
        """
        ...

    async def newest_file(self, since: int, until: int) -> int | None:
        """When the newest daily file between two moments was collected, if no run since."""
        ...

    async def tidy(self) -> None:
        """Close up what a bulk import left half-filled."""
        ...

    def size(self) -> int:
        """Bytes on disk."""
        ...


class Guilds(Protocol):
    async def get(self, guild_id: int) -> Guild:
        """A guild's settings; the defaults where it settled nothing."""
        ...

    async def save(self, guild: Guild) -> None: ...

    async def set_zone(self, guild_id: int, zone: str, at: int) -> None:
        """Its digests on the old zone move along, settled at `at`; nothing else is touched."""
        ...

    async def set_alerts(self, guild_id: int, channel_id: int | None) -> None: ...

    async def known(self) -> list[Guild]:
        """Every guild of which anything is kept, but the operator's own portfolio."""
        ...

    async def digests(self, guild_id: int | None = None) -> list[DigestSettings]:
        """A guild's digests by group; of all guilds that are members when none is named."""
        ...

    async def save_digest(self, digest: DigestSettings) -> None: ...

    async def halt_digest(self, guild_id: int, group: str, reason: str) -> None:
        """Pause it, and leave the rest of it as it is."""
        ...

    async def resume_digest(self, guild_id: int, group: str, since: int) -> None:
        """Let it run again whatever it is paused for; due times before `since` never were."""
        ...

    async def recover_digest(self, guild_id: int, group: str, reason: str) -> bool:
        """Let it run again if it is paused for this very reason; False if it is not.

        Due times that were missed meanwhile are due.
        """
        ...

    async def give_up(self, tried: DigestSettings, reason: str, noted: AuditEntry) -> None:
        """Pause what was tried in vain and note that, unless it was settled anew meanwhile."""
        ...

    async def remove_digest(self, guild_id: int, group: str) -> bool:
        """Returns whether there was one; what is on its way of it is dropped."""
        ...

    async def forget(self, guild_id: int) -> None:
        """Delete all of a guild's own data: settings, watches, posts, audit."""
        ...

    def times_forgotten(self, guild_id: int) -> int:
        """How often since the program began: what was under way then is of a guild that was."""
        ...

    async def is_told(self, guild_id: int, warning: str) -> bool:
        """Has it been told since it was cleared last?"""
        ...

    async def tell_once(self, guild_id: int, warning: str, at: int) -> bool:
        """Note that a warning is told now; False if it was told already."""
        ...

    async def clear(self, guild_id: int, warning: str) -> None:
        """Its cause is gone: it may be told again."""
        ...

    async def audit(self, entry: AuditEntry) -> None: ...

    async def prune_audit(self, before: int, most: int) -> int:
        """Delete so many entries at most that are older; returns how many it were."""
        ...


class Outbox(Protocol):
    async def put(self, digest: DigestSettings, due_at: int, covers_from: int) -> Post:
        """Write a due digest; the same one is written once, and returned as it is."""
        ...

    async def open(self) -> list[Post]:
        """What is due or being sent, oldest first, of digests that run in guilds of ours."""
        ...

    async def newest(self, guild_id: int, group: str) -> Post | None:
        """The post with the latest due time, whatever became of it."""
        ...

    async def covered_until(self, guild_id: int, group: str) -> int | None:
        """The due time up to which posts were sent, or skipped as nothing moved."""
        ...

    async def passed_over(
        self, guild_id: int, group: str, state: PostState, after: int, before: int
    ) -> list[int]:
        """Due times between two moments whose posts were folded or held, oldest first."""
        ...

    async def overtake(self, post_id: int) -> bool:
        """Fold a post that no attempt was made to send; False if there was one, or it has ended."""
        ...

    async def begin(self, post_id: int, at: int, channel_id: int) -> Post:
        """Write, before anything is sent, that an attempt begins.

        Raises PostDropped when there is nothing to send: its digest was removed meanwhile, or it
        has ended.
        """
        ...

    async def finish(self, post_id: int, state: PostState, message_id: int | None = None) -> None:
        """Write how it ended; what has ended stays so."""
        ...

    async def prune(self, before: int, most: int) -> int:
        """Delete so many posts at most that are long over; returns how many it were.

        What a digest's next post looks back at stays: the last one that covers, and all after it.
        """
        ...


class TrafficLog(Protocol):
    """Days are counted from 1970 in UTC."""

    async def due(self, today: int, most: int) -> list[Subject]:
        """Watched repositories that may be asked and were not yet today, longest ago first."""
        ...

    async def keep(self, subject_id: int, capture: Capture) -> None:
        """Merge what was read; where something is missing, it is due again."""
        ...

    async def refuse(self, subject_id: int, on: int, kind: Refused) -> None:
        """Remember that GitHub said no; what was read before stays."""
        ...

    async def refused(self, subject_ids: Sequence[int]) -> set[int]:
        """Of these, which GitHub lets the token push to and yet refused it their traffic."""
        ...

    async def days(self, subject_id: int, first: int, last: int) -> dict[Visit, Days]:
        """What is known from one day to another, both included; views and clones apart."""
        ...

    async def popular(self, subject_id: int, day: int) -> dict[Ranking, Sequence[Popular]]:
        """Referrers and paths as they were read last on or before a day."""
        ...


class Speaker(Protocol):
    async def say(self, channel_id: int, sentence: str) -> bool:
        """Write a sentence to a channel; False where it cannot be written there.

        Raises NotPosted where nobody knows, or where it may be taken later.
        """
        ...


class Warnings(Protocol):
    async def warn(self, guild_id: int, kind: str, sentence: str) -> None:
        """Tell a guild's people that something needs them: each kind once until it is cleared."""
        ...

    async def clear(self, guild_id: int, kind: str) -> None:
        """Its cause is gone."""
        ...


class Poster(Protocol):
    """Where digests go. Everything raises NotPosted, or Unpostable when trying again is no use."""

    async def find(self, post: Post) -> int | None:
        """The message that carries the post's marker, sent since its newest attempt began."""
        ...

    async def send(self, post: Post, report: ScheduledDigest) -> int:
        """Send it once, without trying again, and return the message's id."""
        ...

    async def publish(self, post: Post, message_id: int) -> None:
        """Hand it on to the channels that follow an announcement channel; twice is once."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept, by table family."""

    subjects: Subjects
    watches: Watches
    histories: Histories
    runs: Runs
    guilds: Guilds
    outbox: Outbox
    follows: Follows
    traffic: TrafficLog


class Vault(Protocol):
    """The database as a file."""

    def exists(self) -> bool: ...

    def is_empty(self) -> bool:
        """Is there none, or a file without a byte?"""
        ...

    async def copy(self, target: Path) -> int:
        """Copy it while it is in use, whole or not at all; returns bytes.

        Raises StoreUnusable where it is damaged, RadarError where the copy cannot be written,
        UsageError where something else than a backup would be lost.
        """
        ...

    async def contents(self, path: Path | None = None) -> Contents:
        """Look at a copy, or at the database itself; raises StoreUnusable for what is not ours."""
        ...

    async def backup(self, source: Path) -> Contents:
        """Look at a copy that shall be put back; raises StoreUnusable where it cannot be."""
        ...

    async def put_back(self, source: Path, stamp: str) -> Path | None:
        """Make a copy the database; returns where the one before is kept.

        Raises StoreUnusable where a bot or a run is at work, or the copy is damaged.
        """
        ...


class Retention(Protocol):
    async def last_id(self) -> int:
        """The largest id of a subject."""
        ...

    async def thin(self, above: int, up_to: int, since: int, before: int) -> int:
        """Leave each UTC day between two moments its last value; returns observations gone."""
        ...

    async def removable(self, before: int | None, *, unwatched: bool) -> Removal:
        """What `remove` would take away."""
        ...

    async def remove(self, before: int | None, *, unwatched: bool) -> Removal:
        """Forget history before a moment and what nobody watches; all of it or nothing."""
        ...


class Reader(Protocol):
    def __call__(self, path: Path, *, now: int) -> Iterator[ImportRow | RefusedRow]:
        """Stream a file's rows; raises InvalidFile when the file as a whole cannot be used."""
        ...
