"""The REST side of the GitHub stand-in: one repository a request, few of them without a token."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.standins.github_world import Repo, World

ANONYMOUS = 60


class Rest:
    def __init__(self, world: World) -> None:
        self.world = world
        self.left = ANONYMOUS  # of nobody's hour
        self.latency: float = 0  # seconds a repository
        self.served = 0  # repositories asked for by name
        self.asked: list[str] = []
        self.faults: dict[str, int | str] = {}  # a path -> a status, or what is said instead
        self.moves: dict[str, str] = {}  # a path -> where it is said to be now

    def serve(self, app: web.Application, admits: Callable[[web.Request], bool]) -> None:
        self._admits = admits
        app.router.add_get("/repos/{owner}/{repo}", self._by_name)
        app.router.add_get("/repositories/{id}", self._by_id)
        app.router.add_get("/rate_limit", self._rate_limit)

    async def _by_name(self, request: web.Request) -> web.Response:
        name = "{owner}/{repo}".format(**request.match_info)
        self.served += 1
        await asyncio.sleep(self.latency)
        if (place := self.moves.get(request.path)) is not None:
            moved = web.json_response({}, status=301, headers={"Location": place})
            return self._limited(request, lambda: moved)
        repo = self.world.names.get(name.lower())
        if repo is not None and repo.full_name.lower() != name.lower():
            return self._limited(request, lambda: self._moved(repo))
        return self._limited(request, lambda: self._told(request, repo))

    async def _by_id(self, request: web.Request) -> web.Response:
        ids = {str(repo.id): repo for repo in self.world.names.values()}
        repo = ids.get(request.match_info["id"])
        return self._limited(request, lambda: self._told(request, repo))

    async def _rate_limit(self, request: web.Request) -> web.Response:
        fault = self.faults.get(request.path)
        if isinstance(fault, int):
            return web.Response(status=fault)
        core = {"limit": ANONYMOUS, "remaining": self.left, "reset": self.world.resets_at}
        return web.json_response({"resources": {"core": core}})

    def _limited(self, request: web.Request, answer: Callable[[], web.Response]) -> web.Response:
        """Count what nobody asks; somebody with a token has 5,000 an hour."""
        if "Authorization" in request.headers:
            if not self._admits(request):
                return web.json_response({"message": "Bad credentials"}, status=401)
            return answer()
        self.asked.append(request.path)
        spent = self.left == 0
        self.left = max(0, self.left - 1)
        message = {"message": "API rate limit exceeded for 127.0.0.1."}
        response = web.json_response(message, status=403) if spent else answer()
        response.headers["X-RateLimit-Limit"] = str(ANONYMOUS)
        response.headers["X-RateLimit-Remaining"] = str(self.left)
        response.headers["X-RateLimit-Reset"] = str(self.world.resets_at)
        return response

    def _moved(self, repo: Repo) -> web.Response:
        return web.json_response({}, status=301, headers={"Location": f"/repositories/{repo.id}"})

    def _told(self, request: web.Request, repo: Repo | None) -> web.Response:
        fault = self.faults.get(request.path)
        if fault is not None:
            return (
                web.Response(text=fault)
                if isinstance(fault, str)
                else web.json_response({"message": "no"}, status=fault)
            )
        hidden = repo is not None and repo.private and "Authorization" not in request.headers
        if repo is None or repo.deleted or hidden:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(_body(repo))


def _body(repo: Repo) -> dict[str, Any]:
    login = repo.full_name.partition("/")[0]
    return {
        "id": repo.id,
        "node_id": repo.node_id,
        "name": repo.full_name.partition("/")[2],
        "full_name": repo.full_name,
        "owner": {"id": 1 + len(login), "login": login, "type": "User"},
        "license": None,
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "archived": False,
        "stargazers_count": repo.stars,
        "watchers_count": repo.stars,
        "forks_count": repo.forks,
        "open_issues_count": repo.open_issues + repo.open_prs,
        "subscribers_count": repo.watchers,
    }
