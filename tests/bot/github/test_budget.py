"""The points of an hour, ours and GitHub's, and the reserve."""

import pytest

from bot.github.budget import HOUR, HourBudget

NOW = 1_795_262_400


def test_before_anything_is_spent_or_told_nothing_waits() -> None:
    assert HourBudget(100).wait(NOW, urgent=False) == 0


def test_background_work_leaves_a_tenth_to_those_somebody_waits_for() -> None:
    budget = HourBudget(100)
    budget.spend(90, NOW)

    assert budget.wait(NOW + 60, urgent=False) == HOUR - 60
    assert budget.wait(NOW + 60, urgent=True) == 0


def test_an_urgent_one_waits_when_the_reserve_is_spent_too() -> None:
    budget = HourBudget(100)
    budget.spend(100, NOW)

    assert budget.wait(NOW, urgent=True) == HOUR


def test_githubs_hour_goes_before_one_that_we_began() -> None:
    budget = HourBudget(100)
    budget.spend(95, NOW)
    budget.learn(5000, 4905, NOW + 600, NOW)

    assert budget.wait(NOW, urgent=False) == 600
    assert budget.wait(NOW + 600, urgent=False) == 0


def test_what_others_spend_of_the_same_points_counts() -> None:
    budget = HourBudget(4500)
    budget.learn(5000, 460, NOW + 600, NOW)
    assert budget.wait(NOW, urgent=False) == 0

    budget.learn(5000, 440, NOW + 600, NOW)

    assert budget.wait(NOW, urgent=False) == 600
    assert budget.wait(NOW, urgent=True) == 0


def test_answers_that_arrive_late_do_not_give_points_back() -> None:
    budget = HourBudget(4500)
    budget.learn(5000, 100, NOW + 600, NOW)
    budget.learn(5000, 4000, NOW + 601, NOW)

    assert budget.wait(NOW, urgent=False) == 600


def test_a_new_hour_of_githubs_is_a_new_budget() -> None:
    budget = HourBudget(4500)
    budget.learn(5000, 0, NOW + 600, NOW)
    budget.learn(5000, 4999, NOW + 3600, NOW + 590)

    assert budget.wait(NOW + 590, urgent=False) == 0


def test_a_limit_below_our_share_is_the_share() -> None:
    budget = HourBudget(4500)
    budget.learn(600, 600, NOW + 600, NOW)
    budget.spend(540, NOW)

    assert budget.wait(NOW, urgent=False) == 600
    assert budget.wait(NOW, urgent=True) == 0


def test_each_hour_the_share_is_what_github_says_then() -> None:
    budget = HourBudget(4500)
    budget.learn(600, 600, NOW + 600, NOW)
    budget.learn(5000, 5000, NOW + 4200, NOW + 600)
    budget.spend(4000, NOW + 600)

    assert budget.wait(NOW + 600, urgent=False) == 0
    assert budget.told(NOW + 600) == (5000, 5000, NOW + 4200)


def test_an_hour_of_which_github_has_said_nothing_yet_has_the_configured_share() -> None:
    budget = HourBudget(4500)
    budget.learn(60, 60, NOW + 600, NOW)
    budget.spend(1000, NOW + 600)

    assert budget.wait(NOW + 600, urgent=False) == 0
    assert budget.told(NOW + 600) is None


def test_the_few_requests_without_a_token_have_no_reserve() -> None:
    budget = HourBudget(4500)
    budget.learn(60, 60, NOW + 600, NOW)
    budget.spend(59, NOW)

    assert budget.wait(NOW, urgent=False) == 0


@pytest.mark.parametrize("resets_at", [0, NOW, NOW - 600])
def test_an_hour_that_is_over_tells_nothing(resets_at: int) -> None:
    budget = HourBudget(4500)
    budget.learn(5000, 0, resets_at, NOW)

    assert budget.wait(NOW, urgent=False) == 0


def test_no_hour_is_longer_than_an_hour() -> None:
    budget = HourBudget(4500)
    budget.learn(5000, 0, NOW + 10**9, NOW)

    assert budget.wait(NOW, urgent=True) == HOUR


def test_those_in_flight_are_counted_before_their_answers_say_so() -> None:
    budget = HourBudget(100)
    budget.spend(3, NOW, usual=3)
    for _ in range(29):
        budget.begin()

    assert budget.wait(NOW, urgent=False) > 0
    budget.end()
    assert budget.wait(NOW, urgent=True) == 0


def test_an_hour_further_ahead_than_an_hour_is_over_as_a_clock_was_set_back() -> None:
    budget, day_before = HourBudget(100), NOW - 24 * HOUR
    budget.learn(5_000, 0, NOW + 600, NOW)
    budget.spend(100, NOW)

    assert budget.wait(NOW, urgent=True) == 600
    assert budget.wait(day_before, urgent=False) == 0
    assert budget.told(day_before) is None
    budget.spend(100, day_before)
    assert budget.wait(day_before, urgent=False) == HOUR
