"""A server settles its zone, its warnings and its digests; who is new needs two commands."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest

from tests.standins.discord_api import CannotAsk, Permission
from tests.standins.discord_messages import Message
from tests.standins.stage import LONG_AGO, Place, Stage, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS, FORUM = 5, 15
REQUIRE_TAG = 1 << 4
MOMENT = re.compile(r"<t:(\d+):F> \(<t:\1:R>\)")
SET_ONE = "No digest is set yet. Set one with /settings digest channel:#… time:09:00."


async def set_digest(place: Place, **options: object) -> list[str]:
    """Set a digest in #general at nine unless the options say otherwise."""
    wanted = {"channel": place.guild.channel("general"), "time": "09:00", **options}
    answer = await place.ask("settings digest", **wanted)
    assert answer.ephemeral
    return lines(answer)


def buttons(said: Message) -> list[str]:
    return [part["custom_id"] for row in said.components for part in row["components"]]


async def test_two_commands_are_enough_to_begin(stage: Stage) -> None:
    stage.github.add("new/comer", stars=5)
    place = stage.place("Newcomer")
    general = place.guild.channel("general")

    await place.ask("track add", target="new/comer")
    told = await set_digest(place)

    assert told[:3] == [
        "Digest set",
        f"**Digest** · <#{general.id}> · 09:00 every day (UTC)",
        "\u2003top 10 by any · 1 watched",
    ]
    moment = MOMENT.search(told[3])
    assert moment is not None, told
    assert int(moment[1]) % 86_400 == 9 * 3_600
    assert told[-1] == "see one now with action:test"


async def test_the_welcome_names_those_two_commands(stage: Stage) -> None:
    await stage.at_rest()
    guild = stage.discord.add_guild("Welcome", ["rules", "talk"])

    said = await stage.discord.until(lambda: stage.discord.messages("rules", guild), "the welcome")

    assert len(said) == 1
    assert "/track add target:owner/name" in said[0].text
    assert "/settings digest channel:#… time:09:00" in said[0].text


async def test_nobody_is_welcomed_twice_after_an_outage(stage: Stage) -> None:
    await stage.at_rest()
    guild = stage.discord.add_guild("Outage", ["door"])
    await stage.discord.until(lambda: stage.discord.messages("door", guild), "the welcome")

    stage.discord.lose(guild)
    await stage.discord.drop_gateway(resumable=False)
    await stage.discord.ready()
    await stage.at_rest()

    assert len(stage.discord.messages("door", guild)) == 1


async def test_show_tells_everything_in_force(stage: Stage) -> None:
    place = stage.place("Show")
    assert lines(await place.ask("settings show"))[:4] == [
        "Settings of this server",
        SET_ONE,
        "**Time zone** · UTC",
        "**Warnings** · only in /status",
    ]

    role = stage.discord.add_role(place.guild, "readers")
    general = place.guild.channel("general")
    await place.ask("settings timezone", zone="europe/BERLIN")
    await place.ask("settings alerts", channel=general)
    await set_digest(place, every="weekdays", by="percent", top=5, minimum=3)
    await set_digest(
        place, group="docs", zone="Tokyo", time="7:30", every="monday", skip_empty=True,
        mention=role,
    )  # fmt: skip
    await place.ask("settings digest", group="docs", action="pause")
    told = lines(await place.ask("settings show"))

    assert told[1:5] == [
        "**Time zone** · Europe/Berlin",
        f"**Warnings** · <#{general.id}>",
        f"**Digest** · <#{general.id}> · 09:00 on weekdays (Europe/Berlin)",
        "\u2003top 5 by percent · 0 watched · changes from 3",
    ]
    assert MOMENT.search(told[5])
    assert told[6:8] == [
        f"**Digest of docs** · <#{general.id}> · 07:30 on Mondays (Asia/Tokyo)",
        "\u2003paused: paused by hand",
    ]
    resumed = await place.ask("settings digest", group="docs", action="resume")
    assert "not when nothing moved · mentions @readers" in resumed.text


async def test_a_new_zone_takes_the_digests_of_the_old_one_along(stage: Stage) -> None:
    place = stage.place("Moving")
    await set_digest(place)
    await set_digest(place, group="far", zone="Asia/Kathmandu")

    told = (await place.ask("settings timezone", zone="Europe/Paris")).text

    assert "09:00 every day (Europe/Paris)" in told
    assert "Kathmandu" not in told
    assert "(Asia/Kathmandu)" in (await place.ask("settings show")).text


