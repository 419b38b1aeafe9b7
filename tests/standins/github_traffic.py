"""Traffic on the GitHub stand-in: four REST routes, for whoever may push and has the permission."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.standins.github_world import Repo, World
from tests.standins.waiting import Bell

PARTS = ("views", "clones", "popular/referrers", "popular/paths")


@dataclass
class Visits:
    """What was counted of one repository: by UTC day since 1970, total and uniques."""

    views: dict[int, tuple[int, int]] = field(default_factory=dict)
    clones: dict[int, tuple[int, int]] = field(default_factory=dict)
    referrers: list[tuple[str, int, int]] = field(default_factory=list)
    paths: list[tuple[str, str, int, int]] = field(default_factory=list)  # path, title, counts


class TrafficStandIn:
    def __init__(self) -> None:
        self.permitted = True  # has the token the permission Administration: read, or the scope?
        self.classic = False  # a token without the scope gets a 404, a fine-grained one a 403
        self.bell = Bell(patience=20)
        self.requests: list[str] = []  # paths
        self.bodies: dict[str, bytes | int] = {}  # part -> what stands in place of the answer
        self._visits: dict[str, Visits] = defaultdict(Visits)

    def of(self, full_name: str) -> Visits:
        return self._visits[full_name.lower()]

    def serve(
        self, app: web.Application, world: World, admits: Callable[[web.Request], bool]
    ) -> None:
        async def answer(request: web.Request) -> web.Response:
            self.requests.append(request.path)
            self.bell.ring()
            return self._answer(world, request) if admits(request) else _no(401, "Bad credentials")

        app.router.add_get("/repos/{owner}/{name}/traffic/{part:.+}", answer)

    def _answer(  # noqa: PLR0911  # GitHub's checks in GitHub's order
        self, world: World, request: web.Request
    ) -> web.Response:
        sought, part = "{owner}/{name}".format(**request.match_info), request.match_info["part"]
        repo = world.names.get(sought.lower())
        if repo is None or repo.deleted or part not in PARTS:
            return _no(404, "Not Found")
        if repo.full_name.lower() != sought.lower():
            to = f"/repos/{repo.full_name}/traffic/{part}"
            return web.Response(status=301, headers={"Location": to})
        if not repo.push:
            return _no(403, "Must have push access to repository")
        if not self.permitted and self.classic:
            return _no(404, "Not Found")
        if not self.permitted:
            return _no(403, "Resource not accessible by personal access token")
        told = self.bodies.get(part)
        if isinstance(told, int):
            return _no(told, "Something went wrong")
        if told is not None:
            return web.Response(body=told, content_type="application/json")
        return web.json_response(self._told(repo, part))

    def _told(self, repo: Repo, part: str) -> Any:  # noqa: ANN401  # JSON
        visits = self.of(repo.full_name)
        match part:
            case "views":
                return _counted("views", visits.views)
            case "clones":
                return _counted("clones", visits.clones)
            case "popular/referrers":
                return [
                    {"referrer": name, "count": count, "uniques": uniques}
                    for name, count, uniques in visits.referrers
                ]
        return [
            {"path": path, "title": title, "count": count, "uniques": uniques}
            for path, title, count, uniques in visits.paths
        ]


def _counted(name: str, days: dict[int, tuple[int, int]]) -> dict[str, Any]:
    """Days on which nobody came are left out, as GitHub does."""
    return {
        "count": sum(total for total, _ in days.values()),
        "uniques": max((uniques for _, uniques in days.values()), default=0),
        name: [
            {"timestamp": _stamp(day), "count": total, "uniques": uniques}
            for day, (total, uniques) in sorted(days.items())
            if total
        ],
    }


def _stamp(day: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y-%m-%dT%H:%M:%SZ}"


def _no(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
