"""What happens to a repository: noticed once, and told to those who may know it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import (
    SAME,
    Event,
    Happening,
    Kind,
    in_order,
    in_public,
    inside,
    latest,
    noticed,
    over,
)
from bot.core.models import Reading, Subject, Visibility
from bot.core.window import between

PUBLIC, PRIVATE, UNKNOWN = Visibility.PUBLIC, Visibility.PRIVATE, Visibility.UNKNOWN
SITE = Subject(1, "acme/site", PUBLIC, github_id=7, node_id="R_7", archived=False)
SAME_SITE = Reading("acme/site", 7, "R_7", PUBLIC, {}, archived=False)
WINDOW = between(100, 200)


def kinds(known: Subject, reading: Reading) -> list[Kind]:
    return [event.kind for event in noticed(known, reading, 9)]


def happened(*moments: tuple[int, Kind]) -> list[Event]:
    return [Event(at, kind) for at, kind in moments]


# -- noticing --------------------------------------------------------------------------------------


def test_the_same_answer_again_is_no_event() -> None:
    assert noticed(SITE, SAME_SITE, 9) == []


@pytest.mark.parametrize(
    ("known", "reading", "event"),
    [
        (SITE, replace(SAME_SITE, full_name="acme/home"), Event(9, Kind.RENAMED, "acme/site")),
        (SITE, replace(SAME_SITE, full_name="orb/site"), Event(9, Kind.TRANSFERRED, "acme/site")),
        (SITE, replace(SAME_SITE, visibility=PRIVATE), Event(9, Kind.PRIVATE)),
        (replace(SITE, visibility=PRIVATE), SAME_SITE, Event(9, Kind.PUBLIC)),
        (SITE, replace(SAME_SITE, archived=True), Event(9, Kind.ARCHIVED)),
        (replace(SITE, archived=True), SAME_SITE, Event(9, Kind.UNARCHIVED)),
        (replace(SITE, gone_at=0), SAME_SITE, Event(9, Kind.BACK)),
    ],
)
def test_each_change_is_an_event_at_the_moment_of_the_answer(
    known: Subject, reading: Reading, event: Event
) -> None:
    assert noticed(known, reading, 9) == [event]


@pytest.mark.parametrize(
    ("known", "reading"),
    [
        (replace(SITE, visibility=UNKNOWN), SAME_SITE),
        (replace(SITE, visibility=UNKNOWN), replace(SAME_SITE, visibility=PRIVATE)),
        (replace(SITE, archived=None), replace(SAME_SITE, archived=True)),
        (replace(SITE, archived=None), SAME_SITE),
        (replace(SITE, archived=True), replace(SAME_SITE, archived=None)),
        (replace(SITE, github_id=None), replace(SAME_SITE, full_name="acme/home")),
        (SITE, replace(SAME_SITE, full_name="Acme/Site")),
    ],
)
def test_what_nobody_knew_before_or_nobody_asked_for_is_no_event(
    known: Subject, reading: Reading
) -> None:
    assert noticed(known, reading, 9) == []


def test_a_name_that_it_had_while_it_was_private_is_never_written_down() -> None:
    secret = replace(SITE, full_name="acme/secret", visibility=PRIVATE)

    assert noticed(secret, replace(SAME_SITE, visibility=PRIVATE), 9) == [Event(9, Kind.RENAMED)]
    assert noticed(secret, SAME_SITE, 9) == [Event(9, Kind.RENAMED), Event(9, Kind.PUBLIC)]


def test_of_one_answer_hiding_comes_first_and_showing_last() -> None:
    lost = replace(SITE, gone_at=0)

    changed = replace(SAME_SITE, full_name="acme/home", archived=True)
    assert kinds(lost, replace(changed, visibility=PRIVATE)) == [
        Kind.PRIVATE, Kind.BACK, Kind.RENAMED, Kind.ARCHIVED,
    ]  # fmt: skip
    assert kinds(replace(lost, visibility=PRIVATE), changed) == [
        Kind.BACK, Kind.RENAMED, Kind.ARCHIVED, Kind.PUBLIC,
    ]  # fmt: skip


# -- telling ---------------------------------------------------------------------------------------


def test_who_may_not_see_private_ones_hears_of_gone_and_back_and_nothing_between() -> None:
    events = happened(
        (1, Kind.ARCHIVED), (2, Kind.PRIVATE), (3, Kind.RENAMED), (4, Kind.GONE), (5, Kind.BACK),
        (6, Kind.UNARCHIVED), (7, Kind.PUBLIC), (8, Kind.ARCHIVED),
    )  # fmt: skip

    assert in_public(events) == happened(
        (1, Kind.ARCHIVED), (2, Kind.GONE), (7, Kind.BACK), (8, Kind.ARCHIVED)
    )


def test_one_that_was_private_from_the_start_has_no_past() -> None:
    events = happened((1, Kind.RENAMED), (2, Kind.GONE), (3, Kind.BACK), (4, Kind.PUBLIC))

    assert in_public(events) == []


def test_who_vanishes_and_comes_back_as_private_is_gone_until_it_is_public() -> None:
    events = happened((1, Kind.GONE), (2, Kind.PRIVATE), (2, Kind.BACK), (3, Kind.PUBLIC))

    assert in_public(events) == happened((1, Kind.GONE), (3, Kind.BACK))


_events = st.lists(st.tuples(st.integers(0, 9), st.sampled_from(Kind)), max_size=12).map(
    lambda drawn: in_order(
        [Event(at, kind, f"o/{number}") for number, (at, kind) in enumerate(drawn)]
    )
)


@given(_events)
def test_nobody_else_is_ever_told_what_happened_while_it_was_private(events: list[Event]) -> None:
    told = in_public(events)
    changes = [event for event in events if event.kind in SAME[Kind.PUBLIC]]
    hidden, secret = bool(changes) and changes[0].kind is Kind.PUBLIC, set()
    for event in events:
        if event in changes:
            hidden = event.kind is Kind.PRIVATE
        elif hidden:
            secret.add(event.detail)

    assert not {event.kind for event in told} & set(SAME[Kind.PUBLIC])
    assert not {event.detail for event in told} & secret
    seen = [event.kind for event in told if event.kind in SAME[Kind.GONE]]
    assert seen == [Kind.GONE, Kind.BACK] * (len(seen) // 2) + [Kind.GONE] * (len(seen) % 2)


def test_a_window_has_what_was_noticed_after_its_start_and_up_to_its_end() -> None:
    events = happened((100, Kind.GONE), (101, Kind.BACK), (200, Kind.ARCHIVED), (201, Kind.GONE))

    assert inside(events, WINDOW) == events[1:3]


def test_who_came_back_is_told_since_when_it_was_gone() -> None:
    events = happened((7, Kind.GONE), (8, Kind.BACK), (50, Kind.GONE), (150, Kind.BACK))

    assert over(events, WINDOW) == tuple(events[2:])


def test_the_newest_name_is_told_however_old_it_is() -> None:
    first, second = Event(5, Kind.RENAMED, "o/a"), Event(6, Kind.TRANSFERRED, "o/b")
    archived = Event(150, Kind.ARCHIVED)

    assert over([first, second], WINDOW) == (second,)
    assert over([first, second, archived], WINDOW) == (second, archived)
    assert over([second, Event(150, Kind.RENAMED, "p/b")], WINDOW)[0].detail == "p/b"
    assert over([archived], WINDOW) == (archived,)
    assert over([], WINDOW) == ()


def test_of_what_overtakes_each_other_the_last_counts() -> None:
    other = replace(SITE, id=2)
    events = happened(
        (1, Kind.RENAMED), (2, Kind.GONE), (3, Kind.BACK), (4, Kind.ARCHIVED),
        (5, Kind.UNARCHIVED), (6, Kind.TRANSFERRED),
    )  # fmt: skip
    all_of_it = [*(Happening(SITE, e) for e in events), Happening(other, events[3])]

    ended = {kind: [h.event.at for h in ones] for kind, ones in latest(all_of_it).items() if ones}

    assert ended == {
        Kind.BACK: [3], Kind.ARCHIVED: [4], Kind.UNARCHIVED: [5], Kind.TRANSFERRED: [6],
    }  # fmt: skip