async def test_what_is_not_named_stays_as_it_is(stage: Stage) -> None:
    place = stage.place("Partly")
    await set_digest(place, top=3, every="friday")

    told = lines(await place.ask("settings digest", time="18:05"))

    assert "18:05 on Fridays (UTC)" in told[1]
    assert told[2].startswith("\u2003top 3 ")


@pytest.mark.parametrize(
    ("line", "options", "words"),
    [
        ("settings timezone", {"zone": "Europa/Berlin"}, "did you mean Europe/Berlin"),
        ("settings timezone", {"zone": "EST"}, '"EST" is not a time zone'),
        ("settings digest", {}, "Name the channel and the time: /settings digest channel:#"),
        ("settings digest", {"time": "25:00"}, "Name the channel and the time"),
        ("settings digest", {"action": "pause"}, "No digest is set here yet"),
        ("settings digest", {"action": "resume", "group": "x"}, "No digest is set here yet"),
        ("settings digest", {"action": "remove"}, "No digest is set here yet"),
        ("settings digest", {"action": "test"}, "Name the channel and the time"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(
    stage: Stage, line: str, options: dict[str, object], words: str
) -> None:
    answer = await stage.place("Refused").ask(line, **options)

    assert words in answer.text
    assert (answer.ephemeral, answer.embeds) == (True, [])


async def test_a_wrong_time_is_refused(stage: Stage) -> None:
    place = stage.place("Clock")
    for time in ("25:00", "9", "09:60", "nine", "9.30"):
        assert "Write the time as HH:MM" in "".join(await set_digest(place, time=time))


@pytest.mark.parametrize(
    ("denied", "words"),
    [
        (Permission.VIEW_CHANNEL, "View Channel"),
        (Permission.SEND_MESSAGES, "Send Messages missing"),
        (Permission.EMBED_LINKS, "Embed Links missing"),
        (Permission.ATTACH_FILES, "Attach Files missing"),
        (Permission.READ_MESSAGE_HISTORY, "Read Message History missing"),
        (
            Permission.EMBED_LINKS | Permission.ATTACH_FILES,
            "Embed Links and Attach Files missing. Open its settings, Permissions, and give these",
        ),
    ],
)
async def test_a_missing_right_is_named_with_its_remedy(
    stage: Stage, denied: Permission, words: str
) -> None:
    guild = stage.discord.add_guild("Rightless", ["general", "reports"], back=True)
    alice = stage.discord.add_user("alice")
    stage.discord.join(guild, alice, manage=True)
    place = Place(stage.discord, guild, alice, alice)
    stage.discord.deny(guild, "reports", denied)

    told = "\n".join(await set_digest(place, channel=guild.channel("reports")))

    assert told.startswith("I may not post in #reports yet: ")
    assert words in told
    assert "to the role repo-radar" in told
    assert SET_ONE in (await place.ask("settings show")).text
    stage.discord.deny(guild, "reports", Permission.NONE)
    assert (await set_digest(place, channel=guild.channel("reports")))[0] == "Digest set"
    stage.discord.deny(guild, "reports", denied)
    status = await place.ask("status")
    assert "I may not post in #reports yet: " in status.text
    assert "Something needs you" in status.text


async def test_threads_forums_and_announcements_are_channels_too(stage: Stage) -> None:
    place = stage.place("Kinds")
    guild, add = place.guild, stage.discord.add_channel
    tag = {"id": "7", "name": "news", "moderated": False, "emoji_id": None, "emoji_name": None}
    forum = add(guild, "posts", FORUM, flags=REQUIRE_TAG, available_tags=[])
    tagged = add(guild, "tagged", FORUM, flags=REQUIRE_TAG, available_tags=[tag])
    news = add(guild, "news", NEWS)
    thread = stage.discord.add_thread(guild, "weekly", "general")

    assert "wants a tag on every post" in (await set_digest(place, channel=forum))[0]
    for group, channel in (("a", tagged), ("b", news), ("c", thread)):
        assert (await set_digest(place, channel=channel, group=group))[0] == "Digest set"
    published = await set_digest(place, channel=news, group="b", publish=True)
    assert "published to followers, without private repositories" in published[2]
    refused = await set_digest(place, publish=True)
    assert "no announcement channel" in refused[0]
    stage.discord.deny(guild, "general", Permission.SEND_MESSAGES_IN_THREADS)
    refused = await set_digest(place, channel=thread, group="c")
    assert "Send Messages in Threads missing" in refused[0]


async def test_a_test_is_the_digest_as_it_comes_but_for_its_mention(stage: Stage) -> None:
    stage.github.add("tested/one", stars=5)
    place = stage.place("Tested")
    role = stage.discord.add_role(place.guild, "readers")
    await stage.remember(place, "tested/one", hours_ago=LONG_AGO)
    stage.github.set("tested/one", stars=9)
    await place.synced()
    await set_digest(place, mention=role)

    answer = await place.ask("settings digest", action="test")

    assert answer.ephemeral
    (posted,) = [
        said for said in stage.discord.messages("general", place.guild) if "Test ·" in said.text
    ]
    assert re.match(r"Test · Daily digest · \w+day \d+ \w+, since yesterday 09:00\n", posted.text)
    assert "[tested/one](https://github.com/tested/one) · ★ 9 · ≈ +4 " in posted.text
    assert list(posted.files) == ["chart.png"]
    assert posted.alternatives[0].startswith("Line chart: The leaders.")
    assert f"<@&{role.id}>" not in posted.text
    assert buttons(posted) == ["ask:digest:0:7d:any:all"]
    pressed = await stage.discord.click(posted, "Last 7 days", place.bob)
    public, own = pressed.messages
    assert (public, own.ephemeral) == (posted, True)
    assert own.card.startswith("Digest · last 7 days\n")


async def test_a_weekly_test_begins_at_a_real_due_time(stage: Stage) -> None:
    place = stage.place("Weekly")
    await set_digest(place, group="docs", every="monday", time="23:59")
    await place.ask("settings digest", group="docs", action="test")

    (said,) = stage.discord.messages("general", place.guild)
    assert re.match(
        r"Test · Weekly digest of docs · \w+day \d+ \w+, since (Monday \d+ \w+|yesterday) 23:59\n",
        said.text,
    )
    assert buttons(said) == ["ask:digest:0:30d:any:docs"]


async def test_a_test_reaches_forums_and_archived_threads(stage: Stage) -> None:
    stage.github.add("tested/two", stars=5)
    place = stage.place("Tested elsewhere")
    await stage.remember(place, "tested/two", hours_ago=LONG_AGO)
    stage.github.set("tested/two", stars=7)
    await place.synced()
    tag = {"id": "7", "name": "news", "moderated": False, "emoji_id": None, "emoji_name": None}
    forum = stage.discord.add_channel(
        place.guild, "posts", FORUM, flags=REQUIRE_TAG, available_tags=[tag]
    )
    thread = stage.discord.add_thread(place.guild, "weekly", "general")
    stage.discord.archive(place.guild, thread)

    for channel in (forum, thread):
        answer = await place.ask("settings digest", channel=channel, action="test")
        assert lines(answer) == ["Test posted", f"**Look at** · <#{channel.id}>"]

    (post,) = stage.discord.posts(forum)
    assert post.name.startswith("Test · Daily digest · ")
    assert post.more["applied_tags"] == ["7"]
    assert [list(one.messages[0].files) for one in (post, thread)] == [["chart.png"]] * 2
    assert len(post.messages) == len(thread.messages) == 1
    assert SET_ONE in (await place.ask("settings show")).text


async def test_a_published_digest_can_move_to_a_text_channel(stage: Stage) -> None:
    place = stage.place("Moved")
    news = stage.discord.add_channel(place.guild, "news", NEWS)
    await set_digest(place, channel=news, publish=True)

    told = await set_digest(place)

    assert told[0] == "Digest set"
    assert "no longer published: #general is no announcement channel" in told[4]
    assert "published to followers" not in "\n".join(told)
    assert "published" not in (await place.ask("settings show")).text
    refused = await set_digest(place, publish=True)
    assert refused == ["\\#general is no announcement channel: leave out publish."]


async def test_everyone_as_mention_means_nobody_any_more(stage: Stage) -> None:
    place = stage.place("Mentions")
    role = stage.discord.add_role(place.guild, "readers")
    assert "mentions @readers" in "\n".join(await set_digest(place, mention=role))
    assert "mentions @readers" in "\n".join(await set_digest(place, top=3))

    told = await set_digest(place, mention=place.guild.everyone)

    assert told[0] == "Digest set"
    assert "mentions" not in "\n".join(told)
    assert "mentions" not in (await place.ask("settings show")).text


async def test_many_digests_are_shown_in_pages(stage: Stage) -> None:
    place = stage.place("Many")
    for number in range(24):
        await set_digest(
            place, group=f"group number {number:02}", zone="America/Argentina/Buenos_Aires"
        )

    shown = await place.ask("settings show")
    seen = set(re.findall(r"group number \d\d", shown.text))
    assert shown.ephemeral
    assert 0 < len(seen) < 24
    while "page 1 of" in shown.text or len(seen) < 24:
        before = len(seen)
        shown = await stage.discord.click(shown, "Next", place.alice)
        seen |= set(re.findall(r"group number \d\d", shown.text))
        assert len(seen) > before
    assert re.search(r"page (\d) of \1", shown.text)
    assert shown.ephemeral


async def test_a_channel_that_discord_is_slow_to_tell_of_is_waited_for(stage: Stage) -> None:
    place = stage.place("Slow")
    thread = stage.discord.add_thread(place.guild, "weekly", "general")
    stage.discord.archive(place.guild, thread)
    stage.discord.limit("GET", "/channels/*", 3.5)

    answer = await place.ask("settings digest", channel=thread, time="09:00")

    assert (answer.deferred, answer.ephemeral) == (True, True)
    assert answer.acknowledged_after < 1
    assert lines(answer)[0] == "Digest set"


async def test_a_late_refusal_is_a_sentence_for_who_asked(stage: Stage) -> None:
    place = stage.place("Late")
    stage.discord.deny(place.guild, "general", Permission.EMBED_LINKS)

    for line, options in (
        ("settings digest", {"time": "09:00"}),
        ("settings digest", {"time": "09:00", "action": "test"}),
        ("settings alerts", {}),
    ):
        answer = await place.ask(line, channel=place.guild.channel("general"), **options)
        assert (answer.deferred, answer.ephemeral, answer.embeds) == (True, True, [])
        assert answer.text.startswith("I may not post in #general yet: ")
        assert len(answer.messages) == 1


async def test_settings_are_acknowledged_while_another_program_writes(stage: Stage) -> None:
    place = stage.place("Locked")
    await set_digest(place)
    with closing(sqlite3.connect(stage.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        loop = asyncio.get_running_loop()
        loop.call_later(3.2, other.execute, "ROLLBACK")
        answers = await asyncio.gather(
            place.ask("settings timezone", zone="Asia/Tokyo"),
            place.ask("settings alerts"),
            place.ask("settings digest", top=3),
            place.ask("settings digest", action="pause"),
            stage.discord.submit(await stage.place("Lock").ask("settings forget"), "FORGET"),
        )

    assert [answer.failure for answer in answers] == [None] * len(answers)
    assert max(answer.acknowledged_after for answer in answers) < 1
    assert all(answer.ephemeral and answer.deferred for answer in answers)


async def test_the_doctor_tells_of_a_channel_that_discord_does_not_tell_of(stage: Stage) -> None:
    place = stage.place("Doctor")
    stage.discord.add_channel(place.guild, "rep", 0)
    await set_digest(place, channel=place.guild.channel("rep"))
    stage.discord.delete_channel(place.guild, "rep")
    stage.discord.fail("GET", "/channels/*", status=503, times=2)

    answer = await place.ask("status")

    assert answer.failure is None
    assert "Something needs you" in answer.text
    assert "Discord does not tell me of the channel" in answer.text
    assert "**GitHub token**" in answer.text


async def test_a_removed_digest_is_gone(stage: Stage) -> None:
    place = stage.place("Removed")
    await set_digest(place)

    assert lines(await place.ask("settings digest", action="remove"))[0] == "Digest removed"
    assert SET_ONE in (await place.ask("settings show")).text


@pytest.mark.parametrize("word", ["FORGET", " Forgotten "])
async def test_forgetting_wants_to_be_confirmed_and_is_complete(stage: Stage, word: str) -> None:
    stage.github.add("forgotten/one", stars=5)
    place, other = stage.place("Forgotten"), stage.place("Remembered")
    for one in (place, other):
        await one.ask("track add", target="forgotten/one")
        await set_digest(one)
        await one.ask("settings timezone", zone="Asia/Tokyo")

    for wrong in ("forget it", "forget", "Remembered"):
        refused = await stage.discord.submit(await place.ask("settings forget"), wrong)
        assert "Nothing was deleted" in refused.text
    assert lines(await place.ask("repos"))[0] == "Watching 1 repository"
    assert "09:00 every day (Asia/Tokyo)" in (await place.ask("settings show")).text

    done = await stage.discord.submit(await place.ask("settings forget"), word)

    assert done.ephemeral
    assert lines(done)[0] == "All forgotten"
    assert lines(await place.ask("repos"))[0] == "Nothing is watched here yet"
    shown = (await place.ask("settings show")).text
    assert SET_ONE in shown
    assert "Tokyo" not in shown
    assert lines(await other.ask("repos"))[0] == "Watching 1 repository"
    assert "09:00 every day (Asia/Tokyo)" in (await other.ask("settings show")).text


async def test_status_tells_of_this_server_only(stage: Stage) -> None:
    stage.github.add("well/kept", stars=5)
    stage.github.add("well/lost", stars=5)
    place, other = stage.place("Patient"), stage.place("Stranger")
    await stage.remember(place, "well/kept well/lost", hours_ago=1)
    await set_digest(place)
    healthy = await place.ask("status")
    stage.github.delete("well/lost")
    await place.synced()

    told = await place.ask("status")
    others = await other.ask("status")

    assert healthy.ephemeral
    assert lines(healthy)[0] == "All is well"
    for row in ("Watched here", "Next digest", "Last run", "Next run", "GitHub token"):
        assert f"**{row}**" in healthy.text
    assert "**Rate budget**" in healthy.text
    assert lines(told)[:2] == [
        "Something needs you",
        "Gone or not visible: well/lost. Stop watching with /track remove.",
    ]
    assert "well/" not in others.text
    assert "0 repositories, 0 gone, 0 failing" in others.text


async def test_status_does_not_spend_points(stage: Stage) -> None:
    place = stage.place("Points")
    await place.ask("status")
    asked = len(stage.github.requests)
    for _ in range(5):
        await place.ask("status")

    assert len(stage.github.requests) == asked


async def test_only_who_manages_the_server_settles_anything(stage: Stage) -> None:
    place = stage.place("Managers")
    for line in ("settings show", "settings forget", "status"):
        with pytest.raises(CannotAsk, match="permissions"):
            await place.ask(line, place.bob)
    with pytest.raises(CannotAsk, match="permissions"):
        await place.ask("settings timezone", place.bob, zone="UTC")


async def test_servers_see_their_own_settings_only(stage: Stage) -> None:
    place, other = stage.place("Own"), stage.place("Others")
    await place.ask("settings timezone", zone="Asia/Tokyo")
    await set_digest(place, group="inner circle")

    told = (await other.ask("settings show")).text
    assert "Tokyo" not in told
    assert "inner" not in told
    refused = await other.ask("settings digest", group="inner circle", action="remove")
    assert refused.text.startswith("No digest is set here yet")
    assert await other.complete("settings digest", "group", "inner") == []


async def test_zones_are_offered_as_one_types(stage: Stage) -> None:
    place = stage.place("Zones")

    async def offered(typed: str) -> list[str]:
        return [c.name for c in await place.complete("settings timezone", "zone", typed)]

    assert (await offered("new yo"))[0] == "America/New_York"
    assert (await offered("berl"))[0] == "Europe/Berlin"
    assert "Europe/London" in await offered("Lodnon")
    assert len(await offered("")) == 25


async def test_a_day_is_counted_on_the_servers_clock(stage: Stage) -> None:
    stage.github.add("clock/one", stars=5)
    place = stage.place("Clocks")
    await stage.remember(place, "clock/one", hours_ago=LONG_AGO)
    await place.synced()
    await place.ask("settings timezone", zone="Asia/Kathmandu")

    for line in ("diff", "digest"):
        options = {"repo": "clock/one"} if line == "diff" else {}
        assert "+0545" in (await place.ask(line, **options)).text


async def test_a_server_that_returns_finds_all_as_it_was(stage: Stage) -> None:
    place = stage.place("Returning")
    await place.ask("settings timezone", zone="Asia/Tokyo")
    await stage.at_rest()

    stage.discord.remove_guild(place.guild)
    stage.discord.invite(place.guild)
    await stage.discord.until(lambda: stage.discord.messages("general", place.guild), "the welcome")

    assert "Asia/Tokyo" in (await place.ask("settings show")).text


async def test_a_second_sync_of_a_server_has_to_wait_a_moment(stage: Stage) -> None:
    stage.github.add("hasty/one", stars=5)
    place = stage.place("Hasty")
    await stage.remember(place, "hasty/one", hours_ago=LONG_AGO)
    await place.synced()

    answer = await place.ask("sync")

    assert re.fullmatch(r"This server was synced a moment ago: try again in \d+ s\.", answer.text)
    assert (answer.ephemeral, answer.deferred) == (True, False)
