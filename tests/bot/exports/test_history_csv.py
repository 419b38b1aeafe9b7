import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.exports.history_csv import read_history
from bot.exports.values import Unusable

NOW = int(datetime(2026, 7, 1, 18, tzinfo=UTC).timestamp())
MORNING = NOW - 8 * 3600
NOON = int(datetime(2026, 2, 1, 12, tzinfo=UTC).timestamp())


def read(lines: Iterable[str]) -> list[ImportRow | RefusedRow]:
    return list(read_history(lines, now=NOW))


def read_text(text: str) -> list[ImportRow | RefusedRow]:
    return read(io.StringIO(text, newline=""))


def test_a_row_becomes_a_daily_sample() -> None:
    rows = read(["date,full_name,stars,open_issues\n", "2026-02-01,acme/rocket,45,0\n"])

    sample = Sample(NOON, {"stars": 45, "open_issues": 0}, daily=True)
    assert rows == [ImportRow(2, "acme/rocket", sample)]


def test_a_row_with_a_time_keeps_it() -> None:
    rows = read(["date,full_name,stars\n", "2026-02-01T13:30:00+01:00,acme/rocket,45\n"])

    assert rows == [ImportRow(2, "acme/rocket", Sample(NOON + 1_800, {"stars": 45}))]


def test_columns_may_stand_anywhere_in_any_case_among_others() -> None:
    rows = read(["Language, Stars ,FULL_NAME,date\n", "C#, 45 ,acme/rocket, 2026-02-01 \n"])

    assert rows == [ImportRow(2, "acme/rocket", Sample(NOON, {"stars": 45}, daily=True))]


def test_an_empty_cell_was_not_measured_and_a_zero_was() -> None:
    rows = read(["date,full_name,stars,forks\n", "2026-02-01,acme/rocket,,0\n"])

    assert rows == [ImportRow(2, "acme/rocket", Sample(NOON, {"forks": 0}, daily=True))]


def test_a_header_alone_has_no_rows() -> None:
    assert read(["date,full_name,stars\n"]) == []


def test_blank_lines_are_passed_over_and_counted() -> None:
    rows = read_text("\r\ndate,full_name,stars\r\n\r\n2026-02-01,acme/rocket,45\r\n\r\n")

    assert rows == [ImportRow(4, "acme/rocket", Sample(NOON, {"stars": 45}, daily=True))]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-02-01,acme/rocket", "The row has 2 cells, the header 4."),
        ("2026-02-01,acme/rocket,1,2,3", "The row has 5 cells, the header 4."),
        ("01.02.2026,acme/rocket,1,2", 'date is "01.02.2026": write a day'),
        ("2026-07-02,acme/rocket,1,2", 'date is "2026-07-02", which is in the future.'),
        ("2007-07-01,acme/rocket,1,2", 'date is "2007-07-01", which is before 2008-01-01'),
        ("2026-02-01,rocket,1,2", 'full_name: "rocket" is not a repository'),
        ("2026-02-01,acme/rocket,1,-2", 'forks is "-2", not a whole number'),
        ("2026-02-01,acme/rocket,1.5,2", 'stars is "1.5", not a whole number'),
        ("2026-02-01,acme/rocket,1_000,2", 'stars is "1_000", not a whole number'),
        ("2026-02-01,acme/rocket,٣,2", 'stars is "٣", not a whole number'),
        ("2026-02-01,acme/rocket,1,9223372036854775808", 'forks is "9223372036854775808", not'),
        (f"2026-02-01,acme/rocket,{'9' * 5_000},2", f'stars is "{"9" * 79}…", not'),
        ("2026-02-01,acme/rocket,, ", "Nothing was measured: no value under stars, forks."),
        ("2026-02-01,acme/rocket\0,1,2", 'full_name: "acme/rocket�" is not a repository'),
        ('2026-02-01,acme/rocket,"1"0,2', "This line is no CSV: "),
        ('2026-02-01,acme/rocket,1,"2', "This line is no CSV: unexpected end of data; check its"),
        (f"2026-02-01,acme/rocket,{'1' * 140_000},2", "This line is no CSV: "),
        ("2026-07-01,acme/rocket,1,2", 'date is "2026-07-01", which stands for 12:00 UTC of today'),
    ],
)
def test_a_bad_row_is_refused_and_the_next_one_is_read(row: str, reason: str) -> None:
    lines = ["date,full_name,stars,forks\n", f"{row}\n", "2026-02-01,acme/site,1,2\n"]
    refused, good = read_history(lines, now=MORNING)

    assert isinstance(refused, RefusedRow)
    assert refused.line == 2
    assert refused.reason.startswith(reason)
    assert isinstance(good, ImportRow)
    assert good.line == 3


