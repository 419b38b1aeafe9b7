"""So much a minute, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from bot.github.pace import Pace


def test_what_fits_need_not_wait() -> None:
    pace = Pace(50, 5)
    pace.add(0, 20)

    assert pace.wait(1) == 0


def test_a_full_minute_is_waited_for_until_enough_of_it_is_over() -> None:
    pace = Pace(50, 5)
    for at in (0, 10, 20, 30, 40):
        pace.add(at, 10)

    assert pace.wait(45) == 15
    assert pace.wait(60) == 0


def test_those_in_flight_are_expected_to_take_as_long_as_the_longest() -> None:
    pace = Pace(50, 5)
    pace.add(0, 20)
    pace.begin()

    assert pace.wait(1) == 0
    assert pace.crowded(1)
    pace.end(2, 1)
    assert not pace.crowded(2)


def test_one_that_takes_more_than_all_may_still_go_alone() -> None:
    pace = Pace(50, 5)
    pace.add(0, 120)

    assert pace.wait(1) == 59
    assert pace.wait(60) == 0


def test_without_a_limit_nothing_waits() -> None:
    pace = Pace(None, 5)
    pace.add(0, 10**9)
    pace.begin()

    assert (pace.wait(0), pace.crowded(0)) == (0, False)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 10)), min_size=1, max_size=60),
)
def test_no_rolling_minute_takes_more_than_allowed(requests: list[tuple[float, float]]) -> None:
    pace, at, taken = Pace(50, 10), 0.0, list[tuple[float, float]]()
    for gap, amount in [(0.0, 10.0), *requests]:
        at += gap
        at += pace.wait(at)
        at += pace.wait(at)
        pace.begin()
        at += amount
        pace.end(at, amount)
        taken.append((at, amount))

    for begin, _ in taken:
        assert sum(amount for end, amount in taken if begin <= end < begin + 60) <= 50 + 1e-6
