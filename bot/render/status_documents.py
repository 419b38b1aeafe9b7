"""The JSON answer of status: runs, tokens, and what is under way."""

from collections.abc import Sequence

from bot.core.models import Allowance
from bot.core.reports import StatusReport, Underway
from bot.render.documents import Json, run_of, stamp


def status(report: StatusReport) -> Json:
    return {
        "version": report.version,
        "database_bytes": report.database_bytes,
        "watched": report.watched,
        "gone": report.gone,
        "failing": report.failing,
        "last_run": run_of(report.last_run) if report.last_run else None,
        "next_run_at": stamp(report.next_run_at),
        "github": _default(report.allowances),
        "problems": list(report.problems),
        "tokens": [
            {
                "name": one.name,
                "owners": list(one.owners),
                "problem": one.trouble,
                **_allowance(one),
            }
            for one in report.allowances
        ],
        "underway": [_underway(run) for run in report.underway],
        "full_round_seconds": report.full_round,
    }


def _default(allowances: Sequence[Allowance]) -> Json:
    """The token of those that no other is for; null when GitHub could not be asked with it."""
    found = [one for one in allowances if not one.owners and not (one.trouble and one.configured)]
    return _allowance(found[-1]) if found else None


def _allowance(allowance: Allowance) -> dict[str, Json]:
    return {
        "login": allowance.login,
        "points_limit": allowance.points_limit,
        "points_left": allowance.points_left,
        "resets_at": stamp(allowance.resets_at),
        "token_expires_at": stamp(allowance.token_expires_at),
    }


def _underway(run: Underway) -> Json:
    return {
        "trigger": run.trigger,
        "started_at": stamp(run.started_at),
        "done": run.done,
        "total": run.total,
        "waiting_seconds": round(run.pause.seconds) if run.pause else None,
        "waiting_for": run.pause.reason if run.pause else None,
    }
