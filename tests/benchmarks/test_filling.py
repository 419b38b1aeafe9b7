"""The store that the benchmarks fill is the one that collecting leaves."""

from pathlib import Path

import pytest

from benchmarks.filling import RUNS_KEPT, Past, fill
from benchmarks.invented import KEYS, SIZES, Invented
from benchmarks.portfolios import Answers, Clock, pages_of
from bot.app import open_app
from bot.core.models import Trigger
from bot.settings import Settings, Storage
from bot.settings_types import SQLITE
from bot.storage.database import open_database
from bot.storage.dialect import Row
from tests.standins.clock import moment
from tests.standins.stored import contents

REPOSITORIES = 60
PAST = Past(5, moment("2026-07-01T09:00"))
WRITTEN = (
    *("subjects", "subject_names", "watches", "metrics", "metric_sets", "coverage"),
    *(
        "observations",
        "latest",
        "last_changes",
        "run_errors",
        "events",
        "traffic_access",
        "star_histories",
    ),
)
OF_A_RUN = (
    "cause, status, started_at, finished_at, sampled, changed, failed, requests, points, wanted"
)


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    await fill(tmp_path / "filled.db", Invented(REPOSITORIES), PAST)
    return tmp_path / "filled.db"


@pytest.fixture
async def collected(tmp_path: Path) -> Path:
    """The same numbers, day after day, through the flows of the program."""
    path, invented = tmp_path / "collected.db", Invented(REPOSITORIES)
    settings = Settings(storage=Storage(url=f"{SQLITE}{path.as_posix()}"))
    github, clock = Answers(), Clock(PAST.begins)
    async with open_app(settings, github=github, clock=clock) as app:
        await app.portfolio.adopt(invented.names, [], clock.now())
        for ago, clock.at in PAST.moments():
            first = ago == PAST.days - 1
            if not first:
                invented.pass_a_day()
            github.pages = pages_of(invented, clock.at, known=not first)
            await app.sync.everything(Trigger.SCHEDULE)
    return path


async def all_of(path: Path, columns: str, table: str) -> list[Row]:
    async with open_database(path) as database:
        return sorted(await database.rows(f"SELECT {columns} FROM {table}"), key=str)  # noqa: S608  # our own tables


async def test_it_holds_what_the_flows_write_of_the_same_values(
    filled: Path, collected: Path
) -> None:
    async with open_database(filled) as ours, open_database(collected) as theirs:
        kept = await contents(ours)

        assert len(kept) == REPOSITORIES
        assert kept == await contents(theirs)
        assert not any(one.has_equal_neighbours() for one in kept.values())


@pytest.mark.parametrize("table", WRITTEN)
async def test_each_of_its_tables_is_the_same_row_for_row(
    filled: Path, collected: Path, table: str
) -> None:
    assert await all_of(filled, "*", table) == await all_of(collected, "*", table)


async def test_its_runs_tell_the_same(filled: Path, collected: Path) -> None:
    assert PAST.days < RUNS_KEPT
    ours, theirs = [await all_of(path, OF_A_RUN, "runs") for path in (filled, collected)]

    assert ours == theirs


async def test_the_program_finds_it_whole(filled: Path) -> None:
    settings = Settings(storage=Storage(url=f"{SQLITE}{filled.as_posix()}"))
    async with open_app(settings, clock=Clock(PAST.ends + 60)) as app:
        assert len(await app.portfolio.repositories(0)) == REPOSITORIES
        last = await app.store.runs.last_full()

    assert last is not None
    assert last.started_at == PAST.ends


def test_a_portfolio_is_invented_alike_each_time() -> None:
    one, other = Invented(100), Invented(100)
    changes = [one.pass_a_day() for _ in range(3)]

    assert changes == [other.pass_a_day() for _ in range(3)]
    assert one.values == other.values
    assert one.values != Invented(100).values


def test_a_day_tells_only_what_changed_and_all_of_it() -> None:
    invented = Invented(500)
    before = [list(values) for values in invented.values]
    changes = invented.pass_a_day()

    assert changes == sorted(changes)
    assert changes == [
        (number, metric, value)
        for number, values in enumerate(invented.values)
        for metric, value in enumerate(values)
        if value != before[number][metric]
    ]
    assert min(value for _, _, value in changes) >= 0


def test_values_change_as_often_as_their_size_of_repository_says() -> None:
    invented, days = Invented(1_000), 60
    changes = [change for _ in range(days) for change in invented.pass_a_day()]

    expected = [sum(size.share * size.changes[m] for size in SIZES) for m in range(len(KEYS))]
    for metric, share in enumerate(expected):
        found = sum(changed == metric for _, changed, _ in changes) / days / len(invented)
        assert found == pytest.approx(share, rel=0.05, abs=0.001)
    assert sum(size.share for size in SIZES) == pytest.approx(1)
