"""Leaving a dead GitHub alone, and looking again."""

from bot.github.breaker import FAILURES, FIRST_REST, LONGEST_REST, SPAN, Breaker

NOW = 1_795_262_400


def failed(times: int, span: int = SPAN) -> Breaker:
    """So many failures in a row, the last of them at NOW."""
    breaker = Breaker()
    for turn in range(times):
        breaker.failed("GitHub answered 502", NOW if turn == times - 1 else NOW - span)
    return breaker


def test_some_failures_are_none_of_its_business() -> None:
    assert failed(FAILURES - 1).rest(NOW)[0] <= NOW
    assert not failed(FAILURES - 1).doubtful(NOW)


def test_many_failures_at_one_moment_are_a_hiccup() -> None:
    breaker = failed(10 * FAILURES, span=SPAN - 1)

    assert breaker.rest(NOW)[0] <= NOW
    assert not breaker.doubtful(NOW)


def test_failures_in_a_row_open_it_for_a_while_and_then_it_is_in_doubt() -> None:
    breaker = failed(FAILURES)

    assert breaker.rest(NOW) == (NOW + FIRST_REST, "GitHub answered 502")
    assert not breaker.doubtful(NOW + FIRST_REST - 1)
    assert breaker.doubtful(NOW + FIRST_REST)


def test_an_answer_between_failures_starts_the_count_anew() -> None:
    breaker = failed(FAILURES - 1)
    breaker.succeeded()
    breaker.failed("GitHub answered 502", NOW)

    assert breaker.rest(NOW)[0] <= NOW


def test_each_failure_after_a_rest_doubles_it_up_to_a_limit() -> None:
    breaker, now, rests = failed(FAILURES), NOW, []
    for _ in range(6):
        now = int(breaker.rest(now)[0])
        breaker.failed("GitHub answered 502", now)
        rests.append(breaker.rest(now)[0] - now)

    assert rests[:3] == [2 * FIRST_REST, 4 * FIRST_REST, 8 * FIRST_REST]
    assert rests[-1] == LONGEST_REST


def test_an_answer_closes_it() -> None:
    breaker = failed(FAILURES)
    breaker.succeeded()

    assert breaker.rest(NOW)[0] <= NOW
    assert not breaker.doubtful(NOW + FIRST_REST)


def test_a_clock_that_is_set_back_makes_no_rest_longer() -> None:
    breaker, day_before = failed(FAILURES), NOW - 86_400

    assert breaker.rest(day_before)[0] <= day_before
    assert breaker.doubtful(day_before)
    breaker.failed("GitHub answered 502", day_before)
    assert breaker.rest(day_before)[0] > day_before
