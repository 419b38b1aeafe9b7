"""The cards of a guild's own affairs: its settings, its digests, the doctor, the welcome."""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.core.card import Card, Row, Tone
from bot.core.export import Document, Form, Order
from bot.core.groups import ALL
from bot.core.guild import DigestSettings, Guild
from bot.core.models import Allowance
from bot.core.schedule import Every
from bot.core.settled import Checkup, Scheduled, Settled
from bot.core.window import describe
from bot.render import words

Roles = Mapping[int, str]
"""The names of a guild's roles by their id."""
PROBLEM, PROBLEMS = 400, 1_400
"""Characters of one problem, and of all that are told: the facts want their room, too."""
SET_ONE = "Set one with /settings digest channel:#… time:09:00."


def settings(settled: Settled, roles: Roles) -> Card:
    """Everything in force."""
    guild = settled.guild
    alerts = guild.alerts_channel_id
    return Card(
        title="Settings of this server",
        lines=() if settled.digests else (f"No digest is set yet. {SET_ONE}",),
        rows=(
            Row("Time zone", value=guild.zone),
            Row("Warnings", value="" if alerts else _no_alerts(settled), channel_id=alerts),
            *(_digest_row(one, roles) for one in settled.digests),
        ),
        footer=("change it with /settings timezone, alerts or digest",),
        tone=Tone.BAD if any(one.digest.paused for one in settled.digests) else Tone.QUIET,
    )


def scheduled(one: Scheduled, roles: Roles, *, advice: Sequence[str] = ()) -> Card:
    """A digest that was set, resumed or paused."""
    paused = one.digest.paused is not None
    notes = list(advice)
    if not one.watched:
        group = one.digest.group
        named = "" if group == ALL else f" group:{group}"
        notes.append(f"Nothing is watched in it yet: /track add target:owner/name{named}.")
    return Card(
        title="Digest paused" if paused else "Digest set",
        rows=(_digest_row(one, roles),),
        notes=tuple(notes),
        footer=("see one now with action:test",),
        tone=Tone.QUIET if paused else Tone.GOOD,
    )


def exported(order: Order, document: Document) -> Card:
    """What is in the file that comes with it."""
    number = len(order.subjects)
    what = f"{number:,} {'repository' if number == 1 else 'repositories'}"
    when = describe(order.window, zone=order.zone)
    how = "a row for each day, repository and metric"
    if order.form is Form.DAILY_JSON:
        how = "the newest numbers in it"
    return Card(title=document.name, lines=(f"{what}, {when}: {how}",))


def removed(digest: DigestSettings) -> Card:
    return Card(
        "Digest removed",
        rows=(
            Row(
                _named("Digest", digest),
                channel_id=digest.channel_id,
                note="history and watches stay",
            ),
        ),
    )


def zone_set(settled: Settled, roles: Roles) -> Card:
    """The zone, and what it moved."""
    zone = settled.guild.zone
    moved = [one for one in settled.digests if one.digest.plan.zone == zone]
    return Card(
        title=f"Time zone set to {zone}",
        rows=tuple(_digest_row(one, roles) for one in moved),
        notes=("days in /diff and /digest are counted on this clock",),
        tone=Tone.GOOD,
    )


def alerts_set(guild: Guild) -> Card:
    here = guild.alerts_channel_id
    row = Row("Warnings go to", value="" if here else "the digest's channel", channel_id=here)
    return Card("Warnings set", rows=(row,), tone=Tone.GOOD)


def forgotten() -> Card:
    return Card(
        "All forgotten",
        lines=(
            "The settings, digests and watches of this server are deleted, and who changed them.",
            "To begin anew: /track add target:owner/name.",
        ),
    )


def tested(channel_id: int) -> Card:
    return Card("Test posted", rows=(Row("Look at", channel_id=channel_id),), tone=Tone.GOOD)


def welcome() -> Card:
    """The two commands to start with."""
    return Card(
        title="Hello! I remember what GitHub forgets",
        lines=(
            "I take snapshots of the numbers of GitHub repositories and tell what moved.",
            "Two commands to start with, for those with the right Manage Server:",
        ),
        rows=(
            Row("/track add target:owner/name", note="watch a repository, or several with spaces"),
            Row(
                "/settings digest channel:#… time:09:00",
                note="a daily digest of what moved most; /settings timezone sets the clock",
            ),
        ),
        notes=("everyone may ask /digest, /diff and /help",),
        tone=Tone.GOOD,
    )


