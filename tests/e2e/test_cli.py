"""The command line over a GitHub that is not: the documented JSON, and sentences for mistakes."""

import asyncio
import re
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from bot import __version__
from bot.core.metrics import METRICS
from tests.standins.bot_process import ENDS_WITHIN, environment
from tests.standins.github import GitHubStandIn
from tests.standins.terminal import run

HISTORY = """\
date,full_name,stars,forks,open_issues
2024-05-01,acme/rocket,100,10,5
2024-05-01,acme/site,40,4,
2024-05-02,acme/rocket,110,10,6
2024-05-02,acme/site,40,4,
2024-05-03,acme/rocket,125,9,6
2024-05-03,acme/site,39,4,
"""
DAYS = "2024-05-02..2024-05-03"
WINDOW = {"start": "2024-05-02T00:00:00Z", "end": "2024-05-03T23:59:59Z"}
METRIC_KEYS = [
    "metric", "before", "after", "change", "percent", "before_at", "after_at", "status",
    "reconstructed",
]  # fmt: skip
RUN_KEYS = [
    "id", "trigger", "started_at", "finished_at", "status",
    "sampled", "changed", "failed", "requests", "points", "message",
    "round_began_at",
]  # fmt: skip


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture(autouse=True)
def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with settings of its own and a file to import."""
    for name, value in environment(tmp_path, github=github).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "history.csv").write_text(HISTORY)
    return tmp_path


# The documented answers


async def test_import_tells_what_it_brought() -> None:
    first = (await run("import", "history.csv", "--json")).json
    again = (await run("import", "history.csv", "--json")).json

    counts = {"files": 1, "rows": 6, "refused": [], "dry_run": False}
    assert first == {**counts, "new": 6, "known": 0}
    assert again == {**counts, "new": 0, "known": 6}
    assert list(first) == ["files", "rows", "new", "known", "refused", "dry_run"]


async def test_diff_in_json() -> None:
    await run("import", "history.csv")

    told = (await run("diff", "https://github.com/Acme/Rocket", DAYS, "--json")).json

    assert list(told) == ["repo", "window", "metrics", "events", "traffic"]
    assert told["events"] == []
    assert told["traffic"] is None  # nobody may push to it
    assert (told["repo"], told["window"]) == ("acme/rocket", WINDOW)
    assert [list(metric) for metric in told["metrics"]] == [METRIC_KEYS] * 3
    stars, forks, issues = told["metrics"]
    assert stars == {
        "metric": "stars",
        "before": 100,
        "after": 125,
        "change": 25,
        "percent": 25.0,
        "before_at": "2024-05-01T12:00:00Z",
        "after_at": "2024-05-03T12:00:00Z",
        "status": "exact",
        "reconstructed": False,
    }
    assert [forks[key] for key in ("before", "after", "change")] == [10, 9, -1]
    assert [issues[key] for key in ("metric", "change", "percent")] == ["open_issues", 1, 20.0]


async def test_what_is_unknown_is_null() -> None:
    await run("import", "history.csv")

    told = (await run("diff", "acme/rocket", "2024-05-01..2024-05-01", "--json")).json

    for metric in told["metrics"]:
        unknown = [metric[key] for key in ("before", "change", "percent", "before_at")]
        assert unknown == [None] * 4
        assert metric["status"] == "new"


async def test_a_chart_in_json_and_as_a_picture(home: Path) -> None:
    await run("import", "history.csv")

    told = await run("chart", "acme/rocket", "stars", DAYS, "--json", "--out", "one.png")
    drawn = await run("compare", "acme/rocket", "acme/site", "--window", DAYS, "--out", "two.svg")

    assert list(told.json) == ["metric", "window", "lines"]
    assert (told.json["metric"], told.json["window"]) == ("stars", WINDOW)
    (line,) = told.json["lines"]
    assert line["repo"] == "acme/rocket"
    assert line["segments"] == [
        [
            {"at": "2024-05-02T00:00:00Z", "value": 100},
            {"at": "2024-05-02T12:00:00Z", "value": 110},
            {"at": "2024-05-03T12:00:00Z", "value": 125},
        ]
    ]
    assert (home / "one.png").read_bytes().startswith(b"\x89PNG")
    assert (home / "two.svg").read_text("utf-8").startswith("<svg ")
    assert (drawn.code, drawn.err) == (0, "written to two.svg\n")
    assert "acme/site" in drawn.out


async def test_a_picture_of_another_kind_is_refused(home: Path) -> None:
    await run("import", "history.csv")

    for place in ("one.gif", "none/one.png"):
        told = await run("chart", "acme/rocket", "stars", DAYS, "--out", place)
        assert told.code == 2
        assert place in told.sentence
    assert not (home / "one.gif").exists()


async def test_digest_in_json() -> None:
    await run("import", "history.csv")

    told = (await run("digest", DAYS, "--by", "stars", "--json")).json

    assert list(told) == ["window", "by", "rows", "counts", "events"]
    assert told["events"] == []
    assert (told["window"], told["by"]) == (WINDOW, "stars")
    assert [list(row) for row in told["rows"]] == [["rank", "repo", "url", "metrics"]] * 2
    assert [(row["rank"], row["repo"], row["url"]) for row in told["rows"]] == [
        (1, "acme/rocket", "https://github.com/acme/rocket"),
        (2, "acme/site", "https://github.com/acme/site"),
    ]
    assert {tuple(metric) for row in told["rows"] for metric in row["metrics"]} == {
        tuple(METRIC_KEYS)
    }
    assert told["counts"] == {
        "watched": 2,
        "changed": 2,
        "unchanged": 0,
        "new": 0,
        "gone": 0,
        "unsampled": 0,
        "failed": 0,
    }


async def test_sync_in_json(github: GitHubStandIn) -> None:
    await run("import", "history.csv")
    github.add("acme/rocket", stars=130, forks=9, open_issues=6, commits=830, disk_usage=2_048)

    told = (await run("sync", "--json")).json

    assert list(told) == ["run", "errors"]
    assert list(told["run"]) == RUN_KEYS
    figures = ("trigger", "status", "sampled", "changed", "failed", "requests", "points")
    assert [told["run"][key] for key in figures] == ["cli", "ok", 1, 1, 1, 1, 1]
    (error,) = told["errors"]
    assert list(error) == ["repo", "kind", "message"]
    assert (error["repo"], error["kind"]) == ("acme/site", "not_found")
    diff = (await run("diff", "acme/rocket", "1d", "--json")).json
    values = {metric["metric"]: metric["after"] for metric in diff["metrics"]}
    assert values == {
        "stars": 130, "forks": 9, "watchers": 0, "open_issues": 6, "open_prs": 0,
        "releases": 0, "commits": 830, "discussions": 0, "disk_usage": 2_048,
    }  # fmt: skip
    assert list(values) == list(METRICS)


async def test_a_transfer_and_a_deletion_are_told(github: GitHubStandIn) -> None:
    github.add("acme/rocket", stars=130)
    github.add("acme/site", stars=1)
    await run("track", "add", "acme/rocket", "acme/site")
    github.rename("acme/rocket", "orb/rocket")
    github.set("orb/rocket", archived=True)
    github.delete("acme/site")
    await run("sync")

    diff, digest = await run("diff", "orb/rocket", "1d"), await run("digest", "1d")
    told = (await run("diff", "acme/rocket", "1d", "--json")).json["events"]
    happened = (await run("digest", "1d", "--json")).json["events"]
    listed = await run("track", "list")

    sentence = r"\nTransferred from acme/rocket on \d+ \w+, archived on \d+ \w+\.\n"
    assert re.search(sentence, diff.out)
    assert "\ntransferred: orb/rocket from acme/rocket\narchived: orb/rocket\n" in digest.out
    assert [(e["kind"], e["detail"]) for e in told] == [
        ("transferred", "acme/rocket"), ("archived", None),
    ]  # fmt: skip
    assert [(e["repo"], e["kind"]) for e in happened] == [
        ("acme/site", "gone"), ("orb/rocket", "transferred"), ("orb/rocket", "archived"),
    ]  # fmt: skip
    assert re.search(
        r"\norb/rocket +★ 130 +archived · 0 forks · 0 watchers · 0 issues · 0 PRs\n", listed.out
    )


async def test_tracking_in_json(github: GitHubStandIn) -> None:
    github.add("acme/rocket", stars=130)
    await run("import", "history.csv", "--no-track")

    added = (await run("track", "add", "acme/rocket", "--group", "ships", "--json")).json
    again = (await run("track", "add", "acme/rocket", "--group", "ships", "--json")).json
    listed = (await run("track", "list", "--json")).json
    removed = (await run("track", "remove", "acme/rocket", "--json")).json
    nothing = (await run("track", "list", "--json")).json

    assert added == {
        "group": "ships",
        "added": ["acme/rocket"],
        "already": [],
        "errors": [],
        "followed": [],
    }
    assert again == {**added, "added": [], "already": ["acme/rocket"]}
    assert list(listed) == ["repos", "follows"]
    (row,) = listed["repos"]
    assert list(row) == ["repo", "group", "state", "first_seen", "last_seen", "archived"]
    assert [row[key] for key in ("repo", "group", "state", "first_seen")] == [
        "acme/rocket", "ships", "active", "2024-05-01T12:00:00Z",
    ]  # fmt: skip
    assert row["last_seen"] > row["first_seen"]
    assert removed == {
        "removed": ["acme/rocket"],
        "not_watched": [],
        "unfollowed": [],
        "kept": [],
    }
    assert nothing == {"repos": [], "follows": []}


async def test_status_in_json(github: GitHubStandIn) -> None:
    github.add("acme/rocket", stars=130)
    github.token_expires = "2999-12-31 23:59:59 UTC"  # noqa: S105  # a time
    await run("track", "add", "acme/rocket")

    told = (await run("status", "--json")).json

    assert list(told) == [
        "version", "database_bytes", "watched", "gone", "failing",
        "last_run", "next_run_at", "github", "problems", "tokens",
        "underway", "full_round_seconds",
    ]  # fmt: skip
    assert list(told["last_run"]) == RUN_KEYS
    assert told["github"] == {
        "login": "radar",
        "points_limit": 5000,
        "points_left": github.world.points_left,
        "resets_at": told["github"]["resets_at"],
        "token_expires_at": "2999-12-31T23:59:59Z",
    }
    named = {"name": "token", "owners": [], "problem": None}
    assert told["tokens"] == [named | told["github"]]
    assert (told["version"], told["watched"], told["problems"]) == (__version__, 1, [])
    assert (told["underway"], told["full_round_seconds"]) == ([], None)


async def test_a_terminal_shows_the_same_numbers() -> None:
    await run("import", "history.csv")

    told = await run("diff", "acme/rocket", DAYS)

    assert told.code == 0
    rows = [line.split() for line in told.out.splitlines()]
    assert ["Stars", "100", "→", "125", "+25", "+25.0", "%"] in rows
    assert ["Forks", "10", "→", "9", "\N{MINUS SIGN}1", "\N{MINUS SIGN}10.0", "%"] in rows


async def test_days_are_those_of_the_zone() -> None:
    await run("import", "history.csv")

    told = (await run("diff", "acme/rocket", DAYS, "--tz", "Asia/Tokyo", "--json")).json

    assert told["window"] == {"start": "2024-05-01T15:00:00Z", "end": "2024-05-03T14:59:59Z"}


# Mistakes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["diff", "nobody/nothing"], "Nothing is known of nobody/nothing"),
        (["diff", "no repository"], '"no repository" is not a repository'),
        (["diff", "../etc/passwd"], "is not a repository"),
        (["diff", "acme/rocket", "0d"], '"0d" has no length'),
        (["diff", "acme/rocket", "31x"], '"31x" is not a window of time'),
        (["diff", "acme/rocket", "2024-06-01..2024-05-01"], "ends before it starts"),
        (["diff", "acme/rocket", "2999-01-01"], "starts in the future"),
        (["diff", "acme/rocket", "2024-02-30"], "is not in the calendar"),
        (["diff", "acme/rocket", "2020"], "was first sampled on 2024-05-01"),
        (["diff", "acme/rocket", "--tz", "Mars/Olympus"], "'Mars/Olympus' is no time zone"),
        (["digest", "--tz", "../../etc/passwd"], "is no time zone"),
        (["digest", "0d"], '"0d" has no length'),
        (["digest", "--by", "luck"], "Nothing is ranked by 'luck': take one of any, "),
        (["digest", "--group", "none"], 'There is no group "none" here: choose from all'),
        (["sync", "nobody/nothing"], "Nothing is known of nobody/nothing"),
        (["track", "add", "rocket"], '"rocket" is not a repository'),
        (["track", "add", "ac me/*"], "is not a repository"),
        (["import", "absent.csv"], "absent.csv cannot be imported"),
        (["import", "."], "it has no daily files"),
        (["diff", "acme/rocket", "--config", "absent.yaml"], "does not exist"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
async def test_a_mistake_is_one_sentence_and_exit_code_2(words: list[str], said: str) -> None:
    await run("import", "history.csv")

    told = await run(*words)

    assert told.code == 2
    assert said in told.sentence


@pytest.mark.parametrize("words", [["digest"], ["sync"]])
async def test_an_empty_portfolio_names_the_first_step(words: list[str]) -> None:
    told = await run(*words)

    assert told.code == 2
    assert told.sentence == "Nothing is watched here yet: start with track add owner/name."


async def test_good_rows_of_a_broken_file_are_kept(home: Path) -> None:
    rows = HISTORY.splitlines()
    rows[3:3] = ["2024-05-02,acme/rocket,many,10,6", "yesterday,acme/rocket,1,1,1", "a,b"]
    (home / "broken.csv").write_text("\n".join(rows))

    told = await run("import", "broken.csv", "--json")
    shown = await run("import", "broken.csv")

    assert told.code == shown.code == 2
    assert told.err == shown.err == ""
    assert '"rows": 9' in told.out
    assert '"new": 6' in told.out
    for line in (4, 5, 6):
        assert f'"line": {line},' in told.out
        assert f"broken.csv:{line} " in shown.out
    assert (await run("diff", "acme/rocket", DAYS, "--json")).json["metrics"][0]["change"] == 25


async def test_one_unusable_file_does_not_cost_the_others(home: Path) -> None:
    (home / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")

    told = await run("import", "picture.csv", "history.csv")
    alone = await run("import", "picture.csv")

    assert told.code == 2
    assert "6 new" in told.out
    assert "it is not UTF-8 text" in told.out
    assert alone.code == 2
    assert "it is not UTF-8 text" in alone.sentence


async def test_a_missing_repository_is_not_tracked(github: GitHubStandIn) -> None:
    github.add("acme/rocket", stars=1)

    told = await run("track", "add", "acme/rocket", "acme/none", "--json")

    assert told.code == 2
    assert '"acme/rocket"' in told.out
    assert '"kind": "not_found"' in told.out
    assert [row["repo"] for row in (await run("track", "list", "--json")).json["repos"]] == [
        "acme/rocket"
    ]


# Configuration and the world


async def test_without_a_github_token_it_says_where_to_get_one(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.add("acme/rocket", stars=130)
    monkeypatch.delenv("RADAR_GITHUB__TOKEN")
    await run("track", "add", "acme/rocket")

    told = await run("status")

    assert told.code == 1
    assert "https://github.com/settings/tokens" in told.out
    assert "RADAR_GITHUB__TOKEN" in told.out


async def test_a_wrong_github_token_is_told_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await run("import", "history.csv")
    monkeypatch.setenv("RADAR_GITHUB__TOKEN", "ghp_somebodys_secret")

    told = await run("sync")

    assert told.code == 2
    assert told.sentence.startswith("GitHub rejected the token (401)")
    assert "somebodys" not in told.err


async def test_github_out_of_reach_is_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    await run("import", "history.csv")
    monkeypatch.setenv("RADAR_GITHUB__API_URL", "http://127.0.0.1:9")  # nobody listens

    told = await run("sync")

    assert told.code == 1
    assert told.sentence.startswith(
        "GitHub does not answer at 127.0.0.1 (GitHub could not be reached)"
    )


async def test_a_database_of_a_newer_version_is_left_alone(home: Path) -> None:
    with closing(sqlite3.connect(home / "radar.db")) as connection:
        connection.execute("PRAGMA user_version = 99")

    for words in (["digest"], ["track", "list"], ["import", "history.csv"]):
        told = await run(*words)
        assert told.code == 2
        assert "written by a newer Repo Radar (schema 99" in told.sentence


async def test_a_database_that_cannot_be_written_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = home / "history.csv" / "radar.db"  # root may write everywhere but below a file
    monkeypatch.setenv("RADAR_STORAGE__URL", f"sqlite:///{place}")

    told = await run("track", "list")

    assert told.code == 2
    assert told.sentence.startswith(f"Cannot write the database {place}")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version"], 0, f"repo-radar {__version__}"),
        (["diff", "nobody/nothing"], 2, "Nothing is known of nobody/nothing"),
        (["dif"], 2, "No such command"),
    ],
    ids=["version", "unknown", "typo"],
)
async def test_python_m_bot_is_the_same_program(
    home: Path, words: list[str], code: int, said: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        cwd=home,
        env=environment(home),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), ENDS_WITHIN)

    assert process.returncode == code
    assert said in printed.decode()
    assert b"Traceback" not in printed
