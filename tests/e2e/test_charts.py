"""Pictures, buttons and pages: who asked, who else pressed, after a restart, after a week."""

import struct

import pytest

from bot.core.models import Trigger
from tests.standins.discord_api import Answer, CannotAsk
from tests.standins.discord_messages import Json, buttons
from tests.standins.stage import LONG_AGO, Place, Stage, lines, link

pytestmark = pytest.mark.asyncio(loop_scope="session")

PNG = b"\x89PNG\r\n\x1a\n"
WINDOWS = ["1d", "7d", "30d", "90d", "1y"]
MINUS = "\N{MINUS SIGN}"


async def moved(stage: Stage, name: str, *repositories: str) -> Place:
    """A server that has watched repositories for a week, each with ten stars more since."""
    place = stage.place(name)
    for number, repository in enumerate(repositories):
        stage.github.add(repository, stars=100 + number)
    await stage.remember(place, " ".join(repositories), hours_ago=LONG_AGO)
    for number, repository in enumerate(repositories):
        stage.github.set(repository, stars=110 + number)
    await place.synced()
    return place


def shown(answer: Answer) -> list[Json]:
    return [button for message in answer.messages for button in buttons(message)]


def labels(answer: Answer) -> list[str]:
    return [button["label"] for button in shown(answer)]


def picture_of(answer: Answer) -> bytes:
    """The one file, which the card shows."""
    ((name, content),) = answer.files.items()
    assert [embed.get("image", {}).get("url") for embed in answer.embeds] == [
        f"attachment://{name}"
    ]
    assert content.startswith(PNG)
    assert struct.unpack(">II", content[16:24]) == (1440, 640)
    return content


async def test_a_chart_is_a_picture_and_the_same_in_words(stage: Stage) -> None:
    place = await moved(stage, "Chart", "chart/one")

    answer = await place.ask("chart", place.bob, repo="chart/one", window="30d")

    picture_of(answer)
    assert lines(answer)[:2] == ["chart/one", "Last 30 days"]
    assert "**Stars** · 100 → 110 · +10 since" in answer.card
    (words,) = answer.alternatives
    assert words.startswith("Line chart: chart/one. Stars, ")
    assert ": 100 (" in words
    assert "to 110 (" in words
    assert len(words) <= 1024
    assert (answer.deferred, answer.ephemeral) == (True, False)
    assert [b["label"] for b in shown(answer) if b["style"] == 1] == ["30d"]


async def test_a_chart_of_another_metric_over_another_window(stage: Stage) -> None:
    place = await moved(stage, "Metric", "metric/one")
    answer = await place.ask("chart", repo="metric/one", metric="forks", window="7d")

    again = await stage.discord.click(answer, "1y", place.alice)

    assert "**Forks** · 0 → 0" in again.card
    assert lines(again)[1] == "Last year"
    picture_of(again)


async def test_what_a_chart_refuses_is_refused_at_once_and_quietly(stage: Stage) -> None:
    place = await moved(stage, "Refused", "refused/one")

    for command, options in (
        ("chart", {"repo": "refused/none"}),
        ("chart", {"repo": "refused/one", "window": "0d"}),
        ("compare", {"repos": "refused/one"}),
        ("compare", {"repos": "refused/one, refused/one"}),
        ("compare", {"repos": "a/b a/c a/d a/e a/f a/g"}),
        ("compare", {"repos": "refused/one refused/none"}),
    ):
        answer = await place.ask(command, **options)
        assert answer.ephemeral
        assert not answer.deferred
        assert not answer.files
    assert "2 to 5 repositories, not 6" in (await place.ask("compare", repos="a b c d e f")).text


async def test_several_are_compared_in_one_chart_and_one_table(stage: Stage) -> None:
    place = await moved(stage, "Compare", "compare/a", "compare/b", "compare/c")

    answer = await place.ask("compare", repos="compare/b,compare/a  compare/c", window="7d")

    picture_of(answer)
    assert lines(answer)[:5] == [
        "Stars compared",
        "Last 7 days",
        f"{link('compare/b')} · 101 → 111 · +10 (+9.90 %)",
        f"{link('compare/a')} · 100 → 110 · +10 (+10.0 %)",
        f"{link('compare/c')} · 102 → 112 · +10 (+9.80 %)",
    ]
    (words,) = answer.alternatives
    assert all(name in words for name in ("compare/a", "compare/b", "compare/c"))


