import gzip
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.models import ImportRow, RefusedRow, Sample
from bot.errors import InvalidFile
from bot.exports.reader import files_of, read_rows

NOW = int(datetime(2026, 7, 1, 18, tzinfo=UTC).timestamp())
DAY = 86_400
NOON = int(datetime(2026, 2, 1, 12, tzinfo=UTC).timestamp())
HISTORY = "date,full_name,stars\r\n2026-02-01,acme/rocket,45\r\n"
SNAPSHOT = """
{"collectedAt": "2026-02-01T12:00:00Z", "version": 1, "repos": {"acme/rocket": {"stars": 45}}}
"""
REAL_HISTORY = Path(__file__).parents[4] / "shared" / "data" / "repo-history.csv"


def read(path: Path) -> list[ImportRow | RefusedRow]:
    return list(read_rows(path, now=NOW))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize(
    ("text", "line", "daily"), [(HISTORY, 2, True), (SNAPSHOT, 2, False), (f"\n{HISTORY}", 3, True)]
)
def test_a_file_is_known_by_its_content(
    tmp_path: Path, text: str, line: int, encoding: str, *, daily: bool
) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(text.encode(encoding))

    (row,) = read(path)

    assert row[:3] == (line, "acme/rocket", Sample(NOON, {"stars": 45}, daily=daily))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty; is this the right file?"),
        (b"\xef\xbb\xbf \r\n", "it is empty; is this the right file?"),
        (b"date\n2026,\xff", "it is not UTF-8 text at line 2, column 6; save it as UTF-8."),
        (
            gzip.compress(HISTORY.encode(), mtime=0),
            "it is compressed: unpack it first, with gunzip.",
        ),
        (b"Dear reader,\nhello", 'its columns are "dear reader, ", but a history CSV has'),
        (b"date,full_name\n2026-02-01,a/b", 'its columns are "date, full_name", but'),
        (b"[1, 2]", "it is JSON, but not an object;"),
        (b'{"version": 1,\n}', "its JSON is broken at line 2, column 1 ("),
        (b'{"version": 2}', 'its version is "2" and the last one known is 1; update Repo Radar.'),
    ],
)
def test_a_file_of_another_kind_is_told_in_a_sentence_with_its_path(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(content)

    with pytest.raises(InvalidFile) as refusal:
        read(path)

    assert str(refusal.value).startswith(f"{path} cannot be imported: {reason}")


def test_a_bad_byte_far_below_is_told_before_any_row(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(HISTORY.encode() + b"2026-02-01,acme/rocket,46\n" * 50_000 + b"\xff")

    with pytest.raises(InvalidFile, match=r"not UTF-8 text at line 50003, column 1;"):
        next(read_rows(path, now=NOW))


def test_a_bad_row_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(f"{HISTORY}2026-02-01,acme/rocket,many\n2026-02-02,acme/rocket,46\n")

    assert [(row.line, type(row)) for row in read(path)] == [
        (2, ImportRow),
        (3, RefusedRow),
        (4, ImportRow),
    ]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"missing\.csv cannot be imported: No such file"):
        read(tmp_path / "missing.csv")


def test_a_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="it is not a file; name the files in it"):
        read(tmp_path)


def test_a_path_the_system_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="too long; check the path"):
        read(tmp_path / ("x" * 5_000))


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may read every file"
)
def test_a_file_others_may_not_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(HISTORY)
    path.chmod(0)

    with pytest.raises(InvalidFile, match="Permission denied; check the path and who may read"):
        read(path)


@pytest.mark.skipif(not REAL_HISTORY.exists(), reason=f"{REAL_HISTORY} is not here")
def test_five_months_of_120_real_repositories_are_read_whole() -> None:
    rows = read(REAL_HISTORY)

    samples = [row for row in rows if isinstance(row, ImportRow)]
    assert len(rows) == len(samples) == 17_873
    assert len({row.full_name for row in samples}) == 120
    assert all(set(row.sample.values) == {"stars", "forks", "open_issues"} for row in samples)


# What export writes, and folders


LONG = """\
date,full_name,metric,value,status
2026-01-30,a/b,forks,3,exact
2026-02-01,a/b,stars,45,exact
2026-02-01,a/b,forks,3,approx
2026-02-01,c/d,stars,0,gone
2026-02-02,a/b,stars,,exact
"""


