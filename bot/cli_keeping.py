"""The commands that look after the database: backup, restore, check, cleanup."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.app import App, open_app, safekeeping_of
from bot.cli_runs import put_back
from bot.clock import SystemClock
from bot.console import answer, ask, zone_of
from bot.core.models import Allowance
from bot.flows.check import Check
from bot.loading import settings_of
from bot.render import keeping_cards, keeping_documents

keeping = typer.Typer()

Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")]
Zone = Annotated[str, typer.Option("--tz", help="Whose days: an IANA time zone.")]


@keeping.command()
def backup(
    out: Annotated[Path | None, typer.Option("--out", help="A file; else a dated one.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Copy the database, also while the bot runs."""
    made = asyncio.run(safekeeping_of(settings_of(config)).make(out))
    answer(keeping_cards.backup(made), keeping_documents.backup(made), as_json=as_json)


@keeping.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that backup made; a run directory.")],
    dry_run: DryRun = False,
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Put a backup back; what stands there now is set aside under a dated name."""
    if path.is_dir():
        return put_back(path, config, dry_run=dry_run, as_json=as_json)
    zone, safekeeping = zone_of(tz), safekeeping_of(settings_of(config))
    act = safekeeping.plan if dry_run else safekeeping.restore
    report = asyncio.run(act(path))
    card = keeping_cards.restoration(report, zone, SystemClock().now(), dry_run=dry_run)
    return answer(card, keeping_documents.restoration(report), as_json=as_json)


@keeping.command()
def cleanup(
    keep_days: Annotated[int | None, typer.Option(min=1, help="Forget older history.")] = None,
    unwatched: Annotated[bool, typer.Option(help="Forget what nobody watches.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Keep less; make a backup first, as what goes is gone."""
    removal = ask(
        config,
        lambda app: app.cleanup.clean(keep_days=keep_days, unwatched=unwatched, dry_run=dry_run),
    )
    answer(
        keeping_cards.removal(removal, dry_run=dry_run),
        keeping_documents.removal(removal),
        as_json=as_json,
    )


@keeping.command()
def check(tz: Zone = "UTC", as_json: AsJson = False, config: Config = None) -> None:
    """See that settings, database, backups and token are in order."""
    zone, settings = zone_of(tz), settings_of(config)

    async def of_github() -> tuple[list[Allowance], list[str]]:
        async with open_app(settings) as app:
            return await _of_github(app)

    report = asyncio.run(Check(safekeeping_of(settings), SystemClock()).report(of_github))
    answer(keeping_cards.check(report, zone), keeping_documents.check(report), as_json=as_json)
    if report.problems:
        raise typer.Exit(1)


async def _of_github(app: App) -> tuple[list[Allowance], list[str]]:
    watched = await app.store.subjects.watched()
    allowances, problems = await app.status.of_tokens(app.clock.now(), watched)
    return allowances, [*problems, *await app.run_directories.unreachable()]
