"""Numbers, changes and times as people read them."""

from datetime import datetime, tzinfo

from bot.core.delta import Delta, Status
from bot.core.metrics import METRICS, STARS, Metric, Unit
from bot.core.models import Trigger
from bot.core.reports import Underway
from bot.core.window import Window

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
MINUS = "\N{MINUS SIGN}"
MINUTE, HOUR, DAY = 60, 3600, 86_400
RECONSTRUCTED = "reconstructed from stars still held"
"""Of what nobody sampled: GitHub tells when those were given that nobody has taken back."""
ASKED = {
    Trigger.SYNC: " for /sync",
    Trigger.CLI: " for the command line",
    Trigger.DIGEST: " for a digest",
    Trigger.TRACK: " for track add",
}
"""Who waits for a run; nobody does for one of the timer."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 repository`, `1,204 repositories`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def signed(change: int) -> str:
    """`+1,204`, `±0`; a loss has a true minus sign, as wide as the plus."""
    return f"+{change:,}" if change > 0 else f"{MINUS}{-change:,}" if change else "±0"


def percent(growth: float | None) -> str:
    """`+0.24 %` with about three figures; empty where it is unknown or nothing."""
    if not growth:
        return ""
    size = abs(growth)
    figures = 2 if size < 10 else 1 if size < 100 else 0  # noqa: PLR2004  # three figures each
    return f"{'+' if growth > 0 else MINUS}{size:,.{figures}f} %"


def day(at: int, zone: tzinfo, *, beside: int) -> str:
    """`3 Nov`, with the year where it is not that of the moment `beside`."""
    date, other = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(beside, zone)
    year = "" if date.year == other.year else f" {date.year}"
    return f"{date.day} {MONTHS[date.month - 1]}{year}"


def clock(at: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"


def moment(at: int, zone: tzinfo, *, beside: int) -> str:
    """`today 11:40` on the day of `beside`, else `3 Nov 11:40`."""
    if day(at, zone, beside=beside) == day(beside, zone, beside=beside):
        return f"today {clock(at, zone)}"
    return f"{day(at, zone, beside=beside)} {clock(at, zone)}"


def weekday(at: int, zone: tzinfo) -> str:
    """`Friday 20 November`."""
    date = datetime.fromtimestamp(at, zone)
    return f"{DAYS[date.weekday()]} {date.day} {LONG_MONTHS[date.month - 1]}"


def earlier(at: int, zone: tzinfo, *, beside: int) -> str:
    """`yesterday 09:00`, `Friday 13 November 09:00`, `3 Nov 2025 09:00`."""
    then, now = (datetime.fromtimestamp(moment, zone).date() for moment in (at, beside))
    days = (now - then).days
    if days <= 1:
        return f"{'yesterday' if days else 'today'} {clock(at, zone)}"
    named = weekday(at, zone) if then.year == now.year else day(at, zone, beside=beside)
    return f"{named} {clock(at, zone)}"


def zone_name(zone: tzinfo, at: int) -> str:
    """`UTC`, `CEST`: what the clock shown is called at that moment."""
    return datetime.fromtimestamp(at, zone).tzname() or ""


def span(seconds: int) -> str:
    """`2 minutes`, `5 hours`, `3 days`: one unit, rounded down."""
    if seconds < MINUTE:
        return counted(max(seconds, 0), "second")
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= unit:
            return counted(seconds // unit, word)
    raise AssertionError


def size(octets: int) -> str:
    """`1.2 MB`, in powers of 1000."""
    amount = float(octets)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004  # the next unit
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"


def amount(value: int, metric: Metric) -> str:
    """`479,958`, `12.3 MB`: a value in its unit, with a true minus sign."""
    less = MINUS if value < 0 else ""
    match metric.unit:
        case Unit.COUNT:
            return f"{less}{abs(value):,}"
        case Unit.KILOBYTES:
            return less + (size(abs(value) * 1000).replace(".0 ", " ") if value else "0 kB")
        case Unit.THOUSANDTHS:
            return less + f"{abs(value) / 1000:,.3f}".rstrip("0").rstrip(".")


def gained(difference: int, metric: Metric) -> str:
    """`+1,204`, `+1.2 MB`, `±0`."""
    if not difference:
        return signed(difference)
    return ("+" if difference > 0 else "") + amount(difference, metric)


def underway(run: Underway) -> str:
    """`sampling 1,200 of 10,000 for /sync, waiting 40 seconds: GitHub's secondary rate limit`."""
    total = "" if run.total is None else f" of {run.total:,}"
    told = f"sampling {run.done:,}{total}{ASKED.get(run.trigger, '')}"
    if run.pause is None:
        return told
    return f"{told}, waiting {span(round(run.pause.seconds))}: {run.pause.reason}"


def full_round(seconds: int) -> str:
    """`of all numbers takes 4 hours`."""
    return f"of all numbers takes {span(seconds) if seconds else 'less than a second'}"


def level(delta: Delta) -> str:
    """The value now: `★ 512,345`, `2,301 forks`, `12.3 MB on disk`."""
    metric = METRICS[delta.metric]
    if metric is STARS:
        return f"★ {delta.after:,}"
    if metric.unit is Unit.KILOBYTES:
        return f"{amount(delta.after, metric)} on disk"
    return counted(delta.after, metric.one, metric.many)


def passage(delta: Delta) -> str:
    """`471,538 → 479,958`, or the last value alone where there was none before."""
    metric = METRICS[delta.metric]
    after = amount(delta.after, metric)
    if delta.before is None:
        return after
    return f"{'≈ ' if delta.reconstructed else ''}{amount(delta.before, metric)} → {after}"


def short(delta: Delta) -> str:
    """`+12`, `≈ +12` of what nobody sampled: a change among others, with no room for more."""
    moved = gained(delta.change or 0, METRICS[delta.metric])
    return f"{'≈ ' if delta.reconstructed else ''}{moved}"


def change(delta: Delta, window: Window, zone: tzinfo) -> str:
    """The change with how far it can be trusted, in the words of the status table."""

    def told(at: int) -> str:
        return day(at, zone, beside=window.end)

    moved = "" if delta.change is None else gained(delta.change, METRICS[delta.metric])
    if delta.status is Status.GONE:
        return f"gone or not visible, last seen {told(delta.after_at)}"
    if delta.unsampled:
        return f"unknown, not sampled since {told(delta.after_at)}"
    if delta.change is None or delta.before_at is None:
        return f"new, tracking since {_since(delta.after_at, window, zone)}"
    if delta.status is Status.SINCE:
        ended = told(delta.after_at) != told(window.end)  # it was not sampled to the window's end
        until = f" to {told(delta.after_at)}" if ended else ""
        return f"{moved} since {_since(delta.before_at, window, zone)}{until}"
    if delta.status is Status.APPROX:
        span = f"({told(delta.before_at)} to {told(delta.after_at)})"
        return f"≈ {moved}" + (f", {RECONSTRUCTED}" if delta.reconstructed else f" {span}")
    return moved


def _since(at: int, window: Window, zone: tzinfo) -> str:
    told = moment(at, zone, beside=window.end)
    return told if told.startswith("today") else day(at, zone, beside=window.end)
