"""docs/schemas describes what the program really writes: every key of it, and every kind."""

import copy
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from bot.clock import SystemClock
from bot.core.events import Kind
from bot.core.export import COLUMNS
from bot.core.metrics import METRICS
from bot.core.models import Refused, RunStatus, Trigger
from tests.standins.bot_process import environment
from tests.standins.github import GitHubStandIn
from tests.standins.terminal import run

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
NAMES = [
    *("backfill", "backup", "chart", "check", "cleanup", "daily-json", "diff", "digest"),
    *("history-csv", "import", "long-csv", "metrics-snapshots", "restore", "status", "sync"),
    *("run-directory-meta", "run-directory-portfolio", "verify"),
    *("track-add", "track-list", "track-remove"),
]
HISTORY = """\
date,full_name,stars,forks,open_issues
2024-05-01,acme/rocket,100,10,5
2024-05-02,acme/site,40,4,
2024-05-03,acme/rocket,125,9,6
"""
SNAPSHOT = {
    "collectedAt": "2024-05-09T18:00:00Z",
    "version": 1,
    "repos": {
        "acme/rocket": {"stars": 13, "forks": 2, "openIssues": 30, "openPRs": 0, "watchers": 5},
        "acme/gone": {"stars": 1, "lastSeen": "2024-04-09T18:00:00Z"},
    },
}
MAY = "2024-05-01..2024-05-09"


def schema(name: str) -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")))


