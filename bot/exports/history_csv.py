"""The history CSV: a row for each repository and day, a column for each metric."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.core.names import quoted
from bot.exports.values import (
    DAYS_KEPT,
    NAMES_KEPT,
    Unusable,
    cells_of,
    read_count,
    read_moment,
    read_name,
)

DATE = "date"
FULL_NAME = "full_name"


def read_history(lines: Iterable[str], *, now: int) -> Iterator[ImportRow | RefusedRow]:
    """Read row by row, holding one at a time; raises Unusable if the header will not do."""
    numbered = enumerate(lines, start=1)
    rows = _Rows(_read_header(line for _, line in numbered), now)
    for number, line in numbered:
        try:
            cells = cells_of(line)
        except Unusable as error:
            yield RefusedRow(number, str(error))
            continue
        if cells:
            yield rows.read(number, cells)


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    date: int  # the places of the columns, from 0
    full_name: int
    metrics: Mapping[str, int]


def _read_header(lines: Iterator[str]) -> _Header:
    first = next(filter(str.strip, lines), "")
    try:
        names = [cell.strip().lower() for cell in next(csv.reader([first], strict=True), [])]
    except csv.Error as error:
        raise Unusable(f"its header is not CSV ({error}); is this the right file?") from error
    metrics = {key: names.index(key) for key in METRICS if key in names}
    if DATE not in names or FULL_NAME not in names or not metrics:
        raise Unusable(
            f"its columns are {quoted(', '.join(names))}, but a history CSV has commas between "
            f"{DATE}, {FULL_NAME} and at least one of {', '.join(METRICS)}, "
            "and a daily JSON file begins with {."
        )
    twice = [name for name in (DATE, FULL_NAME, *metrics) if names.count(name) > 1]
    if twice:
        raise Unusable(f"it has more than one column {', '.join(twice)}; keep one of each.")
    return _Header(len(names), names.index(DATE), names.index(FULL_NAME), metrics)


class _Rows:
    """Reads the rows of one file, in which days and names come again and again."""

    def __init__(self, header: _Header, now: int) -> None:
        self._header = header
        self._moment = lru_cache(DAYS_KEPT)(partial(read_moment, DATE, now=now))
        self._full_name = lru_cache(NAMES_KEPT)(read_name)

    def read(self, line: int, cells: list[str]) -> ImportRow | RefusedRow:
        try:
            return self._parse(line, cells)
        except Unusable as error:
            return RefusedRow(line, str(error))

    def _parse(self, line: int, cells: list[str]) -> ImportRow:
        header = self._header
        if len(cells) != header.width:
            raise Unusable(f"The row has {len(cells)} cells, the header {header.width}.")
        at, daily = self._moment(cells[header.date].strip())
        full_name = self._full_name(cells[header.full_name])
        return ImportRow(line, full_name, Sample(at, self._values(cells), daily))

    def _values(self, cells: list[str]) -> dict[str, int]:
        values = {
            key: read_count(key, cell)
            for key, place in self._header.metrics.items()
            if (cell := cells[place].strip())
        }
        if not values:
            names = ", ".join(self._header.metrics)
            raise Unusable(f"Nothing was measured: no value under {names}.")
        return values
