"""How much the GitHub stand-in can do: seconds a repository, sizes it fails at, points an hour."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.standins.github_world import POINTS_AN_HOUR, Asked, World

TOO_MUCH = {
    "data": None,
    "errors": [
        {"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}
    ],
}
SPENT = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded."}]}


@dataclass
class Limits:
    """None of them holds before it is set; time is the test's own."""

    now: Callable[[], float] = lambda: 0.0
    work: Callable[[float], None] = lambda _: None  # lets the test's time go by
    seconds_a_repository: float = 0
    too_slow_above: int | None = None  # repositories a query: 502
    too_much_above: int | None = None  # RESOURCE_LIMITS_EXCEEDED for the whole query
    hourly: bool = False  # points run out, and are new when the hour is
    worked: list[tuple[float, float]] = field(default_factory=list)  # when, how many seconds

    def met(self, asked: Asked, world: World) -> tuple[int, Mapping[str, Any]] | None:
        """Work at it; the status and body where that is too much."""
        self._work(asked.repositories * self.seconds_a_repository)
        if self.hourly and self._spent(world):
            return 200, SPENT
        if self.too_slow_above is not None and asked.repositories > self.too_slow_above:
            return 502, {}
        if self.too_much_above is not None and asked.repositories > self.too_much_above:
            return 200, TOO_MUCH
        return None

    def most_worked_in_a_minute(self) -> float:
        return max(
            sum(took for at, took in self.worked if begin <= at < begin + 60)
            for begin, _ in self.worked
        )

    def _work(self, seconds: float) -> None:
        self.work(seconds)
        self.worked.append((self.now(), seconds))

    def _spent(self, world: World) -> bool:
        if self.now() >= world.resets_at:
            world.points_left, world.resets_at = POINTS_AN_HOUR, world.resets_at + 3600
        world.points_left = max(0, world.points_left)
        return world.points_left == 0


@asynccontextmanager
async def core_points(*, limit: int, left: int, resets_at: int) -> AsyncIterator[str]:
    """A REST API that answers anything and tells its points; yields its address."""

    async def answer(_: web.Request) -> web.Response:
        nonlocal left
        left -= 1
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str(resets_at),
            "X-RateLimit-Resource": "core",
        }
        return web.json_response({}, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
