"""What an HTTP answer means before anyone reads it: token, limits, trouble. No network."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from http import HTTPStatus

SECONDARY_WORDING = "secondary rate limit"
UNNAMED_WAIT = 60.0  # "wait for at least one minute", where GitHub names no wait


class Verdict(Enum):
    ANSWER = auto()  # read the body
    TOKEN_REJECTED = auto()
    RATE_LIMITED = auto()  # the hour's points are spent
    SECONDARY_LIMIT = auto()  # too much at once
    FORBIDDEN = auto()
    TROUBLE = auto()  # GitHub's own: ask again
    WRONG_ADDRESS = auto()  # not what GraphQL answers with: whoever it is, GitHub it is not


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Classify an answer; `headers` must find lower-case names."""
    if status == HTTPStatus.OK:
        return Verdict.ANSWER
    if status == HTTPStatus.UNAUTHORIZED:
        return Verdict.TOKEN_REJECTED
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        return _limit(status, headers, body)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Verdict.TROUBLE
    return Verdict.WRONG_ADDRESS


def _limit(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    if "retry-after" in headers or SECONDARY_WORDING.encode() in body.lower():
        return Verdict.SECONDARY_LIMIT
    if _number(headers, "x-ratelimit-remaining") == 0:
        return Verdict.RATE_LIMITED
    too_many = status == HTTPStatus.TOO_MANY_REQUESTS
    return Verdict.SECONDARY_LIMIT if too_many else Verdict.FORBIDDEN


def lacking(headers: Mapping[str, str]) -> str:
    """Tell why a 403 that is no limit was given."""
    if headers.get("x-github-sso", "").startswith("required"):
        return "its organisation asks that it be authorised for single sign-on"
    return "it lacks a permission, or an organisation asks for single sign-on"


def named_wait(headers: Mapping[str, str]) -> float | None:
    """Read the seconds that GitHub itself asks us to wait, if it does."""
    seconds = _number(headers, "retry-after")
    return None if seconds is None else max(1.0, seconds)


def limit_wait(headers: Mapping[str, str], now: int) -> float:
    """How long a limit lasts: as named, else until the hour's points are new, else a minute."""
    named = named_wait(headers)
    if named is not None:
        return named
    reset = _number(headers, "x-ratelimit-reset")
    if reset is None or _number(headers, "x-ratelimit-remaining") != 0:
        return UNNAMED_WAIT
    return reset - now if reset > now else UNNAMED_WAIT  # a clock is wrong: who knows which


def hour_told(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """The hour's points as an answer tells them: granted, left, and when they are new."""
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
    limit, left, reset = (_number(headers, name) for name in names)
    return None if limit is None or left is None or reset is None else (limit, left, reset)


def token_expiry(headers: Mapping[str, str]) -> int | None:
    """When the token ends; GitHub writes "2026-12-31 23:59:59 UTC" or an offset like +0200."""
    text = headers.get("github-authentication-token-expiration", "")
    try:
        return int(
            datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z").timestamp()
        )
    except ValueError:
        return None


def requests_left(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """How many REST requests are left, and when there are new ones."""
    return _number(headers, "x-ratelimit-remaining"), _number(headers, "x-ratelimit-reset")


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    readable = text.isascii() and text.isdecimal() and len(text) <= len("9999999999")
    return int(text) if readable else None
