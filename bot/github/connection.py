"""One question to GitHub: sent, waited for, asked again, and told why there is no answer."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NoReturn, Protocol, TypeVar

import aiohttp
import stamina
from yarl import URL

from bot import __version__
from bot.core.models import Pause, Refused
from bot.errors import GitHubError, TokenMissing, TokenRejected
from bot.github.credentials import Credential, Nobody, token_page
from bot.github.gate import Gate
from bot.github.limits import Verdict, judge, lacking, limit_wait, named_wait, token_expiry
from bot.github.protocol import Question, graphql_url
from bot.github.purse import Resource
from bot.github.reply import Reply, Unreadable, open_reply
from bot.github.trip import Trip
from bot.github.wire import Answer, Unanswered, Wire

T = TypeVar("T")
ATTEMPTS = 3
REFUSED_FOR = 300
"""Seconds for which a refused token is used for nothing that nobody waits for."""
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 20.0
_LIMITS = {
    Verdict.RATE_LIMITED: "GitHub's rate limit",
    Verdict.SECONDARY_LIMIT: "GitHub's secondary rate limit",
}
_ANSWERS = (Verdict.ANSWER, Verdict.FORBIDDEN, Verdict.WRONG_ADDRESS)  # REST's, of one path
_MOVED = (301, 302, 307, 308)
_MOST_MOVES = 3
_TOO_SLOW = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)  # a query that took over 10 s


class Connection:
    def __init__(
        self,
        session: aiohttp.ClientSession,
        gate: Gate,
        *,
        credential: Credential,
        api_url: str,
        timeout: float,
    ) -> None:
        self._wire, self.gate, self.credential = Wire(session, timeout), gate, credential
        self._base, self._graphql = api_url.rstrip("/"), graphql_url(api_url)
        self.timeout = timeout
        self.token_page = token_page(api_url)
        self.token_expires_at: int | None = None
        self._refused_until = 0

    @property
    def nobody(self) -> bool:
        """Whether it has nothing to authenticate with: then REST answers a little, GraphQL not."""
        return isinstance(self.credential, Nobody)

    async def ask(self, question: Question, trip: Trip, *, attempts: int = ATTEMPTS) -> Reply:
        """Return an opened reply; raise Unanswered after `attempts`, or a GitHubError at once."""
        if self.nobody:
            raise self._missing()  # GraphQL answers nobody

        def once() -> Awaitable[Reply]:
            return self._judged(self._ask_within_limits(question, trip), small=question.small)

        return await self._retried(once, trip, attempts)

    async def get(self, path: str, trip: Trip, *, attempts: int = ATTEMPTS) -> Answer:
        """Ask REST for `path`, such as `/repos/owner/name`; where it moved, there.

        Also no is an answer: a 403 that is no limit, 404 and 451, say, are for the caller to
        read, and so is whatever else says nothing of GitHub as a whole. Raises as `ask` does.
        """
        return await self.send("GET", path, trip, attempts=attempts)

    async def send(
        self,
        method: str,
        path: str,
        trip: Trip,
        body: bytes | None = None,
        attempts: int = ATTEMPTS,
    ) -> Answer:
        """Have REST make or change something; no is an answer as of `get`."""
        url = URL(f"{self._base}{path}", encoded=True)

        def once() -> Awaitable[Answer]:
            return self._judged(self._rest_within_limits(method, url, trip, body))

        return await self._retried(once, trip, attempts)

    def silent(self, trouble: Unanswered) -> GitHubError:
        """What to raise when it is GitHub that is down, and not one question it cannot answer."""
        return self.gate.host.silent(trouble.reason, "later")

    async def _retried(
        self, attempt_once: Callable[[], Awaitable[T]], trip: Trip, attempts: int
    ) -> T:
        async for attempt in stamina.retry_context(
            on=Unanswered,
            attempts=attempts,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
        ):
            with attempt:
                try:
                    return await attempt_once()
                except Unanswered as trouble:
                    _tell(trip, trouble, attempt.next_wait if attempt.num < attempts else None)
                    raise
        raise AssertionError("stamina returns or raises")

    async def _judged(self, answer: Awaitable[T], *, small: bool = False) -> T:
        """Tell all who ask whether GitHub lives: a large question may fail of itself."""
        try:
            answered = await answer
        except Unanswered as trouble:
            if small or trouble.unreachable:
                self.gate.host.failed(trouble.reason)
            raise
        self.gate.host.succeeded()
        return answered

    async def _ask_within_limits(self, question: Question, trip: Trip) -> Reply:
        while True:
            answer = await self._send("POST", URL(self._graphql), trip, question.body())
            verdict = judge(answer.status, answer.headers, answer.body)
            reply = _opened(answer.body) if verdict is Verdict.ANSWER else None
            if reply is not None and reply.limit is None:
                cost = reply.rate_limit.cost if reply.rate_limit else 0
                trip.points += cost
                self.gate.charge(cost)
                return reply
            limited = reply.limit if reply and reply.limit else verdict
            self._wait_or_fail(limited, answer, trip, Resource.GRAPHQL)

    async def _rest_within_limits(
        self, method: str, url: URL, trip: Trip, body: bytes | None
    ) -> Answer:
        moves = 0
        while True:
            answer = await self._send(method, url, trip, body)
            moved_to = self._moved_to(url, answer)
            if moved_to is not None and moves < _MOST_MOVES:
                url, moves = moved_to, moves + 1
                continue
            verdict = judge(answer.status, answer.headers, answer.body)
            if verdict in _ANSWERS:
                return answer
            self._wait_or_fail(verdict, answer, trip, Resource.CORE)

    def _moved_to(self, url: URL, answer: Answer) -> URL | None:
        """Where a renamed repository answers now; never at another host: the token goes along."""
        if answer.status not in _MOVED:
            return None
        try:
            target = url.join(URL(answer.headers.get("location", ""), encoded=True))
            near = target.origin() == url.origin()
        except ValueError:
            return None
        return target.with_user(None) if near else None

    async def _send(self, method: str, url: URL, trip: Trip, body: bytes | None) -> Answer:
        if not trip.urgent and self.gate.clock.now() < self._refused_until:
            raise self._refusal()
        secret = await self.credential.secret(trip)
        answer = await self._send_as(secret, method, url, trip, body)
        if answer.status == HTTPStatus.UNAUTHORIZED and self.credential.outlives(secret or ""):
            secret = await self.credential.secret(trip)
            answer = await self._send_as(secret, method, url, trip, body)
        refused = answer.status == HTTPStatus.UNAUTHORIZED
        self._refused_until = self.gate.clock.now() + REFUSED_FOR if refused else 0
        if self.credential.dated:
            self.token_expires_at = token_expiry(answer.headers) or self.token_expires_at
        return answer

    async def _send_as(  # a request is all of it
        self, secret: str | None, method: str, url: URL, trip: Trip, body: bytes | None
    ) -> Answer:
        resource = Resource.GRAPHQL if str(url) == self._graphql else Resource.CORE
        async with self.gate.passing(trip, resource):
            headers = {
                **self._authorization(secret),
                "Accept": "application/vnd.github+json",
                "User-Agent": f"repo-radar/{__version__}",
                **({"Content-Type": "application/json"} if body is not None else {}),
            }
            trip.requests += 1
            answer = await self._wire.exchange(method, url, headers, body)
        if answer.status != HTTPStatus.UNAUTHORIZED:  # it tells of the few points of nobody
            self.gate.learn(answer.headers, resource)
        if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.gate.host.succeeded()  # no is an answer, too
        return answer

    def _authorization(self, secret: str | None) -> dict[str, str]:
        if secret is None:
            return {}
        if not (secret.isascii() and secret.isprintable()):
            what = self.credential.label.what
            raise self._rejected(f"The GitHub {what} holds characters that no token has")
        return {"Authorization": f"Bearer {secret}"}

    def _refusal(self) -> GitHubError:
        """What a 401 means."""
        label = self.credential.label
        if self.nobody:
            return self._missing()
        return self._rejected(f"GitHub rejected the {label.what} (401): {label.why}")

    def _rejected(self, why: str) -> TokenRejected:
        return TokenRejected(f"{why}. {self.credential.label.fix}")

    def _missing(self) -> TokenMissing:
        return TokenMissing(
            f"There is no GitHub token: make one at {self.token_page} (public repositories"
            " need no scope) and set RADAR_GITHUB__TOKEN."
        )

    def _wait_or_fail(
        self, verdict: Verdict, answer: Answer, trip: Trip, resource: Resource
    ) -> None:
        named = named_wait(answer.headers)
        if verdict in _LIMITS:
            wait = limit_wait(answer.headers, self.gate.clock.now())
            spent = resource if verdict is Verdict.RATE_LIMITED else None
            self.gate.close(wait, _LIMITS[verdict], trip, spent)
        elif verdict is Verdict.TROUBLE and named is not None:
            self.gate.close(named, f"GitHub answered {answer.status}", trip)
        else:
            self._fail(verdict, answer)

    def _fail(self, verdict: Verdict, answer: Answer) -> NoReturn:
        status, label = answer.status, self.credential.label
        match verdict:
            case Verdict.TROUBLE:
                kind = Refused.TIMEOUT if status in _TOO_SLOW else Refused.ERROR
                raise Unanswered(f"GitHub answered {status}", kind)
            case Verdict.TOKEN_REJECTED:
                raise self._refusal()
            case Verdict.FORBIDDEN:
                fix = f"Check it at {self.token_page}." if self.credential.dated else label.fix
                what, why = label.what, lacking(answer.headers)
                raise TokenRejected(f"GitHub forbids the {what} its API (403): {why}. {fix}")
        raise GitHubError(
            f"There is no GitHub GraphQL API at {self.gate.host.name} (it answered {status}):"
            " check RADAR_GITHUB__API_URL."
        )


class Connections(Protocol):
    """Which connection may see what an owner has."""

    async def connection_of(self, owner: str, *, urgent: bool = False) -> Connection: ...


def _tell(trip: Trip, trouble: Unanswered, wait: float | None) -> None:
    """Say why the next attempt waits, if there is one."""
    if wait is not None:
        trip.waiting(Pause(wait, trouble.reason))


def _opened(body: bytes) -> Reply:
    try:
        reply = open_reply(body)
    except Unreadable:
        raise Unanswered("GitHub's answer was cut short") from None
    if reply.limit is None and not reply.understood:
        raise GitHubError(
            "GitHub did not understand the query: its version may be older than Repo Radar needs."
        )
    if reply.gave_up:
        raise Unanswered("GitHub gave up on the query", Refused.TIMEOUT)
    return reply
