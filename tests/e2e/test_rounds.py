"""The timer's long run: people overtake it, everybody sees how far it is, a kill costs a page."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from bot.core.models import RunStatus, Trigger
from tests.standins.stage import PAGE, Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL = PAGE + 11
HALF_WAY = f"sampling {PAGE} of {ALL}"
PATIENCE = 40  # seconds
MINUTES_AGO = 400  # seconds: longer than a bot waits before it tries again


async def watched(stage: Stage) -> tuple[Place, Place]:
    """Two servers with one repository and with many: two pages, of a run that is due."""
    stage.bot.environ["RADAR_COLLECTION__INTERVAL"] = "1h"
    few, many = stage.place("Few"), stage.place("Many")
    stage.github.add("few/one", stars=1)
    await stage.remember(few, "few/one", hours_ago=3)
    await stage.two_pages(many)
    return few, many


async def hang_the_last_page(stage: Stage) -> None:
    """What is asked for last is what was made known last, of those sampled longest ago."""
    async with stage.flows() as app:
        known = [one for one in await app.store.subjects.watched() if one.full_name != "few/one"]
    last = max(known, key=lambda one: one.id)
    stage.github.fail("hang", times=50, match=f'"{last.node_id}"')


async def told(stage: Stage, place: Place, words: str) -> None:
    """Ask for /status until it says this."""
    said = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while words not in said:
                said = (await place.ask("status")).text
                assert "Traceback" not in stage.bot.log
    except TimeoutError:
        raise AssertionError(f"in vain for {words!r}; /status says:\n{said}") from None


def asked_since(stage: Stage, number: int) -> set[str]:
    """Ids of the repositories that were asked for after so many requests."""
    return {
        id_ for asked in stage.github.requests[number:] for id_ in asked.variables.get("ids", [])
    }


async def test_people_overtake_a_run_that_hangs_and_see_how_far_it_is(own_stage: Stage) -> None:
    stage = own_stage
    few, many = await watched(stage)
    await hang_the_last_page(stage)

    async with stage.bot:
        await stage.bot.started(stage.discord)
        await told(stage, many, HALF_WAY)
        synced = await few.synced()
        added = await few.ask("track add", target="many/repo-00")
        added = await added.until(lambda now: "Now watching" in now.text, "the new repository")
        async with stage.flows() as another:
            report = await another.status.report()
        assert HALF_WAY in (await many.ask("status")).text
        assert await stage.bot.stop() == 0

    assert "1 sampled" in synced.text
    assert [(run.trigger, run.done, run.total) for run in report.underway] == [
        (Trigger.SCHEDULE, PAGE, ALL)
    ]
    async with stage.flows() as app:
        run = await app.store.runs.newest(Trigger.SCHEDULE)
    assert run is not None
    assert (run.status, run.sampled) == (RunStatus.STOPPED, PAGE)


async def test_a_killed_run_goes_on_with_the_rest_at_the_next_start(own_stage: Stage) -> None:
    stage = own_stage
    _, many = await watched(stage)
    await hang_the_last_page(stage)
    asked = len(stage.github.requests)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await told(stage, many, HALF_WAY)
        await stage.bot.kill()
    first_page = next(
        set(request.variables["ids"])
        for request in stage.github.requests[asked:]
        if len(request.variables.get("ids", [])) == PAGE
    )
    async with stage.flows() as app:
        report = await app.status.report()
    assert report.underway == (), "whoever made it is dead"
    assert "The last run did not end well: it was killed." in report.problems
    stage.github.heal()
    with closing(sqlite3.connect(stage.bot.database)) as store, store:
        was = f"started_at = started_at - {MINUTES_AGO}"
        store.execute(f"UPDATE runs SET {was} WHERE status = 'running'")  # noqa: S608  # a number

    asked = len(stage.github.requests)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await told(stage, many, "**Last run** · ok")
        assert await stage.bot.stop() == 0

    assert len(asked_since(stage, asked)) == ALL - PAGE
    assert not asked_since(stage, asked) & first_page
    async with stage.flows() as app:
        run = await app.store.runs.newest(Trigger.SCHEDULE)
        names = list(stage.github.world.names)
        assert await stage.stars(app, names) == [stage.github.stars(name) for name in names]
    assert run is not None
    assert (run.sampled, run.wanted) == (ALL - PAGE, ALL - PAGE)
