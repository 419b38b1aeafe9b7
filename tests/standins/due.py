"""Digests that are due as soon as the bot looks: settled for this very minute."""

from collections.abc import Iterable

from bot.clock import SystemClock
from bot.core.guild import DigestSettings
from bot.core.schedule import Every, Plan
from tests.standins.discord_world import Channel
from tests.standins.stage import Stage

MINUTE = 60


def due_now(channel: Channel, group: str = "all") -> DigestSettings:
    """A daily digest whose due time was less than a minute ago, settled just before."""
    due = SystemClock().now() // MINUTE * MINUTE
    plan = Plan(due // MINUTE % (24 * 60), Every.DAY, "UTC")
    return DigestSettings(channel.guild_id, group, channel.id, plan, since=due - 1)


async def let_be_due(stage: Stage, channels: Iterable[Channel]) -> None:
    """Settle a digest in each of these channels, without the bot."""
    async with stage.flows() as app:
        for channel in channels:
            await app.store.guilds.save_digest(due_now(channel))
