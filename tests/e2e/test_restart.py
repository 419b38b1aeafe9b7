"""Stops, starts and broken connections: nothing is lost, and nothing is registered twice."""

import pytest

from bot.core.models import RunStatus
from tests.standins.stage import LONG_AGO, PAGE, Place, Stage, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_restart_loses_nothing(own_stage: Stage) -> None:
    stage = own_stage
    place = stage.place("Acme")
    for name, stars in (("one", 100), ("two", 200)):
        stage.github.add(f"acme/{name}", stars=stars)
    await stage.remember(place, "acme/one acme/two", hours_ago=LONG_AGO)
    stage.github.set("acme/one", stars=130)

    async with stage.bot:
        await stage.bot.started(stage.discord)
        await place.synced()
        before = await answers(place)
        assert await stage.bot.stop() == 0
    assert not stage.bot.heartbeat.exists()
    async with stage.bot:
        await stage.bot.started(stage.discord)
        after = await answers(place)

    assert "100 → 130 · +30 (+30.0 %)" in before[0]
    assert before == after


async def answers(place: Place) -> list[str]:
    """What is stored, as people read it; without footers, which tell an age in minutes."""
    told = [
        await place.ask("diff", repo="acme/one"),
        await place.ask("digest", window="7d"),
        await place.ask("repos"),
    ]
    return ["\n".join(line for line in lines(a) if "sampled" not in line) for a in told]


async def test_commands_are_registered_when_they_differ_and_only_then(own_stage: Stage) -> None:
    stage = own_stage

    async def registrations_after_a_start() -> int:
        async with stage.bot:
            await stage.bot.started(stage.discord)
            assert await stage.bot.stop() == 0
        return stage.discord.command_registrations

    assert await registrations_after_a_start() == 1
    assert await registrations_after_a_start() == 1
    stage.discord.commands["diff"]["options"][0]["description"] = "Of an older version"
    assert await registrations_after_a_start() == 2
    assert stage.discord.commands["diff"]["options"][0]["description"] != "Of an older version"
    del stage.discord.commands["help"]
    assert await registrations_after_a_start() == 3


async def test_sigterm_in_the_middle_of_a_sync_keeps_what_was_read(own_stage: Stage) -> None:
    stage = own_stage
    place = stage.place("Acme")
    names = await stage.two_pages(place)

    async with stage.bot:
        await stage.bot.started(stage.discord)
        await stage.first_page_read(place)
        assert await stage.bot.stop() == 0

    async with stage.flows() as app:
        run = await app.store.runs.newest()
        assert run is not None
        assert (run.status, run.sampled, run.changed) == (RunStatus.STOPPED, PAGE, PAGE)
        stars = await stage.stars(app, names)
    assert stars == [stage.github.stars(name) for name in names[:PAGE]] + [1] * (len(names) - PAGE)


async def test_a_broken_connection_is_taken_up_again(stage: Stage) -> None:
    stage.github.add("cut/one", stars=3)
    place = stage.place("Cut")
    await place.ask("track add", target="cut/one")
    resumes = stage.discord.resumes

    await stage.discord.drop_gateway()
    await stage.discord.until(lambda: stage.discord.resumes > resumes, "the bot to resume")

    assert "★ 3" in (await place.ask("repos")).text


async def test_a_session_that_discord_forgot_is_begun_anew(stage: Stage) -> None:
    stage.github.add("forgotten/one", stars=3)
    place = stage.place("Forgotten")
    await place.ask("track add", target="forgotten/one")
    identifies = stage.discord.identifies

    await stage.discord.drop_gateway(resumable=False)
    await stage.discord.until(lambda: stage.discord.identifies > identifies, "a second login")

    assert "★ 3" in (await place.ask("repos")).text
    assert stage.discord.command_registrations == 1
