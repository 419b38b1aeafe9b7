"""What happened to a repository, in words: its names, its disappearance, its archive."""

from collections.abc import Sequence
from datetime import tzinfo

from bot.core.digest import NAMED
from bot.core.events import NAMES, Event, Happening, Kind, latest
from bot.render import words

MOST = 5
"""Events of one repository that are told; of more, the newest."""
SINCE = {
    Kind.PRIVATE: "private since",
    Kind.GONE: "gone or not visible since",
    Kind.BACK: "back on",
    Kind.RENAMED: "renamed",
    Kind.TRANSFERRED: "transferred",
    Kind.ARCHIVED: "archived on",
    Kind.UNARCHIVED: "no longer archived since",
    Kind.PUBLIC: "public since",
}
IN_A_DIGEST = (*NAMES, Kind.ARCHIVED, Kind.BACK)
"""Kinds with a note of their own; who is gone has one already, for as long as it is gone."""


def told(events: Sequence[Event], zone: tzinfo, *, beside: int) -> str:
    """`renamed from acme/old on 3 Nov, archived on 5 Nov`; empty where nothing happened."""
    shown = [_event(event, zone, beside) for event in events[-MOST:]]
    left_out = len(events) - len(shown)
    earlier = [f"{words.counted(left_out, 'event')} before"] if left_out else []
    return ", ".join([*earlier, *shown])


def notes(happened: Sequence[Happening]) -> tuple[str, ...]:
    """`renamed: acme/new from acme/old; acme/two from acme/one and 4 more`: a note a kind."""
    ended = latest(happened)
    return tuple(
        f"{kind}: {named([_subject(one) for one in ended[kind]], len(ended[kind]))}"
        for kind in IN_A_DIGEST
        if ended[kind]
    )


def named(names: Sequence[str], number: int) -> str:
    """The first three, and how many more of that number there are."""
    more = f" and {number - NAMED:,} more" if number > NAMED else ""
    return "; ".join(names[:NAMED]) + more


def _event(event: Event, zone: tzinfo, beside: int) -> str:
    day = words.day(event.at, zone, beside=beside)
    if event.kind not in NAMES:
        return f"{SINCE[event.kind]} {day}"
    before = f" from {event.detail}" if event.detail else ""
    return f"{SINCE[event.kind]}{before} on {day}"


def _subject(one: Happening) -> str:
    before = f" from {one.event.detail}" if one.event.detail else ""
    return f"{one.subject.full_name}{before}"
