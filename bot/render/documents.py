"""The JSON answers: times as `…Z`, unknown as null, keys only ever added."""

from collections.abc import Mapping, Sequence

from bot.core.chart import Chart
from bot.core.coverage import DAY
from bot.core.daily import written
from bot.core.delta import Delta
from bot.core.digest import Digest
from bot.core.events import Event
from bot.core.follow import Follow, Followed
from bot.core.models import Run, RunError
from bot.core.rank import Movement
from bot.core.reports import (
    BackfillReport,
    ImportReport,
    Listed,
    Report,
    SyncReport,
    Tracked,
    Untracked,
)
from bot.core.traffic import Ranking, TrafficReport
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
        "traffic": None if report.traffic is None else _traffic(report.traffic),
    }


def _traffic(report: TrafficReport) -> Json:
    """Sums over whole UTC days; of uniques, too: they are not the uniques of all the days."""
    sums: dict[str, Json] = {
        tally.counter.key: {
            "total": tally.total,
            "days": tally.days,
            "known_days": tally.known_days,
            "before": tally.before,
            "change": tally.change,
            "percent": tally.percent,
        }
        for tally in report.tallies
    }
    return {
        **sums,
        "first_day": _day(report.first_day),
        "last_day": _day(report.last_day),
        "referrers": [
            {"referrer": one.name, "views": one.total, "uniques": one.uniques}
            for one in report.popular.get(Ranking.REFERRERS, ())
        ],
        "paths": [
            {"path": one.name, "title": one.title, "views": one.total, "uniques": one.uniques}
            for one in report.popular.get(Ranking.PATHS, ())
        ],
    }


def _day(day: int) -> str:
    """`2026-05-01`, of a UTC day counted from 1970."""
    return written(day * DAY).partition("T")[0]


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
    return {"run": run_of(report.run), "errors": _refused(report.errors)}


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
        "kept": [subject.full_name for subject in report.kept],
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
        "unsampled": report.unsampled,
        "errors": _refused(report.refused),
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


def run_of(run: Run) -> Json:
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
        "round_began_at": stamp(run.round_began_at),
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
