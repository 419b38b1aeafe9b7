"""The channels digests go to: what they are now, and what is missing there."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.errors import NotPosted, Unpostable
from bot.notify.once import SentAlready

Place = discord.TextChannel | discord.Thread | discord.ForumChannel
RIGHTS = ("embed_links", "attach_files", "read_message_history")
"""Besides seeing and writing. Without the history a search comes back empty."""
TOO_MANY_THREADS = 160006
"""A full forum: old posts are archived by themselves."""
GONE = (
    "I cannot see its channel: it was deleted, or I need the right View Channel there. Choose"
    " another one with /settings digest channel:#…, or give me the right and resume it."
)
FORBIDDEN = (
    "I may not post in its channel: check my role's rights there, then /settings digest"
    " action:resume."
)


async def open_place(client: discord.Client, guild_id: int, channel_id: int) -> Place:
    """The channel as it is now. Raises NotPosted, or Unpostable where there is none."""
    guild = client.get_guild(guild_id)
    if guild is None or guild.unavailable:
        raise NotPosted("The server is out of reach.")
    with refusals():  # archived threads are in nobody's cache
        place = guild.get_channel_or_thread(channel_id) or await guild.fetch_channel(channel_id)
    if not isinstance(place, Place):
        raise Unpostable("Its channel takes no messages: choose a text channel.")
    return place


def require_rights(place: Place) -> None:
    """Raises Unpostable, naming what is missing."""
    held = place.permissions_for(place.guild.me)
    writing = "send_messages_in_threads" if isinstance(place, discord.Thread) else "send_messages"
    for rights in (("view_channel",), (writing,), RIGHTS):  # who lacks one has none of the next
        missing = [right.replace("_", " ").title() for right in rights if not getattr(held, right)]
        if missing:
            raise Unpostable(
                f"I may not post in #{place.name}, I lack {', '.join(missing)}: give it to my role"
                " there, then /settings digest action:resume."
            )


@contextmanager
def refusals() -> Iterator[None]:
    """Say what Discord's answer means for a digest: later, or not before somebody mends it."""
    try:
        yield
    except (discord.NotFound, discord.InvalidData):
        raise Unpostable(GONE) from None
    except discord.Forbidden:
        raise Unpostable(FORBIDDEN) from None
    except discord.HTTPException as error:
        if error.status == 400 and error.code != TOO_MANY_THREADS:  # noqa: PLR2004  # Bad Request
            raise Unpostable(f"Discord refuses it: {error.text.rstrip('.')}.") from None
        raise NotPosted(f"Discord answered {error.status}.") from None
    except SentAlready:
        raise NotPosted("Discord answered with an error.") from None
    except discord.RateLimited as error:
        raise NotPosted(f"Discord asks to wait {error.retry_after:.0f} s.") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NotPosted(f"Discord did not answer ({type(error).__name__}).") from None
