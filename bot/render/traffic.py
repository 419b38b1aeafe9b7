"""Traffic in words: sums of whole days, how many of them are known, and where people came from."""

from collections.abc import Iterator, Sequence
from datetime import UTC

from bot.core.card import Row, Tone
from bot.core.traffic import Popular, Ranking, Tally, TrafficReport
from bot.render import words

NAMED = 3
LONGEST = 60
"""Characters shown of a referrer or a path."""


def rows(report: TrafficReport) -> tuple[Row, ...]:
    return tuple(_row(tally) for tally in report.tallies)


def notes(report: TrafficReport) -> Iterator[str]:
    """What the numbers are of, and the best known referrers and paths."""
    yield _span(report)
    for ranking in Ranking:
        if popular := report.popular.get(ranking):
            yield f"top {ranking} in 14 days: {_named(popular)}"


def _row(tally: Tally) -> Row:
    return Row(
        tally.counter.label,
        value=_value(tally),
        change="" if tally.change is None else words.signed(tally.change),
        percent=words.percent(tally.percent),
        tone=_tone(tally.change),
    )


def _value(tally: Tally) -> str:
    """`1,204 in 7 days (6 days known)`; of uniques `310, sum of daily uniques`."""
    if tally.total is None:
        return f"unknown (0 of {words.counted(tally.days, 'day')} known)"
    known = f" ({words.counted(tally.known_days, 'day')} known)"
    partly = known if tally.known_days < tally.days else ""
    if tally.counter.unique:
        return f"{tally.total:,}, sum of daily uniques{partly}"
    return f"{tally.total:,} in {words.counted(tally.days, 'day')}{partly}"


def _tone(change: int | None) -> Tone:
    return Tone.GOOD if change and change > 0 else Tone.BAD if change else Tone.QUIET


def _span(report: TrafficReport) -> str:
    last = report.last_day * words.DAY
    days = dict.fromkeys(
        words.day(day * words.DAY, UTC, beside=last) for day in (report.first_day, report.last_day)
    )
    compared = any(tally.change is not None for tally in report.tallies)
    length = report.tallies[0].days
    before = "the day" if length == 1 else f"the {length:,} days"
    against = f", compared with {before} before" if compared else ""
    return f"traffic of whole UTC days: {' to '.join(days)}{against}"


def _named(popular: Sequence[Popular]) -> str:
    return ", ".join(
        f"{_short(one.name)} ({words.counted(one.total, 'view')})" for one in popular[:NAMED]
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
