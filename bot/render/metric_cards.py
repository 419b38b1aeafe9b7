"""Weekly metrics in words: what was recorded, 16 weeks at a glance, and the keeping of them."""

from collections.abc import Mapping, Sequence

from bot.core.aggregation import Number
from bot.core.card import Card, Row
from bot.core.delta import Delta, Status
from bot.core.metrics import Metric
from bot.core.snapshots import TIMESTAMP, Data, numbers
from bot.core.weekly import WEEKS, Leaf, Loaded, Recorded, Stats, Weekly
from bot.core.weeks import Week, week_of
from bot.render import words

BLOCKS = "▁▂▃▄▅▆▇█"
NO_WEEK = "·"
"""In a sparkline: nobody recorded anything, which is not zero."""
MOST = 15
"""Numbers that are listed."""


def sparkline(values: Sequence[Number | None]) -> str:
    """A block a week; a gap where there is none."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    return "".join(NO_WEEK if value is None else _block(value, low, high) for value in values)


def shown(report: Weekly) -> Card:
    """The first number at a glance, then each with its change against the week before."""
    first = report.leaves[0]
    told = f"{first.recorded} of {WEEKS} weeks" + (
        f", newest {report.newest.label}" if report.newest != report.weeks[-1] else ""
    )
    return Card(
        title=report.name,
        lines=(f"{sparkline(first.values)} {told}",),
        rows=tuple(_row(leaf) for leaf in report.leaves[:MOST]),
        more=len(report.leaves[MOST:]),
        footer=(f"{report.weeks[0].label} to {report.weeks[-1].label}",),
    )


def recorded(one: Recorded) -> Card:
    """What is kept now, and what it took the place of."""
    before = numbers(one.before or {})
    rows = tuple(
        Row(key, number(value), note=_in_place_of(before.get(key)))
        for key, value in list(numbers(one.data).items())[:MOST]
    )
    more = max(len(numbers(one.data)) - MOST, 0)
    footer = (str(one.data.get(TIMESTAMP)),)
    title = f"Recorded {one.name} for {one.week.label}"
    return Card(title=title, rows=rows, more=more, footer=footer)


def kept(week: Week, name: str, data: Data) -> Card:
    """A metric of one week, read back."""
    rows = tuple(Row(key, number(value)) for key, value in numbers(data).items())
    return Card(title=f"{name} of {week.label}", rows=rows, footer=(str(data.get(TIMESTAMP, "")),))


def values(name: str, key: str, known: Mapping[str, Number | None]) -> Card:
    """One number by week or another period."""
    rows = tuple(
        Row(label, "unknown" if value is None else number(value)) for label, value in known.items()
    )
    return Card(title=f"{name} · {key}", lines=() if rows else ("Nothing is kept.",), rows=rows)


def stats(told: Stats) -> Card:
    if not told["total_weeks"]:
        return Card(title="Weekly metrics", lines=("Nothing is kept yet.",))
    return Card(
        title="Weekly metrics",
        rows=(
            Row("Weeks", f"{told['total_weeks']:,}"),
            Row("Oldest", told["oldest_week"] or ""),
            Row("Newest", told["newest_week"] or ""),
            Row("Metrics", note=", ".join(told["metrics"])),
            Row("As a file", f"{told['file_size_kb']:,} kB"),
        ),
    )


def loaded(report: Loaded) -> Card:
    weeks = words.counted(report.weeks, "week")
    metrics = words.counted(report.metrics, "metric")
    return Card(title=f"Read {metrics} of {weeks}", lines=(f"{report.changed:,} new or newer",))


def cleaned(weeks: int) -> Card:
    return Card(title=f"Removed {words.counted(weeks, 'week')}" if weeks else "Nothing to clean up")


def in_digest(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """One line: `metrics: flow_load.wip_count 12 (+3)`, each against the week before."""
    told = (f"{one.metric.key} {_level(one.week, one.metric)} ({_change(one)})" for one in leaves)
    return (f"metrics: {' · '.join(told)}",) if leaves else ()


def number(value: Number) -> str:
    """`12`, `3.5`, `1,200`: as it was recorded, with a true minus sign."""
    text = f"{abs(value):,}"
    return f"{words.MINUS}{text}" if value < 0 else text


def _row(leaf: Leaf) -> Row:
    week, over = leaf.week, leaf.over
    note = "" if over.change is None or over.before_at == week.before_at else _since(over, leaf)
    return Row(
        name=leaf.key,
        value=_level(week, leaf.metric),
        change=_change(leaf),
        percent=words.percent(week.percent),
        note=note,
    )


def _change(leaf: Leaf) -> str:
    """Against the week before; where that has none, against the last one that has."""
    if leaf.week.change is None:
        return "new"
    if leaf.week.status is Status.EXACT:
        return words.gained(leaf.week.change, leaf.metric)
    return _since(leaf.week, leaf)


def _since(delta: Delta, leaf: Leaf) -> str:
    about = "≈ " if delta.status is Status.APPROX else ""
    moved = words.gained(delta.change or 0, leaf.metric)
    return f"{about}{moved} since {_week(delta)}"


def _week(delta: Delta) -> str:
    """The week that `before` is of, in whatever zone it ended: its Thursday is two days back."""
    at = delta.before_at or delta.after_at
    return week_of(at - 3 * words.DAY).label


def _level(delta: Delta, metric: Metric) -> str:
    return words.amount(delta.after, metric)


def _block(value: Number, low: Number, high: Number) -> str:
    if high == low:
        return BLOCKS[len(BLOCKS) // 2]
    return BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))]


def _in_place_of(before: Number | None) -> str:
    return "" if before is None else f"in place of {number(before)}"
