"""The gists of the GitHub stand-in: versions, cut contents, and whoever else writes meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha1
from itertools import count
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.standins.github import GitHubStandIn

LIMIT = 1_000_000
"""Bytes of a file above which an answer holds its beginning only."""
Meanwhile = Callable[[web.Request], Awaitable[None]]


async def _nothing(_request: web.Request) -> None:
    pass


@dataclass
class Kept:
    """A gist: its files, one mapping a version, the newest last."""

    id: str
    created_at: str
    versions: list[dict[str, str]]
    public: bool = False

    @property
    def files(self) -> dict[str, str]:
        return self.versions[-1]

    def sha(self, number: int) -> str:
        return sha1(f"{self.id} {number}".encode()).hexdigest()  # noqa: S324  # a name, no secret


@dataclass
class Fault:
    method: str
    part: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


class Gists:
    def __init__(self, github: "GitHubStandIn", app: web.Application) -> None:
        self.login = "radar"
        self.kept: dict[str, Kept] = {}
        self.asked: list[tuple[str, str]] = []  # method, path
        self.tells_history = True
        self.limit = LIMIT
        self.raw_address: str | None = None  # said instead of its own
        self.raw_moved: str | None = None  # … or where it sends whoever asks there
        self.before: Meanwhile = _nothing  # awaited before a request takes effect
        self.after: Meanwhile = _nothing  # … and before its answer goes out
        self.shown: list[str] = []  # the credentials of requests for raw files
        self._faults: list[Fault] = []
        self._github = github
        self._numbers = count(1)
        app.router.add_get("/user", self._served(self._user))
        app.router.add_get("/gists", self._served(self._mine))
        app.router.add_post("/gists", self._served(self._make))
        app.router.add_get("/gists/{id}", self._served(self._one))
        app.router.add_get("/gists/{id}/{version}", self._served(self._one))
        app.router.add_patch("/gists/{id}", self._served(self._change))
        app.router.add_get("/raw/{id}/{version}/{name}", self._raw)

    def add(self, files: dict[str, str]) -> Kept:
        number = next(self._numbers)
        created = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
        one = Kept(f"{number:032x}", created, [dict(files)])
        self.kept[one.id] = one
        return one

    def fail(
        self,
        status: int,
        *,
        method: str = "",
        part: str = "",
        headers: dict[str, str] | None = None,
        times: int = 1,
    ) -> None:
        """Answer the next requests of a method, whose path has a part, like this."""
        self._faults.append(Fault(method, part, status, headers or {}, times))

    def _served(self, answer: Callable[[web.Request], Awaitable[web.Response]]) -> Any:  # noqa: ANN401  # aiohttp's
        async def serve(request: web.Request) -> web.Response:
            self.asked.append((request.method, request.path))
            if request.headers.get("Authorization") != f"Bearer {self._github.token}":
                return web.json_response({"message": "Bad credentials"}, status=401)
            await self.before(request)
            response = self._fault(request) or await answer(request)
            await self.after(request)
            return response

        return serve

    def _fault(self, request: web.Request) -> web.Response | None:
        for fault in self._faults:
            fits = fault.method in ("", request.method) and fault.part in request.path
            if fits and fault.times:
                fault.times -= 1
                body = {"message": "no"}
                return web.json_response(body, status=fault.status, headers=fault.headers)
        return None

    async def _user(self, _request: web.Request) -> web.Response:
        return web.json_response({"login": self.login, "id": 1})

    async def _mine(self, request: web.Request) -> web.Response:
        page, size = (int(request.query[key]) for key in ("page", "per_page"))
        newest_first = list(self.kept.values())[::-1][(page - 1) * size : page * size]
        listed = [
            self._told(request, one, len(one.versions), content=False) for one in newest_first
        ]
        return web.json_response(listed)

    async def _make(self, request: web.Request) -> web.Response:
        told = await request.json()
        one = self.add({name: file["content"] for name, file in told["files"].items()})
        one.public = told["public"]
        return web.json_response(self._told(request, one, 1), status=201)

    async def _one(self, request: web.Request) -> web.Response:
        one = self.kept.get(request.match_info["id"])
        version = request.match_info.get("version")
        number = self._number(one, version) if one else None
        if one is None or number is None:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(self._told(request, one, number))

    async def _change(self, request: web.Request) -> web.Response:
        told, one = await request.json(), self.kept.get(request.match_info["id"])
        if one is None:
            return web.json_response({"message": "Not Found"}, status=404)
        one.versions.append(
            one.files | {name: file["content"] for name, file in told["files"].items()}
        )
        return web.json_response(self._told(request, one, len(one.versions)))

    async def _raw(self, request: web.Request) -> web.Response:
        self.shown.append(request.headers.get("Authorization", ""))
        if self.raw_moved is not None:
            return web.Response(status=302, headers={"Location": self.raw_moved})
        one = self.kept[request.match_info["id"]]
        number = self._number(one, request.match_info["version"])
        assert number is not None
        return web.Response(text=one.versions[number - 1][request.match_info["name"]])

    def _number(self, one: Kept, version: str | None) -> int | None:
        if version is None:
            return len(one.versions)
        numbers = range(1, len(one.versions) + 1)
        return next((number for number in numbers if one.sha(number) == version), None)

    def _told(
        self, request: web.Request, one: Kept, number: int, *, content: bool = True
    ) -> dict[str, Any]:
        raw = f"{request.url.origin()}/raw/{one.id}/{one.sha(number)}"
        files = {
            name: {
                "filename": name,
                "size": len(text),
                "raw_url": f"{raw}/{name}" if self.raw_address is None else self.raw_address,
            }
            | (
                {"content": text[: self.limit], "truncated": len(text) > self.limit}
                if content
                else {}
            )
            for name, text in one.versions[number - 1].items()
        }
        told = {"id": one.id, "public": one.public, "created_at": one.created_at, "files": files}
        if content and self.tells_history:
            told["history"] = [{"version": one.sha(n)} for n in range(number, 0, -1)]
        return told