def test_of_an_exported_csv_only_what_was_sampled_is_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "radar.csv"
    path.write_text(LONG)

    assert read(path) == [
        ImportRow(2, "a/b", Sample(NOON - 2 * DAY, {"forks": 3}, daily=True)),
        ImportRow(3, "a/b", Sample(NOON, {"stars": 45}, daily=True)),
        ImportRow(5, "c/d", Sample(NOON, {}, daily=True), gone_at=NOON),
        ImportRow(6, "a/b", Sample(NOON + DAY, {}, daily=True)),
    ]


def test_an_exported_csv_that_a_spreadsheet_has_saved_is_still_known(tmp_path: Path) -> None:
    path = tmp_path / "radar.csv"
    quoted = "\r\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in LONG.splitlines()
    )
    path.write_bytes(b"\xef\xbb\xbf" + quoted.encode())
    plain = tmp_path / "plain.csv"
    plain.write_text(LONG)

    assert read(path) == read(plain)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-02-03,a/b,stars,many,exact", 'value is "many", not a whole number'),
        ("2026-02-03,a/b,visits,1,exact", 'metric is "visits": known are stars, forks,'),
        ("2026-02-03,a/b,stars,1,sure", 'status is "sure": write exact or approx or gone.'),
        ("2026-02-03,a/b,stars,1", "The row has 4 cells, the header 5."),
        ("2026-02-30,a/b,stars,1,exact", "which no calendar or clock shows"),
        ("2026-02-03,rocket,stars,1,exact", 'full_name: "rocket" is not a repository'),
        ('2026-02-03,"a/b,stars,1,exact', "This line is no CSV"),
    ],
)
def test_a_bad_line_of_an_exported_csv_is_refused_with_its_number(
    tmp_path: Path, row: str, reason: str
) -> None:
    path = tmp_path / "radar.csv"
    path.write_text(f"\n{LONG}{row}\n\n2026-02-03,a/b,stars,46,exact\n")

    *rows, good = read(path)
    (refused,) = (row for row in rows if isinstance(row, RefusedRow))

    assert refused.line == 8
    assert reason in refused.reason
    assert isinstance(good, ImportRow)
    assert good.sample.values == {"stars": 46}


def test_the_same_metric_twice_is_two_readings(tmp_path: Path) -> None:
    path = tmp_path / "radar.csv"
    head = LONG.partition("\n")[0]
    path.write_text(f"{head}\n2026-02-01,a/b,stars,1,exact\n2026-02-01,a/b,stars,2,exact\n")

    assert [(row.line, row[2].values) for row in read(path) if isinstance(row, ImportRow)] == [
        (2, {"stars": 1}),
        (3, {"stars": 2}),
    ]


def test_a_folder_stands_for_its_daily_files_in_the_order_of_their_days(tmp_path: Path) -> None:
    days = tmp_path / "portfolio" / "snapshots"
    days.mkdir(parents=True)
    for name in ("2026-02-02.json", "2026-02-01.json", "notes.txt"):
        (days / name).write_text(SNAPSHOT)
    (tmp_path / "portfolio" / "latest.json").write_text(SNAPSHOT)
    other = tmp_path / "other.csv"

    in_order = [days / "2026-02-01.json", days / "2026-02-02.json"]
    assert files_of([tmp_path / "portfolio", other]) == [*in_order, other]
    assert files_of([days]) == in_order


def test_a_folder_without_daily_files_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"no daily files, neither snapshots/\*\.json nor"):
        files_of([tmp_path])


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"cannot be imported: .* too long; check the path"):
        files_of([tmp_path / ("x" * 5_000)])


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may read every folder"
)
@pytest.mark.parametrize("below", [".", "snapshots"])
def test_a_folder_others_may_not_read_is_told(tmp_path: Path, below: str) -> None:
    days = tmp_path / "portfolio" / "snapshots"
    days.mkdir(parents=True)
    (tmp_path / "portfolio").chmod(0)
    try:
        with pytest.raises(InvalidFile, match="Permission denied; check the path and who may"):
            files_of([tmp_path / "portfolio" / below])
    finally:
        (tmp_path / "portfolio").chmod(0o700)
