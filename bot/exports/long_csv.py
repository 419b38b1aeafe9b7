"""The long CSV that export writes: a row for each day, repository and metric."""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from bot.core.delta import Status
from bot.core.export import COLUMNS
from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.core.names import quoted
from bot.exports.values import (
    DAYS_KEPT,
    NAMES_KEPT,
    Moment,
    Unusable,
    cells_of,
    read_count,
    read_moment,
    read_name,
)

STATUSES = (Status.EXACT, Status.APPROX, Status.GONE)
WIDTH = len(COLUMNS)


def read_long(lines: Iterable[str], *, now: int) -> Iterator[ImportRow | RefusedRow]:
    """Read row by row; those of one repository and day that stand together are one reading.

    Only `exact` is a sample: `approx` repeats an older one, `gone` too, and says that it is gone.
    """
    rows = _Rows(now)
    reading: _Reading | None = None
    numbered = enumerate(lines, start=1)
    next(line for _, line in numbered if line.strip())  # the header, by which the file was known
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            row = rows.read(line)
        except Unusable as error:
            yield RefusedRow(number, str(error))
            continue
        if reading is None or not reading.takes(row):
            if reading is not None:
                yield reading.row()
            reading = _Reading(number, row)
        reading.add(row)
    if reading is not None:
        yield reading.row()


class _Row:
    """One line."""

    __slots__ = ("full_name", "metric", "moment", "status", "value")

    def __init__(
        self, moment: Moment, full_name: str, metric: str, value: int | None, status: str
    ) -> None:
        self.moment = moment
        self.full_name = full_name
        self.metric = metric
        self.value = value
        self.status = status


class _Reading:
    """The lines of one repository and day, as far as they stand together."""

    def __init__(self, line: int, first: _Row) -> None:
        self._line = line
        self._first = first
        self._values: dict[str, int] = {}
        self._gone = False

    def takes(self, row: _Row) -> bool:
        same = (row.full_name, row.moment) == (self._first.full_name, self._first.moment)
        return same and row.metric not in self._values

    def add(self, row: _Row) -> None:
        self._gone |= row.status == Status.GONE
        if row.status == Status.EXACT and row.value is not None:
            self._values[row.metric] = row.value

    def row(self) -> ImportRow:
        at, daily = self._first.moment
        gone_at = at if self._gone else None
        sample = Sample(at, self._values, daily)
        return ImportRow(self._line, self._first.full_name, sample, gone_at=gone_at)


class _Rows:
    """Reads lines, in which days and names come again and again."""

    def __init__(self, now: int) -> None:
        self._moment = lru_cache(DAYS_KEPT)(partial(read_moment, "date", now=now))
        self._full_name = lru_cache(NAMES_KEPT)(read_name)

    def read(self, line: str) -> _Row:
        cells = cells_of(line)
        if len(cells) != WIDTH:
            raise Unusable(f"The row has {len(cells)} cells, the header {WIDTH}.")
        date, name, metric, value, status = (cell.strip() for cell in cells)
        if metric not in METRICS:
            raise Unusable(f"metric is {quoted(metric)}: known are {', '.join(METRICS)}.")
        if status not in STATUSES:
            raise Unusable(f"status is {quoted(status)}: write {' or '.join(STATUSES)}.")
        count = read_count("value", value) if value else None
        return _Row(self._moment(date), self._full_name(name), metric, count, status)
