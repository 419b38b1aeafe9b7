"""The real bot as a process, between stand-ins of Discord and GitHub: its start and its memory."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.plans import Extent, Plan
from benchmarks.portfolios import Watched, copied, of_usual
from benchmarks.resident import resident_mb
from benchmarks.timing import Spread, p99, spread
from tests.standins.bot_process import ROOT, BotProcess, environment
from tests.standins.discord_api import DiscordStandIn, NoAnswer
from tests.standins.discord_world import Guild, User
from tests.standins.github import GitHubStandIn

GUILDS = 20
EACH = 100
"""Repositories that a guild watches."""
AT_ONCE = 4
"""Commands under way at the same time."""
LOOKS = 10
"""At its memory, while the first commands are used."""
STARTING = "import bot.serving, bot.client, discord, aiohttp"
TIMED = f"import time; began = time.perf_counter(); {STARTING}; print(time.perf_counter() - began)"
LIBRARIES = "import aiohttp, discord; from benchmarks.resident import resident_mb as mb"


@dataclass(frozen=True, slots=True)
class Libraries:
    """What importing all of it takes, and what the two largest hold by themselves."""

    imports: Spread  # s
    memory: Spread  # MB


async def measure_libraries(times: int) -> Libraries:
    """Once for every size: they know of none."""
    imports = [await _imports() for _ in range(times)]
    memory = [await _alone() for _ in range(times)]
    return Libraries(spread(imports), spread(memory))


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
    waited: list[float] = field(default_factory=list)  # s until the first sign of an answer
    unanswered: list[str] = field(default_factory=list)

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
        try:
            answer = await self.discord.slash(server.guild, "general", server.user, line, **options)
        except NoAnswer as silence:
            self.unanswered.append(f"/{line}: {silence}")
        else:
            self.waited.append(answer.acknowledged_after or 0.0)


async def measure_bot(
    watched: Watched, folder: Path, extent: Extent, plan: Plan, libraries: Libraries
) -> list[Figure]:
    """Over a copy of the store: the bot writes into it."""
    database = copied(watched.database, folder / "radar.db")
    starts, idle = list[float](), list[float]()
    async with DiscordStandIn(patience=60) as discord, GitHubStandIn() as github:
        bot = BotProcess(folder, environment(folder, discord, github))
        audience = await _audience(replace(watched, database=database), discord)
        for _ in range(extent.starts):
            async with _serving(bot, discord) as took:
                await asyncio.sleep(plan.settling)
                starts.append(took)
                idle.append(resident_mb(bot.pid))
        async with _serving(bot, discord):
            sizes = await _endured(bot, audience, extent, plan)
    standing = _standing(watched, starts, idle, libraries)
    return [*standing, *_busy(watched, extent, sizes), *_answered(watched, audience)]


def _standing(
    watched: Watched, starts: Sequence[float], idle: Sequence[float], libraries: Libraries
) -> list[Figure]:
    """What it takes before anybody asks, beside what its libraries take by themselves."""
    return [
        Figure(
            "start", "start to READY", watched.size, "s", spread(starts), 1,
            limit=libraries.imports, limit_is="imports",
        ),
        Figure(
            "memory_idle", "memory, bot idle", watched.size, "MB", spread(idle),
            of_usual(watched.size, 80),
            limit=libraries.memory, limit_is="Python with discord.py and aiohttp",
        ),
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
async def _serving(bot: BotProcess, discord: DiscordStandIn) -> AsyncIterator[float]:
    """Yields seconds from the process's first breath to the stand-in's READY."""
    began = time.perf_counter()
    async with bot:
        await bot.started(discord)
        took = time.perf_counter() - began
        await discord.commands_registered("diff", "digest", "chart", "compare")
        yield took
        await bot.stop()


async def _endured(bot: BotProcess, audience: Audience, extent: Extent, plan: Plan) -> list[float]:
    """Its memory after each LOOKS-th part of the commands, and as often while they go on."""
    step = max(1, extent.commands // LOOKS)
    sizes = [await _used(bot, audience, step) for _ in range(extent.commands // step)]
    until = time.monotonic() + extent.endurance
    while len(sizes) * step < plan.most_commands and time.monotonic() < until:
        sizes.append(await _used(bot, audience, step))
    return sizes


async def _used(bot: BotProcess, audience: Audience, commands: int) -> float:
    await audience.use(commands)
    return resident_mb(bot.pid)


def _busy(watched: Watched, extent: Extent, sizes: Sequence[float]) -> list[Figure]:
    """Growth is what the last half adds: until then allocators and caches fill."""
    step = max(1, extent.commands // LOOKS)
    early = extent.commands // step
    what = f"memory, after {early * step:,} commands"
    busy = spread(sizes[early - 1 : early])
    target = of_usual(watched.size, 100)
    figures = [Figure("memory_busy", what, watched.size, "MB", busy, target, series=sizes)]
    if extent.endurance:
        figures.append(growth_of(sizes, early, step, watched.size))
    return figures


def growth_of(sizes: Sequence[float], early: int, step: int, repositories: int) -> Figure:
    """None measured where time was over before another command: that is not "no growth"."""
    begin, end = max(early, len(sizes) // 2), len(sizes)
    what = f"growth, commands {begin * step:,} to {end * step:,}"
    grown = [after - sizes[begin - 1] for after in sizes[begin:]]
    told = spread(grown) if grown else None
    return Figure("memory_growth", what, repositories, "MB", told, 1, series=sizes)


def _answered(watched: Watched, audience: Audience) -> list[Figure]:
    for silence in audience.unanswered:
        print(silence, file=sys.stderr)
    slowest, silent = audience.waited or [0.0], len(audience.unanswered)
    return [
        Figure(
            "answers", "first sign of an answer, p99", watched.size, "s", spread([p99(slowest)])
        ),
        Figure("unanswered", "commands without one in 3 s", watched.size, "", spread([silent]), 0),
    ]


async def _imports() -> float:
    return float(await _python(TIMED))


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
