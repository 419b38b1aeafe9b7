"""One request over the network and its answer; aiohttp's exceptions end here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
from yarl import URL

from bot.core.models import Refused

LARGEST = 16 * 2**20
"""Bytes of an answer, unpacked; a page of a hundred repositories takes about a thousandth."""
SLOWEST = 2**18
"""Bytes a second at which a large request may be sent; a run directory may have 30 MB."""
PIECE = 2**19
"""Bytes that are handed to the network at once."""


class Unanswered(Exception):
    """GitHub gave no answer worth reading; `reason` says so without secrets."""

    def __init__(
        self, reason: str, kind: Refused = Refused.ERROR, *, unreachable: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.unreachable = reason, kind, unreachable


def patience(timeout: float, body: bytes | None) -> float:
    """Seconds for a request and its answer; what is large takes its time on a slow line."""
    return timeout + len(body or b"") // SLOWEST


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is not yet believed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)  # it may be a token that was just made


@dataclass(frozen=True, slots=True)
class Wire:
    session: aiohttp.ClientSession
    timeout: float  # seconds

    async def exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Follows no redirect: the token goes along. Raises Unanswered."""
        seconds = patience(self.timeout, body)
        limit = aiohttp.ClientTimeout(total=seconds)
        data = BytesIO(body) if body is not None and len(body) > PIECE else body  # in pieces
        try:  # `from None`: aiohttp's errors may carry the request, and with it the token
            async with self.session.request(
                method, url, data=data, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await _body(response))
        except TimeoutError:
            reason = f"GitHub did not answer within {seconds:g} s"
            raise Unanswered(reason, Refused.TIMEOUT) from None
        except aiohttp.ClientConnectorError:
            raise Unanswered("GitHub could not be reached", unreachable=True) from None
        except (aiohttp.ClientError, OSError):
            raise Unanswered("the connection to GitHub broke") from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise Unanswered("GitHub's answer was larger than any it gives")
    return bytes(body)
