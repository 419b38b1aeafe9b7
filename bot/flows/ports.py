"""What a flow asks of the world; the edges satisfy these by shape."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from bot.core.models import Allowance, Harvest, Pause, Wanted


class Clock(Protocol):
    def now(self) -> int:
        """UTC seconds."""
        ...


class GitHub(Protocol):
    def harvest(
        self, wanted: Sequence[Wanted], *, waiting: Callable[[Pause], None] = ...
    ) -> AsyncIterator[Harvest]:
        """Read the numbers of every repository, page by page, as the answers arrive.

        A repository that cannot be read is refused in its page; it never costs the others.
        `waiting` is called before each wait. Raises TokenMissing, TokenRejected, RateLimited or
        GitHubError when nothing more can be had; pages already yielded stay good.
        """
        ...

    async def allowance(self) -> Allowance:
        """Ask what the token may still spend and when it ends; raises like `harvest`."""
        ...
