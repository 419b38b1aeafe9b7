"""People use the bot on Discord; what they read is what GitHub holds."""

import asyncio
import re

import pytest

from bot.core.models import Trigger
from tests.standins.stage import CALLBACK, LONG_AGO, Stage, lines, link

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_track_add_answers_with_the_numbers_of_now(stage: Stage) -> None:
    stage.github.add("acme/rocket", stars=1_204, forks=88, watchers=31, open_issues=12, open_prs=1)
    stage.github.add("acme/site", stars=1, forks=0, issues_enabled=False)
    place = stage.place("Acme")

    answer = await place.ask(
        "track add", target="Acme/Rocket https://github.com/acme/site, acme/none"
    )

    assert lines(answer) == [
        "Now watching 2 repositories",
        "**acme/none**",
        "\u2003gone or not visible",
        f"{link('acme/rocket')} · ★ 1,204",
        "\u200388 forks · 31 watchers · 12 issues · 1 PR",
        f"{link('acme/site')} · ★ 1",
        "\u20030 forks · 0 watchers · 0 PRs",
        "1 refused",
    ]
    assert (answer.deferred, answer.ephemeral) == (True, False)


async def test_track_add_again_says_so(stage: Stage) -> None:
    stage.github.add("again/one", stars=5)
    place = stage.place("Again")
    await place.ask("track add", target="again/one")

    answer = await place.ask("track add", target="https://github.com/Again/One/issues?q=x")

    assert lines(answer) == [
        "Nothing new to watch",
        f"{link('again/one')} · ★ 5",
        "\u2003watched already",
    ]


async def test_a_diff_tells_what_moved_between_two_syncs(stage: Stage) -> None:
    stage.github.add("moved/engine", stars=1_000, forks=40, watchers=9, open_issues=20, open_prs=0)
    stage.github.set("moved/engine", releases=1, commits=800, discussions=None, disk_usage=10_000)
    place = stage.place("Moved")
    await stage.remember(place, "moved/engine", hours_ago=LONG_AGO)
    stage.github.set("moved/engine", stars=1_012, forks=37, open_issues=25, open_prs=3)
    stage.github.set("moved/engine", releases=2, commits=830, disk_usage=12_300)

    sync = await place.synced()
    answer = await place.ask("diff", repo="moved/engine", window="7d")

    assert lines(sync) == [
        "Sync done",
        "1 sampled · 1 changed · 0 failed · 1 request · 1 point",
    ]
    told = lines(answer)
    assert told[:-1] == [
        "moved/engine",
        "Last 7 days",
        "**Stars** · 1,000 → 1,012 · +12 (+1.20 %)",
        "**Forks** · 40 → 37 · \N{MINUS SIGN}3 (\N{MINUS SIGN}7.50 %)",
        "**Watchers** · 9 → 9 · ±0",
        "**Open issues** · 20 → 25 · +5 (+25.0 %)",
        "**Open PRs** · 0 → 3 · +3",
        "2 releases (+1) · 830 commits (+30) · 12.3 MB on disk (+2.3 MB)",
    ]
    assert told[-1].startswith("sampled ")
    assert answer.embeds[0]["url"] == "https://github.com/moved/engine"
    assert not answer.ephemeral


async def test_a_diff_is_acknowledged_before_its_chart_is_drawn(stage: Stage) -> None:
    stage.github.add("quick/one", stars=3)
    place = stage.place("Quick")
    await stage.remember(place, "quick/one", hours_ago=LONG_AGO)
    before = len(stage.discord.requests)

    answers = [await place.ask("diff", repo="quick/one") for _ in range(20)]

    routes = [call.route for call in stage.discord.requests[before:]]
    assert routes[::2] == [CALLBACK] * 20
    assert len(routes) == 40
    assert all(answer.deferred for answer in answers)
    taken = sorted(answer.acknowledged_after or 0 for answer in answers)
    print(f"/diff acknowledged after {taken[0] * 1e3:.1f} to {taken[-1] * 1e3:.1f} ms")  # noqa: T201  # a figure, not a condition


