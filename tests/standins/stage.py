"""The real bot between a Discord and a GitHub that are not, and the people who use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from bot.app import App, open_app
from bot.clock import SystemClock
from bot.core.models import Trigger
from bot.flows.portfolio import OPERATOR
from bot.settings import load
from tests.standins.bot_process import BotProcess, environment
from tests.standins.clock import HOUR, SettableClock
from tests.standins.discord_api import Answer, Choice, DiscordStandIn
from tests.standins.discord_rest import Call
from tests.standins.discord_world import Guild, User
from tests.standins.github import GitHubStandIn

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
SAYS = (4, 7)  # callbacks that carry a message
PAGE = 50  # repositories in one request to GitHub
LONG_AGO = 7 * 24 + 2  # hours; fresh enough to stand for the moment seven days ago
NOTHING_WATCHED = "Nothing is watched here yet: start with track add owner/name."


@dataclass(frozen=True)
class Place:
    """A server with somebody who manages it, and somebody who does not."""

    discord: DiscordStandIn
    guild: Guild
    alice: User
    bob: User

    async def ask(self, line: str, who: User | None = None, /, **options: object) -> Answer:
        """Use a command in #general, as Alice unless somebody else is named."""
        return await self.discord.slash(self.guild, "general", who or self.alice, line, **options)

    async def synced(self, **options: object) -> Answer:
        """Use /sync and wait for its end."""
        answer = await self.ask("sync", **options)
        return await answer.until(lambda now: "Sync done" in now.text, "the end of the sync")

    async def complete(self, line: str, option: str, typed: str) -> list[Choice]:
        asked = (self.guild, "general", self.alice, line, option, typed)
        return await self.discord.autocomplete(*asked)


@dataclass(frozen=True)
class Stage:
    discord: DiscordStandIn
    github: GitHubStandIn
    bot: BotProcess
    folder: Path

    @property
    def database(self) -> Path:
        return load(environ=self.bot.environ, folder=self.folder).storage.path

    def place(self, name: str) -> Place:
        """A server of which the bot is a member already: it says no welcome."""
        guild = self.discord.add_guild(name, back=True)
        alice, bob = self.discord.add_user("alice"), self.discord.add_user("bob")
        self.discord.join(guild, alice, manage=True)
        self.discord.join(guild, bob)
        return Place(self.discord, guild, alice, bob)

    @asynccontextmanager
    async def flows(self, hours_ago: float = 0) -> AsyncIterator[App]:
        """The program without Discord, on the bot's own database, at another time."""
        clock = SettableClock()
        clock.pass_(SystemClock().now() - round(hours_ago * HOUR) - clock.now())
        settings = load(environ=self.bot.environ, folder=self.folder)
        async with open_app(settings, clock=clock) as app:
            yield app

    async def remember(self, place: Place, targets: str, *, hours_ago: float) -> None:
        """Let a server have watched repositories since then, with the numbers GitHub has now."""
        async with self.flows(hours_ago) as app:
            report = await app.track.add(place.guild.id, targets)
        assert not report.refused

    async def at_rest(self) -> None:
        """Wait until a new server counts as new: discord.py first waits for the ones it has."""
        place = self.place("Waiting room")
        while self.bot.log.count("] ready ") < self.discord.identifies:
            await place.ask("help")

    async def nothing_due(self) -> None:
        """Write down a collection an hour ago, so that the bot makes none by itself."""
        async with self.flows(hours_ago=1) as app:
            await app.sync.everything(Trigger.SCHEDULE)

    async def two_pages(self, place: Place) -> list[str]:
        """Let a server watch so much that a sync takes two requests, and let all of it move."""
        names = [f"{place.guild.name.lower()}/repo-{number:02}" for number in range(PAGE + 10)]
        for name in names:
            self.github.add(name, stars=1)
        await self.remember(place, " ".join(names), hours_ago=LONG_AGO)
        for number, name in enumerate(names):
            self.github.set(name, stars=100 + number)
        return names

    async def first_page_read(self, place: Place) -> None:
        """Use /sync and wait until one page is kept, while GitHub leaves the other unanswered."""
        last = list(self.github.world.names.values())[-1]
        self.github.fail("hang", times=50, match=f'"{last.node_id}"')
        answer = await place.ask("sync")
        await answer.until(lambda now: f"{PAGE} of {PAGE + 10}" in now.text, "the first page")

    async def stars(self, app: App, names: list[str]) -> list[int]:
        """The newest stars that are stored."""
        found = []
        for name in names:
            report = await app.diff.report(OPERATOR, name, "24h", UTC)
            found += [delta.after for delta in report.deltas if delta.metric == "stars"]
        return found

    def check(self) -> None:
        """Nothing was sent that Discord refuses or that pings, nothing unexpected was logged."""
        assert self.discord.violations == []
        assert self.discord.unknown_routes == []
        assert [said for said in map(_said, self.discord.requests) if said and _pings(said)] == []
        assert "Traceback" not in self.bot.log
        assert "Something went wrong" not in self.bot.log


@asynccontextmanager
async def on_stage(folder: Path) -> AsyncIterator[Stage]:
    """Set everything up; the bot is not started yet, and ends with the stage."""
    async with DiscordStandIn() as discord, GitHubStandIn() as github:
        bot = BotProcess(folder, environment(folder, discord, github))
        stage = Stage(discord, github, bot, folder)
        await stage.nothing_due()
        yield stage


def lines(answer: Answer) -> list[str]:
    return answer.card.split("\n")


def link(full_name: str) -> str:
    return f"[{full_name}](https://github.com/{full_name})"


def _said(call: Call) -> dict[str, Any] | None:
    """The message a request carries."""
    if call.route == CALLBACK:
        return call.body.get("data") if call.body["type"] in SAYS else None
    message = call.route.startswith("/webhooks/") or call.route.endswith("/messages")
    return call.body if message and call.method in ("POST", "PATCH") else None


def _pings(said: dict[str, Any]) -> bool:
    return bool(said.get("allowed_mentions") != {"parse": []})
