"""What happens to a repository besides its numbers: its name, its place, whether it can be seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from bot.core.models import Reading, Subject, Visibility
from bot.core.window import Window


class Kind(StrEnum):
    """In the order in which those of one moment happened: first it is hidden, last it is shown."""

    PRIVATE = "private"
    GONE = "gone"  # or not visible: GitHub does not say which
    BACK = "back"
    RENAMED = "renamed"
    TRANSFERRED = "transferred"  # to another owner, or its owner was renamed
    ARCHIVED = "archived"
    UNARCHIVED = "unarchived"
    PUBLIC = "public"


NAMES = (Kind.RENAMED, Kind.TRANSFERRED)
ORDER = tuple(Kind)
SAME = {
    kind: kinds
    for kinds in (
        (Kind.PRIVATE, Kind.PUBLIC),
        (Kind.GONE, Kind.BACK),
        NAMES,
        (Kind.ARCHIVED, Kind.UNARCHIVED),
    )
    for kind in kinds
}
"""Of these the later one overtakes the earlier one."""


@dataclass(frozen=True, slots=True)
class Event:
    at: int  # when a run noticed it
    kind: Kind
    detail: str = ""  # of NAMES: what it was called before; empty where that was a private name


class Happening(NamedTuple):
    """An event, and whose it is."""

    subject: Subject
    event: Event


def noticed(known: Subject, reading: Reading, at: int) -> list[Event]:
    """What has happened since the last answer; what nobody knew before is no event."""
    happened = {
        Kind.PRIVATE: (known.visibility, reading.visibility)
        == (Visibility.PUBLIC, Visibility.PRIVATE),
        Kind.PUBLIC: (known.visibility, reading.visibility)
        == (Visibility.PRIVATE, Visibility.PUBLIC),
        Kind.BACK: known.gone_at is not None,
        Kind.ARCHIVED: (known.archived, reading.archived) == (False, True),
        Kind.UNARCHIVED: (known.archived, reading.archived) == (True, False),
    }
    events = [Event(at, kind) for kind, so in happened.items() if so]
    return in_order([*events, *_renamed(known, reading, at)])


def in_order(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.at, ORDER.index(event.kind)))


def in_public(events: Sequence[Event]) -> list[Event]:
    """What those may know who see public repositories only, of one that is public now.

    `events` are all of them, in order. That it was private is told in the words for what GitHub
    does not show; what happened meanwhile, and all before it was first public, is not told.
    """
    changes = [event.kind for event in events if event.kind in SAME[Kind.PUBLIC]]
    hidden, gone = changes[:1] == [Kind.PUBLIC], False
    told: list[Event] = []
    for event in events:
        if event.kind in SAME[Kind.PUBLIC]:
            hidden = event.kind is Kind.PRIVATE
            seen = replace(event, kind=Kind.GONE if hidden else Kind.BACK)
        elif hidden:
            continue
        else:
            seen = event
        if seen.kind in SAME[Kind.GONE]:
            if gone is (seen.kind is Kind.GONE):
                continue
            gone = not gone
        told.append(seen)
    return told


def inside(events: Sequence[Event], window: Window) -> list[Event]:
    """What was noticed in a window: its start is the end of the one before."""
    return [event for event in events if window.start < event.at <= window.end]


def over(events: Sequence[Event], window: Window) -> tuple[Event, ...]:
    """The same, with the moment since when who came back was gone, and the newest name before."""
    told = inside(events, window)
    if any(event.kind is Kind.BACK for event in told):
        gone = [e for e in events if e.kind is Kind.GONE and e.at <= window.start]
        told += gone[-1:]
    if not any(event.kind in NAMES for event in told):
        told += [event for event in events if event.kind in NAMES][-1:]
    return tuple(in_order(told))


def latest(happened: Sequence[Happening]) -> Mapping[Kind, Sequence[Happening]]:
    """How it ended: of each repository the last of what overtakes each other, by kind."""
    last = {(one.subject.id, SAME[one.event.kind]): one for one in happened}
    return {kind: [one for one in last.values() if one.event.kind is kind] for kind in Kind}


def _renamed(known: Subject, reading: Reading, at: int) -> list[Event]:
    """Nothing for who was known by name only: nobody saw when that name was given up."""
    before, now = known.full_name.lower(), reading.full_name.lower()
    if known.github_id is None or before == now:
        return []
    same_owner = before.partition("/")[0] == now.partition("/")[0]
    detail = known.full_name if known.visibility is Visibility.PUBLIC else ""
    return [Event(at, Kind.RENAMED if same_owner else Kind.TRANSFERRED, detail)]
