import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.models import ImportRow, RefusedRow, Sample
from bot.errors import InvalidFile
from bot.exports.reader import read_rows

NOW = int(datetime(2026, 7, 1, 18, tzinfo=UTC).timestamp())
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
    ("text", "line", "daily"), [(HISTORY, 2, True), (SNAPSHOT, 1, False), (f"\n{HISTORY}", 3, True)]
)
def test_a_file_is_known_by_its_content(
    tmp_path: Path, text: str, line: int, encoding: str, *, daily: bool
) -> None:
    path = tmp_path / "some.file"
    path.write_bytes(text.encode(encoding))

    assert read(path) == [ImportRow(line, "acme/rocket", Sample(NOON, {"stars": 45}, daily=daily))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty; is this the right file?"),
        (b"\xef\xbb\xbf \r\n", "it is empty; is this the right file?"),
        ("date,full_name,stars\n".encode("utf-16"), "it is not UTF-8 text; save it as UTF-8."),
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

    with pytest.raises(InvalidFile, match="not UTF-8"):
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
