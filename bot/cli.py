"""The command line: parse, call one flow, print."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot import __version__
from bot.app import App
from bot.cli_acts import added, read_back, synced
from bot.cli_keeping import DryRun, keeping
from bot.cli_metrics import WEEKLY, metric, write_weekly
from bot.cli_runs import RUN_DIRECTORY, runs, write_directory
from bot.console import answer, ask, drawn, progress, rehearse, saved, zone_of
from bot.core.digest import Listing
from bot.core.export import Document, Form
from bot.core.follow import Follow, parse_terms
from bot.core.metrics import METRICS, STARS
from bot.core.models import RunStatus, Trigger
from bot.core.rank import ANY, RANKINGS
from bot.core.reports import Listed
from bot.exports.reader import files_of
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR
from bot.render import cards, documents, portfolio_cards, status_documents

cli = typer.Typer(
    name="repo-radar",
    help="Repo Radar remembers what GitHub forgets: snapshots, deltas, a digest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
tracking = typer.Typer(help="Choose the repositories to watch.", no_args_is_help=True)
cli.add_typer(tracking, name="track")
cli.add_typer(keeping)
cli.add_typer(runs)
cli.add_typer(metric, name="metric")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Zone = Annotated[str, typer.Option("--tz", help="Whose days: an IANA time zone.")]
Window = Annotated[str, typer.Argument(help="7d, 3mo, today, 2026-05, 2026-05-01..2026-06-01.")]
Metric = Annotated[str, typer.Argument(help=f"One of {', '.join(METRICS)}.")]
Out = Annotated[Path | None, typer.Option("--out", help="A file: .png or .svg.")]
FORMS = (*Form, WEEKLY, RUN_DIRECTORY)
Targets = Annotated[
    list[str], typer.Argument(help="owner/name or a link, one or several; owner/*.")
]
Group = Annotated[str | None, typer.Option("--group", help="Only this group.")]


@cli.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"repo-radar {__version__}")
        raise typer.Exit


@cli.command("run")
def run_command(config: Config = None) -> None:
    """Be the Discord bot."""
    from bot.serving import serve

    serve(config)


@cli.command()
def demo() -> None:
    """See the whole story on a generated portfolio: no tokens, no network."""
    from bot.demo.story import tell

    asyncio.run(tell())


@cli.command()
def diff(
    repo: Annotated[str, typer.Argument(help="owner/name or a link.")],
    window: Window = "7d",
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what changed in a repository."""
    zone = zone_of(tz)
    report = ask(config, lambda app: app.diff.report(OPERATOR, repo, window, zone))
    answer(cards.diff(report, zone), documents.diff(report), as_json=as_json)


