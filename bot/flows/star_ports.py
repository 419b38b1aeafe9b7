"""What flows ask of the world about stars still held; edges satisfy these by shape."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.models import Pause, Refusal
from bot.core.retained import Extent, Retained, StarPage, Tally, Unread


class StarHistory(Protocol):
    async def page(
        self,
        full_name: str,
        number: int,
        *,
        waiting: Callable[[Pause], None] = ...,
        urgent: bool = False,
    ) -> StarPage | Refusal | None:
        """One page, from 1, or why there is none; None: GitHub is still counting, ask again later.

        A refusal of the kind TIMEOUT is GitHub's own trouble: the same may succeed a little later.
        Raises GitHubError when nothing can be asked at all.
        """
        ...


class RetainedStars(Protocol):
    async def keep(self, subject_id: int, number: int, page: StarPage, at: int) -> None:
        """Replace the days a page tells of, and note how far it was read, in one transaction."""
        ...

    async def refused(self, subject_id: int, at: int) -> None:
        """Note that its first page was asked for in vain."""
        ...

    async def unread(self, refused_before: int, most: int) -> list[Unread]:
        """Watched public repositories with pages left; first those that have none yet."""
        ...

    async def extents(self, subject_ids: Sequence[int]) -> dict[int, Extent]:
        """How far back each is known, for every id asked for."""
        ...

    async def retained(self, subject_ids: Sequence[int]) -> dict[int, Retained]:
        """All days known of each; one that was never read is absent."""
        ...

    async def tallies(self, subject_ids: Sequence[int], moment: int) -> dict[int, Tally]:
        """What they tell of a moment before the first sample; one never read is absent."""
        ...


@dataclass(frozen=True, slots=True)
class Stars:
    """Where stars still held come from, and where they are kept."""

    history: StarHistory
    kept: RetainedStars
