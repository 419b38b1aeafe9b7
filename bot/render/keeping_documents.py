"""The JSON answers of backup, restore, cleanup and check."""

from bot.core.backups import Backup, Contents, Restoration
from bot.core.reports import CheckReport
from bot.core.retention import Removal
from bot.render.documents import Json, stamp


def backup(made: Backup) -> Json:
    return {"path": made.path, "bytes": made.octets}


def restoration(report: Restoration) -> Json:
    return {
        "backup": _contents(report.backup),
        "database": _contents(report.now),
        "set_aside": report.aside,
    }


def removal(report: Removal) -> Json:
    return {
        "repositories": report.repositories,
        "observations": report.observations,
        "shortened": report.shortened,
    }


def check(report: CheckReport) -> Json:
    return {
        "database": _contents(report.database),
        "backup": _contents(report.backup),
        "problems": list(report.problems),
    }


def _contents(found: Contents | None) -> Json:
    if found is None:
        return None
    return {
        "path": found.path,
        "bytes": found.octets,
        "schema": found.schema,
        "repositories": found.repositories,
        "observations": found.observations,
        "newest_sample_at": stamp(found.newest_sample_at),
        "damage": list(found.damage),
    }