async def test_a_rename_and_an_archive_are_told_where_people_look(stage: Stage) -> None:
    stage.github.add("ident/rocket", stars=45, forks=2)
    stage.github.add("ident/attic", stars=9)
    place = stage.place("Ident")
    await stage.remember(place, "ident/rocket ident/attic", hours_ago=LONG_AGO)
    stage.github.rename("ident/rocket", "ident/falcon")
    stage.github.set("ident/falcon", stars=57)
    stage.github.set("ident/attic", archived=True)
    await place.synced()
    async with stage.flows() as app:  # read once more: nothing has happened since
        await app.sync.everything(Trigger.SCHEDULE)

    renamed = lines(await place.ask("diff", repo="ident/rocket", window="7d"))
    archived = lines(await place.ask("diff", repo="ident/attic", window="7d"))
    digest = lines(await place.ask("digest", window="7d"))
    listed = lines(await place.ask("repos"))

    assert renamed[:2] == ["ident/falcon", "Last 7 days"]
    assert re.fullmatch(r"Renamed from ident/rocket on \d+ \w{3}\.", renamed[2])
    assert renamed[3] == "**Stars** · 45 → 57 · +12 (+26.7 %)"
    assert re.fullmatch(r"Archived on \d+ \w{3}\.", archived[2])
    assert digest[1:3] == [
        f"1\\. {link('ident/falcon')} · ★ 57 · +12 (+26.7 %)",
        "renamed: ident/falcon from ident/rocket · archived: ident/attic",
    ]
    assert listed[1:3] == [
        f"{link('ident/attic')} · ★ 9",
        "\u2003archived · 0 forks · 0 watchers · 0 issues · 0 PRs",
    ]


async def test_a_digest_ranks_gains_first_and_leaves_out_what_stood_still(stage: Stage) -> None:
    for name, stars in (("small", 100), ("large", 5_000), ("still", 9), ("fallen", 60)):
        stage.github.add(f"rank/{name}", stars=stars, forks=10)
    place = stage.place("Rank")
    targets = "rank/small rank/large rank/still rank/fallen"
    await stage.remember(place, targets, hours_ago=LONG_AGO)
    stage.github.set("rank/large", stars=5_040)
    stage.github.set("rank/small", stars=250, forks=12)
    stage.github.set("rank/fallen", stars=58)
    await place.synced()

    told = lines(await place.ask("digest", window="7d"))
    by_percent = lines(await place.ask("digest", window="7d", by="percent"))

    assert told[:-1] == [
        "Digest · last 7 days",
        f"1\\. {link('rank/small')} · ★ 250 · +150 (+150 %)",
        "\u2003forks +2",
        f"2\\. {link('rank/large')} · ★ 5,040 · +40 (+0.80 %)",
        f"3\\. {link('rank/fallen')} · ★ 58 · \N{MINUS SIGN}2 (\N{MINUS SIGN}3.33 %)",
    ]
    assert told[-1].startswith("4 watched · 3 changed · sampled ")
    assert [line.split(" · ")[0] for line in by_percent[1:-1] if line[0].isdigit()] == [
        f"1\\. {link('rank/small')}",
        f"2\\. {link('rank/large')}",
        f"3\\. {link('rank/fallen')}",
    ]


async def test_repositories_are_listed_by_group_with_their_numbers(stage: Stage) -> None:
    stage.github.add("groups/b", stars=20)
    stage.github.add("groups/a", stars=10)
    place = stage.place("Groups")
    await place.ask("track add", target="groups/b")
    await place.ask("track add", target="groups/a", group="docs")

    everything = lines(await place.ask("repos"))
    docs = lines(await place.ask("repos", group="docs"))

    assert everything == [
        "Watching 2 repositories",
        f"{link('groups/a')} · ★ 10",
        "\u2003group docs",
        f"{link('groups/b')} · ★ 20",
        "\u20030 forks · 0 watchers · 0 issues · 0 PRs",
    ]
    assert docs == ["Watching 1 repository", *everything[1:3]]


async def test_help_names_every_command(stage: Stage) -> None:
    place = stage.place("Help")
    answer = await place.ask("help", place.bob)

    assert answer.ephemeral
    for name, command in stage.discord.commands.items():
        below = [option for option in command.get("options", []) if option["type"] == 1]
        for line in [f"{name} {option['name']}" for option in below] or [name]:
            assert f"**/{line}**" in answer.text


