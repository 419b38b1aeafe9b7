"""One request over the network and its answer; aiohttp's exceptions end here."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from bot.core.models import Refused


class Unanswered(Exception):
    """GitHub gave no answer worth reading; `reason` says so without secrets."""

    def __init__(
        self, reason: str, kind: Refused = Refused.ERROR, *, unreachable: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.kind, self.unreachable = reason, kind, unreachable


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is not yet believed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wire:
    session: aiohttp.ClientSession
    timeout: float  # seconds

    async def exchange(
        self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        """Follows no redirect: the token goes along. Raises Unanswered."""
        limit = aiohttp.ClientTimeout(total=self.timeout)
        try:  # `from None`: aiohttp's errors may carry the request, and with it the token
            async with self.session.request(
                method, url, data=body, headers=headers, timeout=limit, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except TimeoutError:
            reason = f"GitHub did not answer within {self.timeout:g} s"
            raise Unanswered(reason, Refused.TIMEOUT) from None
        except aiohttp.ClientConnectorError:
            raise Unanswered("GitHub could not be reached", unreachable=True) from None
        except (aiohttp.ClientError, OSError):
            raise Unanswered("the connection to GitHub broke") from None
