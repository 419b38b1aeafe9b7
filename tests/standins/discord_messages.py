"""Messages as Discord keeps them: what was sent, what an edit makes of it, what a reader sees."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag
from typing import Any

Json = dict[str, Any]

BUTTON = 2


class MessageFlag(IntFlag):
    NONE = 0
    CROSSPOSTED = 1 << 0
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    COMPONENTS_V2 = 1 << 15


@dataclass(frozen=True)
class File:
    """A file as it was uploaded."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Attachment:
    id: int
    file: File
    description: str = ""  # read out to those who do not see it

    def json(self) -> Json:
        url = f"https://cdn.discordapp.com/attachments/0/{self.id}/{self.file.name}"
        return {
            "id": str(self.id),
            "filename": self.file.name,
            "size": len(self.file.content),
            "content_type": self.file.media_type,
            "url": url,
            "proxy_url": url,
            "description": self.description,
        }


@dataclass(frozen=True)
class Content:
    """What a message says; an edit makes a new one."""

    text: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def revised(
        self, payload: Json, files: Mapping[int, File], mint: Callable[[], int]
    ) -> "Content":
        """Return the content after a request: what it does not name stays as it was."""
        kept = self.attachments
        if "attachments" in payload:
            named = {str(entry["id"]) for entry in payload["attachments"] or ()}
            kept = tuple(attached for attached in kept if str(attached.id) in named)
        told = {str(e["id"]): e.get("description") for e in payload.get("attachments") or ()}
        added = tuple(
            Attachment(mint(), file, told.get(str(number)) or "") for number, file in files.items()
        )
        return Content(
            text=payload.get("content", self.text) or "",
            embeds=tuple(payload.get("embeds", self.embeds) or ()),
            components=tuple(payload.get("components", self.components) or ()),
            attachments=kept + added,
        )

    def __bool__(self) -> bool:
        return any((self.text, self.embeds, self.components, self.attachments))


@dataclass
class Message:
    id: int
    channel_id: int
    guild_id: int
    author: Json
    content: Content = field(default_factory=Content)
    flags: MessageFlag = MessageFlag.NONE
    nonce: str | None = None
    interaction_metadata: Json | None = None
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    edited_at: datetime | None = None
    deleted: bool = False

    @property
    def text(self) -> str:
        """Everything a reader reads, from top to bottom."""
        words = [self.content.text, *embed_words(self.embeds), *component_words(self.components)]
        return "\n".join(word for word in words if word)

    @property
    def embeds(self) -> list[Json]:
        return list(self.content.embeds)

    @property
    def components(self) -> list[Json]:
        return list(self.content.components)

    @property
    def files(self) -> dict[str, bytes]:
        return {found.file.name: found.file.content for found in self.content.attachments}

    @property
    def alternatives(self) -> list[str]:
        """What is read out to those who do not see the files."""
        return [attached.description for attached in self.content.attachments]

    @property
    def card(self) -> str:
        """The text without the labels of buttons."""
        words = [self.content.text, *embed_words(self.embeds)]
        return "\n".join(word for word in words if word)

    @property
    def ephemeral(self) -> bool:
        return MessageFlag.EPHEMERAL in self.flags

    @property
    def loading(self) -> bool:
        return MessageFlag.LOADING in self.flags

    def say(self, content: Content) -> None:
        """Take the new content; the first one given to a deferred answer ends its loading."""
        if not self.loading:
            self.edited_at = datetime.now(UTC)
        self.flags &= ~MessageFlag.LOADING
        self.content = content

    def json(self) -> Json:
        shown = {
            "id": str(self.id),
            "channel_id": str(self.channel_id),
            "author": self.author,
            "content": self.content.text,
            "embeds": [{"type": "rich", **embed} for embed in self.embeds],
            "components": numbered(self.components),
            "attachments": [attached.json() for attached in self.content.attachments],
            "flags": int(self.flags),
            "timestamp": self.sent_at.isoformat(),
            "edited_timestamp": self.edited_at.isoformat() if self.edited_at else None,
            "type": 20 if self.interaction_metadata else 0,
            "tts": False,
            "pinned": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
        }
        if self.nonce is not None:
            shown["nonce"] = self.nonce
        if self.interaction_metadata:
            shown["interaction_metadata"] = self.interaction_metadata
        return shown


def every_component(components: list[Json]) -> Iterator[Json]:
    """Walk rows, containers and sections in reading order; an accessory comes last."""
    for component in components:
        yield component
        yield from every_component(component.get("components", []))
        if inner := component.get("component"):
            yield from every_component([inner])
        if accessory := component.get("accessory"):
            yield from every_component([accessory])


def buttons(message: Message) -> list[Json]:
    shown = every_component(numbered(message.components))
    return [part for part in shown if part["type"] == BUTTON]


def numbered(components: list[Json]) -> list[Json]:
    """Give every component the number Discord gives it when the bot did not."""
    copies = [_deep_copy(component) for component in components]
    for number, component in enumerate(every_component(copies), start=1):
        component.setdefault("id", number)
    return copies


def _deep_copy(component: Json) -> Json:
    copied = dict(component)
    if "components" in component:
        copied["components"] = [_deep_copy(child) for child in component["components"]]
    if "accessory" in component:
        copied["accessory"] = _deep_copy(component["accessory"])
    return copied


def embed_words(embeds: list[Json]) -> Iterator[str]:
    """Read embeds as the client draws them: author, title, description, fields, footer."""
    for embed in embeds:
        yield embed.get("author", {}).get("name", "")
        yield embed.get("title", "")
        yield embed.get("description", "")
        for shown in embed.get("fields", []):
            yield shown["name"]
            yield shown["value"]
        yield embed.get("footer", {}).get("text", "")


def component_words(components: list[Json]) -> Iterator[str]:
    for component in every_component(components):
        yield (
            component.get("label") or component.get("content") or component.get("placeholder") or ""
        )
