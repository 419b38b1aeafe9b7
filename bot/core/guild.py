"""What a guild has settled, and what is on its way to it."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.rank import ANY
from bot.core.schedule import Every, Plan

TOP = 10
"""Rows of a digest unless more are asked for."""
BY_HAND = "paused by hand"
REFUSED = "Discord refuses it"
"""How the reason of a pause begins that no look at the channel can see mended."""
ITSELF = 0
"""Who changes what no person changed, in the audit."""
ATTEMPT_SECONDS = 120
"""The longest an attempt to post takes; whether it arrived the next search will tell."""
SETTLE = 5
"""Seconds in which an attempt cut short may still arrive at Discord: no other begins before."""


@dataclass(frozen=True, slots=True)
class Guild:
    """A server's own settings."""

    id: int
    zone: str = "UTC"  # IANA
    alerts_channel_id: int | None = None  # for warnings; None: the digest's channel
    left_at: int | None = None  # since when the bot is no longer a member; data goes 30 days later


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """One scheduled digest; a guild has at most one a watch group."""

    guild_id: int
    group: str
    channel_id: int
    plan: Plan
    since: int  # settled at: due times before it never were
    by: str = ANY
    top: int = TOP
    minimum: int = 0  # smallest change that is listed
    skip_empty: bool = False
    mention_role_id: int | None = None
    publish: bool = False  # crosspost in an announcement channel
    paused: str | None = None  # why; None: it is posted


class PostState(StrEnum):
    DUE = "due"  # written before anything is sent
    SENDING = "sending"  # an attempt is or was under way: look for it before another one
    SENT = "sent"
    SKIPPED = "skipped"  # nothing moved, and the guild wants no empty digests
    HELD = "held"  # the same, but less moved than the guild wants listed: the next one covers it
    FOLDED = "folded"  # missed by more than 12 h: the next digest covers it


@dataclass(frozen=True, slots=True)
class Post:
    """One due digest in the outbox; exactly once however often the program dies."""

    id: int  # the marker: stands in a button's custom_id
    guild_id: int
    group: str
    due_at: int
    covers_from: int  # the previous due time that was posted: the digest's window starts here
    channel_id: int
    state: PostState
    attempted_at: int | None = None  # when the newest attempt began: search after it
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who changed what; `detail` is a sentence without secrets."""

    at: int
    guild_id: int
    user_id: int
    action: str  # the command: "settings digest"
    detail: str


def plan_of(time: str, every: Every, zone: str) -> Plan:
    """A plan from `HH:MM`; raises ValueError for anything else."""
    hours, _, minutes = time.strip().partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == len("00")):
        raise ValueError(time)
    if int(hours) > 23 or int(minutes) > 59:  # noqa: PLR2004  # a clock's
        raise ValueError(time)
    return Plan(int(hours) * 60 + int(minutes), every, zone)
