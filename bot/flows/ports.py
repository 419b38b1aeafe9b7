"""What a flow asks of the world; the edges satisfy these by shape."""

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.core.delta import Series
from bot.core.history import Merged
from bot.core.models import (
    Allowance,
    Harvest,
    ImportRow,
    Page,
    Pause,
    RefusedRow,
    Run,
    RunError,
    Sample,
    Subject,
    Trigger,
    Wanted,
    Watch,
)
from bot.core.window import Window


class Clock(Protocol):
    def now(self) -> int:
        """UTC seconds."""
        ...


class GitHub(Protocol):
    def harvest(
        self, wanted: Sequence[Wanted], *, waiting: Callable[[Pause], None] = ...
    ) -> AsyncGenerator[Harvest]:
        """Read the numbers of every repository, page by page, as the answers arrive.

        A repository that cannot be read is refused in its page; it never costs the others.
        `waiting` is called before each wait. Raises TokenMissing, TokenRejected, RateLimited or
        GitHubError when nothing more can be had; pages already yielded stay good.
        """
        ...

    async def allowance(self) -> Allowance:
        """Ask what the token may still spend and when it ends; raises like `harvest`."""
        ...


class Subjects(Protocol):
    async def find(self, full_name: str) -> Subject | None:
        """The repository of that name in any spelling, or that had it last."""
        ...

    async def ensure(self, full_names: Sequence[str], at: int) -> list[Subject]:
        """The repositories of these names, each made known at `at` if nobody has heard of it."""
        ...

    async def watched(self) -> list[Subject]:
        """Every repository that anybody watches, once."""
        ...


class Watches(Protocol):
    async def of(self, guild_id: int, group: str | None = None) -> list[Watch]: ...

    async def add(self, guild_id: int, group: str, subject_ids: Sequence[int]) -> set[int]:
        """Returns the ids that were not watched in this group before."""
        ...

    async def remove(
        self, guild_id: int, subject_ids: Sequence[int], group: str | None = None
    ) -> set[int]:
        """Returns the ids that were watched."""
        ...


class Runs(Protocol):
    async def begin(self, run: Run) -> None:
        """Write a new run; one still marked as running was killed, as there is one at a time."""
        ...

    async def stop_killed(self, at: int) -> None:
        """Mark a run that is still marked as running; only who is `alone` knows it was killed."""
        ...

    async def note(self, run: Run) -> None:
        """Write a run that is over already."""
        ...

    async def record(self, run: Run, page: Page, within: int) -> int:
        """Keep one page, all of it or nothing; returns how many repositories changed."""
        ...

    async def finish(self, run: Run) -> None: ...

    async def newest(self, trigger: Trigger | None = None) -> Run | None:
        """The run begun last, of one trigger or of all that sample (imports do not)."""
        ...

    async def errors(self, run_id: str) -> list[RunError]: ...

    async def failing(self) -> set[int]:
        """Ids of subjects that could not be read since their last sample; gone ones are not."""
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

    async def seen(self, subject_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """When each was first and last sampled; one that never was is absent."""
        ...

    async def merge(self, rows: Sequence[tuple[str, Sample]], at: int) -> list[Merged]:
        """Merge samples by repository name, gaps only, in one transaction; one answer a row."""
        ...

    async def tidy(self) -> None:
        """Close up what a bulk import left half-filled."""
        ...

    def size(self) -> int:
        """Bytes on disk."""
        ...


@dataclass(frozen=True, slots=True)
class Store:
    """What is kept, by table family."""

    subjects: Subjects
    watches: Watches
    histories: Histories
    runs: Runs


class Reader(Protocol):
    def __call__(self, path: Path, *, now: int) -> Iterator[ImportRow | RefusedRow]:
        """Stream a file's rows; raises InvalidFile when the file as a whole cannot be used."""
        ...
