"""The real bot as a process, between stand-ins of Discord and GitHub: its start and its memory."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.portfolios import Watched
from benchmarks.resident import resident_mb
from benchmarks.timing import TIMES, Spread, spread
from tests.standins.bot_process import ROOT, BotProcess, environment
from tests.standins.discord_api import DiscordStandIn
from tests.standins.discord_world import Guild, User
from tests.standins.github import GitHubStandIn

GUILDS = 20
EACH = 100
"""Repositories that a guild watches."""
AT_ONCE = 4
"""Commands under way at the same time."""
COMMANDS = 1_000
SETTLING = 3.0
"""Seconds after READY until it is idle."""
SAMPLED = 100
"""Commands between two looks at its memory."""
SETTLED = 0.5
"""Of the commands; growth is what comes after: until then allocators and caches fill."""
STARTING = "import bot.serving, bot.client, discord, aiohttp"
LIBRARIES = "import aiohttp, discord; from benchmarks.resident import resident_mb as mb"


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long commands go on: until both are enough, or seconds have run out."""

    commands: int
    seconds: float


@dataclass(slots=True)
class Server:
    guild: Guild
    user: User
    repositories: Sequence[str]


@dataclass(slots=True)
class Audience:
    """People of all the guilds, who use one command after the other."""

    discord: DiscordStandIn
    servers: Sequence[Server]
    turns: "count[int]" = field(default_factory=count)

    async def use(self, number: int) -> None:
        """So many commands, a few at the same time."""
        upto = next(self.turns) + number
        await asyncio.gather(*(self._use_some(upto) for _ in range(AT_ONCE)))
        self.discord.requests.clear()  # the stand-in remembers every picture

    async def _use_some(self, upto: int) -> None:
        while (turn := next(self.turns)) < upto:
            await self._one(turn)

    async def _one(self, turn: int) -> None:
        """Of ten: four diffs, and one or two of each of the others."""
        server = self.servers[turn % len(self.servers)]
        name, other = (server.repositories[n % len(server.repositories)] for n in (turn, turn + 1))
        mixed: Sequence[tuple[str, dict[str, object]]] = (
            ("diff", {"repo": name, "window": "7d"}),
            ("digest", {}),
            ("diff", {"repo": name, "window": "30d"}),
            ("repos", {}),
            ("chart", {"repo": name}),
            ("diff", {"repo": other}),
            ("help", {}),
            ("compare", {"repos": f"{name} {other}" if name != other else name}),
            ("diff", {"repo": name, "window": "1d"}),
            ("status", {}),
        )
        line, options = mixed[turn // len(self.servers) % len(mixed)]
        await self.discord.slash(server.guild, "general", server.user, line, **options)


async def measure_bot(watched: Watched, folder: Path, endurance: Endurance) -> list[Figure]:
    """Over a copy of the store: the bot writes into it."""
    folder.mkdir()
    database = Path(shutil.copy(watched.database, folder / "radar.db"))
    async with DiscordStandIn(patience=60) as discord, GitHubStandIn() as github:
        bot = BotProcess(folder, environment(folder, discord, github))
        audience = await _audience(replace(watched, database=database), discord)
        starts = [await _start_and_stop(bot, discord) for _ in range(TIMES)]
        async with _serving(bot, discord):
            await asyncio.sleep(SETTLING)
            idle = resident_mb(bot.pid)
            told = await _endured(bot, audience, endurance)
    imports = [await _imports() for _ in range(TIMES)]
    libraries = spread([await _alone() for _ in range(TIMES)])
    return [
        Figure(
            "start", "start to READY, stand-in's own time included", watched.size, "s",
            spread(starts), 1, limit=spread(imports), limit_is="imports",
        ),
        _memory("idle", "memory, bot idle", watched, idle, 80, libraries),
        *_grown(watched, told, libraries),
    ]  # fmt: skip


async def _audience(watched: Watched, discord: DiscordStandIn) -> Audience:
    servers = []
    async with watched.opened() as app:
        names = watched.invented.names
        for number in range(GUILDS):
            guild = discord.add_guild(f"Server {number}", back=True)
            user = discord.add_user(f"user-{number}")
            discord.join(guild, user, manage=True)
            begin = number * EACH % len(names)
            mine = names[begin : begin + EACH]
            await app.portfolio.adopt(mine, [guild.id], app.clock.now())
            servers.append(Server(guild, user, mine))
    return Audience(discord, servers)


@asynccontextmanager
async def _serving(bot: BotProcess, discord: DiscordStandIn) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(bot)
        await bot.started(discord)
        await discord.commands_registered("diff", "digest", "chart", "compare")
        yield
        await bot.stop()


async def _start_and_stop(bot: BotProcess, discord: DiscordStandIn) -> float:
    """Seconds from the process's first breath to the READY that the stand-in answers with."""
    began = time.perf_counter()
    async with bot:
        await bot.started(discord)
        took = time.perf_counter() - began
        await discord.commands_registered("diff")
        await bot.stop()
    return took


async def _endured(bot: BotProcess, audience: Audience, endurance: Endurance) -> list[float]:
    """Its memory after every SAMPLED commands."""
    sizes: list[float] = []
    step = min(SAMPLED, endurance.commands)
    until = time.monotonic() + endurance.seconds
    for done in range(step, endurance.commands + 1, step):
        await audience.use(step)
        sizes.append(resident_mb(bot.pid))
        if done >= COMMANDS and time.monotonic() > until:
            break
    return sizes


def _grown(watched: Watched, sizes: Sequence[float], libraries: Spread) -> list[Figure]:
    step = SAMPLED
    first = sizes[: max(1, COMMANDS // step)]
    figures = [
        _memory("busy", f"memory, after {len(first) * step:,} commands", watched, first[-1], 100,
                libraries)
    ]  # fmt: skip
    if len(sizes) > 2 * len(first):
        later = sizes[int(len(sizes) * SETTLED) :]
        grown = spread([one - later[0] for one in later[1:]])
        what = f"growth from command {(len(sizes) - len(later)) * step:,} to {len(sizes) * step:,}"
        note = f"memory in MB after each {step} commands is in `series`"
        figures.append(Figure("growth", what, watched.size, "MB", grown, 1, note=note))
    return figures


def _memory(
    key: str, what: str, watched: Watched, measured: float, target: float, limit: Spread
) -> Figure:
    return Figure(
        f"memory_{key}", what, watched.size, "MB", spread([measured]), target,
        limit=limit, limit_is="Python with discord.py and aiohttp",
    )  # fmt: skip


async def _imports() -> float:
    began = time.perf_counter()
    await _python(STARTING)
    return time.perf_counter() - began


async def _alone() -> float:
    return float(await _python(f"{LIBRARIES}; import os; print(mb(os.getpid()))"))


async def _python(code: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "ignore", "-c", code), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{code!r} failed")
    return said.decode()
