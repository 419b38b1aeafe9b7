"""A large run and several shards: people are answered all the same."""

import pytest

from bot.core.models import Trigger
from tests.standins.due import let_be_due
from tests.standins.stage import Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 2_000
SHARDS = 2
ACKNOWLEDGED = 3.0
"""Seconds after which Discord gives up; a tenth of it is measured where nothing else runs."""


async def test_people_are_answered_while_a_run_over_two_thousand_is_written(
    own_stage: Stage,
) -> None:
    stage = own_stage
    place = stage.place("Acme")
    names = [f"acme/repo-{number:04}" for number in range(MANY)]
    repos = [stage.github.add(name, stars=7) for name in names]
    async with stage.flows(hours_ago=1) as app:
        await app.portfolio.adopt(names, [place.guild.id], app.clock.now())
        await app.sync.everything(Trigger.CLI)
    stage.github.fail("hang", times=50, match=f'"{repos[-1].node_id}"')  # so that it cannot end

    general = place.guild.channel("general")
    async with stage.bot:
        await stage.bot.started(stage.discord)
        sync = await place.ask("sync")
        await sync.until(lambda now: " of 2,000 repositories read" in now.text, "progress")
        answers = [
            await place.ask("help"),
            await place.ask("diff", repo=names[0]),
            await place.ask("digest"),
            await place.ask("repos"),
            await place.ask("chart", repo=names[0]),
            await place.ask("compare", repos=f"{names[0]} {names[1]}"),
            await place.ask("export", format="csv"),
            await place.ask("status"),
            await place.ask("settings show"),
            await place.ask("settings timezone", zone="Asia/Tokyo"),
            await place.ask("settings alerts", channel=general),
            await place.ask("settings digest", channel=general, time="09:00"),
            await place.ask("settings digest", action="test"),
            await place.ask("settings digest", action="pause"),
            await place.ask("settings digest", action="remove"),
            await place.ask("track remove", target=names[2]),
        ]
        assert "Sync done" not in sync.text
        assert await stage.bot.stop() == 0

    slowest = max(answer.acknowledged_after for answer in answers)
    print(f"slowest acknowledgement beside a run: {slowest * 1000:.0f} ms")  # noqa: T201
    assert [answer.failure for answer in answers] == [None] * len(answers)
    assert slowest < ACKNOWLEDGED
    stage.check()


async def test_two_shards_answer_and_post_for_the_guilds_of_each(own_stage: Stage) -> None:
    stage = own_stage
    stage.github.add("acme/rocket", stars=40)
    places = on_both_shards(stage)
    for place in places:
        await stage.remember(place, "acme/rocket", hours_ago=25)
    await let_be_due(stage, [place.guild.channel("general") for place in places])
    stage.bot.environ["RADAR_DISCORD__SHARD_COUNT"] = str(SHARDS)

    async with stage.bot:
        await stage.bot.started(stage.discord)
        await stage.discord.until(lambda: stage.discord.identifies == SHARDS, "both shards")
        for place in places:
            assert "acme/rocket" in (await place.ask("repos")).text
        await stage.discord.until(lambda: all(map(digested, places)), "a digest on each shard")
        assert await stage.bot.stop() == 0

    assert f"shards={SHARDS}" in stage.bot.log
    stage.check()


def digested(place: Place) -> bool:
    said = place.guild.channel("general").messages
    return any(message.text.startswith("Daily digest") for message in said)


def on_both_shards(stage: Stage) -> list[Place]:
    """A server on each shard, as Discord assigns them: by the id without its last 22 bits."""
    found: dict[int, Place] = {}
    while len(found) < SHARDS:
        place = stage.place(f"Server {len(found)}")
        found.setdefault((place.guild.id >> 22) % SHARDS, place)
    return list(found.values())
