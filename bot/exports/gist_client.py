"""The few requests about gists, and where their token may go; foreign exceptions end here."""

from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import TypeVar

import aiohttp
import msgspec
import stamina
from pydantic import SecretStr
from yarl import URL

from bot import __version__
from bot.errors import GitHubError, TokenMissing
from bot.exports.gist_replies import FIX, LATER, Gist, User, refusal

T = TypeVar("T")
ATTEMPTS = 3
A_PAGE, MOST_PAGES = 100, 30  # GitHub lists 3,000
LARGEST = 32 * 2**20
"""Bytes of an answer; GitHub hands out files of up to 10 MB."""
NO_WRITING = f"The token may not write gists (404): {FIX}."
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 5.0


class Conflict(Exception):
    """Somebody else wrote the gist at the same time: read it again."""


class _Unanswered(Exception):
    pass


class GistClient:
    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        token: SecretStr | None,
        api_url: str,
        timeout: float,
    ) -> None:
        self._session, self._token = session, token
        self._api = URL(api_url)
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def login(self) -> str:
        """Whose token it is."""
        return _read(await self._ask("GET", "user", NO_WRITING), User).login

    async def mine(self) -> list[Gist]:
        """All own gists, without what is in their files."""
        found: list[Gist] = []
        for page in range(1, MOST_PAGES + 1):
            path = f"gists?per_page={A_PAGE}&page={page}"
            listed = _read(await self._ask("GET", path, NO_WRITING), list[Gist])
            found += listed
            if len(listed) < A_PAGE:
                break
        return found

    async def get(self, gist_id: str, version: str = "") -> Gist:
        missing = (
            f"There is no gist {gist_id} that the token may see (404): check daily_file.gist_id,"
            " or take it out to have one looked for."
        )
        path = f"gists/{gist_id}/{version}" if version else f"gists/{gist_id}"
        return _read(await self._ask("GET", path, missing), Gist)

    async def make(self, name: str, text: str) -> Gist:
        """Make a secret one; asked once, as what got no answer may have been made all the same."""
        told = {
            "description": "Daily numbers of a portfolio, kept by Repo Radar",
            "public": False,
            "files": {name: {"content": text}},
        }
        return _read(await self._ask("POST", "gists", NO_WRITING, told, attempts=1), Gist)

    async def change(self, gist_id: str, name: str, text: str) -> None:
        """Write one file; raises Conflict where somebody else was at it."""
        told = {"files": {name: {"content": text}}}
        await self._ask("PATCH", f"gists/{gist_id}", NO_WRITING, told)

    async def raw(self, address: str) -> bytes:
        """A file as it is; of GitHub only, and only the API's own host is shown the token."""
        try:
            url = URL(address)
            known = self._is_api(url) or (url.scheme == "https" and _is_github(url, self._api))
        except ValueError:
            known = False
        if not known:
            raise GitHubError(
                "The gist's file is said to lie outside GitHub, so it was not fetched and the gist"
                " stays as it is: check github.api_url."
            )
        gone = "The gist's file cannot be fetched (404), so the gist stays as it is: look at it."
        return await self._retried("GET", URL(address), gone, None, ATTEMPTS)

    def _is_api(self, url: URL) -> bool:
        return url.origin() == self._api.origin()

    async def _ask(
        self, method: str, path: str, missing: str, told: object = None, attempts: int = ATTEMPTS
    ) -> bytes:
        body = None if told is None else msgspec.json.encode(told)
        url = URL(f"{str(self._api).rstrip('/')}/{path}", encoded=True)
        return await self._retried(method, url, missing, body, attempts)

    async def _retried(
        self, method: str, url: URL, missing: str, body: bytes | None, attempts: int
    ) -> bytes:
        retries = stamina.retry_context(
            on=_Unanswered,
            attempts=attempts,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
        )
        try:
            async for attempt in retries:
                with attempt:
                    return await self._send(method, url, missing, body)
        except _Unanswered as trouble:
            raise GitHubError(f"The gist could not be written, as {trouble}: {LATER}.") from None
        raise AssertionError("stamina returns or raises")

    async def _send(self, method: str, url: URL, missing: str, body: bytes | None) -> bytes:
        headers = self._headers(url)
        try:  # `from None`: aiohttp's errors may carry the request, and with it the token
            async with self._session.request(
                method,
                url,
                data=None if body is None else BytesIO(body),  # aiohttp warns of many bytes at once
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                status, answer = response.status, await _all_of(response)
        except TimeoutError:
            raise _Unanswered(f"GitHub did not answer within {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, OSError):
            raise _Unanswered("the connection to GitHub broke") from None
        if status in (HTTPStatus.OK, HTTPStatus.CREATED):
            return answer
        if status == HTTPStatus.CONFLICT:
            raise Conflict
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Unanswered(f"GitHub answered {status}")
        raise refusal(status, response.headers, answer, missing)

    def _headers(self, url: URL) -> Mapping[str, str]:
        headers = {
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": f"repo-radar/{__version__}",
        }
        secret = self._token.get_secret_value() if self._token else ""
        if not (secret and secret.isascii() and secret.isprintable()):
            raise TokenMissing(
                "There is no usable token for the gist: make one with the scope gist and set it as"
                " daily_file.gist_token."
            )
        return {**headers, "Authorization": f"Bearer {secret}"} if self._is_api(url) else headers


def _is_github(url: URL, api: URL) -> bool:
    host = url.host or ""
    return host == api.host or f".{host}".endswith((".github.com", ".githubusercontent.com"))


async def _all_of(response: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for part in response.content.iter_chunked(2**16):
        found += part
        if len(found) > LARGEST:
            raise GitHubError("The gist's file is too large to be read: use destination: local.")
    return bytes(found)


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise GitHubError(
            "GitHub's answer about the gist could not be read, so it was not written: check"
            " github.api_url."
        ) from None
