"""The channels digests go to: what they are now, and what is missing there."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.core.guild import REFUSED
from bot.destinations import Destination, is_locked, is_tagless, missing_rights
from bot.errors import NotPosted, Unpostable
from bot.notify.once import SentAlready

BAD_REQUEST = 400
UNKNOWN_CHANNEL = 10003
FORBIDDEN_CODES = (
    50001,  # missing access
    50013,  # missing permissions
    50083,  # the thread is archived, and closed to us
    160005,  # the thread is locked
)
"""Of Discord's JSON error codes those that say: not before somebody mends it."""
PASSING_CODES = (
    0,  # no code: not Discord itself, but something on the way to it
    160006,  # a full forum: old posts are archived by themselves
)
"""Refusals with status 400 that end by themselves; the others are about what was sent, or where."""
GONE = (
    "I cannot see its channel: it was deleted, or I need the right View Channel there. Choose"
    " another one with /settings digest channel:#…, or give me the right and resume it."
)
FORBIDDEN = (
    "I may not post in its channel: check my role's rights there, then /settings digest"
    " action:resume."
)


async def open_place(client: discord.Client, guild_id: int, channel_id: int) -> Destination:
    """The channel as it is now. Raises NotPosted, or Unpostable where there is none."""
    guild = client.get_guild(guild_id)
    if guild is None or guild.unavailable:
        raise NotPosted("The server is out of reach.")
    with refusals():  # archived threads are in nobody's cache
        place = guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
    if not isinstance(place, Destination):
        raise Unpostable("Its channel takes no messages: choose a text channel.")
    return place


def require_rights(place: Destination) -> None:
    """Raises Unpostable, naming what is missing."""
    missing = missing_rights(place)
    if missing:
        raise Unpostable(
            f"I may not post in #{place.name}, I lack {', '.join(missing)}: give it to my role"
            " there, then /settings digest action:resume."
        )


def require_room(place: Destination) -> None:
    """Raises Unpostable where nothing can be sent though every right is there."""
    if is_locked(place):
        raise Unpostable(
            f"The thread #{place.name} is locked: unlock it, or choose another channel; then"
            " /settings digest action:resume."
        )
    if is_tagless(place):
        raise Unpostable(
            f"#{place.name} wants a tag on every post and has none that I may use: add one, or"
            " switch off the required tag; then /settings digest action:resume."
        )


@contextmanager
def refusals() -> Iterator[None]:
    """Say what Discord's answer means for a digest: later, or not before somebody mends it."""
    try:
        yield
    except discord.InvalidData:  # a channel that moved to another server
        raise Unpostable(GONE) from None
    except discord.HTTPException as error:
        raise _meaning(error) from None
    except SentAlready:
        raise NotPosted("Discord answered with an error.") from None
    except discord.RateLimited as error:
        raise NotPosted(f"Discord asks to wait {error.retry_after:.0f} s.") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NotPosted(f"Discord did not answer ({type(error).__name__}).") from None


def _meaning(error: discord.HTTPException) -> NotPosted:
    """By Discord's own code: a status alone may be a proxy's, and ends when that is well again."""
    if error.code == UNKNOWN_CHANNEL:
        return Unpostable(GONE)
    if error.code in FORBIDDEN_CODES:
        return Unpostable(FORBIDDEN)
    if error.status == BAD_REQUEST and error.code not in PASSING_CODES:
        return Unpostable(f"{REFUSED}: {error.text.rstrip('.')}.")
    return NotPosted(f"Discord answered {error.status}.")
