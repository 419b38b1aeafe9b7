"""The demonstration: the real flows on an invented portfolio, one after the other."""

import csv
import sys
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from shlex import quote

from rich.console import Console
from rich.text import Text

from bot.app import App, open_app
from bot.clock import SystemClock
from bot.console import PIPED_WIDTH
from bot.core.card import Card, Row
from bot.core.metrics import METRICS
from bot.core.models import Trigger
from bot.demo.github import DemoGitHub
from bot.demo.portfolio import DAYS, Repository, history, portfolio
from bot.errors import RadarError, StoreUnusable
from bot.exports.history_csv import DATE, FULL_NAME
from bot.flows.portfolio import OPERATOR
from bot.flows.ports import Clock
from bot.render import cards, portfolio_cards, words
from bot.render.terminal import show
from bot.settings import DailyFile, Settings, Storage
from bot.settings_types import SQLITE
from bot.storage.locks import held

FOLDER = Path("demo")
DIFFS = (
    ("Tracked for some days only", "fernhollow/sporecast"),
    ("Not sampled when the window began", "brackwater/tidemark"),
    ("No longer on GitHub", "fernhollow/bramble"),
    ("Renamed, found by its old name", "fernhollow/lichen"),
)
FURTHER = (
    "diff fernhollow/mosskit 2w",
    "digest 30d --by percent",
    "diff brackwater/heronctl 30d --json",
)


async def tell(
    folder: Path = FOLDER, clock: Clock | None = None, console: Console | None = None
) -> None:
    """Start over in `folder`, show every step, say where the data lies and what to type next."""
    clock = clock or SystemClock()
    console = console or Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    repositories = portfolio(clock.now())
    database, file = folder / "radar.db", folder / "history.csv"
    _prepare(database, file, repositories)
    settings = Settings(
        storage=Storage(url=f"{SQLITE}{database.as_posix()}"),
        daily_file=DailyFile(destination="none"),
    )
    github = DemoGitHub(repositories, clock)
    async with open_app(settings, github=github, history=github, clock=clock) as app:
        await _collect(app, file, console)
        await _report(app, console)
    _point_to(console, database, file)
    _suggest(console, settings.storage.url)


def _prepare(database: Path, file: Path, repositories: Sequence[Repository]) -> None:
    """Remove what the last demo left, unless a bot works with it, and write the history anew."""
    folder = database.parent
    in_use = StoreUnusable(f"A bot runs on {database}: stop that one first.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with held(database, "bot", in_use):
            for name in ("radar.db", "radar.db-wal", "radar.db-shm"):
                (folder / name).unlink(missing_ok=True)
            _write(file, repositories)
    except OSError as error:
        raise RadarError(
            f"Cannot write the folder {folder}: type demo again in a folder where you may write."
        ) from error


def _write(file: Path, repositories: Sequence[Repository]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened, lineterminator="\n")
        table.writerow((DATE, FULL_NAME, *METRICS))
        for day, name, values in history(repositories):
            table.writerow((day, name, *(values[key] for key in METRICS)))


async def _collect(app: App, file: Path, console: Console) -> None:
    """Fill the database before the first word: whoever stops reading then has all the data."""
    imported = await app.importing.files([file])
    synced = await app.sync.guild(OPERATOR, Trigger.CLI)
    told = f"Repo Radar on {synced.run.sampled + synced.run.failed} invented repositories"
    console.print(Text(f"{told} over {DAYS} days", "bold"))
    console.print(Text("No token, no network. Times are UTC.", "dim"))
    _head(console, "History from a file", f"import {file}")
    show(portfolio_cards.imported(imported), console)
    _head(console, "A snapshot, now", "sync")
    show(portfolio_cards.sync(synced), console)


async def _report(app: App, console: Console) -> None:
    _head(console, "What moved most", "digest 7d")
    show(cards.digest(await app.digests.report(OPERATOR, "7d", UTC), UTC), console)
    for what, name in DIFFS:
        _head(console, what, f"diff {name} 30d")
        show(cards.diff(await app.diff.report(OPERATOR, name, "30d", UTC), UTC), console)
    _head(console, "All that is watched", "track list")
    listed = await app.track.listed(OPERATOR)
    show(portfolio_cards.repositories(listed, UTC, app.clock.now()), console)


def _head(console: Console, what: str, command: str) -> None:
    """Say what comes now, and the command that shows it."""
    console.print()
    _line(console, Text.assemble((f"── {what} ──", "cyan"), f" repo-radar {command}"))


def _point_to(console: Console, database: Path, file: Path) -> None:
    places = {database: "the database", file: "the history it came from, to look at"}
    rows = tuple(
        Row(str(place), value=words.size(place.stat().st_size), note=what)
        for place, what in places.items()
    )
    console.print()
    show(Card("Where the data lies", rows=rows), console)


def _suggest(console: Console, url: str) -> None:
    program = _program()
    on_this = f"RADAR_STORAGE__URL={quote(url)} {program}"
    _next(console, "Look further, still without a network", [f"{on_this} {f}" for f in FURTHER])
    own = ("track add owner/name", "sync", "digest")
    _next(
        console,
        "Your own: a token from https://github.com/settings/tokens, no scope needed",
        ["export RADAR_GITHUB__TOKEN=…", *(f"{program} {command}" for command in own)],
    )
    _next(
        console,
        "The Discord bot, sampling every 6 hours by itself",
        ["export RADAR_DISCORD__TOKEN=…", f"{program} run"],
    )


def _next(console: Console, what: str, commands: Sequence[str]) -> None:
    console.print()
    console.print(Text(what, "bold"))
    for command in commands:
        _line(console, Text(f"  {command}"))


def _line(console: Console, text: Text) -> None:
    """Print on one line, however narrow: a command can be copied."""
    console.print(text, soft_wrap=True)


def _program() -> str:
    """How this program can be called again from here."""
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{_from_here(sys.executable)} -m bot"
    return _from_here(sys.argv[0])


def _from_here(called: str) -> str:
    path, here = Path(called), Path.cwd()
    return quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