def checkup(report: Checkup, zone: ZoneInfo, rights: Sequence[str]) -> Card:
    """The doctor's card: each problem with its fix, then the facts; `rights` are problems, too."""
    problems = (*report.problems, *rights)
    return Card(
        title="Something needs you" if problems else "All is well",
        lines=_first(problems),
        rows=tuple(_facts(report, zone)),
        tone=Tone.BAD if problems else Tone.GOOD,
    )


def _first(problems: Sequence[str]) -> tuple[str, ...]:
    """As many as leave room for the facts below; the others come when those are mended."""
    told: list[str] = []
    for problem in problems:
        if sum(map(len, told)) + min(len(problem), PROBLEM) > PROBLEMS:
            break
        told.append(problem if len(problem) <= PROBLEM else f"{problem[: PROBLEM - 1]}…")
    left = len(problems) - len(told)
    more = f"… and {words.counted(left, 'more problem')}: mend these first." if left else ""
    return (*told, more) if more else tuple(told)


def _facts(report: Checkup, zone: ZoneInfo) -> Iterable[Row]:
    watched = words.counted(report.watched, "repository", "repositories")
    gone = f"{len(report.gone):,} gone, {report.failing:,} failing"
    yield Row("Watched here", note=f"{watched}, {gone}")
    for run in report.underway:
        yield Row("Now", note=words.underway(run))
    if report.last_run is not None:
        yield Row("Last run", value=report.last_run.status, at=report.last_run.started_at)
    if report.full_round is not None:
        yield Row("Full round", note=words.full_round(report.full_round))
    if report.next_run_at is not None:
        yield Row("Next run", at=report.next_run_at)
    yield from _github(report, zone)
    yield Row("Version", value=report.version)
    yield Row("Database", value=words.size(report.database_bytes))
    yield from _next_digests(report)


def _next_digests(report: Checkup) -> Iterable[Row]:
    """Last, as there may be many: /settings show has them in pages."""
    for one in report.settled.digests:
        yield Row(
            _named("Next digest", one.digest),
            channel_id=one.digest.channel_id,
            note=f"paused: {one.digest.paused}" if one.digest.paused else "",
            at=one.next_due,
        )
    if not report.settled.digests:
        yield Row("Next digest", note=f"none is set. {SET_ONE}")


def _github(report: Checkup, zone: ZoneInfo) -> Iterable[Row]:
    for one in report.allowances:
        yield _token(one)
        if one.points_left is not None:
            left = f"{one.points_left:,} of {one.points_limit or 0:,} points left"
            full = one.resets_at
            again = f", full again {words.moment(full, zone, beside=report.now)}" if full else ""
            yield Row("Rate budget", note=left + again)


def _token(one: Allowance) -> Row:
    named = f"GitHub {one.name}" if one.configured else "GitHub token"
    if one.configured and one.trouble:
        told = "refused" if one.refused else "GitHub could not be asked"
        return Row(named, value=told, tone=Tone.BAD)
    ends = one.token_expires_at
    works = "works" if one.login else "none, or GitHub did not say"
    return Row(named, value=works + (", ends" if ends else ""), at=ends)


def _digest_row(one: Scheduled, roles: Roles) -> Row:
    digest = one.digest
    return Row(
        _named("Digest", digest),
        value=f"{_time(digest)} {_days(digest.plan.every)} ({digest.plan.zone})",
        channel_id=digest.channel_id,
        note=f"paused: {digest.paused}" if digest.paused else _rules(one, roles),
        at=one.next_due,
        tone=Tone.BAD if digest.paused else Tone.QUIET,
    )


def _named(word: str, digest: DigestSettings) -> str:
    """`Digest of docs`; that of the default group needs no name."""
    return word if digest.group == ALL else f"{word} of {digest.group}"


def _rules(one: Scheduled, roles: Roles) -> str:
    digest, role = one.digest, one.digest.mention_role_id
    parts = [
        f"top {digest.top} by {digest.by.replace('_', ' ')}",
        f"{one.watched:,} watched",
        f"changes from {digest.minimum:,}" if digest.minimum else "",
        "not when nothing moved" if digest.skip_empty else "",
        f"mentions @{roles.get(role, 'a role that is gone')}" if role else "",
        "published to followers, without private repositories" if digest.publish else "",
    ]
    return " · ".join(part for part in parts if part)


def _time(digest: DigestSettings) -> str:
    return f"{digest.plan.minute // 60:02}:{digest.plan.minute % 60:02}"


def _days(every: Every) -> str:
    if every is Every.DAY:
        return "every day"
    return "on weekdays" if every is Every.WEEKDAYS else f"on {every.capitalize()}s"


def _no_alerts(settled: Settled) -> str:
    return "to the digest's channel" if settled.digests else "only in /status"
