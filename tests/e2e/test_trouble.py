"""What goes wrong, by mistake or not, is told in one sentence to who asked, and harms nobody."""

import pytest

from tests.standins.stage import LONG_AGO, NOTHING_WATCHED, Stage, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        ("diff", {"repo": "nobody/nothing"}, "Nothing is known of nobody/nothing"),
        ("diff", {"repo": "no repository"}, '"no repository" is not a repository'),
        ("diff", {"repo": "id:999999"}, "Nothing is known of this repository"),
        ("diff", {"repo": "id:x"}, "Nothing is known of this repository"),
        ("diff", {"repo": "a/b", "window": "0d"}, '"0d" has no length'),
        ("diff", {"repo": "a/b", "window": "31x"}, '"31x" is not a window of time'),
        ("diff", {"repo": "a/b", "window": "2026-06-01..2026-05-01"}, "ends before it starts"),
        ("diff", {"repo": "a/b", "window": "2999-01-01"}, "starts in the future"),
        ("diff", {"repo": "a/b", "window": "9" * 6000}, "is not a window of time"),
        ("diff", {"repo": "@everyone/" + "x" * 5000}, "is not a repository"),
        ("digest", {"window": "0d"}, '"0d" has no length'),
        ("digest", {}, NOTHING_WATCHED),
        ("digest", {"group": "@here"}, ""),
        ("sync", {}, NOTHING_WATCHED),
        ("sync", {"repo": "nobody/nothing"}, "Nothing is known of nobody/nothing"),
        ("track add", {"target": "one/two three"}, '"three" is not a repository'),
        ("track add", {"target": "-acme/*"}, "is no owner to follow: write it as"),
        ("track add", {"target": "acme/*", "include": "a/b"}, "is no pattern: write names"),
        ("track add", {"target": "one/two", "forks": True}, "go with an owner"),
        ("track add", {"target": ","}, "No repository was named"),
    ],
)
async def test_bad_input_is_refused_at_once_in_one_clear_sentence(
    stage: Stage, command: str, options: dict[str, object], words: str
) -> None:
    place = stage.place("Mistakes")
    asked = len(stage.github.requests)

    answer = await place.ask(command, **options)

    assert words in answer.text
    assert (answer.ephemeral, answer.deferred, answer.embeds) == (True, False, [])
    assert answer.text.endswith(".")
    assert "\n" not in answer.text
    assert "@everyone" not in answer.text
    assert "@here" not in answer.text
    assert len(answer.text) < 300
    assert len(stage.github.requests) == asked


async def test_names_from_outside_are_shown_as_they_stand(stage: Stage) -> None:
    stage.github.add("loud/__init__", stars=3)
    place = stage.place("Loud")
    role = f"<@&{place.guild.managers.id}>"
    group = f"**@everyone** {role}"

    added = await place.ask("track add", target="loud/__init__", group=group)
    listed = await place.ask("repos")
    refused = await place.ask("digest", group="@here [x](https://evil.example)")

    assert "[loud/\\_\\_init\\_\\_](https://github.com/loud/__init__)" in added.text
    assert "@everyone" not in listed.text
    assert role not in listed.text
    assert r"\*\*@" in listed.text
    assert "@here" not in refused.text
    assert [choice.value for choice in await place.complete("repos", "group", "EVERY")] == [group]


async def test_a_second_sync_joins_the_first(stage: Stage) -> None:
    stage.github.add("joined/one", stars=3)
    place = stage.place("Joined")
    await stage.remember(place, "joined/one", hours_ago=LONG_AGO)
    stage.github.set("joined/one", stars=4)
    asked = len(stage.github.requests)

    stage.github.hold()
    first = await place.ask("sync")
    second = await place.ask("sync")  # shows how far the first one is
    assert lines(first) == lines(second) == ["Sync under way", "0 of 1 repository read"]
    stage.github.release()
    for answer in (first, second):
        await answer.until(lambda now: "Sync done" in now.text)

    assert first.text == second.text
    assert "1 sampled · 1 changed" in first.text
    assert len(stage.github.requests) == asked + 1


async def test_diffs_are_answered_while_github_keeps_a_sync_waiting(stage: Stage) -> None:
    stage.github.add("meanwhile/one", stars=3)
    place = stage.place("Meanwhile")
    await stage.remember(place, "meanwhile/one", hours_ago=LONG_AGO)

    stage.github.hold()
    sync = await place.ask("sync")
    answer = await place.ask("diff", repo="meanwhile/one")
    assert "under way" in sync.text
    stage.github.release()
    await sync.until(lambda now: "Sync done" in now.text)

    assert "**Stars** · 3" in answer.text


@pytest.mark.parametrize(
    ("command", "options"), [("sync", {}), ("track add", {"target": "down/two"})]
)
async def test_github_being_down_is_told_to_who_asked_only(
    stage: Stage, command: str, options: dict[str, object]
) -> None:
    stage.github.add("down/one", stars=3)
    stage.github.add("down/two", stars=3)
    place = stage.place("Down")
    await stage.remember(place, "down/one", hours_ago=LONG_AGO)
    stage.github.fail(503, times=50)

    answer = await place.ask(command, **options)
    await answer.until(lambda now: now.final and now.ephemeral, "a sentence")
    stage.github.heal()

    assert answer.text.startswith("GitHub does not answer at 127.0.0.1 (GitHub answered 503)")
    assert "\n" not in answer.text
    assert place.guild.channel("general").messages[-1].deleted
    assert stage.discord.messages("general", place.guild) == []
    await place.synced()


@pytest.mark.parametrize(
    ("command", "options"), [("sync", {}), ("track add", {"target": "token/two"})]
)
async def test_a_wrong_github_token_is_told_with_the_way_out(
    stage: Stage, command: str, options: dict[str, object]
) -> None:
    stage.github.add("token/one", stars=3)
    place = stage.place("Token")
    await stage.remember(place, "token/one", hours_ago=LONG_AGO)
    token = stage.github.token
    stage.github.revoke_token()

    answer = await place.ask(command, **options)
    await answer.until(lambda now: now.final and now.ephemeral, "a sentence")
    stage.github.token = token

    assert answer.text.replace("\\", "") == (
        "GitHub rejected the token (401): it is expired, revoked or mistyped. Make a new one at"
        " https://github.com/settings/tokens and set RADAR_GITHUB__TOKEN."
    )
    assert stage.discord.messages("general", place.guild) == []
    assert token not in stage.bot.log