def test_a_quote_that_never_ends_costs_its_own_line_only() -> None:
    one, refused, other = read_text(
        "date,full_name,stars,note\n"
        "2026-02-01,acme/rocket,45,\n"
        '2026-02-01,acme/rocket,46,"oops\n'
        "2026-02-01,acme/site,7,\n"
    )

    assert isinstance(one, ImportRow)
    assert refused == RefusedRow(
        3, "This line is no CSV: unexpected end of data; check its quotes."
    )
    assert isinstance(other, ImportRow)
    assert (other.line, other.full_name) == (4, "acme/site")


def test_a_row_is_one_line_and_what_a_cell_wraps_is_refused_line_by_line() -> None:
    rows = read_text(
        "date,full_name,stars,note\r\n"
        '2026-02-01,acme/rocket,45,"a, ""quoted"" note"\r\n'
        '2026-02-01,acme/rocket,45,"two\r\nlines"\r\n'
        "2026-02-01,acme/site,7,\r\n"
    )

    assert [(row.line, type(row)) for row in rows] == [
        (2, ImportRow),
        (3, RefusedRow),
        (4, RefusedRow),
        (5, ImportRow),
    ]


@pytest.mark.parametrize(
    "header",
    ["full_name,stars", "date,stars", "date,full_name,language", "date;full_name;stars", "Hello"],
)
def test_a_header_without_what_is_needed_is_told_with_what_it_has(header: str) -> None:
    with pytest.raises(Unusable) as refusal:
        read([f"{header}\n", "2026-02-01,acme/rocket,45\n"])

    told = str(refusal.value)
    assert header.replace(",", ", ").lower() in told
    assert f"date, full_name and at least one of {', '.join(METRICS)}" in told


def test_a_column_that_comes_twice_is_told() -> None:
    with pytest.raises(Unusable, match="more than one column stars"):
        read(["date,full_name,stars,Stars\n"])


def test_a_header_that_is_no_csv_is_told() -> None:
    with pytest.raises(Unusable, match="its header is not CSV"):
        read(['date,full_name,"stars\n'])


def test_rows_are_read_one_at_a_time() -> None:
    def endless() -> Iterator[str]:
        yield "date,full_name,stars\n"
        while True:
            yield "2026-02-01,acme/rocket,45\n"

    assert len(list(islice(read_history(endless(), now=NOW), 1_000))) == 1_000


COUNTS = st.integers(min_value=0, max_value=2**63 - 1)
MEASURED = st.tuples(
    st.dates(min_value=date(2008, 1, 1), max_value=date(2026, 6, 30)),
    st.sampled_from(["acme/rocket", "acme/site", "monalisa_acme/.github"]),
    st.dictionaries(st.sampled_from(list(METRICS)), COUNTS, min_size=1),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n")),  # a column we do not know
)


@given(st.lists(MEASURED))
def test_what_is_written_as_csv_reads_back(
    measured: list[tuple[date, str, dict[str, int], str]],
) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["date", "full_name", *METRICS, "note"])
    writer.writeheader()
    writer.writerows(
        {"date": day, "full_name": name, "note": note, **values}
        for day, name, values, note in measured
    )
    text.seek(0)

    rows = [(row.full_name, row.sample) for row in read(text) if isinstance(row, ImportRow)]
    assert rows == [
        (name, Sample(noon_of(day), values, daily=True)) for day, name, values, _ in measured
    ]


def noon_of(day: date) -> int:
    return int(datetime.combine(day, time(12), UTC).timestamp())


@given(st.lists(st.text()))
def test_whatever_follows_the_header_is_a_row_or_a_refusal(lines: list[str]) -> None:
    rows = read_text("date,full_name,stars\n" + "\n".join(lines))

    assert all(isinstance(row, ImportRow | RefusedRow) for row in rows)
