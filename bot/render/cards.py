"""Every answer, built once: the words of Discord and the terminal are the same."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from bot.core.card import Card, Row, Tone
from bot.core.delta import Delta, Status
from bot.core.digest import Counts, Digest
from bot.core.metrics import METRICS, STARS, Good
from bot.core.models import Refused, RunError, RunStatus, Subject
from bot.core.rank import Movement, lead
from bot.core.reports import (
    Comparison,
    Drawn,
    ImportReport,
    Listed,
    Progress,
    Report,
    ScheduledDigest,
    StatusReport,
    SyncReport,
    Tracked,
    Untracked,
)
from bot.core.schedule import Every
from bot.core.window import Window, describe
from bot.render import words

TOP = 10
"""Rows of a digest unless more are asked for."""
REFUSED_SHOWN = 20
"""Refused rows of an import that are told one by one."""
NOTHING_WATCHED = "Nothing is watched here yet: start with /track add."
TITLES = {
    RunStatus.OK: "Sync done",
    RunStatus.PARTIAL: "Sync done in part",
    RunStatus.FAILED: "Sync failed",
    RunStatus.STOPPED: "Sync stopped",
    RunStatus.RUNNING: "Sync under way",
}


def diff(report: Report, zone: tzinfo) -> Card:
    """One repository over one window: a row a metric."""
    rows = tuple(_metric_row(delta, report.window, zone) for delta in report.deltas)
    gone = any(delta.status is Status.GONE for delta in report.deltas)
    return Card(
        title=report.subject.full_name,
        url=address(report.subject),
        lines=(_capital(describe(report.window, zone=zone)), *_departed(report, zone)),
        rows=rows,
        footer=_sampled(report.deltas, report.window, zone),
        tone=Tone.BAD if gone else _overall(report.deltas),
    )


def chart(drawn: Drawn, zone: tzinfo) -> Card:
    """One metric of one repository, told beside its picture."""
    return diff(replace(drawn.report, deltas=(drawn.delta,)), zone)


def compare(report: Comparison, zone: tzinfo) -> Card:
    """One metric of several repositories, in the order of the picture's lines."""
    deltas = [movement.delta(report.metric.key) for movement in report.movements]
    known = [delta for delta in deltas if delta is not None]
    return Card(
        title=f"{report.metric.label} compared",
        lines=(_capital(describe(report.window, zone=zone)),),
        rows=tuple(
            _compared_row(movement.subject, delta, report.window, zone)
            for movement, delta in zip(report.movements, deltas, strict=True)
        ),
        footer=_sampled(known, report.window, zone) if known else (),
    )


def digest(report: Digest, zone: tzinfo, top: int = TOP) -> Card:
    """What moved in a portfolio, largest gain first."""
    window = report.window
    shown = report.rows[:top]
    rows = tuple(
        _moved_row(rank, movement, report.by, window, zone)
        for rank, movement in enumerate(shown, start=1)
    )
    return Card(
        title=f"Digest · {describe(window, zone=zone)}",
        lines=() if rows else (_quiet(report.counts),),
        rows=rows,
        more=len(report.rows) - len(shown),
        notes=_gone(report.gone, window, zone),
        footer=(*_counts(report.counts), *_freshness(report, zone)),
        tone=_overall([d for m in shown[:1] if (d := lead(m, report.by))]),
    )


def scheduled_digest(report: ScheduledDigest) -> Card:
    """The same as it is posted: in the digest's own zone, named after its due time."""
    settings, window = report.settings, report.digest.window
    zone = ZoneInfo(settings.plan.zone)
    card = digest(report.digest, zone, settings.top)
    kind = "Daily" if settings.plan.every in (Every.DAY, Every.WEEKDAYS) else "Weekly"
    group = "" if settings.group == "all" else f" of {settings.group}"
    since = words.earlier(window.start, zone, beside=window.end)
    return replace(
        card,
        title=f"{kind} digest{group} · {words.weekday(window.end, zone)}, since {since}",
        lines=card.lines if report.digest.counts.watched else (NOTHING_WATCHED,),
        notes=(*card.notes, *_folded(report.folded, window, zone)),
    )


def address(subject: Subject) -> str:
    """Where a person can look at it; GitHub follows old names."""
    return f"https://github.com/{subject.full_name}"


def sync(report: SyncReport) -> Card:
    """How a collection ended."""
    run = report.run
    gone = sum(error.refusal.kind is Refused.NOT_FOUND for error in report.errors)
    return Card(
        title=TITLES[run.status],
        lines=(run.message,) if run.message else (),
        rows=tuple(_refused(report.errors)),
        footer=(
            f"{run.sampled:,} sampled",
            f"{run.changed:,} changed",
            *((f"{gone:,} gone",) if gone else ()),
            f"{run.failed - gone:,} failed",
            words.counted(run.requests, "request"),
            words.counted(run.points, "point"),
        ),
        tone=Tone.GOOD if run.status is RunStatus.OK else Tone.BAD,
    )


