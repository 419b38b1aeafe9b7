"""Tokens that end, several of them, and none: what the command line does and says."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.standins.bot_process import environment
from tests.standins.github import GitHubStandIn
from tests.standins.github_apps import APP_ID
from tests.standins.terminal import run

MANY = 120
FRESH = "ghp_fresh"


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture(autouse=True)
def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path, github=github).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def watch(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setenv("RADAR_PORTFOLIO__REPOSITORIES", ",".join(names))


async def test_a_token_that_ends_half_way_keeps_what_was_read_and_a_new_one_completes(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [github.add(f"acme/repo-{n}", stars=n).full_name for n in range(MANY)]
    watch(monkeypatch, *names)
    monkeypatch.setenv("RADAR_GITHUB__CONCURRENCY", "1")
    github.access.ends_after(github.token, 2)

    half = (await run("sync", "--json")).json["run"]
    told = json.loads((await run("status", "--json")).out)
    monkeypatch.setenv("RADAR_GITHUB__TOKEN", FRESH)
    github.access.tokens[FRESH] = None
    whole = (await run("sync", "--json")).json["run"]

    assert half["status"] == "partial"
    assert 0 < half["sampled"] < MANY
    assert told["last_run"]["message"].startswith("GitHub rejected the token (401): it is expired")
    assert told["github"] is None
    assert told["tokens"][0]["problem"] in told["problems"]
    assert (whole["status"], whole["sampled"], whole["failed"]) == ("ok", MANY, 0)
    for name in ("acme/repo-1", f"acme/repo-{MANY - 1}"):
        stars = (await run("diff", name, "1d", "--json")).json["metrics"][0]
        assert f"acme/repo-{stars['after']}" == name


async def test_a_token_of_one_owner_does_not_cost_the_others(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, *(github.add(f"{owner}/one").full_name for owner in ("acme", "globex")))
    tokens = [{"token": "ghp_ended", "owners": ["acme"]}]
    monkeypatch.setenv("RADAR_GITHUB__TOKENS", json.dumps(tokens))

    said = (await run("sync", "--json")).json["run"]
    told = await run("status")

    assert (said["status"], said["sampled"]) == ("partial", 1)
    lines = " ".join(told.out.split())
    assert "GitHub rejected the token for acme (401): it is expired, revoked or mistyped" in lines
    assert "radar, 4,99" in lines
    assert "ghp_" not in told.out + told.err


async def test_an_app_reads_where_it_is_installed(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    watch(monkeypatch, github.add("acme/one", stars=5).full_name)
    github.access.install("acme")
    (home / "app.pem").write_text(github.access.private_key)
    monkeypatch.delenv("RADAR_GITHUB__TOKEN")
    monkeypatch.setenv("RADAR_GITHUB__APP_ID", str(APP_ID))
    monkeypatch.setenv("RADAR_GITHUB__APP_PRIVATE_KEY_FILE", "app.pem")

    said = (await run("sync", "--json")).json["run"]
    told = (await run("status", "--json")).json

    assert (said["status"], said["sampled"]) == ("ok", 1)
    assert [(one["name"], one["owners"]) for one in told["tokens"]] == [
        ("App's token for acme", ["acme"])
    ]
    assert told["problems"] == []


async def test_without_a_token_a_handful_is_read_and_what_is_missing_is_said(
    github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(monkeypatch, *(github.add(f"acme/repo-{n}", stars=n).full_name for n in range(61)))
    monkeypatch.delenv("RADAR_GITHUB__TOKEN")

    said = (await run("sync", "--json")).json["run"]
    told = json.loads((await run("status", "--json")).out)
    read = (await run("diff", "acme/repo-7", "1d", "--json")).json

    assert (said["status"], said["sampled"]) == ("partial", 60)
    assert said["message"].startswith("The requests that GitHub grants without a token are spent")
    assert said["message"].endswith("and set RADAR_GITHUB__TOKEN.")
    assert told["problems"][0].startswith(
        "No GitHub token is set: only 60 repositories can be read an hour, without issues and PRs."
    )
    assert told["tokens"][0]["points_left"] == 0
    after = {metric["metric"]: metric["after"] for metric in read["metrics"]}
    assert after["stars"] == 7
    assert after.get("open_issues") is None
    assert after.get("open_prs") is None
