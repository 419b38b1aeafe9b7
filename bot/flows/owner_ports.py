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

    async def save(self, follow: Follow, admit: Callable[[], None] = ...) -> None:
        """Write a new one, or change the one of this guild, group and owner.

        `admit` is asked under the lock; its errors keep it from being written.
        """
        ...

    async def change(self, follow: Follow) -> None:
        """Write other terms of one that is there; one that was removed meanwhile stays removed."""
        ...

    async def note(self, follow: Follow, trouble: str | None) -> bool:
        """Write why not all of it is watched; False: it was removed meanwhile, and stays so."""
        ...

    async def remove(self, guild_id: int, owner: str, group: str | None = None) -> list[Follow]:
        """With what they brought; returns those that were there."""
        ...
