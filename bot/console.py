"""What the commands of the command line share: opening the program, answers, progress."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot.app import App, open_app
from bot.core.card import Card
from bot.core.chart import Chart
from bot.core.reports import Progress as Done
from bot.errors import RadarError, UsageError
from bot.loading import settings_of
from bot.output import printing, put, replace
from bot.rehearsing import open_rehearsal
from bot.render import words
from bot.render.chart_png import png
from bot.render.chart_svg import svg
from bot.render.documents import Json
from bot.render.terminal import show

T = TypeVar("T")
PIPED_WIDTH = 160
"""Columns where there is no terminal to ask: names are never cut there."""


def zone_of(name: str) -> tzinfo:
    """Raises UsageError for a zone the IANA database does not know."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise UsageError(f"{name!r} is no time zone: write one such as Europe/Berlin.") from None


def ask(config: Path | None, question: Callable[[App], Awaitable[T]]) -> T:
    """Open the program, ask one flow, close it."""

    async def main() -> T:
        async with open_app(settings_of(config)) as app:
            result = await question(app)
            await _filed(app)
            await _directories_filed(app)
            return result

    return asyncio.run(main())


async def _filed(app: App) -> None:
    """Write the daily file if something was sampled; that it failed is a warning, no failure."""
    if not app.daily_files.due:
        return
    try:
        troubles = await app.daily_files.write()
    except Exception as error:  # noqa: BLE001  # what was asked for is done, whatever happens here
        troubles = [str(error) if isinstance(error, RadarError) else repr(error)]
    _warn(troubles)


async def _directories_filed(app: App) -> None:
    """The same with the run directory."""
    if not app.run_directories.due:
        return
    try:
        filed = await app.run_directories.write()
        _warn([*filed.warnings, *filed.troubles])
    except Exception as error:  # noqa: BLE001  # as above
        _warn([repr(error)])


def _warn(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        Console(stderr=True).print(f"warning: {sentence}", markup=False, soft_wrap=True)


def rehearse(config: Path | None, question: Callable[[App], Awaitable[T]]) -> T:
    """The same on a copy of the database, so that nothing is written."""

    async def main() -> T:
        async with open_rehearsal(settings_of(config)) as app:
            return await question(app)

    return asyncio.run(main())


def answer(card: Card, document: Json, *, as_json: bool) -> None:
    """Print the one or the other to standard output."""
    with printing():
        if as_json:
            print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201
        else:
            show(card, Console(width=None if sys.stdout.isatty() else PIPED_WIDTH))


def drawn(chart: Chart, zone: tzinfo, out: Path | None) -> None:
    """Write a chart as PNG, or as SVG where the file is called so; nowhere unless asked to."""
    if out is None:
        return
    text = svg(chart, zone=zone, theme="dark")
    match out.suffix.lower():
        case ".svg":
            saved(text.encode(), out)
        case ".png":
            saved(asyncio.run(png(text)), out)
        case _:
            raise UsageError(f"{out} is no picture: let its name end with .png or .svg.")


def saved(content: bytes, out: Path | None) -> None:
    """Write a document to a file, whole or not at all; to standard output where none is named."""
    if out is None:
        with printing():
            put(content)
        return
    try:
        if out.exists() and not out.is_file():  # a device or a pipe is not to be replaced
            out.write_bytes(content)
        else:
            replace(out.resolve(), content)  # a link stays one
    except (OSError, RuntimeError) as error:  # links may go round in circles
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"Cannot write {out} ({why}): name another file.") from error
    Console(stderr=True).print(f"written to {out}", markup=False)


@contextmanager
def progress(what: str) -> Iterator[Callable[[Done], None]]:
    """A bar on a terminal's standard error, gone when all is done; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)

        def tell(done: Done) -> None:
            wait = done.pause
            why = f", waiting {words.span(round(wait.seconds))}: {wait.reason}" if wait else ""
            bar.update(task, description=what + why, completed=done.done, total=done.total)

        yield tell
