"""Guilds, channels, roles and people of the Discord stand-in, and their JSON."""

import time
from dataclasses import dataclass, field
from enum import IntFlag

from tests.standins.discord_messages import Json, Message

DISCORD_EPOCH_MS = 1_420_070_400_000
JOINED_AT = "2026-01-02T03:04:05.000000+00:00"
TEXT_CHANNEL, ANNOUNCEMENT_CHANNEL, PUBLIC_THREAD, FORUM_CHANNEL = 0, 5, 11, 15
THREADS = (10, 11, 12)  # in an announcement channel, public, private


class Permission(IntFlag):
    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38

    @classmethod
    def everyone(cls) -> "Permission":
        """Return what a new server grants to all its members, of the permissions known here."""
        return ~(cls.ADMINISTRATOR | cls.MANAGE_GUILD | cls.MANAGE_THREADS | cls.MENTION_EVERYONE)


class Snowflakes:
    """Makes ids as Discord does: unique, growing, with the time of birth in the upper bits."""

    def __init__(self) -> None:
        self._last = 0

    def mint(self) -> int:
        born = int(time.time() * 1000) - DISCORD_EPOCH_MS
        self._last = max(self._last + 1, born << 22)
        return self._last


@dataclass(frozen=True)
class User:
    id: int
    name: str
    bot: bool = False

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": None if self.bot else self.name.title(),
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
            "flags": 0,
            "primary_guild": None,
        }


@dataclass(frozen=True)
class Role:
    id: int
    name: str
    permissions: Permission = Permission.NONE
    managed: bool = False

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "managed": self.managed,
            "color": 0,
            "hoist": False,
            "position": 0,
            "mentionable": False,
            "flags": 0,
        }


@dataclass
class Channel:
    id: int
    guild_id: int
    name: str
    kind: int = TEXT_CHANNEL
    denied: dict[int, Permission] = field(default_factory=dict)  # by role
    messages: list[Message] = field(default_factory=list)  # what everybody there can read
    more: Json = field(default_factory=dict)  # what only its kind has: a forum's tags, a parent

    @property
    def parent_id(self) -> int | None:
        """Of a thread: where it was opened."""
        return int(self.more["parent_id"]) if self.kind in THREADS else None

    @property
    def archived(self) -> bool:
        return bool(self.more.get("thread_metadata", {}).get("archived"))

    @property
    def locked(self) -> bool:
        return bool(self.more.get("thread_metadata", {}).get("locked"))

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "guild_id": str(self.guild_id),
            "name": self.name,
            "type": self.kind,
            "position": 0,
            "permission_overwrites": [
                {"id": str(role), "type": 0, "allow": "0", "deny": str(int(denied))}
                for role, denied in self.denied.items()
            ],
            **self.more,
        }


@dataclass
class Member:
    user: User
    roles: list[Role]

    def json(self) -> Json:
        return {
            "user": self.user.json(),
            "nick": None,
            "roles": [str(role.id) for role in self.roles],
            "joined_at": JOINED_AT,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }


@dataclass
class Guild:
    id: int  # also the id of its role @everyone
    name: str
    owner: User
    everyone: Role
    bot_role: Role
    managers: Role
    more_roles: list[Role] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def roles(self) -> list[Role]:
        return [self.everyone, self.bot_role, self.managers, *self.more_roles]

    def channel(self, name: str) -> Channel:
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise LookupError(f"no channel #{name} in {self.name}")

    def permissions_of(self, user: User, channel: Channel | None = None) -> Permission:
        """Return what a member may do here; an administrator's word is above a channel's."""
        member = self.members[user.id]
        held = self.everyone.permissions
        for role in member.roles:
            held |= role.permissions
        if Permission.ADMINISTRATOR in held or channel is None:
            return held
        channel = next((one for one in self.channels if one.id == channel.parent_id), channel)
        for role in (self.everyone, *member.roles):
            held &= ~channel.denied.get(role.id, Permission.NONE)
        return held

    def json(self, bot: User) -> Json:
        """Return the guild as a bot without the members intent gets it: it sees itself only."""
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "icon": None,
            "large": False,
            "member_count": len(self.members),
            "joined_at": JOINED_AT,
            "preferred_locale": "en-US",
            "features": [],
            "emojis": [],
            "stickers": [],
            "threads": [
                one.json() for one in self.channels if one.kind in THREADS and not one.archived
            ],
            "presences": [],
            "voice_states": [],
            "roles": [role.json() for role in self.roles],
            "channels": [one.json() for one in self.channels if one.kind not in THREADS],
            "members": [self.members[bot.id].json()],
        }


@dataclass
class Access:
    """What it takes to get in."""

    token: str
    gateway_url: str = ""


class World:
    """Everything there is, by its id."""

    def __init__(self) -> None:
        self.mint = Snowflakes().mint
        self.bot = User(self.mint(), "repo-radar", bot=True)
        self.bot_owner = User(self.mint(), "operator")
        self.guilds: dict[int, Guild] = {}

    def found_guild(self, name: str, channels: list[str]) -> Guild:
        """Make a guild with the bot in it, and the role that Discord makes for a bot."""
        key = self.mint()
        everyone = Role(key, "@everyone", Permission.everyone())
        own = Role(self.mint(), self.bot.name, Permission.everyone(), managed=True)
        managers = Role(self.mint(), "managers", Permission.MANAGE_GUILD)
        owner = User(self.mint(), f"owner-of-{name.lower()}")
        guild = Guild(key, name, owner, everyone, own, managers)
        guild.channels = [Channel(self.mint(), key, channel) for channel in channels]
        guild.members[self.bot.id] = Member(self.bot, [own])
        self.guilds[key] = guild
        return guild

    def guild_of(self, channel: Channel) -> Guild:
        return self.guilds[channel.guild_id]

    def channels(self) -> dict[int, Channel]:
        return {channel.id: channel for guild in self.guilds.values() for channel in guild.channels}
