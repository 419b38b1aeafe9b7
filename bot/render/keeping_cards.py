"""Copies of the database, and whether all of it is whole: backup, restore, cleanup, check."""

from collections.abc import Iterable
from datetime import tzinfo

from bot.core.backups import Backup, Contents, Restoration
from bot.core.card import Card, Row, Tone
from bot.core.reports import CheckReport
from bot.core.retention import Removal
from bot.render import words

DAMAGE_SHOWN = 3
"""Findings that are told: all of them say the same."""


def backup(made: Backup) -> Card:
    return Card(title="Backup made", rows=(Row(made.path, note=words.size(made.octets)),))


def restoration(report: Restoration, zone: tzinfo, now: int, *, dry_run: bool) -> Card:
    """What comes back, what it takes the place of, and where that is kept."""
    rows = [Row("Brings back", note=_told(report.backup, zone, now))]
    if report.now is not None:
        rows.append(Row("In place of", note=_told(report.now, zone, now)))
    if report.aside is not None:
        rows.append(Row("Set aside as", note=report.aside))
    lines = ("Nothing was changed: run it without --dry-run to restore.",) if dry_run else ()
    return Card(title="Would restore" if dry_run else "Restored", lines=lines, rows=tuple(rows))


def removal(report: Removal, *, dry_run: bool) -> Card:
    """What a clean-up takes away."""
    if not (report.repositories or report.observations or report.shortened):
        return Card(title="Nothing to clean up")
    told = (
        f"{words.counted(report.observations, 'observation')}"
        f" and {words.counted(report.repositories, 'repository', 'repositories')}"
    )
    lines = []
    if report.shortened:
        cut = words.counted(report.shortened, "repository", "repositories")
        lines.append(f"{'Would shorten' if dry_run else 'Shortened'} the history of {cut}.")
    if dry_run:
        lines.append("Nothing was changed: run it without --dry-run to do it.")
    return Card(title=f"{'Would remove' if dry_run else 'Removed'} {told}", lines=tuple(lines))


def check(report: CheckReport, zone: tzinfo) -> Card:
    """The files and the token; what is lost where something is damaged, and how to restore."""
    return Card(
        title="Something needs you" if report.problems else "All is well",
        lines=report.problems,
        rows=tuple(_facts(report, zone)),
        tone=Tone.BAD if report.problems else Tone.GOOD,
    )


def _facts(report: CheckReport, zone: tzinfo) -> Iterable[Row]:
    if report.database is not None:
        yield Row("Database", note=_told(report.database, zone, report.now))
        for line in report.database.damage[:DAMAGE_SHOWN]:
            yield Row("Damage", note=line, tone=Tone.BAD)
    if report.backup is not None:
        name = f"{report.backup.path}: {_told(report.backup, zone, report.now)}"
        yield Row("Newest backup", note=name)
    for one in report.allowances:
        if one.points_left is not None:
            name = f"GitHub {one.name}" if one.owners else "GitHub"
            yield Row(name, note=f"{one.login or 'no login'}, {one.points_left:,} points left")


def _told(found: Contents, zone: tzinfo, now: int) -> str:
    parts = [words.size(found.octets)]
    if found.repositories is not None:
        parts.append(words.counted(found.repositories, "repository", "repositories"))
    if found.newest_sample_at is not None:
        parts.append(f"sampled until {words.moment(found.newest_sample_at, zone, beside=now)}")
    if found.damage:
        parts.append("damaged")
    return ", ".join(parts)
