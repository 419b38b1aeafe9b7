"""The commands about weekly metrics, as somebody at a terminal meets them."""

import json
from pathlib import Path

import pytest

from tests.standins.terminal import run

FILE = """{
  "2025-43": {"flow_load": {"wip_count": 15, "timestamp": "2025-10-24T17:00:00Z"}},
  "2025-W44": {"flow_load": {"wip_count": 12, "by_status": {"In Progress": 10, "In Review": 2},
    "timestamp": "2025-10-31T17:00:00Z"}}
}"""
WEEKS = ("--weeks", "2025-43,2025-44,2025-45", "--json")


@pytest.fixture(autouse=True)
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics_snapshots.json").write_text(FILE)
    assert (await run("metric", "import", "metrics_snapshots.json")).code == 0
    return tmp_path


async def test_values_come_one_a_week() -> None:
    wip = ("metric", "weekly", "flow_load", "--key", "wip_count", *WEEKS)

    assert (await run(*wip)).json == {
        "metric": "flow_load",
        "key": "wip_count",
        "values": {"2025-43": 15, "2025-44": 12, "2025-45": 0},
    }
    none = (await run(*wip, "--missing", "none")).json["values"]
    carried = (await run(*wip, "--missing", "carry")).json["values"]
    assert (none["2025-45"], carried["2025-45"]) == (None, 12)
    status = ("metric", "weekly", "flow_load", "--key", "by_status.In Progress", *WEEKS)
    assert (await run(*status)).json["values"]["2025-44"] == 10


async def test_what_is_set_is_read_back_with_a_timestamp() -> None:
    said = await run("metric", "set", "2025-W45", "test_metric", '{"value": 42}')
    got = (await run("metric", "get", "2025-45", "test_metric", "--json")).json

    assert "Recorded test_metric for 2025-45" in said.out
    assert got["value"] == 42
    assert got["timestamp"].endswith("Z")
    await run("metric", "set", "2025-45", "test_metric", "1.5")
    assert (await run("metric", "get", "2025-45", "test_metric", "--json")).json["value"] == 1.5


async def test_stats_have_exactly_five_keys() -> None:
    told = (await run("metric", "stats", "--json")).json

    assert told.pop("file_size_kb") > 0
    assert told == {
        "total_weeks": 2,
        "metrics": ["flow_load"],
        "oldest_week": "2025-43",
        "newest_week": "2025-44",
    }
    assert "2025-43" in (await run("metric", "stats")).out


async def test_a_file_goes_out_and_what_only_it_has_stays(home: Path) -> None:
    out = home / "out.json"
    out.write_text('{"2024-01": {"theirs": {"value": 1}}}')

    said = await run("metric", "export", "--out", "out.json")
    printed = await run("export", "--format", "weekly")

    assert (said.code, said.err) == (0, "written to out.json\n")
    assert list(json.loads(out.read_text())) == ["2024-01", "2025-43", "2025-44"]
    assert list(json.loads(printed.out)) == ["2025-43", "2025-44"]
    assert (await run("metric", "import", "out.json", "--json")).json == {
        "weeks": 3, "metrics": 3, "changed": 1,
    }  # fmt: skip


async def test_a_broken_file_is_left_as_it_is(home: Path) -> None:
    broken = home / "metrics_snapshots.json"
    broken.write_text(FILE[:-1])

    for words in (
        ("metric", "export", "--out", broken.name),
        ("export", "--format", "weekly", "--out", broken.name),
        ("metric", "import", broken.name),
    ):
        said = await run(*words)

        assert said.code == 2
        assert "was left as it is" in said.sentence
    assert broken.read_text() == FILE[:-1]


async def test_a_number_by_quarter_and_a_clean_up() -> None:
    quarter = ("metric", "series", "flow_load", "--key", "wip_count", "--per", "quarter", "--json")

    assert (await run(*quarter, "--how", "sum")).json["values"] == {"2025-Q4": 27}
    assert (await run("metric", "cleanup", "--weeks", "4", "--json")).json == {"weeks": 2}
    assert (await run("metric", "stats", "--json")).json["total_weeks"] == 0


async def test_a_servers_metrics_are_its_own() -> None:
    await run("metric", "set", "2025-44", "bugs", "3", "--guild", "77")

    assert (await run("metric", "get", "2025-44", "bugs", "--guild", "77", "--json")).json["value"]
    assert (await run("metric", "get", "2025-44", "bugs")).code == 2


async def test_mistakes_are_told_in_a_sentence() -> None:
    for words, told in (
        (("set", "2025-54", "m", "1"), "There is no week"),
        (("set", "2025-44", "a b", "1"), "no name of a metric"),
        (("set", "2025-44", "m", "{"), "JSON is broken"),
        (("get", "2025-44", "nothing"), "Nothing is kept as nothing"),
        (("weekly", "m", "--key", "k", "--weeks", "soon"), "is no week"),
        (("weekly", "m", "--key", "k", "--weeks", "2025-44", "--missing", "x"), "missing week"),
        (("series", "m", "--key", "k", "--per", "decade"), "Take a period of"),
        (("import", "nowhere.json"), "cannot be read"),
    ):
        said = await run("metric", *words)

        assert said.code == 2
        assert told in said.sentence


async def test_the_other_import_says_where_such_a_file_belongs() -> None:
    said = await run("import", "metrics_snapshots.json")

    assert said.code == 2
    assert "repo-radar metric import" in said.sentence
