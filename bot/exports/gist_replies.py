"""What GitHub says of gists, read into types; and what it means when it says no. No network."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import msgspec

from bot.errors import GitHubError, RateLimited, TokenRejected

FIX = "give it the scope gist in GitHub's settings, or set another one as daily_file.gist_token"
LATER = "the daily file is written after the next run"
_LIMITS = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
_Name = Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,100}$")]  # stands in an address


class User(msgspec.Struct):
    login: _Name


class File(msgspec.Struct):
    raw_url: str = ""
    truncated: bool = False
    content: str | None = None


class Version(msgspec.Struct):
    version: _Name


class Gist(msgspec.Struct):
    id: _Name
    files: dict[str, File]
    created_at: str = ""
    truncated: bool = False  # it has more files than are listed
    history: list[Version] = []  # the newest first


def refusal(status: int, headers: Mapping[str, str], body: bytes, missing: str) -> GitHubError:
    """Tell in one sentence what an answer that is none means; `missing` is what a 404 does."""
    if status in _LIMITS and _is_limit(status, headers, body):
        return RateLimited(f"GitHub's rate limit does not allow to write the gist now: {LATER}.")
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return TokenRejected(
                "GitHub rejected the token for the gist (401), it expired or was revoked: make one"
                " with the scope gist and set it as daily_file.gist_token."
            )
        case HTTPStatus.FORBIDDEN:
            return TokenRejected(f"GitHub forbids the token its gists (403): {FIX}.")
        case HTTPStatus.NOT_FOUND:
            return GitHubError(missing)
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE | HTTPStatus.UNPROCESSABLE_ENTITY:
            return GitHubError(
                f"GitHub does not take the daily file ({status}): see that the gist of"
                " daily_file.gist_id can be edited by hand, and is not too large."
            )
    return GitHubError(f"GitHub answered {status} about the gist: check github.api_url.")


def _is_limit(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    spent = headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers
    return status == HTTPStatus.TOO_MANY_REQUESTS or spent or b"rate limit" in body.lower()
