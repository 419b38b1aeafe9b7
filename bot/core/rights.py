"""The rights that posting takes, by the names they have in Discord's API, and what is missing."""

from collections.abc import Collection
from enum import Enum

VIEW, SEND, SEND_IN_THREADS = "view_channel", "send_messages", "send_messages_in_threads"
BESIDE = ("embed_links", "attach_files", "read_message_history")
"""Beside seeing and sending. Without the history a digest that may have been sent is not found."""
IMPLIED = ("embed_links", "attach_files")
"""Who may not send has none of these: they are not missing by themselves."""
INVITED = (VIEW, SEND, SEND_IN_THREADS, *BESIDE)
"""What the bot is invited with."""


class Kind(Enum):
    """The places a digest can go to, by how sending there is called."""

    CHANNEL = (SEND, "Send Messages")
    THREAD = (SEND_IN_THREADS, "Send Messages in Threads")
    FORUM = (SEND, "Create Posts")


def missing(held: Collection[str], kind: Kind) -> list[str]:
    """What is missing, as Discord's own settings call it."""
    if VIEW not in held:
        return ["View Channel"]
    sends, called = kind.value
    if sends in held:
        return [_title(right) for right in BESIDE if right not in held]
    rest = [right for right in BESIDE if right not in held and right not in IMPLIED]
    return [called, *map(_title, rest)]


def _title(right: str) -> str:
    return right.replace("_", " ").title()
