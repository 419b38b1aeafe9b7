"""What following owners asks of the world; the edges satisfy these by shape."""

from collections.abc import Callable
from typing import Protocol

from bot.core.follow import Estate, Follow
from bot.core.models import Pause


class Owners(Protocol):
    async def repositories(
        self,
        owner: str,
        *,
        waiting: Callable[[Pause], None] = ...,
        found: Callable[[int], None] = ...,
        urgent: bool = False,
    ) -> Estate:
        """All that a user or an organisation owns, each once; `found` hears how many so far.

        Raises UnknownOwner for one that GitHub does not show, and like `GitHub.harvest`.
        """
        ...


class Follows(Protocol):
    async def of(self, guild_id: int | None = None, group: str | None = None) -> list[Follow]:
        """By owner and group; of all guilds and in all groups unless one is named."""
        ...

    async def save(self, follow: Follow) -> None:
        """Write a new one, or change the one of this guild, group and owner."""
        ...

    async def note(self, follow: Follow, trouble: str | None) -> None:
        """Write why not all of it is watched; one that was removed meanwhile stays removed."""
        ...

    async def remove(self, guild_id: int, owner: str, group: str | None = None) -> list[Follow]:
        """Returns those that were there."""
        ...
