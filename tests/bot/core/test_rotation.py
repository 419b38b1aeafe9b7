"""Rotation: what fits is counted whole, and what does not fit is counted once a day at least."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import DAY
from bot.core.rotation import Rotation

MINUTE, HOUR = 60, 3600
INTERVALS = [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY]
# a portfolio of a few dozen stands for one of many thousands: each costs so much more
DEAR = 300.0


@pytest.mark.parametrize(
    ("interval", "number", "takes"),
    [
        (6 * HOUR, 10_000, None),
        (15 * MINUTE, 8_333, None),
        (15 * MINUTE, 8_334, 2 * 15 * MINUTE),
        (5 * MINUTE, 10_000, 5 * 5 * MINUTE),
        (6 * HOUR, 100_000, None),
        (5 * MINUTE, 100_000, 46 * 5 * MINUTE),
    ],
)
def test_a_full_round_takes_one_run_or_as_many_as_it_needs(
    interval: int, number: int, takes: int | None
) -> None:
    assert Rotation(interval).takes(number) == takes


@given(st.sampled_from(INTERVALS), st.data())
def test_what_fits_is_counted_whole(interval: int, data: st.DataObject) -> None:
    rotation = Rotation(interval, each=DEAR)
    number = data.draw(st.integers(0, rotation.fits))
    at = st.none() | st.integers(0, DAY)
    last = dict(enumerate(data.draw(st.lists(at, min_size=number, max_size=number))))

    assert rotation.counted(last) == set(last)
    assert rotation.counted(last, last=list(last)) == set(last)


@given(
    st.dictionaries(st.integers(0, 200), st.none() | st.integers(0, DAY), min_size=3),
    st.sets(st.integers(0, 200)),
)
def test_those_longest_uncounted_are_counted_first(
    last: dict[int, int | None], unreadable: set[int]
) -> None:
    rotation = Rotation(5 * MINUTE, each=DEAR * 3 / 5)
    counted = rotation.counted(last, unreadable)
    others = last.keys() - counted

    def turn(id_: int) -> tuple[bool, int]:
        at = last[id_]
        return id_ in unreadable, -1 if at is None else at

    if len(last) <= rotation.fits:
        assert not others
    else:
        assert len(counted) == rotation.room
        assert max(map(turn, counted)) <= min(map(turn, others))


class Life(NamedTuple):
    """A portfolio that can be counted within a day, and what befalls it."""

    rotation: Rotation
    number: int
    failures: Sequence[frozenset[int]]  # of each of the first runs
    asked: frozenset[int]  # what people have counted between any two runs


@st.composite
def lives(draw: st.DrawFn) -> Life:
    interval = draw(st.sampled_from(INTERVALS[:3]))
    rotation = Rotation(interval, each=interval / 60 * 50 / draw(st.integers(2, 6)))
    runs = DAY // interval
    number = draw(st.integers(1, min(60, rotation.room * (runs - 2))))
    some = st.frozensets(st.integers(0, number - 1), max_size=3)
    return Life(rotation, number, draw(st.lists(some, max_size=10)), draw(some))


@given(lives())
def test_over_any_runs_every_number_is_at_most_a_day_old(life: Life) -> None:
    """Whatever fails now and then: what was not counted is the first to be counted next."""
    rotation, number, failures, asked = life
    last: dict[int, int | None] = dict.fromkeys(range(number))
    runs = 2 * DAY // rotation.interval
    for run in range(runs):
        now = run * rotation.interval
        failed = failures[run] if run < len(failures) else frozenset[int]()
        last |= dict.fromkeys(rotation.counted(last) - failed | asked, now)
        if run < len(failures):
            continue
        ages = [now - (at if at is not None else 0) for at in last.values()]
        assert max(ages) <= DAY

    assert None not in last.values()


def test_who_cannot_be_read_keeps_nobody_waiting() -> None:
    """More of them than one run can count, and never counted: they would always come first."""
    rotation = Rotation(5 * MINUTE, each=DEAR / 12)  # fits 10
    bad = frozenset(range(20))
    last: dict[int, int | None] = dict.fromkeys(range(40))
    for run in range(10):
        last |= dict.fromkeys(rotation.counted(last, bad) - bad, run)

    assert {id_ for id_, at in last.items() if at is None} == bad
