"""The JSON answers: times as `…Z`, unknown as null, keys only ever added."""

from collections.abc import Mapping, Sequence

from bot.core.backups import Backup, Contents, Restoration
from bot.core.chart import Chart
from bot.core.delta import Delta
from bot.core.digest import Digest
from bot.core.events import Event
from bot.core.export import written
from bot.core.follow import Follow, Followed
from bot.core.models import Allowance, Run, RunError
from bot.core.rank import Movement
from bot.core.reports import (
    BackfillReport,
    CheckReport,
    ImportReport,
    Listed,
    Report,
    StatusReport,
    SyncReport,
    Tracked,
    Untracked,
)
from bot.core.retention import Removal
from bot.core.window import Window
from bot.render.cards import address

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def stamp(at: int | None) -> str | None:
    """`2026-05-01T12:00:00Z`."""
    return None if at is None else written(at)


def diff(report: Report) -> Json:
    return {
        "repo": report.subject.full_name,
        "window": _window(report.window),
        "metrics": [_metric(delta) for delta in report.deltas],
        "events": [_event(event) for event in report.events],
    }


def digest(report: Digest) -> Json:
    counts = report.counts
    return {
        "window": _window(report.window),
        "by": report.by,
        "rows": [_row(rank, moved) for rank, moved in enumerate(report.rows, start=1)],
        "counts": {
            "watched": counts.watched,
            "changed": counts.changed,
            "unchanged": counts.unchanged,
            "new": counts.new,
            "gone": counts.gone,
            "unsampled": counts.unsampled,
            "failed": counts.failed,
        },
        "events": [{"repo": one.subject.full_name, **_event(one.event)} for one in report.happened],
    }


def chart(shown: Chart) -> Json:
    """Each segment is an unbroken stretch of samples, with every change in it."""
    return {
        "metric": shown.metric.key,
        "window": {"start": stamp(shown.start), "end": stamp(shown.end)},
        "lines": [
            {
                "repo": line.label,
                "segments": [
                    [{"at": stamp(point.at), "value": point.value} for point in segment]
                    for segment in line.segments
                ],
                "reconstructed": [
                    {"at": stamp(point.at), "value": point.value} for point in line.rebuilt
                ],
            }
            for line in shown.lines
        ],
    }


def sync(report: SyncReport) -> Json:
    return {"run": _run(report.run), "errors": _refused(report.errors)}


def tracked(report: Tracked) -> Json:
    return {
        "group": report.group,
        "added": [movement.subject.full_name for movement in report.added],
        "already": [movement.subject.full_name for movement in report.already],
        "errors": _refused(report.refused),
        "followed": [_followed(one) for one in report.followed],
    }


def untracked(report: Untracked) -> Json:
    return {
        "removed": [subject.full_name for subject in report.removed],
        "not_watched": list(report.not_watched),
        "unfollowed": [_follow(follow) for follow in report.unfollowed],
    }


def repositories(listed: Sequence[Listed], follows: Sequence[Follow] = ()) -> Json:
    return {
        "repos": [
            {
                "repo": item.movement.subject.full_name,
                "group": item.group,
                "state": item.movement.subject.state,
                "first_seen": stamp(item.first_seen),
                "last_seen": stamp(item.last_seen),
                "archived": item.movement.subject.archived,
            }
            for item in listed
        ],
        "follows": [_follow(follow) for follow in follows],
    }


def imported(report: ImportReport) -> Json:
    return {
        "files": report.files,
        "rows": report.rows,
        "new": report.new,
        "known": report.known,
        "refused": [
            {"file": at.file, "line": at.line, "reason": at.reason} for at in report.refused
        ],
        "dry_run": report.dry_run,
    }


def backfilled(report: BackfillReport) -> Json:
    return {
        "repos": [
            {
                "repo": one.subject.full_name,
                "since": stamp(one.since),
                "complete": one.whole,
                "requests": one.requests,
            }
            for one in report.done
        ],
        "errors": _refused(report.refused),
    }


def status(report: StatusReport) -> Json:
    return {
        "version": report.version,
        "database_bytes": report.database_bytes,
        "watched": report.watched,
        "gone": report.gone,
        "failing": report.failing,
        "last_run": _run(report.last_run) if report.last_run else None,
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
    }


def _follow(follow: Follow) -> dict[str, Json]:
    terms = follow.terms
    return {
        "owner": follow.owner,
        "group": follow.group,
        "include": list(terms.include),
        "exclude": list(terms.exclude),
        "forks": terms.forks,
        "archived": terms.archived,
        "trouble": follow.trouble,
    }


def _followed(one: Followed) -> Json:
    sifted = one.sifted
    left_out = {
        "forks": sifted.forks,
        "archived": sifted.archived,
        "patterns": sifted.unnamed,
        "beyond": one.beyond,
    }
    return {**_follow(one.follow), "repositories": len(sifted.taken), "left_out": left_out}


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


def _run(run: Run) -> Json:
    return {
        "id": run.id,
        "trigger": run.trigger,
        "started_at": stamp(run.started_at),
        "finished_at": stamp(run.finished_at),
        "status": run.status,
        "sampled": run.sampled,
        "changed": run.changed,
        "failed": run.failed,
        "requests": run.requests,
        "points": run.points,
        "message": run.message,
    }


def _refused(errors: Sequence[RunError]) -> Json:
    return [
        {"repo": e.full_name, "kind": e.refusal.kind, "message": e.refusal.message} for e in errors
    ]


def _window(window: Window) -> Json:
    return {"start": stamp(window.start), "end": stamp(window.end)}


def _row(rank: int, movement: Movement) -> Json:
    return {
        "rank": rank,
        "repo": movement.subject.full_name,
        "url": address(movement.subject),
        "metrics": [_metric(delta) for delta in movement.deltas],
    }


def _event(event: Event) -> Mapping[str, Json]:
    """`detail` is what it was called before."""
    return {"at": stamp(event.at), "kind": event.kind, "detail": event.detail or None}


def _metric(delta: Delta) -> Json:
    return {
        "metric": delta.metric,
        "before": delta.before,
        "after": delta.after,
        "change": delta.change,
        "percent": delta.percent,
        "before_at": stamp(delta.before_at),
        "after_at": stamp(delta.after_at),
        "status": delta.status,
        "reconstructed": delta.reconstructed,
    }


def backup(made: Backup) -> Json:
    return {"path": made.path, "bytes": made.octets}


def restoration(report: Restoration) -> Json:
    return {
        "backup": _contents(report.backup),
        "database": _contents(report.now),
        "set_aside": report.aside,
    }


def removal(report: Removal) -> Json:
    return {"repositories": report.repositories, "observations": report.observations}


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
