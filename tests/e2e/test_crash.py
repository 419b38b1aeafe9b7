"""A bot killed at any moment of a sync: the database is whole, and the next bot goes on."""

import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.models import RunStatus, Trigger
from tests.standins.stage import PAGE, Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


Moment = Callable[[Stage, Place], Awaitable[None]]


async def before_the_first_page(stage: Stage, place: Place) -> None:
    asked = len(stage.github.requests)
    stage.github.hold()
    await place.ask("sync")
    await stage.github.arrived(asked + 2)


async def between_two_pages(stage: Stage, place: Place) -> None:
    await stage.first_page_read(place)


async def while_answers_arrive(stage: Stage, place: Place) -> None:
    """At nobody knows which step: the answers are let go with the blow."""
    await before_the_first_page(stage, place)
    stage.github.release()


async def after_the_last_page(_stage: Stage, place: Place) -> None:
    await place.synced()


MOMENTS: dict[Moment, tuple[int | None, RunStatus | None]] = {
    before_the_first_page: (0, RunStatus.STOPPED),
    between_two_pages: (PAGE, RunStatus.STOPPED),
    while_answers_arrive: (None, None),
    after_the_last_page: (PAGE + 10, RunStatus.OK),
}


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
async def test_a_kill_costs_no_page_that_was_read(
    own_stage: Stage, tmp_path: Path, moment: Moment
) -> None:
    stage = own_stage
    place = stage.place("Acme")
    names = await stage.two_pages(place)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await moment(stage, place)
        await stage.bot.kill()
    assert integrity(stage.bot.database, tmp_path) == "ok"
    stage.github.heal()
    stage.github.release()

    async with stage.bot:
        await stage.bot.started(stage.discord)
        read = await what_was_read(stage, names, *MOMENTS[moment])
        answer = await place.synced()
        assert await stage.bot.stop() == 0

    assert f"{len(names)} sampled · {read.count(False)} changed · 0 failed" in answer.text
    async with stage.flows() as app:
        stars = await stage.stars(app, names)
    assert stars == [stage.github.stars(name) for name in names]
    assert integrity(stage.bot.database, tmp_path) == "ok"


async def what_was_read(
    stage: Stage, names: list[str], kept: int | None, ended: RunStatus | None
) -> list[bool]:
    """Whether each repository's new numbers were kept, and the run knows how it ended."""
    async with stage.flows() as app:
        stars = await stage.stars(app, names)
        run = await app.store.runs.newest(Trigger.SYNC)
    read = [stage.github.stars(name) == seen for name, seen in zip(names, stars, strict=True)]
    assert [len(set(page)) for page in (read[:PAGE], read[PAGE:])] == [1, 1]  # whole or not at all
    assert run is not None
    assert run.status is not RunStatus.RUNNING
    if kept is not None:
        assert (sum(read), run.status) == (kept, ended)
    return read


def integrity(database: Path, folder: Path) -> str:
    """What SQLite says of a copy: opening the file itself would repair it for the next bot."""
    for part in ("", "-wal"):
        file = database.with_name(database.name + part)
        if file.exists():
            shutil.copy(file, folder / file.name)
    with closing(sqlite3.connect(folder / database.name)) as connection:
        ((verdict,),) = connection.execute("PRAGMA integrity_check")
    return str(verdict)
