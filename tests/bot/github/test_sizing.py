"""The size of pages, by what became of those before."""

from hypothesis import given
from hypothesis import strategies as st

from bot.github.sizing import CAREFUL, LARGEST, PAGE_SIZE, PageSize

QUICK, SLOW = 0.01, 9.0


def test_quick_answers_let_it_grow_and_never_above_what_github_takes() -> None:
    size = PageSize()
    sizes = []
    for _ in range(10):
        size.answered(size.now, QUICK)
        sizes.append(size.now)

    assert sizes[:4] == [62, 77, 96, 100]
    assert max(sizes) == LARGEST


def test_githubs_own_pace_lets_it_grow_only_as_far_as_ten_seconds_allow() -> None:
    size = PageSize()
    for _ in range(100):
        size.answered(size.now, 0.09 * size.now)

    assert 50 < size.now < 70


def test_a_slow_or_a_small_page_says_nothing_for_a_larger_one() -> None:
    size = PageSize()
    size.answered(PAGE_SIZE, SLOW)
    size.answered(3, QUICK)

    assert size.now == PAGE_SIZE


def test_a_failed_size_is_halved_and_tried_again_only_after_many_quick_ones() -> None:
    size = PageSize()
    size.too_heavy(50)
    grown = 0
    while size.now < 50:
        size.answered(size.now, QUICK)
        grown += 1

    assert grown > CAREFUL


def test_pages_cut_before_the_same_failure_do_not_halve_it_again() -> None:
    size = PageSize()
    for _ in range(4):
        size.too_heavy(50)

    assert size.now == 25


def test_one_repository_alone_says_nothing_of_pages() -> None:
    size = PageSize()
    size.too_heavy(1)

    assert size.now == PAGE_SIZE


def test_when_a_repository_was_to_blame_the_others_are_asked_for_as_before() -> None:
    size = PageSize()
    size.too_heavy(50)
    size.not_to_blame(50)
    size.answered(50, QUICK)

    assert size.now == 62


@given(st.lists(st.tuples(st.sampled_from("ahfn"), st.integers(1, 100), st.floats(0, 20))))
def test_whatever_happens_it_stays_a_size(events: list[tuple[str, int, float]]) -> None:
    size = PageSize()
    for kind, asked, seconds in events:
        before = size.now
        match kind:
            case "a":
                size.answered(asked, seconds)
            case "h":
                size.too_heavy(asked)
                assert size.now <= before
            case "f":
                size.fits(asked)
            case _:
                size.not_to_blame(asked)
        assert 1 <= size.now <= LARGEST
