"""`repo-radar backfill` and the past that `track add` brings along."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import SystemClock
from tests.standins.bot_process import environment
from tests.standins.github import GitHubStandIn
from tests.standins.terminal import run

RECONSTRUCTED = "reconstructed from stars still held"
# None on the days on which the windows begin: whether they count depends on the time of day.
FOR_EVER = dict.fromkeys(range(1200), 1) | dict.fromkeys((30, 90), 0)


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add("acme/rocket", stars=1200)
        github.add("acme/young", stars=30)
        github.add("acme/secret", stars=3, private=True)
        now = SystemClock().now()
        github.star_histories.give("acme/rocket", now, FOR_EVER)
        github.star_histories.give("acme/young", now, dict.fromkeys(range(1, 11), 3))
        yield github


@pytest.fixture(autouse=True)
def home(tmp_path: Path, github: GitHubStandIn, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in environment(tmp_path, github=github).items():
        if name.startswith("RADAR_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_track_add_brings_the_newest_part_along(github: GitHubStandIn) -> None:
    await run("track", "add", "acme/rocket")

    told = await run("diff", "acme/rocket", "30d")
    stars = (await run("diff", "acme/rocket", "30d", "--json")).json["metrics"][0]
    drawn = (await run("chart", "acme/rocket", "stars", "90d", "--json")).json["lines"][0]

    assert f"≈ 1,171 → 1,200  ≈ +29, {RECONSTRUCTED}  +2.48 %" in told.out
    assert (stars["before"], stars["change"], stars["status"]) == (1171, 29, "approx")
    assert stars["reconstructed"] is True
    assert len(drawn["reconstructed"]) in (91, 92), "the noons of 90 days and both ends"
    assert drawn["reconstructed"][0]["value"] == 1112
    assert [len(segment) for segment in drawn["segments"]] == [1]
    assert github.star_histories.asked == [("acme/rocket", 1)]


async def test_backfill_reads_the_rest_and_nothing_twice(github: GitHubStandIn) -> None:
    await run("track", "add", "acme/rocket", "acme/young", "acme/secret")

    first = (await run("backfill", "--json")).json
    again = (await run("backfill", "--json")).json
    anew = (await run("backfill", "acme/young", "--again", "--json")).json

    assert [(repo["repo"], repo["complete"], repo["requests"]) for repo in first["repos"]] == [
        ("acme/rocket", False, 3),
        ("acme/young", True, 0),
    ]
    assert first["repos"][0]["since"].endswith("T00:00:00Z")
    assert first["errors"] == []
    assert [repo["requests"] for repo in again["repos"]] == [0, 0]
    assert [repo["requests"] for repo in anew["repos"]] == [1]
    assert ("acme/secret", 1) not in github.star_histories.asked
    stars = (await run("diff", "acme/rocket", "2y", "--json")).json["metrics"][0]
    assert 727 <= stars["change"] <= 729, "a leap year has a day more, a morning another one"


async def test_it_reads_to_people_as_well() -> None:
    await run("track", "add", "acme/rocket", "acme/young")

    told = await run("backfill")

    assert told.out.startswith("Star history of 2 repositories\n")
    assert "acme/young   since " in told.out
    assert ", all there is" in told.out
    assert "3 requests · stars still held, by the day they were given" in told.out


async def test_a_repository_younger_than_the_window_began_with_none() -> None:
    await run("track", "add", "acme/young")

    stars = (await run("diff", "acme/young", "1y", "--json")).json["metrics"][0]

    assert (stars["before"], stars["change"], stars["percent"]) == (0, 30, None)


async def test_what_cannot_be_read_is_told_and_the_others_are_read(github: GitHubStandIn) -> None:
    await run("track", "add", "acme/rocket", "acme/young", "acme/secret")
    github.star_histories.given.pop("acme/young")

    told = await run("backfill", "acme/young", "acme/secret", "acme/rocket", "--again", "--json")

    assert told.code == 2
    assert '"acme/secret"' in told.out
    assert "GitHub tells the star history of public repositories only" in told.out
    assert "gone or not visible" in told.out
    assert '"complete": false' in told.out


async def test_a_past_that_cannot_be_read_costs_track_add_nothing(github: GitHubStandIn) -> None:
    github.star_histories.answers = [web.Response(status=401)]

    added = await run("track", "add", "acme/rocket", "--json")

    assert added.json["added"] == ["acme/rocket"]
    unread = (await run("diff", "acme/rocket", "30d", "--json")).json["metrics"][0]
    assert (unread["status"], unread["reconstructed"]) == ("new", False)


async def test_where_all_is_refused_there_is_one_sentence(github: GitHubStandIn) -> None:
    await run("track", "add", "acme/rocket")
    github.star_histories.answers = [web.Response(status=401)]

    assert "GitHub rejected the token" in (await run("backfill", "--again")).sentence
    assert "Nothing is known of a/b" in (await run("backfill", "a/b")).sentence


async def test_without_watches_it_says_how_to_begin() -> None:
    assert "track add" in (await run("backfill")).sentence
