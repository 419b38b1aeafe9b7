"""Who may ask the GitHub stand-in: several tokens that end when told to, and a GitHub App."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

APP_ID = 4711
LONGEST_JWT, TOKEN_LIFE = 600, 3600


@dataclass
class Installation:
    id: int
    login: str
    suspended: bool = False
    gone: bool = False

    def answer(self) -> dict[str, object]:
        since = "2026-01-01T00:00:00Z" if self.suspended else None
        return {"id": self.id, "account": {"login": self.login}, "suspended_at": since}


@dataclass
class Access:
    """Tokens besides the stand-in's own with the end their header tells, and one App."""

    now: Callable[[], float] = time.time
    tokens: dict[str, str | None] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)  # answers that a token still gets
    sso: dict[str, str] = field(default_factory=dict)  # a forbidden token -> X-GitHub-SSO
    installations: list[Installation] = field(default_factory=list)
    listed: int = 0  # pages of the list of installations
    made: list[str] = field(default_factory=list)  # installation tokens
    broken: int | None = None  # status of whatever the App asks
    refused: int = 0  # questions of the App while it was broken
    arrived: asyncio.Event = field(default_factory=asyncio.Event)  # somebody asked for the list
    gate: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: the list is kept back

    def __post_init__(self) -> None:
        self.gate.set()

    def ends_after(self, token: str, answers: int) -> None:
        """Let a token be refused once it got so many answers."""
        self.left[token] = answers

    def admits(self, token: str, own: str) -> bool:
        if not token or (token != own and token not in self.tokens):
            return False
        if token in self.left:
            self.left[token] -= 1
        return self.left.get(token, 0) >= 0

    def install(self, login: str) -> Installation:
        self.installations.append(Installation(len(self.installations) + 900, login))
        return self.installations[-1]

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def private_key(self) -> str:
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()

    def serve(self, app: web.Application) -> None:
        app.router.add_get("/app/installations", self._list)
        app.router.add_post("/app/installations/{id}/access_tokens", self._make)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self.broken is not None:
            self.refused += 1
            return web.json_response({"message": "no"}, status=self.broken)
        signed = request.headers.get("Authorization", "").removeprefix("Bearer ")
        unverified = {"verify_exp": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                signed,
                self._key.public_key(),
                algorithms=["RS256"],
                issuer=str(APP_ID),
                options=unverified,
            )
        except jwt.PyJWTError as error:
            return web.json_response({"message": str(error)}, status=401)
        if not claims["iat"] <= self.now() < claims["exp"] <= self.now() + LONGEST_JWT:
            return web.json_response({"message": "wrong times"}, status=401)
        return None

    async def _list(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        self.arrived.set()
        await self.gate.wait()
        self.listed += 1
        size, page = int(request.query["per_page"]), int(request.query["page"])
        some = self.installations[size * (page - 1) : size * page]
        return web.json_response([one.answer() for one in some])

    async def _make(self, request: web.Request) -> web.Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        here = (one for one in self.installations if str(one.id) == request.match_info["id"])
        installation = next(here, None)
        if installation is None or installation.gone:
            return web.json_response({"message": "Not Found"}, status=404)
        token = f"ghs_{installation.login}_{len(self.made) + 1}"
        self.made.append(token)
        self.tokens[token] = None
        ends = datetime.fromtimestamp(self.now() + TOKEN_LIFE, UTC)
        return web.json_response(
            {"token": token, "expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}, status=201
        )
