"""Every answer, built once: the words of Discord and the terminal are the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from zoneinfo import ZoneInfo

from bot.core.card import Action, Card, Row, Tone
from bot.core.delta import Delta, Status
from bot.core.digest import Counts, Digest
from bot.core.events import Kind
from bot.core.groups import ALL
from bot.core.metrics import METRICS, Good
from bot.core.models import Subject
from bot.core.rank import Movement, lead
from bot.core.reports import Comparison, Drawn, Report, ScheduledDigest
from bot.core.schedule import Every
from bot.core.window import Window, describe
from bot.render import event_words, metric_cards, traffic, words

NOTHING_WATCHED = "Nothing is watched here yet: see /repos, or start with /track add."
TOP = 10
"""Rows of a digest unless more are asked for."""
BESIDES = 2
"""Numbers that lead no digest, at most, of what else moved in a row."""


def diff(report: Report, zone: tzinfo) -> Card:
    """One repository over one window: a row a metric."""
    leading = [delta for delta in report.deltas if METRICS[delta.metric].ranks_any]
    shown = leading or report.deltas
    others = [delta for delta in report.deltas if delta not in shown]
    gone = any(delta.status is Status.GONE for delta in report.deltas)
    return Card(
        title=report.subject.full_name,
        url=address(report.subject),
        lines=(
            _capital(describe(report.window, zone=zone)),
            *_departed(report, zone),
            *_happened(report, zone, gone=gone),
        ),
        rows=(
            *(_metric_row(delta, report.window, zone) for delta in shown),
            *(traffic.rows(report.traffic) if report.traffic else ()),
        ),
        notes=(
            *_in_short(others, report.window, zone),
            *(traffic.notes(report.traffic) if report.traffic else ()),
        ),
        footer=_sampled(report.deltas, report.window, zone),
        tone=Tone.BAD if gone else _overall(shown),
    )


def chart(drawn: Drawn, zone: tzinfo) -> Card:
    """One metric of one repository, told beside its picture."""
    return diff(replace(drawn.report, deltas=(drawn.delta,), traffic=None), zone)


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
        more=report.listed - len(shown),
        notes=(*_gone(report, zone), *event_words.notes(report.happened)),
        footer=(*_counts(report.counts), *_freshness(report, zone)),
        tone=_overall([d for m in shown[:1] if (d := lead(m, report.by))]),
    )


def scheduled_digest(report: ScheduledDigest) -> Card:
    """The same as it is posted: in the digest's own zone, named after its due time.

    Its action is another look at the same repositories, over a longer time.
    """
    settings, window = report.settings, report.digest.window
    zone = ZoneInfo(settings.plan.zone)
    card = digest(report.digest, zone, settings.top)
    daily = settings.plan.every in (Every.DAY, Every.WEEKDAYS)
    longer, label = ("7d", "Last 7 days") if daily else ("30d", "Last 30 days")
    kind = "Daily" if daily else "Weekly"
    group = "" if settings.group == ALL else f" of {settings.group}"
    since = words.earlier(window.start, zone, beside=window.end)
    return replace(
        card,
        title=f"{kind} digest{group} · {words.weekday(window.end, zone)}, since {since}",
        lines=card.lines if report.digest.counts.watched else (NOTHING_WATCHED,),
        notes=(
            *card.notes,
            *_folded(report.folded, window, zone),
            *_held(report.held, window, zone),
            *metric_cards.in_digest(report.numbers),
        ),
        actions=(Action(label, f"digest:0:{longer}:{settings.by}:{settings.group}"),),
    )


def address(subject: Subject) -> str:
    """Where a person can look at it; GitHub follows old names."""
    return f"https://github.com/{subject.full_name}"


def _departed(report: Report, zone: tzinfo) -> tuple[str, ...]:
    gone = next((delta for delta in report.deltas if delta.status is Status.GONE), None)
    return (_capital(words.change(gone, report.window, zone)) + ".",) if gone else ()


def _happened(report: Report, zone: tzinfo, *, gone: bool) -> tuple[str, ...]:
    """What happened to it besides its numbers; that it is gone stands there already."""
    events = list(report.events)
    if gone and events and events[-1].kind is Kind.GONE:
        events.pop()
    told = event_words.told(events, zone, beside=report.window.end)
    if report.subject.archived and not any(e.kind is Kind.ARCHIVED for e in events):
        told = f"{told}, archived" if told else "archived"
    return (f"{_capital(told)}.",) if told else ()


def _in_short(others: Sequence[Delta], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """The numbers that lead no digest: `13 releases (+1) · 1,260 commits · 12.3 MB on disk`."""
    told = [
        words.level(d) + (f" ({_in_brackets(d, window, zone)})" if d.change else "") for d in others
    ]
    return (" · ".join(told),) if told else ()


def _in_brackets(delta: Delta, window: Window, zone: tzinfo) -> str:
    """A change without the days of a gap: they stand with the numbers above."""
    if delta.status is not Status.APPROX:
        return words.change(delta, window, zone)
    return f"≈ {words.gained(delta.change or 0, METRICS[delta.metric])}"


def _metric_row(delta: Delta, window: Window, zone: tzinfo) -> Row:
    return Row(
        METRICS[delta.metric].label,
        value=words.passage(delta),
        change="" if delta.status is Status.GONE else words.change(delta, window, zone),
        percent=words.percent(delta.percent),
        tone=tone_of(delta),
    )


def _compared_row(subject: Subject, delta: Delta | None, window: Window, zone: tzinfo) -> Row:
    if delta is None:
        return Row(subject.full_name, note="unknown in this window", url=address(subject))
    row = _metric_row(delta, window, zone)
    gone = words.change(delta, window, zone) if delta.status is Status.GONE else ""
    return replace(row, name=subject.full_name, note=gone, url=address(subject))


def _moved_row(rank: int, movement: Movement, by: str, window: Window, zone: tzinfo) -> Row:
    first = lead(movement, by)
    others = [delta for delta in movement.deltas if delta.change and delta is not first]
    leading = [delta for delta in others if METRICS[delta.metric].ranks_any]
    besides = [delta for delta in others if delta not in leading][:BESIDES]
    since = first is not None and first.status is Status.SINCE
    return Row(
        movement.subject.full_name,
        value=words.level(first) if first else "",
        change=_lead_change(first, window, zone) if first else "",
        percent=words.percent(first.percent) if first and not since else "",
        note=" · ".join(map(_moved, [*leading, *besides])),
        url=address(movement.subject),
        rank=rank,
        tone=tone_of(first) if first else Tone.QUIET,
    )


def _lead_change(delta: Delta, window: Window, zone: tzinfo) -> str:
    is_new = delta.status is Status.SINCE or delta.reconstructed
    return words.change(delta, window, zone) + (", new here" if is_new else "")


def _moved(delta: Delta) -> str:
    return f"{METRICS[delta.metric].many} {words.short(delta)}"


def tone_of(delta: Delta) -> Tone:
    if delta.status is Status.GONE:
        return Tone.BAD
    if not delta.change or METRICS[delta.metric].good is Good.NEITHER:
        return Tone.QUIET
    return Tone.GOOD if (delta.change > 0) is (METRICS[delta.metric].good is Good.UP) else Tone.BAD


def _overall(deltas: Sequence[Delta]) -> Tone:
    return next(
        (tone for delta in deltas if (tone := tone_of(delta)) is not Tone.QUIET), Tone.QUIET
    )


def _sampled(deltas: Sequence[Delta], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """When the numbers were really read."""
    after = max(delta.after_at for delta in deltas)
    sampled = [delta.before_at for delta in deltas if not delta.reconstructed]
    before = min((at for at in sampled if at is not None), default=None)
    told = dict.fromkeys(_moment(at, window, zone) for at in (before, after) if at is not None)
    return (f"sampled {' and '.join(told)} {words.zone_name(zone, after)}",)


def _moment(at: int, window: Window, zone: tzinfo) -> str:
    """`today 08:58` only where today is really meant."""
    if window.ends_with_day:
        return f"{words.day(at, zone, beside=window.end)} {words.clock(at, zone)}"
    return words.moment(at, zone, beside=window.end)


def _gone(report: Digest, zone: tzinfo) -> tuple[str, ...]:
    if not report.gone:
        return ()
    told = [
        f"{movement.subject.full_name}, last seen"
        f" {words.day(movement.deltas[0].after_at, zone, beside=report.window.end)}"
        if movement.deltas
        else movement.subject.full_name
        for movement in report.gone
    ]
    return (f"gone: {event_words.named(told, report.counts.gone)}",)


def _folded(folded: Sequence[int], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """Which missed digests this one stands for, too."""
    if not folded:
        return ()
    missed = "digest" if len(folded) == 1 else "digests"
    return (f"covers the missed {missed} of {_few(folded, window, zone)} too",)


def _held(held: Sequence[int], window: Window, zone: tzinfo) -> tuple[str, ...]:
    """Which days it stands for, too, at whose end too little had moved for a digest."""
    if not held:
        return ()
    return (f"covers {_few(held, window, zone)} too: less had moved than is listed here",)


def _few(due_at: Sequence[int], window: Window, zone: tzinfo) -> str:
    days = [words.day(at, zone, beside=window.end) for at in due_at]
    return ", ".join(days if len(days) <= 3 else [days[0], "…", days[-1]])  # noqa: PLR2004  # three named


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
