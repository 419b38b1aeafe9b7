"""The real bot as a process of its own, between a Discord and a GitHub that are not.

bot = BotProcess(tmp_path, environment(tmp_path, discord, github))
async with bot:
    await bot.started(discord)
    ...
    assert await bot.stop() == 0
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.standins.discord_api import DiscordStandIn
from tests.standins.github import GitHubStandIn

ROOT = Path(__file__).resolve().parents[2]
STOPS_WITHIN = 5.0
"""Seconds after SIGTERM in which a bot has to be gone."""
ENDS_WITHIN = 15.0
"""Seconds after which a program that should end by itself hangs."""


def environment(
    folder: Path, discord: DiscordStandIn | None = None, github: GitHubStandIn | None = None
) -> dict[str, str]:
    """What a process is told: nothing of the computer's own settings, a database in `folder`."""
    told = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "RADAR_STORAGE__URL": f"sqlite:///{folder / 'radar.db'}",
    }
    if discord is not None:
        told["RADAR_DISCORD__TOKEN"] = discord.token
        told["RADAR_DISCORD__API_URL"] = discord.api_url
        told["RADAR_DISCORD__GATEWAY_URL"] = discord.gateway_url
    if github is not None:
        told["RADAR_GITHUB__TOKEN"] = github.token
        told["RADAR_GITHUB__API_URL"] = github.api_url
    return told


class BotProcess:
    """`python -m bot run`; all it prints goes to a file, which outlives it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.database = folder / "radar.db"
        self.heartbeat = folder / "radar.db.heartbeat"
        self.environ = environ
        self._folder = folder
        self._log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self._folder,
                env=self.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running.returncode is None:
            await self.kill()

    @property
    def log(self) -> str:
        """All it has printed, over all its starts."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        return self._running.pid

    async def started(self, discord: DiscordStandIn) -> None:
        """Wait until people can use it; tells what it said if it ended instead."""
        identified = discord.identifies
        ready = asyncio.create_task(
            discord.until(lambda: discord.identifies > identified, "the bot to log in")
        )
        ended = asyncio.create_task(self._running.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        await asyncio.gather(ready, ended, return_exceptions=True)
        assert discord.identifies > identified, f"the bot did not log in:\n{self.log}"

    async def stop(self) -> int:
        """Ask it to end, as Docker and systemd do, and return its exit code."""
        self._running.send_signal(signal.SIGTERM)
        return await self.ended(STOPS_WITHIN)

    async def kill(self) -> None:
        """End it as a power cut does."""
        assert self._running.returncode is None, f"it ended by itself:\n{self.log}"
        self._running.kill()
        await self.ended(STOPS_WITHIN)

    async def ended(self, within: float = ENDS_WITHIN) -> int:
        """Wait until it is gone, and return its exit code."""
        try:
            return await asyncio.wait_for(self._running.wait(), within)
        except TimeoutError:
            raise AssertionError(f"still there after {within:g} s:\n{self.log}") from None

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "it was not started"
        return self._process
