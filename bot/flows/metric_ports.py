"""What flows ask of the world about weekly metrics; edges satisfy these by shape."""

from pathlib import Path
from typing import Protocol

from bot.core.flow_load import RepositoryLoad
from bot.core.models import Refusal
from bot.core.snapshots import Data, Snapshots
from bot.core.weeks import Week


class MetricSnapshots(Protocol):
    async def save(self, portfolio: int, week: Week, metric: str, data: Data) -> None:
        """In place of what was kept of that week; whole or not at all."""
        ...

    async def merge(self, portfolio: int, snapshots: Snapshots) -> int:
        """Keep all of them, the newer where one is there; returns how many that changed."""
        ...

    async def get(self, portfolio: int, week: Week, metric: str) -> Data | None: ...

    async def weeks(self, portfolio: int, metric: str) -> dict[Week, Data]:
        """All weeks of one metric, oldest first."""
        ...

    async def all(self, portfolio: int) -> Snapshots: ...

    async def names(self, portfolio: int) -> list[str]:
        """Every metric that any week has, sorted."""
        ...

    async def forget(self, portfolio: int, before: Week) -> int:
        """Delete older weeks; returns how many those were."""
        ...


class SnapshotFile(Protocol):
    async def read(self, path: Path) -> Snapshots:
        """Raises InvalidFile for one that is not there or cannot be used."""
        ...

    async def add(self, path: Path, snapshots: Snapshots) -> Snapshots:
        """Write them and what the file holds already, whole or not at all; returns both.

        Raises InvalidFile, leaving it as it is, where what is there cannot be read.
        """
        ...


class Loads(Protocol):
    async def load(self, full_name: str) -> RepositoryLoad | Refusal:
        """The open work of a repository, or why GitHub does not tell.

        Raises GitHubError when nothing can be asked at all.
        """
        ...
