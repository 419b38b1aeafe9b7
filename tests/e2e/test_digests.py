"""Scheduled digests with a real process: each guild gets its own, once, whatever goes wrong."""

from pathlib import Path

import pytest

from bot.core.guild import PostState
from bot.core.models import Trigger
from tests.e2e.soak import both
from tests.standins.discord_api import Message, Permission
from tests.standins.discord_world import FORUM_CHANNEL, Channel
from tests.standins.due import let_be_due
from tests.standins.stage import Place, Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLE = "Daily digest · "


async def places(stage: Stage, number: int) -> list[Place]:
    """Servers that watch the same repository, which gained 12 stars since."""
    stage.github.add("acme/rocket", stars=40)
    found = [stage.place(f"Place {n}") for n in range(number)]
    for place in found:
        await stage.remember(place, "acme/rocket", hours_ago=25)
    stage.github.set("acme/rocket", stars=52)
    async with stage.flows(hours_ago=0.1) as app:
        await app.sync.guild(found[0].guild.id, Trigger.SYNC)
    return found


def channels(found: list[Place]) -> list[Channel]:
    return [place.guild.channel("general") for place in found]


def digests(channel: Channel) -> list[Message]:
    return [said for said in channel.messages if said.text.startswith(TITLE) and not said.deleted]


def sentences(channel: Channel) -> list[str]:
    """What was said there beside digests."""
    return [said.text for said in channel.messages if not said.text.startswith(TITLE)]


async def all_posted(stage: Stage, wanted: list[Channel]) -> None:
    await stage.discord.until(lambda: all(map(digests, wanted)), "every digest")


async def states(stage: Stage, found: list[Place]) -> list[PostState]:
    async with stage.flows() as app:
        posts = [await app.store.outbox.newest(place.guild.id, "all") for place in found]
    return [post.state for post in posts if post is not None]


async def test_twenty_guilds_due_in_the_same_minute_get_one_each(own_stage: Stage) -> None:
    stage = own_stage
    found = await places(stage, 20)
    await let_be_due(stage, channels(found))
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await all_posted(stage, channels(found))
        answer = await stage.discord.click(
            digests(channels(found)[0])[0], "Last 7 days", found[0].bob
        )
        assert await stage.bot.stop() == 0
    async with stage.bot:  # a restart posts none again
        await stage.bot.started(stage.discord)
        await found[0].ask("repos")
        assert await stage.bot.stop() == 0

    assert [len(digests(channel)) for channel in channels(found)] == [1] * 20
    assert await states(stage, found) == [PostState.SENT] * 20
    (message,) = digests(channels(found)[0])
    assert "★ 52 · +12" in message.text
    assert message.alternatives[0].startswith("Line chart: The leaders.")
    assert [said.ephemeral for said in answer.messages] == [False, True]
    assert "Digest · last 7 days" in answer.messages[1].text


async def test_trouble_in_one_guild_pauses_its_digest_and_no_other(own_stage: Stage) -> None:
    stage = own_stage
    found = await places(stage, 4)
    gone, denied, *fine = found
    await let_be_due(stage, channels(found))
    alerts = stage.discord.add_channel(denied.guild, "alerts", 0)
    stage.discord.delete_channel(gone.guild, "general")
    stage.discord.deny(denied.guild, "general", Permission.EMBED_LINKS)
    async with stage.flows() as app:
        settings = await app.store.guilds.get(denied.guild.id)
        await app.store.guilds.save(type(settings)(settings.id, "UTC", alerts.id))
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await all_posted(stage, channels(fine))
        await stage.discord.until(lambda: alerts.messages, "the warning")
        assert await stage.bot.stop() == 0

    async with stage.flows() as app:
        paused = {digest.guild_id: digest.paused for digest in await app.store.guilds.digests()}
    assert [paused[place.guild.id] for place in fine] == [None, None]
    assert "it was deleted" in str(paused[gone.guild.id])
    assert "I lack Embed Links" in str(paused[denied.guild.id])
    (warning,) = alerts.messages
    assert warning.text.startswith("The digest of the group all is paused. I may not post")


async def test_a_digest_goes_on_when_its_channel_is_mended(own_stage: Stage) -> None:
    stage = own_stage
    (place,) = await places(stage, 1)
    channel = place.guild.channel("general")
    await let_be_due(stage, [channel])
    stage.discord.deny(place.guild, "general", Permission.ATTACH_FILES)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await stage.discord.until(lambda: channel.messages, "the warning")
        assert await stage.bot.stop() == 0
    stage.discord.deny(place.guild, "general", Permission.NONE)
    async with stage.bot:  # looks at its start, and every hour
        await stage.bot.started(stage.discord)
        await stage.discord.until(lambda: len(sentences(channel)) > 1, "the good news")
        assert await stage.bot.stop() == 0

    paused, resumed = sentences(channel)
    assert paused.startswith("The digest of the group all is paused. I may not post")
    assert resumed == "The digest of the group all runs again: I may post in its channel."
    async with stage.flows() as app:
        (digest,) = await app.store.guilds.digests(place.guild.id)
    assert digest.paused is None


async def test_answers_that_get_lost_and_limits_double_nothing(own_stage: Stage) -> None:
    stage = own_stage
    found = await places(stage, 6)
    forum = stage.discord.add_channel(found[0].guild, "forum", FORUM_CHANNEL)
    await let_be_due(stage, [*channels(found)[1:], forum])
    stage.discord.forget_nonces()
    sends = "/channels/*/messages"
    stage.discord.fail("POST", sends, status=500, times=3, carried_out=True)
    stage.discord.fail("POST", "/channels/*/threads", status=502, carried_out=True)
    stage.discord.limit("POST", sends, 0.2)
    stage.discord.limit("POST", sends, 0.2, is_global=True)
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await all_posted(stage, channels(found)[1:])
        while await states(stage, found) != [PostState.SENT] * 6:
            await found[0].ask("repos")
        assert await stage.bot.stop() == 0

    assert [len(digests(channel)) for channel in channels(found)] == [0, 1, 1, 1, 1, 1]
    assert len(stage.discord.posts(forum)) == 1


async def test_kills_around_posting_neither_lose_nor_double_a_digest(tmp_path: Path) -> None:
    tally = await both(tmp_path, kills=20, seed=3)

    assert str(tally) == "20 kills, 440 digests due: 440 posted once, 0 twice, 0 lost"