def progress(state: Progress) -> Card:
    """A run under way, and what it waits for."""
    done = f"{state.done:,} of {words.counted(state.total or 0, 'repository', 'repositories')} read"
    pause = state.pause
    wait = (f"Waiting {words.span(round(pause.seconds))}: {pause.reason}.",) if pause else ()
    return Card(TITLES[RunStatus.RUNNING], lines=(done, *wait))


def tracked(report: Tracked) -> Card:
    """What is watched from now on, with its first numbers."""
    number = len(report.added)
    title = f"Now watching {words.counted(number, 'repository', 'repositories')}"
    already = tuple(_level_row(movement, "watched already") for movement in report.already)
    return Card(
        title=title if number else "Nothing new to watch",
        rows=(*map(_level_row, report.added), *already, *_refused(report.refused)),
        tone=Tone.GOOD if number else Tone.QUIET if already else Tone.BAD,
    )


def untracked(report: Untracked) -> Card:
    number = len(report.removed)
    title = f"Stopped watching {words.counted(number, 'repository', 'repositories')}"
    gone = tuple(Row(name, note="not watched here", tone=Tone.BAD) for name in report.not_watched)
    return Card(
        title=title if number else "Nothing to stop",
        rows=(*(Row(s.full_name, note="its history stays") for s in report.removed), *gone),
        tone=Tone.QUIET if number else Tone.BAD,
    )


def repositories(listed: Sequence[Listed], zone: tzinfo, now: int) -> Card:
    """What is watched, with its numbers now."""
    number = len({item.movement.subject.id for item in listed})
    if not listed:
        return Card("Nothing is watched here yet", lines=("Start with track add owner/name.",))
    return Card(
        title=f"Watching {words.counted(number, 'repository', 'repositories')}",
        rows=tuple(_listed_row(item, zone, now) for item in listed),
    )


def imported(report: ImportReport) -> Card:
    """What an import brought; refused rows with where they stand and why."""
    shown = report.refused[:REFUSED_SHOWN]
    return Card(
        title=f"Imported {words.counted(report.rows, 'row')}"
        f" of {words.counted(report.files, 'file')}",
        rows=tuple(
            Row(f"{at.file}:{at.line}" if at.line else at.file, note=at.reason, tone=Tone.BAD)
            for at in shown
        ),
        more=len(report.refused) - len(shown),
        footer=(
            f"{report.new:,} new",
            f"{report.known:,} known",
            f"{len(report.refused):,} refused",
        ),
        tone=Tone.BAD if report.refused else Tone.GOOD,
    )


def status(report: StatusReport, zone: tzinfo) -> Card:
    """The doctor's card: the facts, and each problem with its fix."""
    return Card(
        title="All is well" if not report.problems else "Something needs you",
        lines=report.problems,
        rows=tuple(_facts(report, zone)),
        tone=Tone.BAD if report.problems else Tone.GOOD,
    )


def _facts(report: StatusReport, zone: tzinfo) -> Iterable[Row]:
    def at(moment: int | None) -> str:
        return "?" if moment is None else words.moment(moment, zone, beside=report.now)

    last, allowance = report.last_run, report.allowance
    watched = words.counted(report.watched, "repository", "repositories")
    yield Row("Version", note=report.version)
    yield Row("Database", note=words.size(report.database_bytes))
    yield Row("Watched", note=f"{watched}, {report.gone:,} gone, {report.failing:,} failing")
    if last is not None:
        yield Row(
            "Last run", note=f"{at(last.started_at)}, {last.status}, {last.sampled:,} sampled"
        )
    if report.next_run_at is not None:
        yield Row("Next run", note=f"{at(report.next_run_at)}, while the bot runs")
    if allowance is not None and allowance.points_left is not None:
        left = f"{allowance.points_left:,} of {allowance.points_limit or 0:,} points left"
        login = allowance.login or "no login"
        yield Row("GitHub", note=f"{login}, {left}, full again at {at(allowance.resets_at)}")
    if allowance is not None and allowance.token_expires_at is not None:
        yield Row("Token ends", note=at(allowance.token_expires_at))


def _refused(errors: Iterable[RunError]) -> Iterable[Row]:
    return (Row(e.full_name, note=e.refusal.message, tone=Tone.BAD) for e in errors)


def _level_row(movement: Movement, note: str = "") -> Row:
    """A repository with its stars now, and its other numbers or a note."""
    stars = movement.delta(STARS.key)
    others = " · ".join(words.level(d) for d in movement.deltas if d.metric != STARS.key)
    return Row(
        movement.subject.full_name,
        value=words.level(stars) if stars else "",
        note=note or others,
        url=address(movement.subject),
    )


def _listed_row(item: Listed, zone: tzinfo, now: int) -> Row:
    subject = item.movement.subject
    parts = [] if item.group == "all" else [f"group {item.group}"]
    if item.last_seen is None:
        parts.append("not sampled yet")
    elif subject.gone_at is not None:
        parts.append(
            f"gone or not visible, last seen {words.day(item.last_seen, zone, beside=now)}"
        )
    stars = item.movement.delta(STARS.key)
    row = _level_row(item.movement, " · ".join(parts))
    moved = words.signed(stars.change) + " in 24 h" if stars and stars.change else ""
    tone = Tone.BAD if subject.gone_at is not None else _tone(stars) if stars else Tone.QUIET
    return replace(row, change=moved, tone=tone)


