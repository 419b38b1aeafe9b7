"""What is watched and how it was read: runs, tracking, lists, imports, the doctor."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import tzinfo

from bot.core.card import Card, Row, Tone
from bot.core.follow import EVERYTHING, Follow
from bot.core.groups import ALL
from bot.core.metrics import METRICS, STARS
from bot.core.models import Allowance, Refused, RunError, RunStatus
from bot.core.rank import Movement
from bot.core.reports import (
    Backfilled,
    BackfillReport,
    ImportReport,
    Listed,
    Progress,
    StatusReport,
    SyncReport,
    Tracked,
    Untracked,
)
from bot.render import follow_words, words
from bot.render.cards import address, tone_of

REFUSED_SHOWN = 20
"""Refused rows of an import that are told one by one."""
TITLES = {
    RunStatus.OK: "Sync done",
    RunStatus.PARTIAL: "Sync done in part",
    RunStatus.FAILED: "Sync failed",
    RunStatus.STOPPED: "Sync stopped",
    RunStatus.RUNNING: "Sync under way",
}


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


def progress(state: Progress, title: str = TITLES[RunStatus.RUNNING]) -> Card:
    """A run under way, and what it waits for; while nobody knows how many, what was found."""
    done = f"{state.done:,} of {words.counted(state.total or 0, 'repository', 'repositories')} read"
    if state.total is None:
        done = f"{words.counted(state.done, 'repository', 'repositories')} found"
    pause = state.pause
    wait = (f"Waiting {words.span(round(pause.seconds))}: {pause.reason}.",) if pause else ()
    return Card(title, lines=(done, *wait))


def tracked(report: Tracked) -> Card:
    """What is watched from now on, with its first numbers."""
    number = len(report.added)
    title = f"Now watching {words.counted(number, 'repository', 'repositories')}"
    already = tuple(_level_row(movement, "watched already") for movement in report.already)
    owners = ", ".join(one.follow.target for one in report.followed)
    nothing = f"Following {owners}" if owners else "Nothing new to watch"
    troubles = (one.follow.trouble for one in report.followed)
    return Card(
        title=title if number else nothing,
        lines=follow_words.brief(map(follow_words.followed, report.followed)),
        rows=(*_refused(report.refused), *map(_level_row, report.added), *already),
        notes=tuple(filter(None, troubles)),
        footer=(f"{len(report.refused):,} refused",) if report.refused else (),
        tone=Tone.GOOD if number else Tone.QUIET if already or owners else Tone.BAD,
    )


def untracked(report: Untracked) -> Card:
    number = len(report.removed)
    title = f"Stopped watching {words.counted(number, 'repository', 'repositories')}"
    gone = tuple(Row(name, note=_absent(name), tone=Tone.BAD) for name in report.not_watched)
    stay = [subject.full_name for subject in report.kept]
    owners = ", ".join(dict.fromkeys(follow.target for follow in report.unfollowed))
    nothing = f"Stopped following {owners}" if owners else "Nothing to stop"
    return Card(
        title=title if number else nothing,
        lines=(
            *((f"no longer following {owners}",) if owners else ()),
            *((follow_words.kept(stay),) if stay else ()),
        ),
        rows=(*(Row(s.full_name, note="its history stays") for s in report.removed), *gone),
        notes=tuple(
            f"{target} is followed on, without what was removed"
            for target in dict.fromkeys(follow.target for follow in report.leaving_out)
        ),
        tone=Tone.QUIET if number or owners else Tone.BAD,
    )


def _absent(target: str) -> str:
    return "not followed here" if target.endswith(EVERYTHING) else "not watched here"


def repositories(
    listed: Sequence[Listed], zone: tzinfo, now: int, follows: Sequence[Follow] = ()
) -> Card:
    """What is watched, with its numbers now, and the owners by whom it came."""
    number = len({item.movement.subject.id for item in listed})
    found = ((item.group, item.movement.subject.full_name) for item in listed)
    head = follow_words.listed(follows, found)
    if not listed:
        start = () if follows else ("Start with track add owner/name.",)
        return Card("Nothing is watched here yet", lines=(*head, *start))
    return Card(
        title=f"Watching {words.counted(number, 'repository', 'repositories')}",
        lines=head,
        rows=tuple(_listed_row(item, zone, now) for item in listed),
    )


def imported(report: ImportReport) -> Card:
    """What an import brought; refused rows with where they stand and why."""
    shown = report.refused[:REFUSED_SHOWN]
    return Card(
        title=f"{'Would import' if report.dry_run else 'Imported'}"
        f" {words.counted(report.rows, 'row')} of {words.counted(report.files, 'file')}",
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


def backfilled(report: BackfillReport, zone: tzinfo, now: int) -> Card:
    """How far back the stars still held are known."""
    number, requests = len(report.done), sum(one.requests for one in report.done)
    return Card(
        title=f"Star history of {words.counted(number, 'repository', 'repositories')}",
        rows=(*(_backfilled_row(one, zone, now) for one in report.done), *_refused(report.refused)),
        notes=_left_out(report.unsampled),
        footer=(words.counted(requests, "request"), "stars still held, by the day they were given"),
        tone=Tone.BAD if report.refused else Tone.GOOD,
    )


def _left_out(unsampled: int) -> tuple[str, ...]:
    if not unsampled:
        return ()
    were = "was" if unsampled == 1 else "were"
    number = words.counted(unsampled, "repository", "repositories")
    return (f"{number} {were} left out, not sampled yet: run sync first",)


def _backfilled_row(done: Backfilled, zone: tzinfo, now: int) -> Row:
    since = "" if done.since is None else f"since {words.day(done.since, zone, beside=now)}"
    note = f"{since}, all there is" if done.whole else since
    return Row(done.subject.full_name, note=note, url=address(done.subject))


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

    last = report.last_run
    watched = words.counted(report.watched, "repository", "repositories")
    yield Row("Version", note=report.version)
    yield Row("Database", note=words.size(report.database_bytes))
    yield Row("Watched", note=f"{watched}, {report.gone:,} gone, {report.failing:,} failing")
    for run in report.underway:
        yield Row("Now", note=words.underway(run))
    if last is not None:
        rest = "" if last.round_at is None else f", the rest of a round of {at(last.round_at)}"
        told = f"{at(last.started_at)}, {last.status}, {last.sampled:,} sampled{rest}"
        yield Row("Last run", note=told)
    if report.full_round is not None:
        yield Row("Full round", note=words.full_round(report.full_round))
    if report.next_run_at is not None:
        yield Row("Next run", note=f"{at(report.next_run_at)}, while the bot runs")
    for one in report.allowances:
        yield from _token_rows(one, at)


def _token_rows(one: Allowance, at: Callable[[int | None], str]) -> Iterable[Row]:
    if one.points_left is not None:
        left = f"{one.points_left:,} of {one.points_limit or 0:,} points left"
        login = one.login or "no login"
        note = f"{login}, {left}, full again at {at(one.resets_at)}"
        yield Row(f"GitHub {one.name}" if one.owners else "GitHub", note=note)
    if one.token_expires_at is not None:
        named = f"{one.name[:1].upper()}{one.name[1:]} ends"
        yield Row(named, note=at(one.token_expires_at))


def _refused(errors: Iterable[RunError]) -> Iterable[Row]:
    return (Row(e.full_name, note=e.refusal.message, tone=Tone.BAD) for e in errors)


def _level_row(movement: Movement, note: str = "") -> Row:
    """A repository with its stars now, and its other numbers or a note."""
    stars = movement.delta(STARS.key)
    others = " · ".join(
        words.level(d)
        for d in movement.deltas
        if d.metric != STARS.key and METRICS[d.metric].ranks_any
    )
    return Row(
        movement.subject.full_name,
        value=words.level(stars) if stars else "",
        note=note or others,
        url=address(movement.subject),
    )


def _listed_row(item: Listed, zone: tzinfo, now: int) -> Row:
    subject = item.movement.subject
    parts = [] if item.group == ALL else [f"group {item.group}"]
    if item.last_seen is None:
        parts.append("not sampled yet")
    elif subject.gone_at is not None:
        parts.append(
            f"gone or not visible, last seen {words.day(item.last_seen, zone, beside=now)}"
        )
    stars = item.movement.delta(STARS.key)
    row = _level_row(item.movement, " · ".join(parts))
    moved = words.short(stars) + " in 24 h" if stars and stars.change else ""
    tone = Tone.BAD if subject.gone_at is not None else tone_of(stars) if stars else Tone.QUIET
    note = " · ".join(filter(None, ("archived", row.note))) if subject.archived else row.note
    return replace(row, change=moved, note=note, tone=tone)
