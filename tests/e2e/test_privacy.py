"""Who may see and do what: other servers, private repositories, people without rights."""

import pytest

from tests.standins.discord_api import CannotAsk
from tests.standins.stage import NOTHING_WATCHED, Stage, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANAGE_SERVER = str(1 << 5)


async def test_autocomplete_offers_the_own_watches_without_asking_github(stage: Stage) -> None:
    for name in ("mine/zebra", "mine/apple", "theirs/apple"):
        stage.github.add(name, stars=7)
    place, other = stage.place("Mine"), stage.place("Theirs")
    await place.ask("track add", target="mine/zebra mine/apple", group="fruit")
    await other.ask("track add", target="theirs/apple")
    asked = len(stage.github.requests)

    offered = await place.complete("diff", "repo", "")
    assert [choice.name for choice in offered] == ["mine/apple", "mine/zebra"]
    assert [choice.name for choice in await place.complete("sync", "repo", "APPL")] == [
        "mine/apple"
    ]
    assert [choice.name for choice in await place.complete("track remove", "target", "x")] == []
    assert [choice.name for choice in await place.complete("digest", "group", "")] == ["fruit"]
    assert [choice.name for choice in await other.complete("digest", "group", "")] == ["all"]
    assert "3mo" in [choice.name for choice in await place.complete("diff", "window", "3mo")]
    assert len(stage.github.requests) == asked

    answer = await place.ask("diff", repo=offered[0].value)
    assert lines(answer)[0] == "mine/apple"


async def test_another_server_sees_none_of_it(stage: Stage) -> None:
    stage.github.add("secretive/plans", stars=7)
    place, other = stage.place("Watcher"), stage.place("Neighbour")
    await place.ask("track add", target="secretive/plans", group="plans")

    assert await other.complete("diff", "repo", "") == []
    assert await other.complete("repos", "group", "") == []
    assert lines(await other.ask("repos"))[0] == "Nothing is watched here yet"
    assert (await other.ask("digest")).text == NOTHING_WATCHED
    assert (await other.ask("sync")).text == NOTHING_WATCHED
    (own,) = await place.complete("diff", "repo", "")
    for pointed in (own.value, "secretive/plans"):
        asked = len(stage.github.requests)
        refused = await other.ask("sync", repo=pointed)
        assert refused.ephemeral
        assert not refused.deferred
        assert len(stage.github.requests) == asked
    assert "this repository" in (await other.ask("diff", repo=own.value)).text


async def test_a_private_repository_is_refused_in_the_words_of_a_missing_one(
    stage: Stage,
) -> None:
    stage.github.add("hidden/vault", stars=7, private=True)
    stage.github.add("hidden/locked", stars=7, forbidden=True)
    async with stage.flows(hours_ago=1) as app:  # the operator knows it
        await app.track.add(0, "hidden/vault")
    place = stage.place("Hidden")

    for command, option in (("track add", "target"), ("diff", "repo"), ("sync", "repo")):
        told = [
            await place.ask(command, **{option: f"hidden/{name}"})
            for name in ("vault", "locked", "absent")
        ]
        words = {
            answer.text.replace("hidden/vault", "X")
            .replace("hidden/locked", "X")
            .replace("hidden/absent", "X")
            for answer in told
        }
        assert len(words) == 1, command
        assert len({(answer.ephemeral, answer.deferred) for answer in told}) == 1
        assert "★" not in words.pop()
    assert await place.complete("diff", "repo", "vault") == []


async def test_what_became_private_is_not_named_anew_when_it_is_removed(stage: Stage) -> None:
    stage.github.add("open/site", stars=7)
    place = stage.place("Public")
    await stage.remember(place, "open/site", hours_ago=1)
    stage.github.rename("open/site", "open/moonshot")
    stage.github.set("open/moonshot", private=True)
    await place.synced()

    removed = await place.ask("track remove", target="open/site")

    assert lines(removed)[:2] == ["Stopped watching 1 repository", "**open/site**"]
    assert "moonshot" not in removed.text


async def test_what_became_forbidden_looks_like_what_is_gone(stage: Stage) -> None:
    places = {name: stage.place(name.title()) for name in ("shut", "dead")}
    for name, place in places.items():
        stage.github.add(f"{name}/site", stars=7)
        await stage.remember(place, f"{name}/site", hours_ago=25)
    stage.github.forbid("shut/site")
    stage.github.delete("dead/site")
    told = []
    for name, place in places.items():
        await place.synced()
        answers = [await place.ask(command) for command in ("status", "digest", "repos")]
        diff = await place.ask("diff", repo=f"{name}/site")
        every = [line for answer in answers for line in lines(answer) if "gone" in line.lower()]
        told.append("\n".join([*every, diff.text]).replace(name, "it"))

    assert told[0] == told[1]
    assert "1 repository, 1 gone, 0 failing" in told[0]
    assert told[0].lower().count("gone or not visible") == 3, "in /status, /repos and /diff"


async def test_what_cannot_be_removed_is_refused_for_nobody_to_see(stage: Stage) -> None:
    stage.github.add("kept/one", stars=7)
    place = stage.place("Kept")
    await place.ask("track add", target="kept/one", group="Docs")

    for options, said in (
        ({"target": "not a/b valid!!"}, '"not" is not a repository'),
        (
            {"target": "kept/one", "group": "dosc"},
            'There is no group "dosc" here: choose from docs',
        ),
        ({"target": " , "}, "No repository was named"),
    ):
        refused = await place.ask("track remove", **options)
        assert (refused.deferred, refused.ephemeral) == (False, True)
        assert refused.text.startswith(said)
    for command in ("repos", "digest"):
        refused = await place.ask(command, group="dosc")
        assert refused.ephemeral
        assert refused.text == 'There is no group "dosc" here: choose from docs.'
        assert "kept/one" in (await place.ask("repos", group=" DOCS ")).text


async def test_who_does_not_manage_the_server_cannot_change_it(stage: Stage) -> None:
    place = stage.place("Rights")
    needed = {
        name: command["default_member_permissions"]
        for name, command in stage.discord.commands.items()
    }

    assert needed == {
        "track": MANAGE_SERVER,
        "sync": MANAGE_SERVER,
        "settings": MANAGE_SERVER,
        "status": MANAGE_SERVER,
        "export": MANAGE_SERVER,
        "metric": MANAGE_SERVER,
        "diff": None,
        "chart": None,
        "compare": None,
        "digest": None,
        "repos": None,
        "help": None,
    }
    for command in ("track add", "track remove"):
        with pytest.raises(CannotAsk, match="permissions"):
            await place.ask(command, place.bob, target="a/b")
    with pytest.raises(CannotAsk, match="permissions"):
        await place.ask("sync", place.bob)
    assert (await place.ask("digest", place.bob)).text == NOTHING_WATCHED
