"""What a person sees of one interaction, from the first sign of life to the last edit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.standins.discord_messages import Json, Message
from tests.standins.discord_world import Channel, Guild, User
from tests.standins.waiting import Bell

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = (
    2,
    3,
    4,
    5,
)  # kinds of interactions


class NoAnswer(AssertionError):
    """The person saw "The application did not respond"."""


@dataclass(frozen=True)
class Choice:
    """One line of an autocomplete list."""

    name: str
    value: str | float


class Asker(NamedTuple):
    """Somebody at some place."""

    guild: Guild
    channel: Channel
    user: User


@dataclass
class Answer:
    asker: Asker
    interaction_id: int
    token: str
    kind: int
    asked_at: float
    bell: Bell = field(repr=False)
    acknowledged_after: float | None = None  # seconds
    deferred: bool = False
    said: bool = False  # more than "I am thinking"
    original: Message | None = None
    all_messages: list[Message] = field(default_factory=list)  # deleted ones, too
    edits: list[str] = field(default_factory=list)  # the text after each edit
    choices: list[Choice] | None = None
    modal: Json | None = None
    failure: str | None = None

    @property
    def messages(self) -> list[Message]:
        """The original and its follow-ups, without deleted ones."""
        return [message for message in self.all_messages if not message.deleted]

    @property
    def final(self) -> bool:
        """Something was said and nothing is loading any more; it may still be edited after that."""
        return self.said and not any(message.loading for message in self.messages)

    @property
    def ephemeral(self) -> bool:
        return bool(self.messages) and all(message.ephemeral for message in self.messages)

    @property
    def text(self) -> str:
        return "\n".join(message.text for message in self.messages)

    @property
    def embeds(self) -> list[Json]:
        return [embed for message in self.messages for embed in message.embeds]

    @property
    def components(self) -> list[Json]:
        return [part for message in self.messages for part in message.components]

    @property
    def files(self) -> dict[str, bytes]:
        return {name: data for message in self.messages for name, data in message.files.items()}

    @property
    def alternatives(self) -> list[str]:
        return [words for message in self.messages for words in message.alternatives]

    @property
    def card(self) -> str:
        """The text without the labels of buttons."""
        return "\n".join(message.card for message in self.messages)

    async def until(self, predicate: Callable[["Answer"], Any], what: str = "") -> "Answer":
        """Wait for a later state of this answer."""
        await self.bell.until(lambda: predicate(self), what or f"a later state of: {self.text!r}")
        return self

    async def finished(self) -> "Answer":
        await self.bell.until(
            lambda: self.final or self.failure,
            f"an answer to {self.asker.user.name} in #{self.asker.channel.name}",
        )
        if self.failure:
            raise NoAnswer(self.failure)
        return self
