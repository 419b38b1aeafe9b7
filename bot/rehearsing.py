"""A dry run: the whole program on a copy of the database, which is thrown away afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app import App, open_app, safekeeping_of
from bot.errors import StoreUnusable
from bot.settings import Settings
from bot.settings_types import SQLITE
from bot.storage.backups import Vault


@asynccontextmanager
async def open_rehearsal(settings: Settings) -> AsyncIterator[App]:
    """What is done in it is what would be done, in as little memory; the database is only read.

    The copy takes as much of the disk for temporary files (`TMPDIR`) as the database and what comes
    in. Raises StoreUnusable where the database is damaged, RadarError where there is no room.
    """
    with TemporaryDirectory(prefix="repo-radar-") as folder:
        copy, vault = Path(folder) / "radar.db", Vault(settings.storage.path)
        if vault.exists():
            await vault.copy(copy)
        elif (lost := safekeeping_of(settings).lost()) is not None:
            raise StoreUnusable(lost)
        storage = settings.storage.model_copy(update={"url": f"{SQLITE}{copy.as_posix()}"})
        async with open_app(settings.model_copy(update={"storage": storage})) as app:
            yield app
