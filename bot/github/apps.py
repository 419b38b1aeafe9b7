"""A GitHub App: where it is installed, and a connection for each installation."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from math import inf
from typing import Annotated

import msgspec
from pydantic import SecretStr

from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github.connection import Connection
from bot.github.credentials import AppKey, AppLogin, Credential, InstallationToken, Label, Minted
from bot.github.reply import Unreadable, decode
from bot.github.trip import Clock, Trip
from bot.github.wire import Answer, Unanswered

FRESH = 600
"""Seconds for which the list of installations holds."""
SILENT = 30
"""Seconds for which it is not asked again after it failed."""
A_PAGE, MOST_PAGES = 100, 100
UNKNOWN = "It is not known where the App is installed. "
CHECK = "Check github.app_id, github.app_private_key and this machine's clock."
REINSTALL = "Install it there again, or give its permissions back, on the page of the App."

_Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class _Account(msgspec.Struct):
    login: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class _Installation(msgspec.Struct):
    id: _Id
    account: _Account
    suspended_at: str | None = None


class _Token(msgspec.Struct):
    token: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]

    def __repr__(self) -> str:
        return "_Token(***)"


class GitHubApp:
    def __init__(
        self, login: AppLogin, connect: Callable[[Credential], Connection], clock: Clock
    ) -> None:
        label = Label("App's key", "it is not this App's, or a clock is wrong", CHECK)
        self._own = connect(AppKey(login, label, clock))
        self._connect, self._clock = connect, clock
        self._turn = asyncio.Lock()
        self._listed, self._fresh_until = False, 0
        self._looking: Trip | None = None  # the last one to look
        self._trouble: GitHubError | None = None
        self._silent_until = 0
        self._known: dict[str, tuple[int, Connection]] = {}  # of the login in lower case

    def connections(self) -> list[Connection]:
        """Its own, and that of each installation there is."""
        return [self._own, *(connection for _, connection in self._known.values())]

    def connection_of(self, owner: str) -> Connection | None:
        """The installation on this owner, as of the newest list."""
        known = self._known.get(owner.lower())
        return known[1] if known else None

    def knows(self, owner: str) -> bool:
        """Whether it is installed there for certain; a token that cannot be made brings doubt."""
        return self._fresh_until > 0 and owner.lower() in self._known

    async def refresh(self, trip: Trip) -> GitHubError | None:
        """Look where it is installed; an error is told when nothing at all is known of that.

        It takes no longer than the trip has patience, whoever else looks.
        """
        if self._listed and self._turn.locked():
            return None  # somebody looks; what was known is better than nothing
        if trip.urgent and self._looking is not None:
            self._looking.hurry()
        try:
            async with asyncio.timeout(trip.patience if trip.patience < inf else None), self._turn:
                self._looking = trip
                error = await self._look(trip)
        except TimeoutError:
            error = GitHubError(UNKNOWN + f"GitHub took over {trip.patience:g} s: try again later.")
        return None if self._listed else error

    async def _look(self, trip: Trip) -> GitHubError | None:
        if self._clock.now() < max(self._fresh_until, self._silent_until):
            return self._trouble
        try:
            installed = await self._list(trip)
        except RateLimited as limit:
            return self._remembered(RateLimited(f"{UNKNOWN}{limit}"), short=trip.patience < inf)
        except GitHubError as error:
            return self._remembered(error)
        self._trouble, self._silent_until = None, 0
        self._known = {login.lower(): self._opened(login, id_) for login, id_ in installed}
        self._listed, self._fresh_until = True, self._clock.now() + FRESH
        return None

    def _remembered(self, error: GitHubError, *, short: bool = False) -> GitHubError:
        """What only came short of patience says nothing about the next one."""
        if not short:
            self._trouble, self._silent_until = error, self._clock.now() + SILENT
        return error

    def _opened(self, login: str, id_: int) -> tuple[int, Connection]:
        """Keep a connection that is open already: its token and its limits go on."""
        known = self._known.get(login.lower())
        if known is not None and known[0] == id_:
            return known

        async def mint(trip: Trip) -> Minted:
            return await self._mint(login, id_, trip)

        label = Label(f"App's token for {login}", "GitHub has withdrawn it", REINSTALL, (login,))
        return id_, self._connect(InstallationToken(label, self._clock, mint))

    async def _list(self, trip: Trip) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for page in range(1, MOST_PAGES + 1):
            path = f"/app/installations?per_page={A_PAGE}&page={page}"
            try:
                answer = await self._own.get(path, trip)
            except Unanswered as trouble:
                raise self._own.silent(trouble) from None
            listed = self._read(answer)
            found += [one for raw in listed for one in _installed(raw)]
            if len(listed) < A_PAGE:
                break
        return found

    def _read(self, answer: Answer) -> list[msgspec.Raw]:
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            raise TokenRejected(f"GitHub knows no such App ({answer.status}). {CHECK}")
        try:
            return decode(answer.body, list[msgspec.Raw])
        except Unreadable:
            sentence = (
                "GitHub's list of the App's installations could not be read: try again later."
            )
            raise GitHubError(sentence) from None

    async def _mint(self, login: str, id_: int, trip: Trip) -> Minted:
        """Raises Unanswered, too: the question that needs the token is what is asked again."""
        path = f"/app/installations/{id_}/access_tokens"
        answer = await self._own.send("POST", path, trip, attempts=1)
        if answer.status != HTTPStatus.CREATED:
            self._fresh_until = 0
            raise TokenRejected(
                f"GitHub makes no App's token for {login} ({answer.status}): the App is suspended"
                f" or no longer installed there. {REINSTALL}"
            )
        try:
            made = decode(answer.body, _Token)
        except Unreadable:
            raise Unanswered("GitHub's new token could not be read") from None
        return Minted(SecretStr(made.token), int(made.expires_at.timestamp()))


def _installed(raw: msgspec.Raw) -> list[tuple[str, int]]:
    """One that is suspended, or on an enterprise, reads nobody's repositories."""
    try:
        one = decode(raw, _Installation)
    except Unreadable:
        return []
    return [] if one.suspended_at else [(one.account.login, one.id)]