async def test_the_last_of_several_names_is_completed(stage: Stage) -> None:
    place = await moved(stage, "Complete", "complete/apple", "complete/pear")

    offered = await place.complete("compare", "repos", "complete/apple, PEA")
    everything = await place.complete("compare", "repos", "")

    assert [choice.name for choice in offered] == ["complete/apple complete/pear"]
    assert len(everything) == 2
    answer = await place.ask("compare", repos=offered[0].value)
    assert lines(answer)[0] == "Stars compared"


async def test_a_diff_shows_what_changed_most_where_the_stars_stood_still(stage: Stage) -> None:
    place = stage.place("Still")
    stage.github.add("still/one", stars=5, forks=2, open_issues=10)
    await stage.remember(place, "still/one", hours_ago=6 * 24)
    stage.github.set("still/one", forks=3, open_issues=30)
    await place.synced()

    answer = await place.ask("diff", repo="still/one")

    picture_of(answer)
    assert answer.alternatives[0].startswith("Line chart: still/one. Open issues, ")


async def test_a_diff_of_one_sample_has_no_chart(stage: Stage) -> None:
    stage.github.add("single/sample", stars=5)
    place = stage.place("Single sample")
    await place.ask("track add", target="single/sample")

    answer = await place.ask("diff", repo="single/sample")

    assert not answer.files
    assert "image" not in answer.embeds[0]
    assert labels(answer) == WINDOWS


async def test_who_asked_changes_the_window_in_place(stage: Stage) -> None:
    place = await moved(stage, "Press", "press/one")
    answer = await place.ask("diff", repo="press/one")
    assert labels(answer) == WINDOWS
    assert [b["label"] for b in shown(answer) if b["style"] == 1] == ["7d"]
    before = len(stage.discord.messages("general", place.guild))

    again = await stage.discord.click(answer, "90d", place.alice)

    assert len(stage.discord.messages("general", place.guild)) == before
    assert lines(again)[1] == "Last 90 days"
    assert [b["label"] for b in shown(again) if b["style"] == 1] == ["90d"]
    picture_of(again)


async def test_others_get_an_answer_of_their_own(stage: Stage) -> None:
    place = await moved(stage, "Others", "others/one")
    answer = await place.ask("diff", repo="others/one")

    pressed = await stage.discord.click(answer, "30d", place.bob)

    public, own = pressed.messages
    assert (public.ephemeral, own.ephemeral) == (False, True)
    assert "Last 7 days" in public.card
    assert "Last 30 days" in own.card
    third = await stage.discord.click(own, "1y", place.bob)
    assert third.messages == [own]
    assert "Last year" in own.card


async def test_buttons_of_a_week_ago_are_taken_away_with_a_word(stage: Stage) -> None:
    place = await moved(stage, "Aged", "aged/one")
    answer = await place.ask("diff", repo="aged/one", window="30d")
    (message,) = answer.messages
    stage.discord.grow_old(message, 7.1)

    pressed = await stage.discord.click(answer, "90d", place.alice)
    await pressed.until(lambda now: len(now.messages) == 2, "a sentence")

    assert pressed.messages[1].text == (
        "These buttons were older than 7 days: ask anew with /diff."
    )
    assert pressed.messages[1].ephemeral
    assert not buttons(message)
    assert "Last 30 days" in message.card
    assert list(message.files) == ["chart.png"]
    with pytest.raises(CannotAsk):
        await stage.discord.click(answer, "30d", place.alice)