def closed(part: Any) -> Any:  # noqa: ANN401  # any part of a schema
    """The same without room for a key that it does not name."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    strict = {key: closed(value) for key, value in part.items()}
    if isinstance(part.get("properties"), dict) and part.get("type") == "object":
        strict.setdefault("additionalProperties", False)
    return strict


def check(name: str, document: object) -> None:
    Draft202012Validator(closed(schema(name)), format_checker=FormatChecker()).validate(document)


@pytest.fixture(autouse=True)
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """A portfolio with a history, one that vanished, an owner that is followed, and a run."""
    async with GitHubStandIn() as github:
        for name, value in environment(tmp_path, github=github).items():
            if name.startswith("RADAR_"):
                monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "history.csv").write_text(HISTORY)
        (tmp_path / "day.json").write_text(json.dumps(SNAPSHOT))
        github.add("acme/rocket", stars=130, forks=9)
        github.star_histories.give("acme/rocket", SystemClock().now(), {1: 4, 40: 6})
        await run("import", "history.csv", "day.json")
        yield tmp_path


def test_every_schema_is_one_and_is_tested() -> None:
    assert sorted(path.name for path in SCHEMAS.iterdir()) == sorted(
        f"{name}.schema.json" for name in NAMES
    )
    for name in NAMES:
        Draft202012Validator.check_schema(schema(name))
        assert schema(name)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_a_schema_has_room_for_keys_to_come_and_none_for_other_values() -> None:
    more = copy.deepcopy(SNAPSHOT) | {"source": "elsewhere"}
    Draft202012Validator(schema("daily-json")).validate(more)

    with pytest.raises(ValidationError):
        check("daily-json", more)
    for wrong in (
        SNAPSHOT | {"version": 2},
        SNAPSHOT | {"repos": {"acme/rocket": {"stars": -1}}},
        SNAPSHOT | {"repos": {"rocket": {}}},
        SNAPSHOT | {"collectedAt": "2024-05-09"},
    ):
        with pytest.raises(ValidationError):
            Draft202012Validator(schema("daily-json")).validate(wrong)


def test_every_kind_that_the_program_knows_is_described() -> None:
    answer, errors = schema("sync")["properties"], schema("sync")["properties"]["errors"]
    trail = schema("diff")["properties"]
    assert answer["run"]["properties"]["trigger"]["enum"] == list(Trigger)
    assert answer["run"]["properties"]["status"]["enum"] == list(RunStatus)
    assert errors["items"]["properties"]["kind"]["enum"] == list(Refused)
    assert trail["events"]["items"]["properties"]["kind"]["enum"] == list(Kind)
    assert trail["metrics"]["items"]["properties"]["metric"]["enum"] == list(METRICS)
    assert set(METRICS) < set(schema("history-csv")["properties"])
    assert tuple(schema("long-csv")["properties"]) == COLUMNS
    entry = schema("daily-json")["properties"]["repos"]["additionalProperties"]["properties"]
    names = {one.daily_json for one in METRICS.values() if one.daily_json}
    assert set(entry) == names | {"lastSeen", "collectedAt"}
    assert schema("chart")["properties"]["metric"]["enum"] == list(METRICS)
    for name in ("backfill", "track-add"):
        errors = schema(name)["properties"]["errors"]
        assert errors["items"]["properties"]["kind"]["enum"] == list(Refused)


async def test_answers_are_as_described(home: Path) -> None:
    (home / "bad.csv").write_text(f"{HISTORY}2024-05-04,acme/rocket,many,,\n")

    check("sync", (await run("sync", "--json")).json)
    for window in (MAY, "30d", "1y"):
        check("diff", (await run("diff", "acme/rocket", window, "--json")).json)
        check("digest", (await run("digest", window, "--json")).json)
    check("track-list", (await run("track", "list", "--json")).json)
    for words in (("import", "bad.csv", "none.csv"), ("status",)):
        check(words[0], json.loads((await run(*words, "--json")).out))


async def test_answers_with_pictures_and_star_history_are_as_described() -> None:
    await run("sync")
    for words in (("acme/rocket", "stars", MAY), ("acme/rocket", "forks", "1y")):
        check("chart", (await run("chart", *words, "--json")).json)
    compared = (await run("compare", "acme/rocket", "acme/site", "--window", MAY, "--json")).json
    backfilled = (await run("backfill", "--json")).json

    check("chart", compared)
    check("backfill", backfilled)
    assert [len(line["segments"]) > 0 for line in compared["lines"]] == [True, True]
    assert len(backfilled["repos"]) == 1


async def test_answers_about_what_is_watched_are_as_described() -> None:
    added = json.loads((await run("track", "add", "acme/*", "acme/none", "--json")).out)
    again = (await run("track", "add", "acme/rocket", "--json")).json
    removed = json.loads((await run("track", "remove", "acme/*", "acme/no", "--json")).out)

    check("track-add", added)
    check("track-add", again)
    check("track-remove", removed)
    assert added["followed"]
    assert added["errors"]
    assert removed["unfollowed"]
    assert removed["not_watched"]


async def test_answers_about_the_database_are_as_described(home: Path) -> None:
    made = (await run("backup", "--json")).json
    check("backup", made)
    check("check", (await run("check", "--json")).json)
    check("cleanup", (await run("cleanup", "--keep-days", "30", "--dry-run", "--json")).json)
    check("restore", (await run("restore", made["path"], "--dry-run", "--json")).json)
    (home / "radar.db").write_bytes(b"SQLite format 3\0" + b"\xa5" * 5_000)
    damaged = json.loads((await run("check", "--json")).out)
    restored = (await run("restore", made["path"], "--json")).json

    check("check", damaged)
    check("restore", restored)
    assert damaged["database"]["damage"]
    assert restored["set_aside"]


async def test_a_file_of_weekly_metrics_is_as_described() -> None:
    await run("metric", "set", "2025-44", "flow_load", '{"wip_count": 12, "by_status": {"In": 1}}')
    await run("metric", "set", "2025-W45", "mood", "4.5")

    check("metrics-snapshots", json.loads((await run("metric", "export")).out))
    Draft202012Validator(schema("metrics-snapshots")).validate({})
    for wrong in ({"2025-W44": {}}, {"2025-44": {"mood": 4}}, {"2025-44": {"a b": {}}}):
        with pytest.raises(ValidationError):
            check("metrics-snapshots", wrong)


async def test_exports_are_as_described() -> None:
    content = json.loads((await run("export", "--format", "daily-json", MAY)).out)
    rows = list(csv.DictReader((await run("export", "--format", "csv", MAY)).out.splitlines()))

    check("daily-json", content)
    assert content["repos"]["acme/gone"]["lastSeen"] == "2024-04-09T18:00:00Z"
    for row in rows:
        check("long-csv", row)
    assert {row["status"] for row in rows} == {"exact", "approx", "gone"}


async def test_run_directories_are_as_described(home: Path) -> None:
    """Of a week in which one vanished, one was new, and one was not looked at."""
    await run("sync")
    for window in (MAY, "30d", "2024-05-05..2024-05-08"):
        out = home / window
        assert (
            await run("export", "--format", "run-directory", window, "--out", str(out))
        ).code == 0
        (directory,) = (out / "snapshots").iterdir()
        check("run-directory-meta", json.loads((directory / "meta.json").read_bytes()))
        check("run-directory-portfolio", json.loads((directory / "portfolio.json").read_bytes()))
        check("verify", (await run("verify", str(out), "--json")).json)
        (directory / "portfolio.json").unlink()
        check("verify", json.loads((await run("verify", str(out), "--json")).out))
    entry = schema("run-directory-portfolio")["properties"]["data"]["items"]["properties"]
    assert entry["metrics"]["items"]["properties"]["metric"]["enum"] == list(METRICS)


def test_what_import_reads_is_as_described() -> None:
    check("daily-json", SNAPSHOT)
    for row in csv.DictReader(HISTORY.splitlines()):
        check("history-csv", row)
