"""What the bot does for its servers unasked: it warns in time, and notices who left."""

import asyncio

import pytest

from bot.core.guild import Guild
from tests.standins.stage import Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

GONE = 4_711


async def alerted(stage: Stage, name: str) -> Place:
    """A server whose warnings go to #general."""
    place = stage.place(name)
    channel = place.guild.channel("general")
    async with stage.flows() as app:
        await app.store.guilds.save(Guild(place.guild.id, "Asia/Tokyo", channel.id))
    return place


async def test_a_rejected_token_is_told_once_where_warnings_go(own_stage: Stage) -> None:
    stage = own_stage
    place = await alerted(stage, "Warned")
    stage.github.add("warned/one", stars=3)
    await stage.remember(place, "warned/one", hours_ago=1)
    stage.github.revoke_token()

    for _ in range(2):
        async with stage.bot:
            await stage.bot.started(stage.discord)
            await stage.discord.until(
                lambda: stage.discord.messages("general", place.guild), "the warning"
            )
            await stage.at_rest()
            assert "GitHub rejected the token" in (await place.ask("status")).text
            await stage.bot.stop()

    (said,) = stage.discord.messages("general", place.guild)
    assert said.text.startswith("GitHub rejected the token (401)")


async def test_who_left_while_the_bot_was_away_is_noticed(own_stage: Stage) -> None:
    stage = own_stage
    place = await alerted(stage, "Staying")
    async with stage.flows() as app:
        await app.store.guilds.save(Guild(GONE, "Europe/Berlin"))
        await app.store.guilds.save(Guild(place.guild.id, "Asia/Tokyo", left_at=1))

    async with stage.bot, asyncio.timeout(15), stage.flows() as app:
        await stage.bot.started(stage.discord)
        guilds = app.store.guilds
        while (await guilds.get(GONE)).left_at is None:
            await place.ask("help")
        while (await guilds.get(place.guild.id)).left_at is not None:
            await place.ask("help")

        assert (await app.store.guilds.get(GONE)).zone == "Europe/Berlin"


async def test_who_throws_the_bot_out_is_noticed_and_an_outage_is_not_that(
    own_stage: Stage,
) -> None:
    stage = own_stage
    place, other = await alerted(stage, "Farewell"), await alerted(stage, "Outage")
    async with stage.bot, asyncio.timeout(15), stage.flows() as app:
        await stage.bot.started(stage.discord)
        await stage.at_rest()
        waiting = stage.place("Watching")

        stage.discord.lose(other.guild)
        stage.discord.remove_guild(place.guild)
        while (await app.store.guilds.get(place.guild.id)).left_at is None:
            await waiting.ask("help")

        assert (await app.store.guilds.get(other.guild.id)).left_at is None