async def test_what_is_no_longer_watched_keeps_its_history(stage: Stage) -> None:
    stage.github.add("left/behind", stars=70)
    place = stage.place("Left")
    await stage.remember(place, "left/behind", hours_ago=LONG_AGO)

    answer = await place.ask("track remove", target="left/behind left/never")

    assert lines(answer) == [
        "Stopped watching 1 repository",
        "**left/behind**",
        "\u2003its history stays",
        "**left/never**",
        "\u2003not watched here",
    ]
    assert lines(await place.ask("repos"))[0] == "Nothing is watched here yet"
    assert "**Stars** · 70" in (await place.ask("diff", repo="left/behind", window="30d")).text


async def test_a_repository_that_vanished_keeps_its_last_values(stage: Stage) -> None:
    stage.github.add("gone/lost", stars=33)
    stage.github.add("gone/shut", stars=44)
    stage.github.add("gone/kept", stars=55)
    place = stage.place("Gone")
    await stage.remember(place, "gone/lost gone/shut gone/kept", hours_ago=LONG_AGO)
    stage.github.delete("gone/lost")
    stage.github.forbid("gone/shut")
    stage.github.set("gone/kept", stars=56)

    sync = await place.synced()
    told = await place.ask("repos")

    assert lines(sync)[0] == "Sync done"
    assert "**gone/lost**" in sync.text
    assert "1 sampled · 1 changed · 2 gone · 0 failed" in sync.text
    assert f"{link('gone/lost')} · ★ 33" in told.text
    assert "gone or not visible, last seen" in told.text
    assert f"{link('gone/kept')} · ★ 56" in told.text
    digest = await place.ask("digest", window="7d")
    assert "gone: gone/lost, last seen" in digest.text


async def test_a_rename_is_followed(stage: Stage) -> None:
    stage.github.add("before/name", stars=10)
    place = stage.place("Renamed")
    await stage.remember(place, "before/name", hours_ago=LONG_AGO)
    stage.github.rename("before/name", "after/name")
    stage.github.set("after/name", stars=15)
    await place.synced()

    for name in ("before/name", "After/Name"):
        answer = await place.ask("diff", repo=name)
        assert lines(answer)[0] == "after/name"
        assert "**Stars** · 10 → 15 · +5 (+50.0 %)" in answer.text


async def test_only_one_repository_is_synced_where_one_is_named(stage: Stage) -> None:
    stage.github.add("single/one", stars=1)
    stage.github.add("single/two", stars=2)
    place = stage.place("Single")
    await stage.remember(place, "single/one single/two", hours_ago=LONG_AGO)
    stage.github.set("single/one", stars=11)
    stage.github.set("single/two", stars=12)

    (choice,) = await place.complete("sync", "repo", "single/two")
    await place.synced(repo=choice.value)

    assert "2 → 12" in (await place.ask("diff", repo="single/two")).text
    assert "1 → 11" not in (await place.ask("diff", repo="single/one")).text


async def test_a_long_list_is_cut_where_discord_ends(stage: Stage) -> None:
    names = [f"{'o' * 39}/{'n' * 90}-{number:03}" for number in range(60)]
    for name in names:
        stage.github.add(name, stars=1)
    place = stage.place("Long")
    for half in (names[:30], names[30:]):  # an option holds 6,000 characters
        answer = await place.ask("track add", target=" ".join(half))
        assert "… and " in answer.text

    told = await place.ask("repos")
    shown = told.text.count("★ 1")
    assert lines(told)[-2:] == [f"… and {60 - shown} more", f"page 1 of {60 // shown}"]
    assert [len(choice.name) for choice in await place.complete("diff", "repo", "n")] == [100] * 25


async def test_many_people_at_once_get_their_own_answers(stage: Stage) -> None:
    places = [stage.place(f"Crowd {number}") for number in range(8)]
    for number in range(8):
        stage.github.add(f"crowd/number-{number}", stars=number + 100)
    await asyncio.gather(
        *(
            place.ask("track add", target=f"crowd/number-{number}")
            for number, place in enumerate(places)
        )
    )

    told = await asyncio.gather(*(place.ask("repos") for place in places))

    assert [lines(answer)[1] for answer in told] == [
        f"{link(f'crowd/number-{number}')} · ★ {number + 100}" for number in range(8)
    ]