@cli.command()
def digest(
    window: Window = "1d",
    by: Annotated[str, typer.Option(help=f"One of {', '.join(RANKINGS)}.")] = ANY,
    group: Group = None,
    top: Annotated[int, typer.Option(min=1, help="Rows to show.")] = cards.TOP,
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Rank what moved in your portfolio."""
    zone = zone_of(tz)
    listing = Listing(by, most=None if as_json else top)
    report = ask(
        config, lambda app: app.digests.report(OPERATOR, window, zone, listing, group=group)
    )
    answer(cards.digest(report, zone, top), documents.digest(report), as_json=as_json)


@cli.command()
def chart(
    repo: Annotated[str, typer.Argument(help="owner/name or a link.")],
    metric: Metric = STARS.key,
    window: Window = "90d",
    out: Out = None,
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Draw one number of a repository over time."""
    zone = zone_of(tz)
    shown = ask(config, lambda app: app.charts.one(OPERATOR, repo, metric, window, zone))
    drawn(shown.chart, zone, out)
    answer(cards.chart(shown, zone), documents.chart(shown.chart), as_json=as_json)


@cli.command()
def compare(
    repos: Annotated[list[str], typer.Argument(help="2 to 5 of them.")],
    metric: Annotated[str, typer.Option(help=f"One of {', '.join(METRICS)}.")] = STARS.key,
    window: Annotated[str, typer.Option(help="As in diff.")] = "90d",
    out: Out = None,
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Draw one number of 2 to 5 repositories over time."""
    zone, named = zone_of(tz), " ".join(repos)
    shown = ask(config, lambda app: app.charts.compare(OPERATOR, named, metric, window, zone))
    drawn(shown.chart, zone, out)
    answer(cards.compare(shown, zone), documents.chart(shown.chart), as_json=as_json)


@cli.command()
def sync(
    repo: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read the numbers of your portfolio from GitHub now."""
    with progress("Sampling") as tell:
        if repo is None:
            report = ask(config, lambda app: synced(app, tell))
        else:
            report = ask(
                config,
                lambda app: app.sync.guild(OPERATOR, Trigger.CLI, repository=repo, listener=tell),
            )
    answer(portfolio_cards.sync(report), documents.sync(report), as_json=as_json)
    if report.run.status is RunStatus.FAILED:
        raise typer.Exit(1)


@cli.command("import")
def import_command(
    files: Annotated[list[Path], typer.Argument(help="CSV, daily JSON, or a folder of them.")],
    track: Annotated[bool, typer.Option(help="Watch what the files bring.")] = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Bring history in from files; gaps are filled, nothing is overwritten."""
    found, act = files_of(files), rehearse if dry_run else ask
    with progress("Importing rows") as tell:
        report = act(
            config,
            lambda app: app.importing.files(found, track=track, listener=tell),
        )
    report.dry_run = dry_run
    answer(portfolio_cards.imported(report), documents.imported(report), as_json=as_json)
    if report.refused:
        raise typer.Exit(2)


@cli.command()
def export(
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMS)}.")],
    window: Window = "30d",
    out: Annotated[Path | None, typer.Option("--out", help="File or folder; else printed.")] = None,
    guild: Annotated[int, typer.Option(help="A Discord server's id, for what it sees.")] = OPERATOR,
    tz: Zone = "UTC",
    config: Config = None,
) -> None:
    """Take your history with you, in a form that others read."""
    if form == WEEKLY:
        return write_weekly(config, out, guild)
    zone = zone_of(tz)
    if form == RUN_DIRECTORY:
        return write_directory(config, window, zone, out, guild)

    async def made(app: App) -> Document:
        return await app.exports.document(await app.exports.order(guild, form, window, zone))

    return saved(ask(config, made).content, out)


@cli.command()
def backfill(
    repos: Annotated[list[str] | None, typer.Argument(help="Only these.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was read before.")] = False,
    tz: Zone = "UTC",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read the time before your first samples from the stars that are still held."""
    zone = zone_of(tz)
    with progress("Reading star history") as tell:
        report, now = ask(config, lambda app: read_back(app, repos or (), tell, again=again))
    card = portfolio_cards.backfilled(report, zone, now)
    answer(card, documents.backfilled(report), as_json=as_json)
    if report.refused:
        raise typer.Exit(2)


@cli.command()
def status(tz: Zone = "UTC", as_json: AsJson = False, config: Config = None) -> None:
    """Tell whether everything is well, and what to do where it is not."""
    zone = zone_of(tz)
    report = ask(config, lambda app: app.status.report())
    answer(portfolio_cards.status(report, zone), status_documents.status(report), as_json=as_json)
    if report.problems:
        raise typer.Exit(1)


@tracking.command("add")
def track_add(
    targets: Targets,
    group: Annotated[str, typer.Option("--group", help="A name of your own.")] = DEFAULT_GROUP,
    include: Annotated[str, typer.Option(help="Of owner/*: only names like tools-*.")] = "",
    exclude: Annotated[str, typer.Option(help="Of owner/*: no names like *-old.")] = "",
    forks: Annotated[bool, typer.Option(help="Of owner/*: forks, too.")] = False,
    archived: Annotated[bool, typer.Option(help="Of owner/*: archived ones, too.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Watch repositories, or owner/* with all that comes, starting with their numbers now."""
    named, terms = " ".join(targets), parse_terms(include, exclude, forks=forks, archived=archived)
    with progress("Asking GitHub") as tell:
        report = ask(config, lambda app: added(app, named, group, terms, tell))
    answer(portfolio_cards.tracked(report), documents.tracked(report), as_json=as_json)
    if report.refused:
        raise typer.Exit(2)


@tracking.command("remove")
def track_remove(
    targets: Targets, group: Group = None, as_json: AsJson = False, config: Config = None
) -> None:
    """Stop watching repositories; their history stays."""
    report = ask(config, lambda app: app.track.remove(OPERATOR, " ".join(targets), group))
    answer(portfolio_cards.untracked(report), documents.untracked(report), as_json=as_json)
    if report.not_watched:
        raise typer.Exit(2)


@tracking.command("list")
def track_list(
    group: Group = None, tz: Zone = "UTC", as_json: AsJson = False, config: Config = None
) -> None:
    """List what is watched, with the numbers now."""
    zone = zone_of(tz)

    async def both(app: App) -> tuple[list[Listed], list[Follow], int]:
        follows = await app.track.follows(OPERATOR, group)
        return await app.track.listed(OPERATOR, group), follows, app.clock.now()

    listed, follows, now = ask(config, both)
    answer(
        portfolio_cards.repositories(listed, zone, now, follows),
        documents.repositories(listed, follows),
        as_json=as_json,
    )
