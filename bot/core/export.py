"""Documents that leave Repo Radar, as bytes: what was ordered, and the long CSV."""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from io import StringIO
from operator import itemgetter
from typing import NamedTuple

from bot.core.chart import Trail
from bot.core.coverage import look
from bot.core.delta import Status
from bot.core.history import newest
from bot.core.models import Subject
from bot.core.rank import Movement
from bot.core.window import Day, Window

COLUMNS = ("date", "full_name", "metric", "value", "status")


class Form(StrEnum):
    DAILY_JSON = "daily-json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for, and may have."""

    guild_id: int
    form: Form
    window: Window
    zone: tzinfo
    days: tuple[Day, ...]  # of the zone
    subjects: tuple[Subject, ...]  # by name, each name once

    @property
    def command(self) -> str:
        """How the operator makes the same on the command line."""
        window = f"{self.window.text} --tz {self.zone} --guild {self.guild_id}"
        return f"repo-radar export --format {self.form} {window} --out FILE"


@dataclass(frozen=True, slots=True)
class Document:
    """A file that is not written yet."""

    name: str
    content: bytes

    def packed(self) -> "Document":
        """The same bytes give the same bytes: no time is written into it."""
        return replace(self, name=f"{self.name}.gz", content=gzip.compress(self.content, mtime=0))


class Trace(NamedTuple):
    """One metric of one repository over the days of a CSV."""

    full_name: str
    metric: str
    trail: Trail
    gone_at: int | None = None


_Line = tuple[str, str, str, int, str]


class _Known(NamedTuple):
    value: int
    status: Status
    sampled_at: int


def long_csv(days: Sequence[Day], traces: Sequence[Trace], zone: tzinfo) -> bytes:
    """A row for each day and trace, in their order; none before the first sample.

    Where the first day only repeats an older sample, that one's own row stands before: without it
    whoever reads the file would not know when the value was true.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_older(days[0], traces, zone))
    for day in days:
        date = day.date.isoformat()
        for trace in traces:
            if known := _known(trace, day):
                row = (date, trace.full_name, trace.metric, known.value, known.status.value)
                writer.writerow(row)
    return text.getvalue().encode()


def _older(first: Day, traces: Sequence[Trace], zone: tzinfo) -> list[_Line]:
    """The samples that the first day repeats, oldest first."""
    older: list[_Line] = []
    for trace in traces:
        known = _known(trace, first)
        if known and known.status is not Status.EXACT:
            date = datetime.fromtimestamp(known.sampled_at, zone).date().isoformat()
            older.append((date, trace.full_name, trace.metric, known.value, Status.EXACT.value))
    return sorted(older, key=itemgetter(0))


def sampled(days: Sequence[Day], traces: Sequence[Trace]) -> bool:
    """Has a CSV of these any row?"""
    return any(_known(trace, days[-1]) for trace in traces)


def _known(trace: Trace, day: Day) -> _Known | None:
    """What was known at the end of a day: exact if somebody looked on it, or looked through it."""
    sight, seen = look(trace.trail.spans, day.last), newest(trace.trail.seen, day.last)
    if sight is None or seen is None:
        return None
    status = Status.APPROX
    if sight.covered or sight.sampled_at >= day.first:
        status = Status.EXACT
    elif trace.gone_at is not None and trace.gone_at <= day.last:
        status = Status.GONE
    return _Known(seen.value, status, sight.sampled_at)


def collected_at(movements: Sequence[Movement]) -> int | None:
    """The newest sample of all; None where nothing was sampled."""
    return max((delta.after_at for one in movements for delta in one.deltas), default=None)
