"""A digest tried out: posted as the poster would, but for its mention, and marked as a test."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import discord

from bot.core.reports import ScheduledDigest
from bot.destinations import Destination, tags_for
from bot.render import cards
from bot.render.discord import THREAD_NAME, buttons_of, file_of, message
from bot.render.picture import picture


async def post(channel: Destination, report: ScheduledDigest) -> None:
    """Its button asks the same as a posted one's, and is no post's marker."""
    card = cards.scheduled_digest(report)
    marked = replace(card, title=f"Test · {card.title}")
    zone = ZoneInfo(report.settings.plan.zone)
    drawn = await picture(report.chart, zone) if report.chart else None
    said, view = message(marked, drawn), buttons_of(marked)
    files = [file_of(drawn)] if drawn else []
    if isinstance(channel, discord.ForumChannel):
        title, tags = marked.title[:THREAD_NAME], tags_for(channel)
        await channel.create_thread(name=title, applied_tags=tags, files=files, view=view, **said)
    else:
        await channel.send(files=files, view=view, **said)
