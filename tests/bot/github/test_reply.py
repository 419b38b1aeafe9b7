"""What an answer says as a whole, under HTTP 200."""

import json

import pytest

from bot.github.limits import Verdict
from bot.github.reply import Reply, open_reply

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."
LEFT = {"cost": 2, "remaining": 4998, "limit": 5000, "resetAt": "2026-11-21T13:00:00Z"}


def reply(**parts: object) -> Reply:
    return open_reply(json.dumps(parts).encode())


@pytest.mark.parametrize("name", ["RATE_LIMITED", "RATE_LIMIT"])  # GitHub uses both
def test_a_spent_hour_may_come_under_http_200(name: str) -> None:
    assert reply(errors=[{"type": name, "message": "…"}]).limit is Verdict.RATE_LIMITED


def test_a_secondary_limit_may_come_under_http_200() -> None:
    answer = reply(data=None, errors=[{"message": SECONDARY}])

    assert answer.limit is Verdict.SECONDARY_LIMIT
    assert not answer.gave_up


def test_an_answer_with_a_refusal_in_it_met_no_limit() -> None:
    answer = reply(data={"r0": None}, errors=[{"type": "NOT_FOUND", "path": ["r0"]}])

    assert answer.limit is None
    assert answer.understood
    assert not answer.gave_up


def test_a_query_that_github_gives_up_on_is_told_from_one_it_does_not_understand() -> None:
    gave_up = reply(data=None, errors=[{"message": "Something went wrong"}])
    misread = reply(errors=[{"path": ["query"], "message": "Field 'x' doesn't exist"}])

    assert (gave_up.gave_up, gave_up.understood) == (True, True)
    assert not misread.understood


def test_a_query_that_failed_for_a_reason_of_githubs_own_is_given_up_on() -> None:
    """No repository is to blame before it failed alone: the page is asked for again, and apart."""
    assert reply(data=None, errors=[{"type": "INTERNAL", "message": "Oops"}]).gave_up


def test_a_query_refused_as_a_whole_for_a_reason_is_not_given_up_on() -> None:
    assert not reply(data=None, errors=[{"type": "RESOURCE_LIMITS_EXCEEDED"}]).gave_up


def test_what_is_left_is_read_with_its_reset() -> None:
    left = reply(data={"rateLimit": LEFT}).rate_limit

    assert left is not None
    assert (left.cost, left.remaining, left.limit) == (2, 4998, 5000)
    assert left.reset_at.isoformat() == "2026-11-21T13:00:00+00:00"


@pytest.mark.parametrize(
    "wrong", [None, 7, {}, LEFT | {"cost": -1}, LEFT | {"resetAt": "2026-11-21T13:00:00"}]
)
def test_limits_that_are_switched_off_or_unreadable_are_unknown(wrong: object) -> None:
    assert reply(data={"rateLimit": wrong}).rate_limit is None


@pytest.mark.parametrize("viewer", [None, {}, {"login": 7}, {"login": ""}])
def test_an_unreadable_login_is_unknown_and_a_good_one_is_not(viewer: object) -> None:
    assert reply(data={"viewer": viewer}).login is None
    assert reply(data={"viewer": {"login": "radar"}}).login == "radar"
