"""What the command line does with run directories: export, verify, restore."""

from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.console import answer, ask, progress, rehearse
from bot.errors import UsageError
from bot.exports.run_directory import portfolio_of, verify, write
from bot.flows.portfolio import OPERATOR
from bot.render import documents, portfolio_cards, run_cards

runs = typer.Typer()
RUN_DIRECTORY = "run-directory"
"""What `export --format` calls them."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@runs.command("verify")
def verify_command(
    path: Annotated[Path, typer.Argument(help="A run directory, or a clone with some.")],
    as_json: AsJson = False,
) -> None:
    """See that every byte of run directories is as it was written."""
    found = verify(path, now=SystemClock().now())
    answer(run_cards.verified(found), run_cards.verified_document(found), as_json=as_json)
    if any(one.problems for one in found):
        raise typer.Exit(1)


def write_directory(
    config: Path | None, window: str, zone: tzinfo, out: Path | None, guild: int
) -> None:
    """Into a folder; the working directory where none is named."""
    if guild != OPERATOR:
        raise UsageError("A run directory is of your own portfolio: leave --guild out.")
    name, files = ask(config, lambda app: app.run_exports.files(window, zone))
    typer.echo(f"written to {write(out or Path(), name, files)}", err=True)


def put_back(path: Path, config: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Read the newest of the directories there into the database: gaps only, as import does."""
    portfolio = portfolio_of(path, now=SystemClock().now())
    act = rehearse if dry_run else ask
    with progress("Restoring rows") as tell:
        report = act(config, lambda app: app.importing.files([portfolio], listener=tell))
    report.dry_run = dry_run
    answer(portfolio_cards.imported(report), documents.imported(report), as_json=as_json)
    if report.refused:
        raise typer.Exit(2)
