"""Which runs a destination lacks: none is forgotten, none comes twice."""

from dataclasses import replace

import pytest

from bot.core.models import Run, RunStatus, Trigger
from bot.storage.finished_runs import FinishedRuns
from tests.standins.stored import SqliteStore

PLACE, OTHER = "Acme/state, branch main", "acme/state, branch main2"
RUN = Run("A0", Trigger.SCHEDULE, RunStatus.OK, 90, 100, sampled=3)


@pytest.fixture
def finished(store: SqliteStore) -> FinishedRuns:
    return FinishedRuns(store.database)


async def lacking(
    finished: FinishedRuns, at: int, place: str = PLACE, most: int = 9, until: int = 1_000
) -> list[str]:
    return [run.id for run in await finished.after(place, at, until, most)]


async def test_only_runs_over_the_portfolio_that_ended_well_count(
    finished: FinishedRuns, store: SqliteStore
) -> None:
    for number, run in enumerate(
        (
            RUN,
            replace(RUN, trigger=Trigger.CLI, status=RunStatus.PARTIAL),
            replace(RUN, sampled=0),
            replace(RUN, status=RunStatus.FAILED),
            replace(RUN, status=RunStatus.RUNNING, finished_at=None),
            replace(RUN, trigger=Trigger.SYNC),
            replace(RUN, trigger=Trigger.IMPORT),
        )
    ):
        await store.runs.note(replace(run, id=f"r{number}"))

    assert await lacking(finished, 0) == ["r0", "r1"]
    assert await lacking(finished, 0, most=1) == ["r0"]
    assert await lacking(finished, 0, until=99) == []
    newest = await finished.last(100)
    assert newest is not None
    assert newest.id == "r1"
    assert await finished.last(99) is None


async def test_of_those_that_ended_in_one_second_each_is_noted(
    finished: FinishedRuns, store: SqliteStore
) -> None:
    for id_ in ("B1", "C2", "A0"):
        await store.runs.note(replace(RUN, id=id_))
    assert await finished.written(PLACE) is None
    seen = []
    while found := await lacking(finished, await finished.written(PLACE) or 0):
        seen.append(found[0])
        await finished.note(PLACE, 100, found[0])

    assert seen == ["A0", "B1", "C2"]
    assert await finished.written(PLACE) == 100
    assert await lacking(finished, 100, OTHER) == ["A0", "B1", "C2"]
    assert await finished.written(OTHER) is None


async def test_what_was_noted_of_earlier_seconds_goes(
    finished: FinishedRuns, store: SqliteStore
) -> None:
    await finished.note(OTHER, 5, "theirs")
    for at in (100, 101, 102):
        await finished.note(PLACE, at, f"run-{at}")

    rows = await store.database.rows("SELECT warning, at FROM told ORDER BY warning")
    assert [(str(warning), at) for warning, at in rows] == [
        ("run directory acme/state, branch main", 102),
        ("run directory acme/state, branch main2", 5),
        ("run directory acme/state, branch main2:theirs", 5),
        ("run directory acme/state, branch main:run-102", 102),
    ]
