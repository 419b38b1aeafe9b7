"""What a status and its headers mean, before anyone reads the body."""

import pytest

from bot.github.limits import Verdict, judge, limit_wait, named_wait, token_expiry

NOW = 1_800_000_000
WORDING = b'{"message": "You have exceeded a secondary rate limit."}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "verdict"),
    [
        (200, {}, b"", Verdict.ANSWER),
        (401, {}, b"", Verdict.TOKEN_REJECTED),
        (403, {"x-ratelimit-remaining": "0"}, b"", Verdict.RATE_LIMITED),
        (429, {"x-ratelimit-remaining": "0"}, b"", Verdict.RATE_LIMITED),
        (403, {"retry-after": "60"}, b"", Verdict.SECONDARY_LIMIT),
        (403, {}, WORDING, Verdict.SECONDARY_LIMIT),
        (429, {}, b"", Verdict.SECONDARY_LIMIT),
        (403, {"x-ratelimit-remaining": "4999"}, b"", Verdict.FORBIDDEN),
        (403, {"x-ratelimit-remaining": "none of your business"}, b"", Verdict.FORBIDDEN),
        (500, {}, b"", Verdict.TROUBLE),
        (502, {}, b"<h1>Unicorn!</h1>", Verdict.TROUBLE),
        (504, {}, b"", Verdict.TROUBLE),
        (408, {}, b"", Verdict.TROUBLE),
        (404, {}, b"", Verdict.WRONG_ADDRESS),
        (301, {}, b"", Verdict.WRONG_ADDRESS),
    ],
)
def test_a_status_is_told_apart_by_its_headers_and_words(
    status: int, headers: dict[str, str], body: bytes, verdict: Verdict
) -> None:
    assert judge(status, headers, body) is verdict


def test_a_wait_that_github_names_goes_before_every_other() -> None:
    exhausted = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW + 300)}

    assert limit_wait(exhausted | {"retry-after": "7"}, NOW) == 7
    assert limit_wait(exhausted, NOW) == 300
    assert limit_wait({}, NOW) == 60


def test_a_reset_counts_only_when_the_points_are_spent() -> None:
    headers = {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": str(NOW + 3000)}

    assert limit_wait(headers, NOW) == 60


def test_no_wait_is_so_short_that_asking_again_becomes_a_flood() -> None:
    past = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW - 5)}

    assert limit_wait(past, NOW) == 60
    assert named_wait({"retry-after": "0"}) == 1


@pytest.mark.parametrize("text", ["", "-3", "soon", "1e9", "٣", "9" * 40])
def test_a_wait_that_is_no_number_is_no_named_wait(text: str) -> None:
    assert named_wait({"retry-after": text}) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31 23:59:59 UTC", 1_798_761_599),
        ("2027-01-01 01:59:59 +0200", 1_798_761_599),
        ("2026-12-31", None),
        ("never", None),
    ],
)
def test_the_end_of_a_token_is_read_in_both_of_githubs_spellings(
    text: str, moment: int | None
) -> None:
    assert token_expiry({"github-authentication-token-expiration": text}) == moment


def test_a_token_without_an_end_has_none() -> None:
    assert token_expiry({}) is None
