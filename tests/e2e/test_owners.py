"""Owners that are followed: by people on Discord, by a settings file, and by the timer alone."""

import pytest

from bot.core.models import Trigger
from tests.standins.due import let_be_due
from tests.standins.github import GitHubStandIn
from tests.standins.stage import Place, Stage, lines, link

pytestmark = pytest.mark.asyncio(loop_scope="session")


def grow(github: GitHubStandIn, owner: str, number: int) -> None:
    for n in range(number):
        github.add(f"{owner}/repo-{n:04}", stars=n)


async def test_an_owner_is_followed_listed_and_let_go(stage: Stage) -> None:
    stage.github.add("orchard/apple", stars=3)
    stage.github.add("orchard/tools-pear", stars=2)
    stage.github.add("orchard/borrowed", fork=True)
    stage.github.add("orchard/rotten", archived=True)
    stage.github.add("orchard/cellar", private=True)
    place = stage.place("Orchard")

    added = await place.ask("track add", target="orchard/*", exclude="tools-*")
    await added.until(lambda now: "Now watching" in now.text, "the end")
    listed = await place.ask("repos")
    offered = await place.complete("track remove", "target", "orch")
    alone = await place.ask("track remove", target="orchard/apple")
    removed = await place.ask("track remove", target="orchard/*")

    assert lines(added)[:3] == [
        "Now watching 1 repository",
        (
            "following orchard/\\*: 1 repository, 1 fork, 1 archived and 1 by include and exclude"
            " left out"
        ),
        f"{link('orchard/apple')} · ★ 3",
    ]
    assert (added.deferred, added.ephemeral) == (True, False)
    assert lines(listed)[:2] == ["Watching 1 repository", "following orchard/\\*, not tools-\\*"]
    assert [choice.name for choice in offered] == ["orchard/*", "orchard/apple"]
    assert lines(alone)[-1] == "orchard/\\* is followed on, without what was removed"
    assert lines(removed) == ["Stopped following orchard/\\*", "no longer following orchard/\\*"]
    assert "cellar" not in "".join(answer.text for answer in (added, listed, alone, removed))


async def test_what_was_added_by_name_outlives_the_follow_of_its_group(stage: Stage) -> None:
    stage.github.add("grove/oak", stars=3)
    stage.github.add("grove/twig", fork=True)
    place = stage.place("Grove")
    await place.ask("track add", target="grove/twig")
    for options in ({}, {"group": "saplings", "include": "sap-*"}):
        added = await place.ask("track add", target="grove/*", **options)
        await added.until(lambda now: "following grove" in now.text, "the end")

    young = await place.ask("repos", group="Saplings")
    offered = await place.complete("repos", "group", "sap")
    removed = await place.ask("track remove", target="grove/*", group="all")
    again = await place.ask("track remove", target="grove/*", group="all")
    strange = await place.ask("track remove", target="grove/*")

    assert lines(young) == [
        "Nothing is watched here yet",
        "following grove/\\*, sap-\\* in group saplings; nothing found yet",
    ]
    assert [choice.name for choice in offered] == ["saplings"]
    assert lines(removed)[:3] == [
        "Stopped watching 1 repository",
        "no longer following grove/\\*",
        "grove/twig stays: it was added by its name",
    ]
    assert "grove/oak" in removed.text
    assert lines(again) == ["Stopped following grove/\\*", "no longer following grove/\\*"]
    assert "not followed here" in strange.text
    assert lines(await place.ask("repos"))[0] == "Watching 1 repository"


async def test_an_owner_of_two_thousand_is_followed_with_progress(stage: Stage) -> None:
    grow(stage.github, "forest", 2_000)
    place = stage.place("Forest")
    stage.github.latency = 0.05
    try:
        answer = await place.ask("track add", target="forest/*")
        await answer.until(lambda now: "following forest" in now.text, "the end")
    finally:
        stage.github.latency = 0

    assert answer.deferred
    assert lines(answer)[:2] == [
        "Now watching 500 repositories",
        "following forest/\\*: 2,000 repositories; 1,500 of them do not fit",
    ]
    assert "a server may watch 500 repositories" in answer.text
    status = await place.ask("status")
    assert "Not all of forest/\\* fits" in status.text


