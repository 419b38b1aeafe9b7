"""Documents that leave Repo Radar, as bytes: the daily portfolio file and the long CSV."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from io import StringIO
from typing import NamedTuple

from bot.core.chart import Trail
from bot.core.coverage import DAY, look
from bot.core.delta import Delta, Status
from bot.core.history import newest
from bot.core.metrics import METRICS
from bot.core.models import Subject
from bot.core.rank import Movement
from bot.core.window import Day, Window

DAILY_VERSION = 1
"""Of the daily portfolio file; a reader refuses a higher one."""
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


class _Known(NamedTuple):
    value: int
    status: Status


def long_csv(days: Sequence[Day], traces: Sequence[Trace]) -> bytes:
    """A row for each day and trace, in their order; none before the first sample."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for day in days:
        date = day.date.isoformat()
        for name, metric, trail in traces:
            if known := _known(trail, day):
                writer.writerow((date, name, metric, known.value, known.status.value))
    return text.getvalue().encode()


def sampled(days: Sequence[Day], traces: Sequence[Trace]) -> bool:
    """Has a CSV of these any row?"""
    return any(_known(trace.trail, days[-1]) for trace in traces)


def _known(trail: Trail, day: Day) -> _Known | None:
    """What was known at the end of a day: exact if somebody looked on it, or looked through it."""
    sight, seen = look(trail.spans, day.last), newest(trail.seen, day.last)
    if sight is None or seen is None:
        return None
    looked = sight.covered or sight.sampled_at >= day.first
    return _Known(seen.value, Status.EXACT if looked else Status.APPROX)


def collected_at(movements: Sequence[Movement]) -> int | None:
    """The newest sample of all; None where nothing was sampled."""
    return max((delta.after_at for one in movements for delta in one.deltas), default=None)


def daily_json(movements: Sequence[Movement], collected: int) -> bytes:
    """Every repository's values at the end of the window; one that was never sampled is absent.

    Read back, every value stands for the file's moment, or its repository's `lastSeen`. So who was
    not seen for more than a day before has that too, and a metric older than that is unknown.
    """
    repos = {
        one.subject.full_name: _entry(known, collected)
        for one in movements
        if (known := [delta for delta in one.deltas if METRICS[delta.metric].daily_json])
    }
    # indented by hand: for indented text json has no fast part, and a portfolio may be large
    entry = json.JSONEncoder(sort_keys=True, separators=(",\n      ", ": ")).encode
    listed = ",\n".join(
        f"    {json.dumps(name)}: {{\n      {entry(repos[name])[1:-1]}\n    }}"
        for name in sorted(repos)
    )
    head = f'{{\n  "collectedAt": "{written(collected)}",\n  "repos": {{\n'
    return f'{head}{listed}\n  }},\n  "version": {DAILY_VERSION}\n}}\n'.encode()


def _entry(deltas: Sequence[Delta], collected: int) -> Mapping[str, int | str]:
    """`deltas` are those that the format has a name for."""
    seen_at = max(delta.after_at for delta in deltas)
    values = {
        METRICS[delta.metric].daily_json or "": delta.after
        for delta in deltas
        if seen_at - delta.after_at <= DAY
    }
    gone = any(delta.status is Status.GONE for delta in deltas)
    last_seen = {"lastSeen": written(seen_at)} if gone or collected - seen_at > DAY else {}
    return {**values, **last_seen}


def day_of(moment: int) -> str:
    """The UTC day that a daily file is named after."""
    return written(moment)[:10]


def written(moment: int) -> str:
    """`2026-03-21T18:00:00Z`."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}"
