"""Discord's REST API as a web server: reads a request, finds who answers it, writes the answer.

The desks that answer are plain functions from a `Call` to JSON (`None` is 204); they say no by
raising `Refused`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from aiohttp import BodyPartReader, web

from tests.standins.contract import broken_schema
from tests.standins.discord_errors import Reason, Refused
from tests.standins.discord_faults import Fault, Faults
from tests.standins.discord_messages import File
from tests.standins.discord_world import Access

PREFIX = "/api/v10"
LARGEST_BODY = 30 * 2**20


@dataclass
class Call:
    """One request of the bot, and how it was answered."""

    method: str
    route: str  # as Discord documents it: "/channels/{channel_id}/messages"
    path: str
    query: Mapping[str, str]
    ids: Mapping[str, str]  # the parts of the path that the route names
    body: Any = None  # of a multipart request its payload_json
    files: dict[int, File] = field(default_factory=dict)
    status: int = 0

    def id(self, name: str) -> int:
        """Return an id of the path; what is no number is nobody's id."""
        return int(self.ids[name]) if self.ids[name].isdecimal() else 0


Handler = Callable[[Call], Any]


class Route(NamedTuple):
    method: str
    path: str
    handler: Handler
    public: bool = False  # the token is in the path, not in a header


class Rest:
    def __init__(self, routes: list[Route], access: Access, faults: Faults) -> None:
        self._routes = routes
        self._access = access
        self._faults = faults
        self.calls: list[Call] = []
        self.unknown_routes: list[str] = []
        self.violations: list[str] = []

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY)
        for route in self._routes:
            app.router.add_route(route.method, PREFIX + route.path, partial(self._serve, route))
        unknown = Route("*", "/{unknown}", self._unknown, public=True)
        app.router.add_route("*", "/{unknown:.*}", partial(self._serve, unknown))
        return app

    async def _serve(self, route: Route, request: web.Request) -> web.Response:
        try:
            call = await read_call(route.path, request)
        except ConnectionResetError:  # the bot died in the middle of a sentence
            return web.Response(status=400)
        self.calls.append(call)
        fault = self._faults.take(call.method, call.path)
        answer = partial(self._answer, route, call, request.headers.get("Authorization"))
        response = answer() if fault is None else self._go_wrong(fault, answer)
        call.status = response.status
        return response

    def _go_wrong(self, fault: Fault, answer: Callable[[], web.Response]) -> web.Response:
        if fault.carried_out:
            answer()
        return in_json(fault.body, fault.status, fault.headers)

    def _answer(self, route: Route, call: Call, authorization: str | None) -> web.Response:
        try:
            self._admit(route, authorization)
            self._check(call)
            answer = route.handler(call)
        except Refused as refused:
            self.violations += refused.details
            return in_json(refused.json(), refused.status)
        return web.Response(status=204) if answer is None else in_json(answer)

    def _admit(self, route: Route, authorization: str | None) -> None:
        if not route.public and authorization != f"Bot {self._access.token}":
            raise Refused(Reason.UNAUTHORIZED)

    def _check(self, call: Call) -> None:
        if call.body is not None and (broken := broken_schema(call.method, call.route, call.body)):
            raise Refused(Reason.INVALID_FORM, [broken])

    def _unknown(self, call: Call) -> None:
        self.unknown_routes.append(f"{call.method} {call.path}")
        raise Refused(Reason.NOT_SIMULATED)


def in_json(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Write JSON as Discord does: without a charset, which discord.py would take for text."""
    content = json.dumps(body).encode()
    return web.Response(
        body=content, status=status, headers=headers, content_type="application/json"
    )


async def read_call(route: str, request: web.Request) -> Call:
    path = request.path.removeprefix(PREFIX)
    call = Call(request.method, route, path, request.query, request.match_info)
    if request.content_type.startswith("multipart/"):
        await _read_parts(request, call)
    elif request.can_read_body:
        call.body = await request.json()
    return call


async def _read_parts(request: web.Request, call: Call) -> None:
    """Read the JSON and the files, which are numbered: files[0], files[1]."""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytes(await part.read())
        if part.name == "payload_json":
            call.body = json.loads(content)
        else:
            number = int(part.name.removeprefix("files[").removesuffix("]"))
            media_type = part.headers.get("Content-Type", "application/octet-stream")
            call.files[number] = File(part.filename or part.name, content, media_type)