@pytest.mark.parametrize("target", ["nobody-at-all/*", "orchard/* nobody-at-all/*"])
async def test_an_owner_nobody_knows_is_one_sentence_for_whoever_asked(
    stage: Stage, target: str
) -> None:
    stage.github.add("orchard/apple", stars=3)
    place = stage.place("Nobody")

    answer = await place.ask("track add", target=target)
    await answer.until(lambda now: "GitHub knows no" in now.text, "the refusal")

    assert answer.text == (
        "GitHub knows no user or organisation nobody-at-all: check its spelling, or whether it was"
        " renamed."
    )
    assert answer.ephemeral
    assert lines(await place.ask("repos"))[0] == "Nothing is watched here yet"


async def test_what_is_created_later_is_watched_by_the_next_run_of_the_timer(
    own_stage: Stage,
) -> None:
    stage, place = own_stage, await followed_since_yesterday(own_stage)
    stage.bot.environ["RADAR_COLLECTION__INTERVAL"] = "5m"  # the last run was an hour ago
    async with stage.bot:
        await stage.bot.started(stage.discord)
        while "Watching 2" not in (answer := await place.ask("repos")).text:
            pass
        digest = await place.ask("digest", window="1d")
        assert await stage.bot.stop() == 0

    assert lines(answer)[:3] == [
        "Watching 2 repositories",
        "following acme/\\*",
        f"{link('acme/new')} · ★ 12",
    ]
    assert "2 watched" in digest.text
    assert "1 new" in digest.text


async def test_what_is_created_later_is_in_the_digest(own_stage: Stage) -> None:
    stage, place = own_stage, await followed_since_yesterday(own_stage)
    channel = place.guild.channel("general")
    async with stage.flows(hours_ago=0.1) as app:
        await app.lookout.around(
            lambda new: app.sync.everything(Trigger.SCHEDULE, new=new), place.guild.id
        )
    await let_be_due(stage, [channel])
    async with stage.bot:
        await stage.bot.started(stage.discord)
        await stage.discord.until(lambda: channel.messages, "the digest")
        assert await stage.bot.stop() == 0

    (digest,) = channel.messages
    assert "acme/rocket" in digest.text
    assert "2 watched" in digest.text
    assert "1 new" in digest.text


async def followed_since_yesterday(stage: Stage) -> Place:
    """A server that follows acme, which has gained stars and a repository since."""
    stage.github.add("acme/rocket", stars=40)
    place = stage.place("Acme")
    await stage.remember(place, "acme/*", hours_ago=25)
    stage.github.set("acme/rocket", stars=52)
    stage.github.add("acme/new", stars=12)
    stage.github.add("acme/fork", fork=True)
    return place


async def test_a_list_in_the_settings_is_followed_from_the_first_run_on(
    own_stage: Stage,
) -> None:
    stage = own_stage
    grow(stage.github, "fleet", 3)
    place = stage.place("Fleet")
    stage.bot.environ["RADAR_PORTFOLIO__OWNERS"] = "fleet/*, nobody-at-all/*"
    stage.bot.environ["RADAR_PORTFOLIO__GUILDS"] = str(place.guild.id)
    stage.bot.environ["RADAR_COLLECTION__INTERVAL"] = "5m"
    async with stage.bot:
        await stage.bot.started(stage.discord)
        while "Watching 3 repositories" not in (answer := await place.ask("repos")).text:
            pass
        status = await place.ask("status")
        assert await stage.bot.stop() == 0

    assert lines(answer)[1:3] == [
        "following fleet/\\*",
        (
            "following nobody-at-all/\\*; GitHub knows no user or organisation nobody-at-all: check"
            " its spelling, or whether it was renamed."
        ),
    ]
    assert "GitHub knows no user or organisation nobody-at-all" in status.text
