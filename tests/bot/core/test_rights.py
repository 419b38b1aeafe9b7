"""Rights: what is missing is named as people find it in Discord's settings."""

import discord
import pytest

from bot.core.rights import BESIDE, INVITED, SEND, SEND_IN_THREADS, VIEW, Kind, missing


@pytest.mark.parametrize("kind", Kind)
def test_who_was_invited_with_all_of_it_lacks_nothing(kind: Kind) -> None:
    assert missing(INVITED, kind) == []


@pytest.mark.parametrize(
    ("held", "kind", "named"),
    [
        ((), Kind.CHANNEL, ["View Channel"]),
        ((SEND, *BESIDE), Kind.FORUM, ["View Channel"]),
        ((VIEW, *BESIDE), Kind.CHANNEL, ["Send Messages"]),
        ((VIEW, SEND, *BESIDE), Kind.THREAD, ["Send Messages in Threads"]),
        ((VIEW, SEND_IN_THREADS, *BESIDE), Kind.FORUM, ["Create Posts"]),
        ((VIEW,), Kind.FORUM, ["Create Posts", "Read Message History"]),
        ((VIEW, SEND), Kind.FORUM, ["Embed Links", "Attach Files", "Read Message History"]),
        ((VIEW, SEND_IN_THREADS, "embed_links", "read_message_history"), Kind.THREAD,
         ["Attach Files"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(held: tuple[str, ...], kind: Kind, named: list[str]) -> None:
    assert missing(held, kind) == named


def test_every_right_is_one_of_discords() -> None:
    assert set(INVITED) <= discord.Permissions.VALID_FLAGS.keys()
