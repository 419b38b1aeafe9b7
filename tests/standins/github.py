"""A small GitHub on 127.0.0.1: one GraphQL API, a token, and the ways in which GitHub fails."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.standins.gists import Gists
from tests.standins.git_data import GitDataStandIn
from tests.standins.github_apps import Access
from tests.standins.github_limits import Limits
from tests.standins.github_rest import Rest
from tests.standins.github_stars import StarHistories
from tests.standins.github_traffic import TrafficStandIn
from tests.standins.github_world import POINTS_AN_HOUR, Asked, Repo, World

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."
LIMITED = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded."}]}
NOBODYS = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "58"}
GAVE_UP = {"data": None, "errors": [{"message": "Something went wrong with your query."}]}


@dataclass
class Fault:
    status: int | str
    times: int
    retry_after: int | None
    match: str

    def fits(self, body: str) -> bool:
        return self.times > 0 and self.match in body


class GitHubStandIn:
    def __init__(self) -> None:
        self.api_url = ""
        self.token = "ghp_standin"  # noqa: S105 - of a GitHub that does not exist
        self.token_expires: str | None = None  # as the header says it: "2026-12-31 23:59:59 UTC"
        self.latency: float = 0  # seconds a request
        self.latency_a_repository: float = 0  # and seconds for each of its repositories
        self.requests: list[Asked] = []
        self.in_flight = self.most_in_flight = 0
        self.world = World("radar", resets_at=int(time.time()) + 3600)
        self.access, self.rest = Access(), Rest(self.world)
        self.limits = Limits()
        self.traffic = TrafficStandIn()
        self.git = GitDataStandIn()
        self.witness: Callable[[Asked, Mapping[str, Any]], None] = lambda *_: None
        self._faults: list[Fault] = []
        self._open, self._closing = asyncio.Event(), asyncio.Event()
        self._open.set()
        self._arrival = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/graphql", self._serve)
        self.access.serve(app)
        self.rest.serve(app, self._admits)
        self.star_histories = StarHistories(self, app)
        self.traffic.serve(app, self.world, self._admits)
        self.gists = Gists(self, app)
        self.git.serve(app, self.world, self._admits)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._open.set()
        await self._runner.cleanup()

    # How its world turns

    def add(self, full_name: str, *, id: int | None = None, **numbers: int | bool) -> Repo:  # noqa: A002 - GitHub's word
        """Make a repository; `stars`, `forks`, `private` and the others are `Repo`'s fields."""
        return self.world.add(full_name, id, numbers)

    def set(self, full_name: str, **numbers: int | bool | None) -> None:
        for name, value in numbers.items():
            setattr(self.world.names[full_name.lower()], name, value)

    def stars(self, full_name: str) -> int:
        return self.world.names[full_name.lower()].stars

    def rename(self, old: str, new: str) -> None:
        """Give it a new name; the old one goes on answering until another repository takes it."""
        repo = self.world.names[old.lower()]
        repo.full_name = new
        self.world.names[new.lower()] = repo

    def delete(self, full_name: str) -> None:
        self.set(full_name, deleted=True)

    def forbid(self, full_name: str) -> None:
        self.set(full_name, forbidden=True)

    def revoke_token(self) -> None:
        self.token = ""

    def fail(
        self,
        status: int | str,
        *,
        times: int = 1,
        retry_after: int | None = None,
        match: str = "",
    ) -> None:
        """Fail the next requests whose body contains `match`.

        With a status, or one of "reset" "truncate" "hang" "rate_limited" "spent" (403 for the same)
        "secondary" "null_data".
        """
        self._faults.append(Fault(status, times, retry_after, match))

    def heal(self) -> None:
        """Forget the failures that were ordered and have not happened yet."""
        self._faults.clear()

    def hold(self) -> None:
        """Keep every answer back until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    async def arrived(self, count: int) -> None:
        """Wait until so many requests have come in."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.requests) >= count)

    # How it answers

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        asked = Asked(**json.loads(body))
        self.requests.append(asked)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            async with self._arrival:
                self._arrival.notify_all()
            await self._open.wait()
            await asyncio.sleep(self.latency + self.latency_a_repository * asked.repositories)
            return await self._respond(request, body, asked)
        finally:
            self.in_flight -= 1

    async def _respond(self, request: web.Request, body: str, asked: Asked) -> web.StreamResponse:
        asked.token = _token(request)
        if not self._admits(request):
            return self._reply({"message": "Bad credentials"}, status=401, headers=NOBODYS)
        if not request.headers.get("User-Agent", "").startswith("repo-radar/"):
            return self._reply({"message": "Please name your User-Agent."}, status=403)
        if (sso := self.access.sso.get(asked.token)) is not None:
            headers = {"X-GitHub-SSO": sso} if sso else {}
            return self._reply({"message": "Forbidden"}, status=403, headers=headers)
        fault = next((fault for fault in self._faults if fault.fits(body)), None)
        if fault is None:
            told = self.access.tokens.get(asked.token)
            ends = {"GitHub-Authentication-Token-Expiration": told} if told else None
            met = self.limits.met(asked, self.world)
            status, answer = met or (200, self.world.answer(asked))
            if met is None:
                self.witness(asked, answer)
            return self._reply(answer, status=status, headers=ends)
        fault.times -= 1
        match fault.status:
            case "reset" | "hang" | "truncate":
                return await self._break_off(fault.status, request, asked)
            case _:
                return self._refuse(fault)

    def _admits(self, request: web.Request) -> bool:
        return self.access.admits(_token(request), self.token)

    async def _break_off(self, how: str, request: web.Request, asked: Asked) -> web.StreamResponse:
        if how == "truncate":
            text = json.dumps(self.world.answer(asked))
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        if how == "hang":
            await self._closing.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _refuse(self, fault: Fault) -> web.Response:
        retry = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        match fault.status:
            case "rate_limited":
                return self._reply(LIMITED, headers={**retry, "X-RateLimit-Remaining": "0"})
            case "spent":
                headers = {**retry, "X-RateLimit-Remaining": "0"}
                return self._reply(LIMITED["errors"][0], status=403, headers=headers)
            case "secondary":
                return self._reply({"message": SECONDARY}, status=403, headers=retry)
            case "null_data":
                return self._reply(GAVE_UP, headers=retry)
        return web.Response(status=int(fault.status), text="<h1>Unicorn!</h1>", headers=retry)

    def _reply(
        self,
        answer: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> web.Response:
        limits = {
            "X-RateLimit-Limit": str(POINTS_AN_HOUR),
            "X-RateLimit-Remaining": str(self.world.points_left),
            "X-RateLimit-Reset": str(self.world.resets_at),
        }
        if self.token_expires:
            limits["GitHub-Authentication-Token-Expiration"] = self.token_expires
        return web.json_response(answer, status=status, headers={**limits, **(headers or {})})


def _token(request: web.Request) -> str:
    said = request.headers.get("Authorization", "")
    return said.removeprefix("Bearer ").removeprefix("token ")  # it takes both
