"""What a connection authenticates with: a personal token, a GitHub App, or nothing. No network.

Secrets stay in memory, and out of every repr and error.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr
from yarl import URL

from bot.errors import TokenRejected
from bot.github.trip import Clock, Trip

EARLY = 300
"""Seconds before its end at which an installation's token is made anew (it lives for an hour)."""
JWT_LIFE, CLOCK_DRIFT = 540, 60  # GitHub takes at most ten minutes, and its clock may be behind
VARIABLE = "RADAR_GITHUB__TOKEN"
OUTLIVED = "it is expired, revoked or mistyped"
ANEW = "Make a new one at"


@dataclass(frozen=True, slots=True)
class Label:
    """How people are told of a credential."""

    what: str  # "token for acme, globex"
    why: str  # it may be refused
    fix: str  # a sentence
    owners: tuple[str, ...] = ()  # whose repositories it reads; () is everybody else's


@dataclass(frozen=True, slots=True)
class OwnersToken:
    """A token with the users and organisations whose repositories it may see."""

    token: SecretStr
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppLogin:
    """A GitHub App with the key it signs with."""

    app_id: int
    private_key: SecretStr


@dataclass(frozen=True, slots=True)
class Secrets:
    """Everything that was configured."""

    token: SecretStr | None = None  # for all owners that nothing else is for
    tokens: tuple[OwnersToken, ...] = ()
    app: AppLogin | None = None


class Credential(Protocol):
    @property
    def label(self) -> Label: ...

    @property
    def dated(self) -> bool:
        """Whether people have to know when it ends."""
        ...

    async def secret(self, trip: Trip) -> str | None:
        """What goes behind `Bearer`; None asks as nobody. Raises GitHubError."""
        ...

    def outlives(self, refused: str) -> bool:
        """Whether after a 401 to this secret another may be had."""
        ...


@dataclass(frozen=True, slots=True)
class Nobody:
    label: Label
    dated: bool = False

    async def secret(self, trip: Trip) -> str | None:  # noqa: ARG002
        return None

    def outlives(self, refused: str) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """Classic or fine-grained: both are used alike."""

    token: SecretStr
    label: Label
    dated: bool = True

    async def secret(self, trip: Trip) -> str | None:  # noqa: ARG002
        return self.token.get_secret_value().strip()

    def outlives(self, refused: str) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True, slots=True)
class AppKey:
    """Signs as the App itself, which may list its installations and make their tokens."""

    login: AppLogin
    label: Label
    clock: Clock
    dated: bool = False

    async def secret(self, trip: Trip) -> str | None:  # noqa: ARG002
        import jwt  # with cryptography 10 MB: only who has an App pays

        now = self.clock.now()
        claims = {
            "iss": str(self.login.app_id),
            "iat": now - CLOCK_DRIFT,
            "exp": now + JWT_LIFE,
        }
        try:
            return jwt.encode(claims, self.login.private_key.get_secret_value(), algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):  # not chained: it may quote the key
            raise TokenRejected(
                "github.app_private_key is no private key that can be used: make one on the page"
                " of the App and set RADAR_GITHUB__APP_PRIVATE_KEY_FILE."
            ) from None

    def outlives(self, refused: str) -> bool:  # noqa: ARG002
        return True  # it may have waited at the gate for longer than a signature lives


@dataclass(frozen=True, slots=True)
class Minted:
    """An installation's token as GitHub made it."""

    token: SecretStr
    ends: int


@dataclass(slots=True)
class InstallationToken:
    """Made when it is needed, anew before it ends, and once for all who wait for it."""

    label: Label
    clock: Clock
    mint: Callable[[Trip], Awaitable[Minted]]
    dated: bool = False
    _held: Minted | None = field(default=None, repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def secret(self, trip: Trip) -> str | None:
        async with self._turn:
            if self._held is None or self._held.ends - self.clock.now() <= EARLY:
                self._held = await self.mint(trip)
            return self._held.token.get_secret_value()

    def outlives(self, refused: str) -> bool:
        if self._held is not None and self._held.token.get_secret_value() == refused:
            self._held = None
        return True


def personal(token: SecretStr | None, page: str) -> Credential:
    """The default token, or nobody where none is set."""
    if token is None or not token.get_secret_value().strip():
        return Nobody(Label("without a token", "", f"Make a token at {page} and set {VARIABLE}."))
    return PersonalToken(token, Label("token", OUTLIVED, f"{ANEW} {page} and set {VARIABLE}."))


def of_owners(given: OwnersToken, page: str) -> Credential:
    fix = f"{ANEW} {page} and set it in github.tokens."
    label = Label(f"token for {', '.join(given.owners)}", OUTLIVED, fix, given.owners)
    return PersonalToken(given.token, label)


def token_page(api_url: str) -> str:
    url = URL(api_url)
    enterprise = url.path.rstrip("/").endswith("/api/v3")
    site = url.origin() if enterprise else URL("https://github.com")
    return str(site / "settings/tokens")
