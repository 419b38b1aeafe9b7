"""A GraphQL answer, opened but not yet believed: its parts, its faults, its limits. No network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

from bot.core.models import Refusal, Refused
from bot.github.limits import SECONDARY_WORDING, Verdict

T = TypeVar("T")
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what the store can hold
NULL = msgspec.Raw(b"null")
NOT_FOUND = Refusal(Refused.NOT_FOUND, "gone or not visible to this token")


_REASONS = ("NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES", "RESOURCE_LIMITS_EXCEEDED")
"""Why a repository may be refused; under another type it is the query that failed."""


class Unreadable(Exception):
    """Not what it should be: cut short, of another type, or somebody else's page."""


class Fault(msgspec.Struct, frozen=True):
    """One entry of `errors`."""

    message: str = ""
    type: str | None = None
    path: tuple[str | int, ...] | None = None


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    cost: Count
    remaining: Count
    limit: Count
    reset_at: Annotated[datetime, msgspec.Meta(tz=True)]


class PageInfo(msgspec.Struct, rename="camel"):
    """Where the next page of a list starts, if there is one."""

    has_next_page: bool
    end_cursor: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


class _Viewer(msgspec.Struct):
    login: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class _Envelope(msgspec.Struct):
    data: dict[str, msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    errors: list[msgspec.Raw] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    data: Mapping[str, msgspec.Raw] | None
    faults: Sequence[Fault]
    understood: bool = True  # False: the query does not fit this GitHub's schema

    @property
    def limit(self) -> Verdict | None:
        """Which limit was met, if one was; GitHub may say so under HTTP 200."""
        if any((fault.type or "").startswith("RATE_LIMIT") for fault in self.faults):
            return Verdict.RATE_LIMITED
        said = any(SECONDARY_WORDING in fault.message.lower() for fault in self.faults)
        return Verdict.SECONDARY_LIMIT if said and not self.data else None

    @property
    def gave_up(self) -> bool:
        """Whether GitHub failed at the query as a whole, for no reason that we know."""
        reasons = self.limit or any(fault.type in _REASONS for fault in self.faults)
        return self.data is None and not reasons

    @property
    def rate_limit(self) -> RateLimit | None:
        return self._part("rateLimit", RateLimit)

    @property
    def login(self) -> str | None:
        viewer = self._part("viewer", _Viewer)
        return viewer.login if viewer else None

    def raw(self, key: str) -> msgspec.Raw | None:
        """A part that is not yet read; None where GitHub gave none."""
        raw = (self.data or {}).get(key, NULL)
        return None if is_null(raw) else raw

    def _part(self, key: str, kind: type[T]) -> T | None:
        try:
            return decode((self.data or {})[key], kind)
        except (KeyError, Unreadable):
            return None  # beside the point: the numbers of the repositories count without it


def open_reply(body: bytes) -> Reply:
    """Open the envelope; raises Unreadable when there is neither data nor a reason."""
    envelope = decode(body, _Envelope)
    faults = [_fault(raw) for raw in envelope.errors or ()]
    data = None if envelope.data is msgspec.UNSET else envelope.data
    if data is None and not faults:
        raise Unreadable
    return Reply(data, faults, understood=envelope.data is not msgspec.UNSET)


def decode(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Read JSON as a type, or raise Unreadable; the one place where msgspec's errors end."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None


def is_null(raw: msgspec.Raw) -> bool:
    return bytes(raw) == b"null"


def _fault(raw: msgspec.Raw) -> Fault:
    try:
        return decode(raw, Fault)
    except Unreadable:
        return Fault()