def _departed(report: Report, zone: tzinfo) -> tuple[str, ...]:
    gone = next((delta for delta in report.deltas if delta.status is Status.GONE), None)
    return (_capital(words.change(gone, report.window, zone)) + ".",) if gone else ()


def _metric_row(delta: Delta, window: Window, zone: tzinfo) -> Row:
    return Row(
        METRICS[delta.metric].label,
        value=words.passage(delta),
        change="" if delta.status is Status.GONE else words.change(delta, window, zone),
        percent=words.percent(delta.percent),
        tone=_tone(delta),
    )


def _compared_row(subject: Subject, delta: Delta | None, window: Window, zone: tzinfo) -> Row:
    if delta is None:
        return Row(subject.full_name, note="unknown in this window", url=address(subject))
    row = _metric_row(delta, window, zone)
    gone = words.change(delta, window, zone) if delta.status is Status.GONE else ""
    return replace(row, name=subject.full_name, note=gone, url=address(subject))


def _moved_row(rank: int, movement: Movement, by: str, window: Window, zone: tzinfo) -> Row:
    first = lead(movement, by)
    others = [
        f"{METRICS[delta.metric].many} {words.signed(delta.change)}"
        for delta in movement.deltas
        if delta.change and delta is not first
    ]
    since = first is not None and first.status is Status.SINCE
    return Row(
        movement.subject.full_name,
        value=words.level(first) if first else "",
        change=words.change(first, window, zone) + (", new here" if since else "") if first else "",
        percent=words.percent(first.percent) if first and not since else "",
        note=" · ".join(others),
        url=address(movement.subject),
        rank=rank,
        tone=_tone(first) if first else Tone.QUIET,
    )


def _tone(delta: Delta) -> Tone:
    if delta.status is Status.GONE:
        return Tone.BAD
    if not delta.change or METRICS[delta.metric].good is Good.NEITHER:
        return Tone.QUIET
    return Tone.GOOD if (delta.change > 0) is (METRICS[delta.metric].good is Good.UP) else Tone.BAD


def _overall(deltas: Sequence[Delta]) -> Tone:
    return next((tone for delta in deltas if (tone := _tone(delta)) is not Tone.QUIET), Tone.QUIET)


def _sampled(deltas: Sequence[Delta], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """When the numbers were really read."""
    after = max(delta.after_at for delta in deltas)
    before = min((d.before_at for d in deltas if d.before_at is not None), default=None)
    told = dict.fromkeys(_moment(at, window, zone) for at in (before, after) if at is not None)
    return (f"sampled {' and '.join(told)} {words.zone_name(zone, after)}",)


def _moment(at: int, window: Window, zone: tzinfo) -> str:
    """`today 08:58` only where today is really meant."""
    if window.ends_with_day:
        return f"{words.day(at, zone, beside=window.end)} {words.clock(at, zone)}"
    return words.moment(at, zone, beside=window.end)


def _gone(gone: Sequence[Movement], window: Window, zone: tzinfo) -> tuple[str, ...]:
    if not gone:
        return ()
    told = [
        f"{movement.subject.full_name}, last seen"
        f" {words.day(movement.deltas[0].after_at, zone, beside=window.end)}"
        if movement.deltas
        else movement.subject.full_name
        for movement in gone[:3]
    ]
    more = f" and {len(gone) - 3:,} more" if len(gone) > 3 else ""  # noqa: PLR2004  # three named
    return (f"gone: {'; '.join(told)}{more}",)


def _folded(folded: Sequence[int], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """Which missed digests this one stands for, too."""
    if not folded:
        return ()
    days = [words.day(at, zone, beside=window.end) for at in folded]
    few = days if len(days) <= 3 else [days[0], "…", days[-1]]  # noqa: PLR2004  # three named
    missed = "digest" if len(days) == 1 else "digests"
    return (f"covers the missed {missed} of {', '.join(few)} too",)


def _quiet(counts: Counts) -> str:
    if counts.new and not counts.unchanged:
        return "The first numbers are in: changes show from the next ones on."
    if counts.unsampled and not counts.unchanged:
        return "Nobody looked in this time: what moved is unknown."
    return "Nothing moved."


def _counts(counts: Counts) -> tuple[str, ...]:
    """How many were watched and changed; what did not happen is not told."""
    told = {
        "new": counts.new,
        "gone": counts.gone,
        "not sampled": counts.unsampled,
        "failed": counts.failed,
    }
    return (
        f"{counts.watched:,} watched",
        f"{counts.changed:,} changed",
        *(f"{number:,} {word}" for word, number in told.items() if number),
    )


def _freshness(report: Digest, zone: tzinfo) -> tuple[str, ...]:
    if report.sampled_at is None:
        return ()
    at = report.sampled_at
    told = f"sampled {_moment(at, report.window, zone)} {words.zone_name(zone, at)}"
    age = report.window.end - at
    if report.window.ends_with_day or age < words.MINUTE:
        return (told,)
    return (f"{told}, {words.span(age)} before",)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
