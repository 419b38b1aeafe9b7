"""The commands about weekly metrics: set, get, weekly, series, stats, cleanup, import, export."""

from pathlib import Path
from typing import Annotated

import typer

from bot.app import App
from bot.console import answer, ask, saved
from bot.core.aggregation import How, Number, Period
from bot.core.snapshots import Data, Missing, document, parse_data
from bot.core.weekly import Recorded
from bot.core.weeks import parse_week
from bot.errors import UsageError
from bot.flows.metrics_snapshots import KEPT, MetricsSnapshots
from bot.flows.portfolio import OPERATOR
from bot.render import metric_cards, metric_documents

metric = typer.Typer(help="Keep any number of your own by week.", no_args_is_help=True)
WEEKLY = "weekly"
"""The format of the file."""

Week = Annotated[str, typer.Argument(help="2025-44 or 2025-W44.")]
Name = Annotated[str, typer.Argument(help="Such as flow_load.")]
Key = Annotated[str, typer.Option("--key", help="Which number: wip_count, by_status.Draft.")]
Guild = Annotated[
    int, typer.Option(min=0, max=2**63 - 1, help="A Discord server's id, for what it keeps.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file.")]
Given = Annotated[str, typer.Argument(metavar="JSON", help="A number, or an object.")]


@metric.command("set")
def set_(
    week: Week,
    name: Name,
    given: Given,
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Keep a metric of a week."""
    data = parse_data(given)

    async def kept(app: App) -> Data:
        return await _of(app, guild).save_metric_snapshot(week, name, data)

    one = Recorded(parse_week(week), name, ask(config, kept))
    answer(metric_cards.recorded(one), metric_documents.recorded(one), as_json=as_json)


@metric.command()
def get(
    week: Week,
    name: Name,
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read a metric of a week back."""
    data = ask(config, lambda app: _of(app, guild).get_metric_snapshot(week, name))
    label = parse_week(week)
    if data is None:
        raise UsageError(f"Nothing is kept as {name} of {label.label}: repo-radar metric stats.")
    answer(metric_cards.kept(label, name, data), data, as_json=as_json)


@metric.command()
def weekly(
    name: Name,
    key: Key,
    weeks: Annotated[str, typer.Option("--weeks", help="With commas: 2025-43,2025-44.")],
    missing: Annotated[str, typer.Option(help=f"{', '.join(Missing)}.")] = Missing.ZERO,
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """One number for each of the weeks named, in their order."""
    labels = [parse_week(part).label for part in weeks.split(",") if part.strip()]

    async def read(app: App) -> list[Number | None]:
        return await _of(app, guild).get_metric_weekly_values(labels, name, key, missing)

    known = dict(zip(labels, ask(config, read), strict=True))
    card = metric_cards.values(name, key, known)
    answer(card, metric_documents.values(name, key, known), as_json=as_json)


@metric.command()
def series(
    name: Name,
    key: Key,
    per: Annotated[str, typer.Option(help=f"{', '.join(Period)}.")] = Period.WEEK,
    how: Annotated[str, typer.Option(help=f"{', '.join(How)}.")] = How.LAST,
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """All that is kept of one number, by week, month or quarter."""
    known = ask(config, lambda app: _of(app, guild).series(name, key, per, how))
    card = metric_cards.values(name, key, known)
    answer(card, metric_documents.values(name, key, known), as_json=as_json)


@metric.command()
def stats(guild: Guild = OPERATOR, as_json: AsJson = False, config: Config = None) -> None:
    """What is kept, from when to when."""
    told = ask(config, lambda app: _of(app, guild).get_snapshot_stats())
    answer(metric_cards.stats(told), metric_documents.stats(told), as_json=as_json)


@metric.command("cleanup")
def cleanup(
    weeks: Annotated[int, typer.Option("--weeks", min=1, help="How many stay.")] = KEPT,
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Delete all but the newest weeks, this one included."""
    gone = ask(config, lambda app: _of(app, guild).cleanup_old_snapshots(weeks))
    answer(metric_cards.cleaned(gone), {"weeks": gone}, as_json=as_json)


@metric.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A metrics_snapshots.json.")],
    guild: Guild = OPERATOR,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read a file in; where both have a metric of a week, the newer one stays."""
    report = ask(config, lambda app: _of(app, guild).load_snapshots(file))
    answer(metric_cards.loaded(report), metric_documents.loaded(report), as_json=as_json)


@metric.command()
def export(
    out: Annotated[Path | None, typer.Option("--out", help="A file; else printed.")] = None,
    guild: Guild = OPERATOR,
    config: Config = None,
) -> None:
    """Write all that is kept; a file that is there is added to, never replaced by less."""
    write_weekly(config, out, guild)


def write_weekly(config: Path | None, out: Path | None, guild: int) -> None:
    """Into the file, or to standard output where none is named."""
    if out is None:
        saved(document(ask(config, lambda app: _of(app, guild).snapshots())), None)
        return
    ask(config, lambda app: _of(app, guild).save_snapshots(out))
    typer.echo(f"written to {out}", err=True)


def _of(app: App, guild: int) -> MetricsSnapshots:
    return app.metrics.of(guild)
