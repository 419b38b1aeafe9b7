"""A portfolio that was watched for so long, on disk, and the program opened over it."""

import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.day_files import DayFiles
from benchmarks.filling import DAY, PAGE, Past, fill
from benchmarks.invented import Invented
from bot.app import App, open_app
from bot.core.models import Allowance, Harvest, Pause, Reading, Refusal, Refused, Visibility, Wanted
from bot.core.traffic import Capture
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE

HOUR = 3_600
WINDOW_DAYS = 30
TARGETS_ARE_FOR = 10_000


@dataclass(slots=True)
class Clock:
    at: int

    def now(self) -> int:
        return self.at


@dataclass(slots=True)
class Answers:
    """A GitHub whose answers are there already: what is measured is what becomes of them."""

    pages: Sequence[Harvest] = ()

    async def harvest(
        self,
        wanted: Sequence[Wanted],  # noqa: ARG002
        *,
        waiting: Callable[[Pause], None] = lambda _: None,  # noqa: ARG002
        urgent: bool = False,  # noqa: ARG002
    ) -> AsyncGenerator[Harvest]:
        for page in self.pages:
            yield page

    async def traffic(self, full_name: str, on: int) -> Capture | Refusal:  # noqa: ARG002
        return Refusal(Refused.FORBIDDEN, "nobody asks for it here")

    async def allowances(self, owners: Collection[str]) -> list[Allowance]:  # noqa: ARG002
        return []

    def pause(self) -> Pause | None:
        return None


def pages_of(invented: Invented, at: int, *, known: bool = True) -> list[Harvest]:
    """Today's numbers as GitHub answers them; `known`: it was asked by node id before."""
    return [
        Harvest(
            at,
            {_wanted(invented, n, known=known): reading_of(invented, n) for n in numbers},
            requests=1,
            points=3,
        )
        for begin in range(0, len(invented), PAGE)
        if (numbers := range(begin, min(begin + PAGE, len(invented))))
    ]


def _wanted(invented: Invented, number: int, *, known: bool) -> Wanted:
    return Wanted(invented.names[number], invented.node_id(number) if known else None)


def reading_of(invented: Invented, number: int) -> Reading:
    return Reading(
        full_name=invented.names[number],
        github_id=invented.github_id(number),
        node_id=invented.node_id(number),
        visibility=Visibility.PUBLIC,
        values=invented.reading(number),
        archived=False,
        may_push=False,
    )


@dataclass(frozen=True, slots=True)
class Watched:
    """What is measured: its store, and the same numbers as files for the peers."""

    invented: Invented
    past: Past
    database: Path
    day_files: DayFiles

    @property
    def size(self) -> int:
        return len(self.invented)

    @property
    def window(self) -> str:
        return f"{self.day_files.oldest}d"

    @property
    def settings(self) -> Settings:
        return Settings(storage=Storage(url=f"{SQLITE}{self.database.as_posix()}"))

    @property
    def now(self) -> int:
        """An hour after the last run."""
        return self.past.ends + HOUR

    @asynccontextmanager
    async def opened(
        self, github: Answers | None = None, clock: Clock | None = None
    ) -> AsyncIterator[App]:
        clock = clock or Clock(self.now)
        async with open_app(self.settings, github=github, clock=clock) as app:
            yield app


async def watched(folder: Path, repositories: int, days: int, ends: int) -> Watched:
    """Invent it and write it down; in a folder of its own."""
    invented, past = Invented(repositories), Past(days, ends)
    day_files = DayFiles(folder / f"{repositories}-days", min(WINDOW_DAYS, days - 1))
    database = folder / str(repositories) / "radar.db"
    await fill(database, invented, past, day_files.keep)
    return Watched(invented, past, database, day_files)


def next_day(watched: Watched, day: int) -> int:
    """The moment of a run so many days after the last."""
    return watched.past.ends + day * DAY


def copied(database: Path, path: Path) -> Path:
    """Of a store that is closed: all of it is in one file."""
    path.parent.mkdir(exist_ok=True)
    return Path(shutil.copy(database, path))


def growing(repositories: int, target: float) -> float:
    """What is linear: a target for 10,000 grows with more of them, and never shrinks."""
    return target * max(1.0, repositories / TARGETS_ARE_FOR)


def of_many(repositories: int, target: float) -> float | None:
    """What only a large portfolio can show: of a smaller one it is reported."""
    return target if repositories >= TARGETS_ARE_FOR else None


def of_usual(repositories: int, target: float) -> float | None:
    """What a still larger portfolio may take more of: of that one it is reported."""
    return target if repositories <= TARGETS_ARE_FOR else None
