"""Which connection reads whose repositories."""

from collections.abc import Callable, Iterable, Sequence

from bot.core.models import Wanted
from bot.errors import GitHubError
from bot.github.apps import GitHubApp
from bot.github.connection import Connection
from bot.github.credentials import Credential, Secrets, of_owners, personal
from bot.github.trip import Clock, Trip


class Keyring:
    """A token that names the owner, else the App's installation there, else the default token."""

    def __init__(
        self, connect: Callable[[Credential], Connection], clock: Clock, secrets: Secrets, page: str
    ) -> None:
        self.default = connect(personal(secrets.token, page))
        opened = [(connect(of_owners(one, page)), one.owners) for one in secrets.tokens]
        self._named = {owner.lower(): open_ for open_, owners in opened for owner in owners}
        self._app = GitHubApp(secrets.app, connect, clock) if secrets.app else None

    def opened(self) -> list[Connection]:
        """All there are; that of an App's installation that is gone is none of them."""
        return [
            self.default,
            *self._named.values(),
            *(self._app.connections() if self._app else ()),
        ]

    async def refresh(self, trip: Trip) -> GitHubError | None:
        """Look where the App is installed; told is why that cannot be known."""
        return await self._app.refresh(trip) if self._app else None

    async def settle(self, owners: Iterable[str], trip: Trip) -> GitHubError | None:
        """Look only when it is open who reads what one of these owns."""
        return None if all(map(self._is_settled, owners)) else await self.refresh(trip)

    async def connection_of(self, owner: str, trip: Trip) -> Connection:
        """Raises GitHubError when the App cannot say whether it is installed there."""
        if trouble := await self.settle([owner], trip):
            raise trouble
        return self._of(owner)

    def groups(self, wanted: Sequence[Wanted]) -> dict[Connection, list[Wanted]]:
        """Who reads what, as of the newest list of installations; each repository once."""
        groups: dict[Connection, list[Wanted]] = {}
        for one in dict.fromkeys(wanted):
            groups.setdefault(self._of(one.full_name.partition("/")[0]), []).append(one)
        return groups

    def connections(self, owners: Iterable[str]) -> list[Connection]:
        """Every token, and the installations that read what these own; the default token last."""
        needed = [*self._named.values(), *map(self._of, owners)]
        return [one for one in dict.fromkeys(needed) if one is not self.default] + [self.default]

    def _is_settled(self, owner: str) -> bool:
        named = owner.lower() in self._named
        return named or (self._app is not None and self._app.knows(owner))

    def _of(self, owner: str) -> Connection:
        installed = self._app.connection_of(owner) if self._app else None
        return self._named.get(owner.lower()) or installed or self.default
