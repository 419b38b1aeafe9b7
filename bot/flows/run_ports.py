"""What run directories ask of the world; the edges satisfy these by shape."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bot.core.models import Run
from bot.core.run_directory import Ground, Meta


class Trunk(Protocol):
    """A branch to which directories are added, each in a commit. All of it raises GitHubError."""

    @property
    def label(self) -> str:
        """What people call it; another destination has another one."""
        ...

    async def look(self) -> Ground: ...

    async def read(self, directory: str, file: str) -> bytes | None:
        """None where there is none."""
        ...

    async def add(
        self,
        directory: str,
        files: Mapping[str, bytes],
        message: str,
        like: str | None = None,
        *,
        private_only: bool = False,
    ) -> bool:
        """Add all of it in one commit, on top of whatever is there by then, or nothing.

        What stands in the directory `like` already is referenced. False: it is there. What is for
        a private place only goes to none that was opened since it was looked at.
        """
        ...

    async def keep(self, newest: int, spared: str = "") -> Sequence[str]:
        """Take away all but the newest, in a commit of its own; returns what went.

        One is spared in any case: others may be called after times to come.
        """
        ...


class FinishedRuns(Protocol):
    async def after(self, place: str, at: int, until: int, most: int) -> list[Run]:
        """Runs over the operator's portfolio that ended well, oldest first.

        Those that a destination lacks of all that ended from the one moment to the other.
        """
        ...

    async def last(self, until: int) -> Run | None:
        """The newest that had ended by then."""
        ...

    async def written(self, place: str) -> int | None:
        """Up to when a destination has them; None: nobody has begun to write there."""
        ...

    async def note(self, place: str, at: int, run_id: str = "") -> None:
        """All that ended before then is there, and of those that ended then this one."""
        ...


class Notes(Protocol):
    """What is told to whoever asks how things are, also by another process."""

    def read(self) -> list[str]: ...

    def write(self, sentences: list[str]) -> None: ...


ReadMeta = Callable[[bytes], Meta]
"""Raises an exception for what is none."""
