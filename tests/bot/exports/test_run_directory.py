"""Run directories in folders: written whole, and one changed byte anywhere in them is found."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bot.core.reports import Verified
from bot.core.run_directory import META, PORTFOLIO, Head, build, content, digest
from bot.errors import InvalidFile, RadarError, UsageError
from bot.exports.reader import files_of, read_rows
from bot.exports.run_directory import LARGEST_META, find, portfolio_of, verify, write
from bot.exports.run_files import read_portfolio
from bot.exports.values import Unusable
from tests.standins.clock import HOUR, moment

NOON = moment("2026-07-01")
NOW = NOON + HOUR
RUN = "3f2a91bc0d1e4f6a8b7c6d5e4f3a2b1c"
HEAD = Head("acme", RUN, NOON, NOON - 6 * HOUR, NOON)
METRIC: dict[str, Any] = {
    "metric": "stars", "status": "exact", "before": 10, "after": 12, "change": 2, "percent": 20.0,
    "before_at": "2026-07-01T06:00:00Z", "after_at": "2026-07-01T12:00:00Z",
}  # fmt: skip
ROW: dict[str, Any] = {
    "repo": "acme/rocket", "state": "active", "gone_at": None, "visibility": "public",
    "archived": False, "metrics": [METRIC],
}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return write(tmp_path, HEAD.directory, build(HEAD, {PORTFOLIO: [ROW]}))


def problems(path: Path) -> list[str]:
    return [said for one in verify(path, now=NOW) for said in one.problems]


def test_it_is_written_whole_and_never_in_place_of_another(tmp_path: Path, made: Path) -> None:
    assert made == tmp_path / "snapshots" / HEAD.directory
    assert sorted(file.name for file in made.iterdir()) == [META, PORTFOLIO]
    assert verify(made, now=NOW) == [Verified(str(made), 2, ())]

    with pytest.raises(UsageError, match="is there already: it was left as it is"):
        write(tmp_path, HEAD.directory, {META: b"other"})

    assert problems(made) == []
    assert [path.name for path in made.parent.iterdir()] == [HEAD.directory]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "snapshots").write_text("in the way")

    with pytest.raises(RadarError, match=r"Cannot write .*: name another folder by --out"):
        write(tmp_path, HEAD.directory, {META: b"{}"})


@pytest.mark.parametrize("name", [META, PORTFOLIO])
def test_one_changed_byte_is_found_wherever_it_is(made: Path, name: str) -> None:
    good = (made / name).read_bytes()
    for place in range(len(good)):
        other = bytes([good[place] ^ 1])
        (made / name).write_bytes(good[:place] + other + good[place + 1 :])
        assert problems(made)[0].startswith(f"{made / name} is damaged: ")


@pytest.mark.parametrize("name", [META, PORTFOLIO])
def test_so_is_one_that_is_missing_or_one_too_many(made: Path, name: str) -> None:
    good = (made / name).read_bytes()
    for octets in (good[:-1], good + b"\n", b""):
        (made / name).write_bytes(octets)
        assert problems(made)[0].startswith(f"{made / name} is damaged: ")
    (made / name).unlink()
    assert "cannot be read (No such file" in problems(made)[0]


def test_a_file_too_many_and_another_name_are_told(made: Path) -> None:
    (made / "notes.txt").write_text("mine")
    moved = made.rename(made.with_name("2026-07-01T12-00-00-00000000"))

    assert problems(moved) == [
        f"{moved} is called {HEAD.directory} in its {META}: rename it.",
        f"{moved / 'notes.txt'} is none of its files: remove it.",
    ]


@pytest.mark.parametrize("name", [META, PORTFOLIO])
def test_only_files_of_its_own_are_read(tmp_path: Path, made: Path, name: str) -> None:
    """Git keeps links: to /dev/zero, say, which never ends."""
    (made / name).rename(tmp_path / "elsewhere")
    (made / name).symlink_to("../../elsewhere")
    assert problems(made) == [f"{made / name} is damaged: it is a link, and not the file itself."]

    (made / name).unlink()
    os.mkfifo(made / name)
    assert problems(made) == [f"{made / name} is damaged: it is no file, and might never end."]


def test_a_meta_beyond_any_size_is_not_read(made: Path) -> None:
    with (made / META).open("r+b") as file:
        file.truncate(LARGEST_META + 1)

    assert problems(made) == [f"{made / META} is damaged: it has more than 1 MB."]


@pytest.mark.parametrize("value", ["1" * 5_000, "[" * 900 + "]" * 900, "1e999", '"twice"'])
def test_what_no_reader_takes_is_damage_like_any_other(made: Path, value: str) -> None:
    text = (made / META).read_text()
    (made / META).write_text(text.replace("{\n", '{\n  "a": ' + f'{value},\n  "a": 1,\n', 1))

    assert problems(made) == [f"{made / META} is damaged: its own checksum does not fit."]


@pytest.mark.parametrize("name", [b"\x1b[31mred\n", b"\xff"])
def test_names_of_files_steer_no_terminal(tmp_path: Path, made: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(made) + b"/" + name)).touch()

    with pytest.raises(InvalidFile, match="is none of its files") as refused:
        portfolio_of(tmp_path, now=NOW)

    assert str(refused.value).isprintable()
    assert problems(made)[0].isprintable()


def test_paths_that_cannot_be_looked_into_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / HEAD.directory).symlink_to(HEAD.directory)

    for path in (tmp_path / ("a" * 400), tmp_path / HEAD.directory):
        with pytest.raises(InvalidFile, match=r"cannot be looked into .* check the path"):
            find(path)
    with pytest.raises(InvalidFile, match="has no run directories"):
        find(tmp_path)


def forged(made: Path, **changes: object) -> None:
    """Meta as somebody writes it who can compute checksums, too."""
    told = json.loads((made / META).read_bytes()) | changes
    told.pop("checksum")
    (made / META).write_bytes(content({**told, "checksum": digest(content(told))}))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema_version": "2.0.0"}, "the last one known is 1.0.0; update Repo Radar"),
        ({"schema_version": "1"}, "not one such as 1.0.0"),
        ({"schema_version": None}, "its schema_version is missing"),
        ({"period_end": "2026-06-01T00:00:00Z"}, "its period ends before it starts"),
        ({"generated_at": "2026-02-31T00:00:00Z"}, "is in no calendar"),
        ({"files": {"../../x.json": {}}}, "not as its schema has it"),
        ({"files": {}}, "names no portfolio.json"),
        ({"org": "../x"}, "not as its schema has it"),
        ({"run_id": ["x"]}, "not as its schema has it"),
    ],
)
def test_a_meta_of_another_shape_is_refused(
    made: Path, changes: dict[str, object], why: str
) -> None:
    forged(made, **changes)

    assert any(why in said for said in problems(made))


def test_a_newer_minor_version_and_keys_to_come_are_read(made: Path) -> None:
    forged(made, schema_version="1.7.0", more={"a": 1})

    assert problems(made) == []


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ROW | {"repo": "../etc"}, "is not a repository"),
        (ROW | {"state": "lost"}, "not as its schema has it"),
        (ROW | {"metrics": [METRIC | {"after": -1}]}, "not as its schema has it"),
        (ROW | {"metrics": [METRIC | {"after": 2**63}]}, "not as its schema has it"),
        (ROW | {"metrics": [METRIC | {"after_at": "2026-07-01"}]}, "not as its schema has it"),
        (ROW | {"metrics": [METRIC | {"after_at": "2027-07-01T00:00:00Z"}]}, "in the future"),
        (ROW | {"metrics": [METRIC | {"before_at": "1999-07-01T00:00:00Z"}]}, "before 2008"),
        ([], "not as its schema has it"),
        ("acme/rocket", "not as its schema has it"),
    ],
)
def test_a_portfolio_of_another_shape_is_refused(row: object, why: str) -> None:
    octets = content(
        {
            "schema_version": "1.0.0", "generated_at": "2026-07-01T12:00:00Z", "org": "acme",
            "run_id": RUN, "data": [ROW, row],
        }
    )  # fmt: skip

    with pytest.raises(Unusable, match="entry 2 of its data") as refused:
        read_portfolio(octets, now=NOW)

    assert why in str(refused.value)
    assert len(str(refused.value)) < 500


def test_metrics_to_come_are_passed_over(made: Path) -> None:
    later = ROW | {"metrics": [METRIC | {"metric": "mood"}, METRIC]}
    files = build(HEAD, {PORTFOLIO: [later]})

    rows = read_portfolio(files[PORTFOLIO], now=NOW)

    assert made
    assert [dict(row.sample.values) for row in rows] == [{"stars": 10}, {"stars": 12}]


def test_directories_are_found_in_a_clone_in_their_folder_and_alone(
    tmp_path: Path, made: Path
) -> None:
    later = Head("acme", RUN, NOON + 1, NOON, NOON + 1)
    newest = write(tmp_path, later.directory, build(later, {PORTFOLIO: [ROW]}))
    (tmp_path / "snapshots" / "notes").mkdir()

    assert find(tmp_path) == find(tmp_path / "snapshots") == [made, newest]
    assert find(made) == [made]
    assert portfolio_of(tmp_path, now=NOW) == newest / PORTFOLIO


def test_where_there_is_none_it_is_said_how_to_name_one(tmp_path: Path, made: Path) -> None:
    (tmp_path / "empty").mkdir()
    for wrong in (tmp_path / "empty", tmp_path / "nowhere", made / META):
        with pytest.raises(InvalidFile, match="has no run directories: name one"):
            find(wrong)


def test_a_damaged_one_is_not_restored(tmp_path: Path, made: Path) -> None:
    (made / PORTFOLIO).write_bytes((made / PORTFOLIO).read_bytes().replace(b"12,", b"13,"))

    with pytest.raises(InvalidFile, match=r"portfolio\.json is damaged.* Nothing was restored"):
        portfolio_of(tmp_path, now=NOW)


def test_one_that_somebody_calls_otherwise_is_read_by_its_meta(tmp_path: Path, made: Path) -> None:
    shutil.copytree(made, tmp_path / "copy")

    assert find(tmp_path / "copy") == [tmp_path / "copy"]
    assert "rename it" in problems(tmp_path / "copy")[0]


def test_import_takes_one_and_all_of_a_clone_beside_its_daily_files(
    tmp_path: Path, made: Path
) -> None:
    later = Head("acme", RUN, NOON + 1, NOON, NOON + 1)
    newest = write(tmp_path, later.directory, build(later, {PORTFOLIO: [ROW]}))
    daily = tmp_path / "snapshots" / "2026-07-02.json"
    daily.write_text("{}")
    (tmp_path / "snapshots" / "notes").mkdir()
    (tmp_path / "snapshots" / "notes" / PORTFOLIO).write_text("{}")

    assert files_of([made]) == [made / PORTFOLIO]
    assert files_of([tmp_path]) == [made / PORTFOLIO, newest / PORTFOLIO, daily]
    assert files_of([tmp_path / "snapshots"]) == files_of([tmp_path])
    assert [row.sample.at for row in read_rows(made / PORTFOLIO, now=NOW)] == [
        NOON - 6 * HOUR, NOON,
    ]  # fmt: skip