async def test_buttons_work_after_a_restart_and_on_what_is_not_watched(own_stage: Stage) -> None:
    stage = own_stage
    async with stage.bot:
        await stage.bot.started(stage.discord)
        place = await moved(stage, "Restart", "restart/one", "restart/two")
        answer = await place.ask("diff", repo="restart/one")
        await place.ask("track remove", target="restart/one")
        assert await stage.bot.stop() == 0

    async with stage.bot:
        await stage.bot.started(stage.discord)
        again = await stage.discord.click(answer, "30d", place.alice)

        assert lines(again)[:2] == ["restart/one", "Last 30 days"]
        picture_of(again)


async def test_a_repository_that_became_private_is_unknown_to_its_buttons(stage: Stage) -> None:
    place = await moved(stage, "Turned", "turned/one")
    answer = await place.ask("diff", repo="turned/one")
    unknown = await place.ask("diff", repo="id:999999999")
    stage.github.set("turned/one", private=True)
    async with stage.flows() as app:
        await app.sync.guild(place.guild.id, Trigger.CLI)

    pressed = await stage.discord.click(answer, "30d", place.alice)

    assert pressed.messages[-1].ephemeral
    assert pressed.messages[-1].text == unknown.text
    assert "Last 7 days" in answer.card


async def test_a_digest_shows_what_its_leaders_gained(stage: Stage) -> None:
    names = [f"leaders/repo-{number}" for number in range(7)]
    place = await moved(stage, "Leaders", *names)

    answer = await place.ask("digest", window="7d")

    picture_of(answer)
    (words,) = answer.alternatives
    assert words.startswith("Line chart: The leaders. Stars gained, ")
    assert words.count("0 (") >= 5
    assert not labels(answer)


async def test_a_long_digest_is_turned_page_by_page(stage: Stage) -> None:
    names = [f"pages/repo-{number:02}" for number in range(23)]
    place = await moved(stage, "Pages", *names)
    answer = await place.ask("digest", window="7d")
    first = [line for line in lines(answer) if "\\. [" in line]
    assert len(first) == 10
    assert "… and 13 more" in answer.card
    assert [button.get("disabled", False) for button in shown(answer)] == [True, False]

    second = await stage.discord.click(answer, "Next", place.alice)
    third = await stage.discord.click(second, "Next", place.alice)

    assert [line.split("\\.")[0] for line in lines(third) if "\\. [" in line] == ["21", "22", "23"]
    assert "page 3 of 3" in third.card
    assert "more" not in third.card
    picture_of(third)
    back = await stage.discord.click(third, "Previous", place.alice)
    assert "page 2 of 3" in back.card


async def test_a_long_list_is_turned_by_anybody_for_themselves(stage: Stage) -> None:
    place = stage.place("Lists")
    names = [f"lists/repo-{number:02}" for number in range(20)]
    for name in names:
        stage.github.add(name, stars=1)
    group = "g:roup " + "é" * 43
    await place.ask("track add", target=" ".join(names), group=group)
    answer = await place.ask("repos", group=group)
    assert "page 1 of 2" in answer.card

    pressed = await stage.discord.click(answer, "Next", place.bob)

    own = pressed.messages[-1]
    assert own.ephemeral
    assert own.card.count("★ 1") == 5
    assert "page 2 of 2" in own.card


async def test_the_longest_names_and_five_hundred_changes_fit(stage: Stage) -> None:
    place = stage.place("Fits")
    names = [f"{'o' * 39}/{'_' * 96}{number:03}" for number in range(500)]
    for name in names:
        stage.github.add(name, stars=1)
    for begin in range(0, 500, 100):
        await stage.remember(place, " ".join(names[begin : begin + 100]), hours_ago=LONG_AGO)
    for number, name in enumerate(names):
        stage.github.set(name, stars=2 + number)
    await place.synced()

    digest = await place.ask("digest", window="7d")
    turned = await stage.discord.click(digest, "Next", place.alice)
    compared = await place.ask("compare", repos=" ".join(names[:5]))
    diff = await place.ask("diff", repo=names[0], window="30d")

    assert "page 2 of" in turned.card
    for answer in (digest, turned, compared, diff):
        picture_of(answer)
        assert all(len(words) <= 1024 for words in answer.alternatives)
    assert all(len(button["custom_id"]) <= 100 for button in shown(turned))
