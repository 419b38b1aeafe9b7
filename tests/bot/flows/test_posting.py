"""Posting: every due digest once, whatever crashes; late within 12 hours, else folded."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.guild import ATTEMPT_SECONDS, BY_HAND, SETTLE, DigestSettings, Guild, Post, PostState
from bot.core.models import Trigger, Visibility
from bot.core.schedule import Every, Plan
from bot.flows.charts import Charts
from bot.flows.composing import Composing
from bot.flows.deltas import Deltas
from bot.flows.posting import BLIND, CATCH_UP, FIRST_PAUSE, SEARCH_SECONDS, Posting
from bot.render.cards import scheduled_digest
from bot.scheduler import LONGEST_REST, DigestTimer
from tests.conftest import INTERVAL, TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock, moment
from tests.standins.harvests import ScriptedGitHub
from tests.standins.posters import FakePoster, FakeWarnings, Killed, trouble
from tests.standins.stored import SqliteStore

HERE, CHANNEL, OTHER_CHANNEL = 11, 500, 501
NINE = Plan(9 * 60, Every.DAY, "UTC")


@dataclass(slots=True)
class Office:
    """Everything a post passes through; `restart` loses what is in memory."""

    store: SqliteStore
    flows: Flows
    github: ScriptedGitHub
    clock: SettableClock
    poster: FakePoster
    warnings: FakeWarnings = field(default_factory=FakeWarnings)
    posting: Posting = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        flows, store = self.flows, self.store
        charts = Charts(
            flows.diff,
            flows.portfolio,
            Deltas(store.histories, INTERVAL, store.stars),
            store.histories,
            self.clock,
        )
        self.posting = Posting(
            guilds=store.guilds,
            outbox=store.outbox,
            composing=Composing(flows.digests, charts, self.clock),
            poster=self.poster,
            warnings=self.warnings,
            clock=self.clock,
        )

    async def settle(self, **changed: Any) -> DigestSettings:  # noqa: ANN401  # any field of it
        wished = DigestSettings(HERE, "all", CHANNEL, NINE, since=self.clock.now())
        settled = replace(wished, **changed)
        await self.store.guilds.save_digest(settled)
        return settled

    async def look(self) -> None:
        """What the timer does whenever it wakes."""
        for digest in await self.posting.active():
            await self.posting.enqueue(digest)
        for post in await self.posting.ready():
            await self.posting.deliver(post)
        for paused in await self.posting.paused():
            await self.posting.warn(paused)

    async def at(self, text: str) -> None:
        self.clock.set(text)
        await self.look()

    async def move(self, stars: int) -> None:
        """Sample, with so many more stars."""
        self.github.repositories[0].values["stars"] += stars
        await self.flows.sync.guild(HERE, Trigger.SYNC)

    async def post(self) -> Post:
        newest = await self.store.outbox.newest(HERE, "all")
        assert newest is not None
        return newest

    async def digest(self) -> DigestSettings:
        (digest,) = await self.store.guilds.digests(HERE)
        return digest

    def windows(self) -> list[tuple[str, str]]:
        """What was posted covers, oldest first."""
        covered = [one.report.digest.window for one in self.poster.posted]
        return [(told(window.start), told(window.end)) for window in covered]


def told(at: int, zone: str = "UTC") -> str:
    return f"{datetime.fromtimestamp(at, ZoneInfo(zone)):%d %b %H:%M}"


@pytest.fixture
async def office(
    store: SqliteStore, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> Office:
    """One repository is watched since 1 July, and a digest at 9 is settled that noon."""
    github.add("o/one", stars=100, forks=5)
    await flows.track.add(HERE, "o/one")
    office = Office(store, flows, github, clock, FakePoster(clock))
    await office.settle()
    return office


# -- when ------------------------------------------------------------------------------------------


async def test_a_digest_covers_its_previous_due_time_to_this_one(office: Office) -> None:
    await office.at("2026-07-02T08:59")
    assert office.poster.posted == []
    await office.at("2026-07-02T09:00")
    await office.at("2026-07-02T09:01")
    await office.at("2026-07-03T09:00")

    assert office.windows() == [
        ("01 Jul 09:00", "02 Jul 09:00"),
        ("02 Jul 09:00", "03 Jul 09:00"),
    ]
    post = await office.post()
    assert (post.state, post.message_id, post.due_at) == (PostState.SENT, 1, office.clock.now())


async def test_what_it_says_is_what_moved_in_the_window(office: Office) -> None:
    office.clock.set("2026-07-02T08:58")
    await office.move(7)
    await office.at("2026-07-02T09:00")

    (posted,) = office.poster.posted
    card = scheduled_digest(posted.report)
    assert card.title == "Daily digest · Thursday 2 July, since yesterday 09:00"
    assert [row.change for row in card.rows] == ["+7 since 1 Jul, new here"]
    assert card.footer[-1] == "sampled today 08:58 UTC, 2 minutes before"


async def test_what_moved_after_the_due_time_is_told_by_the_next(office: Office) -> None:
    office.clock.set("2026-07-02T08:58")
    await office.move(7)
    office.clock.set("2026-07-02T09:10")
    await office.move(1_000)
    await office.look()
    office.clock.set("2026-07-03T08:58")
    await office.move(0)
    await office.at("2026-07-03T09:00")

    changes = [scheduled_digest(one.report).rows[0].change for one in office.poster.posted]
    assert changes == ["+7 since 1 Jul, new here", "+1,000"]


async def test_before_it_was_settled_nothing_was_due(office: Office) -> None:
    await office.at("2026-07-01T12:00")
    await office.at("2026-07-01T23:00")

    assert office.poster.posted == []
    assert await office.store.outbox.newest(HERE, "all") is None


@pytest.mark.parametrize("hours", [1, 11])
async def test_missed_by_downtime_it_is_posted_late(office: Office, hours: int) -> None:
    office.clock.set("2026-07-02T09:00")
    office.clock.pass_(hours * HOUR)
    await office.look()

    assert office.windows() == [("01 Jul 09:00", "02 Jul 09:00")]


async def test_missed_by_more_than_twelve_hours_the_next_covers_both(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    office.restart()
    office.clock.set("2026-07-03T09:00")
    office.clock.pass_(CATCH_UP + 1)
    await office.look()
    assert (await office.post()).state is PostState.FOLDED
    assert office.warnings.told == [], "it was the bot that was away"
    await office.at("2026-07-04T09:00")

    assert office.windows()[1:] == [("02 Jul 09:00", "04 Jul 09:00")]
    card = scheduled_digest(office.poster.posted[-1].report)
    assert card.title == "Daily digest · Saturday 4 July, since Thursday 2 July 09:00"
    assert "covers the missed digest of 3 Jul too" in card.notes


async def test_of_several_missed_ones_only_the_newest_is_posted(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    office.restart()
    await office.at("2026-07-07T10:00")

    assert office.windows()[1:] == [("02 Jul 09:00", "07 Jul 09:00")]
    card = scheduled_digest(office.poster.posted[-1].report)
    assert "covers the missed digests of 3 Jul, …, 6 Jul too" in card.notes


async def test_the_first_one_missed_is_covered_too(office: Office) -> None:
    await office.at("2026-07-04T09:30")

    assert office.windows() == [("01 Jul 09:00", "04 Jul 09:00")]


async def test_weekly_and_on_weekdays(office: Office) -> None:
    await office.settle(plan=replace(NINE, every=Every.FRIDAY))
    for day in range(2, 18):
        await office.at(f"2026-07-{day:02}T09:00")
    assert office.windows() == [
        ("26 Jun 09:00", "03 Jul 09:00"),
        ("03 Jul 09:00", "10 Jul 09:00"),
        ("10 Jul 09:00", "17 Jul 09:00"),
    ]
    card = scheduled_digest(office.poster.posted[-1].report)
    assert card.title == "Weekly digest · Friday 17 July, since Friday 10 July 09:00"

    await office.settle(plan=replace(NINE, every=Every.WEEKDAYS))
    for day in (18, 19, 20):
        await office.at(f"2026-07-{day}T09:00")
    assert office.windows()[3:] == [("17 Jul 09:00", "20 Jul 09:00")]


@pytest.mark.parametrize(
    ("zone", "minute", "days"),
    [
        ("Europe/Berlin", 150, ("2026-03-28", "2026-03-29", "2026-03-30")),  # 02:30 is skipped
        ("Europe/Berlin", 150, ("2026-10-24", "2026-10-25", "2026-10-26")),  # 02:30 exists twice
        ("America/New_York", 150, ("2026-03-07", "2026-03-08", "2026-03-09")),
        ("America/New_York", 90, ("2026-10-31", "2026-11-01", "2026-11-02")),
        ("Australia/Lord_Howe", 105, ("2026-04-04", "2026-04-05", "2026-04-06")),
        ("Asia/Kathmandu", 540, ("2026-03-28", "2026-03-29", "2026-03-30")),
    ],
)
async def test_once_a_day_when_the_clocks_change(
    office: Office, zone: str, minute: int, days: tuple[str, ...]
) -> None:
    start = moment(f"{days[0]}T00:00") - DAY
    office.clock.pass_(start - office.clock.now())
    await office.settle(plan=Plan(minute, Every.DAY, zone))
    while office.clock.now() < moment(f"{days[-1]}T23:59") + DAY:
        office.clock.pass_(15 * 60)
        await office.look()

    ends = [one.report.digest.window.end for one in office.poster.posted]
    starts = [one.report.digest.window.start for one in office.poster.posted]
    local = [datetime.fromtimestamp(end, ZoneInfo(zone)) for end in ends]
    for day in days:
        assert [str(at.date()) for at in local].count(day) == 1
    assert starts[1:] == ends[:-1]


# -- crashes ---------------------------------------------------------------------------------------


async def test_a_kill_before_it_is_sent_costs_nothing(office: Office) -> None:
    office.poster.before = [Killed()]
    with pytest.raises(Killed):
        await office.at("2026-07-02T09:00")
    assert (await office.post()).state is PostState.SENDING
    office.restart()
    await office.look()
    assert office.poster.posted == []  # it may still be on its way
    office.clock.pass_(SETTLE)
    await office.look()

    assert office.windows() == [("01 Jul 09:00", "02 Jul 09:00")]


async def test_a_kill_after_it_is_sent_does_not_double_it(office: Office) -> None:
    office.poster.after = [Killed()]
    with pytest.raises(Killed):
        await office.at("2026-07-02T09:00")
    office.restart()
    await office.look()

    assert len(office.poster.posted) == 1
    assert ((await office.post()).state, (await office.post()).message_id) == (PostState.SENT, 0)


STEPS: dict[str, Callable[[Office], object]] = {
    "put": lambda office: office.store.outbox,
    "begin": lambda office: office.store.outbox,
    "send": lambda office: office.poster,
    "finish": lambda office: office.store.outbox,
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kills", [1, 3])
async def test_a_kill_at_any_step(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str, kills: int, *, after: bool
) -> None:
    place = STEPS[step](office)
    real = getattr(type(place), step)
    left = [Killed()] * kills

    async def killed(self: object, *args: object) -> object:
        result = await real(self, *args) if after or not left else None
        if left:
            raise left.pop()
        return result

    monkeypatch.setattr(type(place), step, killed)
    office.clock.set("2026-07-02T09:00")
    for _ in range(kills * 2 + 2):
        try:
            await office.look()
        except Killed:
            office.restart()
        office.clock.pass_(SETTLE)

    assert len(left) == (kills - 1 if after and step != "begin" else 0)  # done is not done again
    assert office.windows() == [("01 Jul 09:00", "02 Jul 09:00")]
    assert (await office.post()).state is PostState.SENT


async def test_found_after_more_than_twelve_hours_it_is_sent_all_the_same(office: Office) -> None:
    office.poster.after = [Killed()]
    with pytest.raises(Killed):
        await office.at("2026-07-02T09:00")
    office.restart()
    await office.at("2026-07-03T10:00")
    await office.look()

    assert office.windows() == [
        ("01 Jul 09:00", "02 Jul 09:00"),
        ("02 Jul 09:00", "03 Jul 09:00"),
    ]


async def test_not_found_after_a_day_it_is_folded_into_the_next(office: Office) -> None:
    office.poster.before = [Killed()]
    with pytest.raises(Killed):
        await office.at("2026-07-02T09:00")
    office.restart()
    await office.at("2026-07-03T10:00")
    await office.look()

    assert office.windows() == [("01 Jul 09:00", "03 Jul 09:00")]


# -- trouble ---------------------------------------------------------------------------------------


async def test_what_discord_did_not_take_is_tried_again_with_growing_pauses(office: Office) -> None:
    tries: list[int] = []
    office.poster.on_send = lambda: tries.append(office.clock.now() - moment("2026-07-02T09:00"))
    office.poster.before = [trouble() for _ in range(8)]
    office.clock.set("2026-07-02T09:00")
    while not office.poster.posted:
        await office.look()
        office.clock.pass_(1)

    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640]
    assert office.poster.searches == 8
    assert (await office.post()).state is PostState.SENT


async def test_an_answer_that_got_lost_is_found_by_its_marker(office: Office) -> None:
    office.poster.after = [trouble()]
    await office.at("2026-07-02T09:00")
    office.clock.pass_(FIRST_PAUSE)
    await office.look()

    assert len(office.poster.posted) == 1
    assert (await office.post()).state is PostState.SENT


async def test_nothing_is_sent_again_while_the_search_fails(office: Office) -> None:
    office.poster.after = [trouble()]
    office.poster.blind = [trouble() for _ in range(3)]
    office.clock.set("2026-07-02T09:00")
    for _ in range(200):
        await office.look()
        office.clock.pass_(1)

    assert office.poster.searches == 4
    assert len(office.poster.posted) == 1
    assert (await office.post()).state is PostState.SENT


async def test_an_outage_of_more_than_twelve_hours_folds_it(office: Office) -> None:
    office.poster.before = [trouble() for _ in range(500)]
    office.clock.set("2026-07-02T09:00")
    while office.clock.now() < moment("2026-07-02T22:00"):
        await office.look()
        office.clock.pass_(60)
    assert (await office.post()).state is PostState.FOLDED
    ((guild_id, kind, sentence),) = office.warnings.told
    assert (guild_id, kind) == (HERE, "digest lost: all")
    assert sentence.startswith("Discord did not take the last digest of the group all for 12 hours")
    office.poster.before.clear()
    await office.at("2026-07-03T09:00")

    assert office.windows() == [("01 Jul 09:00", "03 Jul 09:00")]


async def test_an_unsearchable_channel_blocks_no_digest_for_ever(office: Office) -> None:
    """What may have been posted is never sent again; those that come after it are not held up."""
    office.poster.after = [trouble()]
    office.poster.blind = [trouble() for _ in range(10_000)]
    office.clock.set("2026-07-02T09:00")
    while office.clock.now() < moment("2026-07-02T21:00"):
        await office.look()
        office.clock.pass_(60)
    assert (await office.post()).state is PostState.SENDING, "it may yet be found"
    office.clock.pass_(1_000)
    await office.look()
    assert (await office.post()).state is PostState.FOLDED
    ((guild_id, kind, sentence),) = office.warnings.told
    assert (guild_id, kind) == (HERE, "digest lost: all")
    assert "Discord did not let me look for 12 hours" in sentence
    assert office.warnings.cleared == []
    office.poster.blind.clear()
    await office.at("2026-07-03T09:00")
    assert office.warnings.cleared == [(HERE, "digest lost: all")], "what comes may be told anew"

    posts = [one.post.due_at for one in office.poster.posted]
    assert posts == [moment("2026-07-02T09:00"), moment("2026-07-03T09:00")]
    assert office.windows()[1:] == [("01 Jul 09:00", "03 Jul 09:00")]


async def test_after_a_long_downtime_one_search_that_fails_gives_nothing_up(
    office: Office,
) -> None:
    office.poster.after = [Killed()]
    with pytest.raises(Killed):
        await office.at("2026-07-02T09:00")
    office.restart()
    office.clock.set("2026-07-02T23:00")
    office.poster.blind = [trouble() for _ in range(BLIND - 1)]
    for _ in range(2_000):
        await office.look()
        office.clock.pass_(1)

    assert (await office.post()).state is PostState.SENT
    assert len(office.poster.posted) == 1


async def test_a_publication_that_fails_gives_no_found_post_up(office: Office) -> None:
    await office.settle(publish=True)
    office.poster.after = [trouble()]
    office.poster.unpublished = [trouble() for _ in range(40)]
    office.clock.set("2026-07-02T09:00")
    for _ in range(60):
        await office.look()
        office.clock.pass_(900)

    assert office.poster.unpublished == []
    assert (await office.post()).state is PostState.SENT
    assert len(office.poster.posted) == 1


async def test_a_channel_that_is_gone_pauses_the_digest_and_is_told(office: Office) -> None:
    office.poster.gone = {CHANNEL}
    await office.at("2026-07-02T09:00")
    await office.at("2026-07-03T09:00")

    assert (await office.digest()).paused == "The channel is gone."
    assert office.warnings.told == [
        (
            HERE,
            "digest paused: all",
            "The digest of the group all is paused. The channel is gone.",
        )
    ]
    assert await office.posting.active() == []


async def test_the_bots_own_pause_stands_in_the_audit(office: Office) -> None:
    office.poster.gone = {CHANNEL}
    await office.at("2026-07-02T09:00")
    await office.look()

    rows = await office.store.database.rows(
        "SELECT guild_id, user_id, action, detail FROM audit WHERE action <> 'track add'"
    )
    assert list(rows) == [
        (HERE, 0, "settings digest", "paused by the bot: group all. The channel is gone.")
    ]


async def test_what_is_settled_during_an_attempt_that_fails_stays(office: Office) -> None:
    mended = await office.settle()

    async def mend() -> None:
        nonlocal mended
        office.clock.pass_(30)
        mended = await office.settle(channel_id=OTHER_CHANNEL, top=3)

    office.poster.gone, office.poster.meanwhile = {CHANNEL}, mend
    await office.at("2026-07-02T09:00")

    assert await office.digest() == mended
    assert office.warnings.told == []
    office.poster.meanwhile = None
    office.clock.pass_(SETTLE)
    await office.look()
    assert list(office.poster.channels) == [OTHER_CHANNEL]


async def test_what_fails_by_settings_of_before_is_tried_by_those_of_now(office: Office) -> None:
    """Also where the same plan goes on: whoever settled it was told that it may be posted."""

    async def mend() -> None:
        await office.store.guilds.save_digest(replace(await office.digest(), top=3))

    office.poster.gone, office.poster.meanwhile = {CHANNEL}, mend
    await office.at("2026-07-02T09:00")
    assert ((await office.digest()).paused, (await office.digest()).top) == (None, 3)

    office.poster.meanwhile = None
    office.clock.pass_(SETTLE)
    await office.look()
    assert (await office.digest()).paused == "The channel is gone."


async def test_a_paused_by_hand_during_an_attempt_stays_so(office: Office) -> None:
    async def halt() -> None:
        await office.store.guilds.halt_digest(HERE, "all", BY_HAND)

    office.poster.gone, office.poster.meanwhile = {CHANNEL}, halt
    await office.at("2026-07-02T09:00")

    assert (await office.digest()).paused == BY_HAND
    assert office.warnings.told == []


@pytest.mark.parametrize("forgotten", [False, True])
async def test_what_is_removed_during_an_attempt_that_fails_stays_removed(
    office: Office, *, forgotten: bool
) -> None:
    async def remove() -> None:
        await (
            office.store.guilds.forget(HERE)
            if forgotten
            else office.store.guilds.remove_digest(HERE, "all")
        )

    office.poster.gone, office.poster.meanwhile = {CHANNEL}, remove
    await office.at("2026-07-02T09:00")
    await office.look()

    assert await office.store.guilds.digests(HERE) == []
    assert office.warnings.told == []
    assert [guild.id for guild in await office.store.guilds.known()] == [HERE] * (not forgotten)


async def test_a_warning_that_got_lost_is_told_at_a_later_look(office: Office) -> None:
    office.poster.gone = {CHANNEL}
    office.warnings.fails = [ConnectionError()]
    with pytest.raises(ConnectionError):
        await office.at("2026-07-02T09:00")
    assert office.warnings.told == []
    office.restart()
    await office.look()
    await office.look()

    assert [kind for _, kind, _ in office.warnings.told] == ["digest paused: all"]


async def test_mended_while_it_is_said_the_next_pause_is_told_again(office: Office) -> None:
    office.poster.gone, office.warnings.meanwhile = {CHANNEL}, office.settle
    await office.at("2026-07-02T09:00")
    office.warnings.meanwhile = None
    await office.at("2026-07-03T09:00")

    assert [kind for _, kind, _ in office.warnings.told] == ["digest paused: all"] * 2


async def test_nobody_is_warned_of_what_was_mended_or_paused_by_hand(office: Office) -> None:
    tried = await office.settle(paused="The channel is gone.")
    await office.settle()
    await office.posting.warn(tried)
    await office.settle(paused=BY_HAND)
    await office.look()

    assert office.warnings.told == []


async def test_resumed_in_time_it_is_posted_to_the_channel_chosen_then(office: Office) -> None:
    office.poster.gone = {CHANNEL}
    await office.at("2026-07-02T09:00")
    office.clock.set("2026-07-02T15:00")
    await office.settle(channel_id=OTHER_CHANNEL)
    await office.look()

    assert list(office.poster.channels) == [OTHER_CHANNEL]
    assert office.windows() == [("01 Jul 09:00", "02 Jul 09:00")]


async def test_resumed_days_later_the_next_digest_covers_it(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    office.poster.gone = {CHANNEL}
    await office.at("2026-07-03T09:00")
    office.poster.gone.clear()
    office.clock.set("2026-07-06T12:00")
    await office.settle()
    await office.look()
    await office.at("2026-07-07T09:00")

    assert office.windows()[1:] == [("02 Jul 09:00", "07 Jul 09:00")]


async def test_settled_anew_after_weeks_it_begins_anew(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    await office.store.guilds.remove_digest(HERE, "all")
    office.clock.set("2026-08-20T12:00")
    await office.settle()
    await office.at("2026-08-21T09:00")

    assert office.windows()[1:] == [("20 Aug 09:00", "21 Aug 09:00")]


async def test_removed_while_it_is_on_its_way_it_is_not_sent(office: Office) -> None:
    office.clock.set("2026-07-02T09:00")
    await office.posting.enqueue(await office.digest())
    (post,) = await office.posting.ready()
    await office.store.guilds.remove_digest(HERE, "all")
    await office.posting.deliver(post)

    assert office.poster.posted == []


async def test_another_time_settled_covers_from_the_last_one_posted(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    office.clock.set("2026-07-02T10:00")
    await office.settle(plan=replace(NINE, minute=18 * 60))
    await office.at("2026-07-02T18:00")

    assert office.windows()[1:] == [("02 Jul 09:00", "02 Jul 18:00")]


@pytest.mark.parametrize(
    ("step", "seconds"), [("send", ATTEMPT_SECONDS), ("search", SEARCH_SECONDS)]
)
async def test_an_attempt_that_hangs_is_ended(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str, seconds: int
) -> None:
    loop, passed = asyncio.get_running_loop(), 0
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + passed)
    if step == "search":
        office.poster.before = [trouble()]
        await office.at("2026-07-02T09:00")
        office.clock.pass_(FIRST_PAUSE)
    else:
        office.clock.set("2026-07-02T09:00")
    office.poster.hanging = asyncio.Event()
    look = asyncio.create_task(office.look())
    await office.poster.hanging.wait()
    passed = seconds - 5
    await asyncio.sleep(0.001)
    assert not look.done()
    passed = seconds
    async with asyncio.timeout(5):
        await look
    assert (await office.post()).state is PostState.SENDING
    assert office.poster.posted == []
    office.poster.hanging = None
    office.clock.pass_(2 * FIRST_PAUSE)
    await office.look()

    assert len(office.poster.posted) == 1


# -- what is listed --------------------------------------------------------------------------------


async def test_where_nothing_moved_a_guild_may_want_no_digest(office: Office) -> None:
    await office.at("2026-07-02T09:00")
    await office.settle(skip_empty=True)
    await office.at("2026-07-03T09:00")
    assert (await office.post()).state is PostState.SKIPPED
    office.clock.set("2026-07-04T08:55")
    await office.move(3)
    await office.at("2026-07-04T09:00")

    assert office.windows()[1:] == [("03 Jul 09:00", "04 Jul 09:00")]


async def test_small_changes_are_not_listed(office: Office) -> None:
    await office.settle(minimum=5, skip_empty=True)
    office.clock.set("2026-07-02T08:59")
    await office.move(4)
    await office.at("2026-07-02T09:00")
    assert (await office.post()).state is PostState.HELD
    office.clock.set("2026-07-03T08:59")
    await office.move(-9)
    await office.at("2026-07-03T09:00")

    (posted,) = office.poster.posted
    assert [row.subject.full_name for row in posted.report.digest.rows] == ["o/one"]


async def test_slow_growth_is_told_when_it_adds_up(office: Office) -> None:
    """What is too little for a digest is not lost: the next one covers it, and says so."""
    office.clock.set("2026-07-02T08:59")
    await office.move(0)
    await office.at("2026-07-02T09:00")
    await office.settle(minimum=10, skip_empty=True)
    for day in (3, 4, 5):
        office.clock.set(f"2026-07-{day:02}T08:59")
        await office.move(4)
        await office.at(f"2026-07-{day:02}T09:00")

    assert office.windows()[1:] == [("02 Jul 09:00", "05 Jul 09:00")]
    card = scheduled_digest(office.poster.posted[-1].report)
    assert [row.change for row in card.rows] == ["+12"]
    assert card.title == "Daily digest · Sunday 5 July, since Thursday 2 July 09:00"
    assert "covers 3 Jul, 4 Jul too: less had moved than is listed here" in card.notes
    await office.at("2026-07-06T09:00")
    assert (await office.post()).state is PostState.SKIPPED, "nothing has moved"


async def test_what_is_published_tells_of_public_repositories_only(
    store: SqliteStore, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    for name in ("o/open", "o/secret"):
        github.add(name, stars=100)
    github.repositories[1].visibility = Visibility.PRIVATE
    await flows.track.add(TRUSTED_GUILD, "o/open o/secret")
    office = Office(store, flows, github, clock, FakePoster(clock))
    for group, publish in (("all", True), ("inside", False)):
        await flows.track.add(TRUSTED_GUILD, "o/open o/secret", group)
        await office.settle(guild_id=TRUSTED_GUILD, group=group, publish=publish)
    clock.set("2026-07-02T08:59")
    for one in github.repositories:
        one.values["stars"] += 5
    await flows.sync.guild(TRUSTED_GUILD, Trigger.SYNC)
    await office.at("2026-07-02T09:00")

    reports = {one.post.group: one.report for one in office.poster.posted}
    listed = {
        group: sorted(row.subject.full_name for row in report.digest.rows)
        for group, report in reports.items()
    }
    assert listed == {"all": ["o/open"], "inside": ["o/open", "o/secret"]}
    assert reports["all"].digest.counts.watched == 1
    assert "secret" not in str(reports["all"])


# -- at rest ---------------------------------------------------------------------------------------


class Resting(BaseException):
    """The timer was watched for long enough."""


class NoRefresh:
    async def run(self, _active: Sequence[DigestSettings]) -> None:
        return

    def wait(self, _active: Sequence[DigestSettings]) -> int:
        return DAY


async def looks_in(office: Office, seconds: float) -> list[float]:
    """The rests of the real timer over so many seconds of the stand-in clock."""
    rests: list[float] = []

    async def sleep(rest: float) -> None:
        rests.append(rest)
        if sum(rests) >= seconds:
            raise Resting
        office.clock.pass_(round(rest))
        for _ in range(200):
            await asyncio.sleep(0.0005)

    timer = DigestTimer(office.posting, NoRefresh(), lambda: True, sleep)  # type: ignore[arg-type]  # a fake
    with pytest.raises(Resting):
        await timer.run()
    return rests


@pytest.mark.parametrize("how", ["by hand", "by itself", "left"])
async def test_what_is_not_posted_keeps_nobody_awake(office: Office, how: str) -> None:
    office.poster.before = [trouble()]
    await office.at("2026-07-02T09:00")
    if how == "left":
        await office.store.guilds.save(Guild(HERE, left_at=office.clock.now()))
    else:
        reason = BY_HAND if how == "by hand" else "The channel is gone."
        await office.store.guilds.save_digest(replace(await office.digest(), paused=reason))
    office.clock.pass_(20 * HOUR)

    rests = await looks_in(office, 300)
    assert rests == [LONGEST_REST] * 10
    assert office.poster.searches == 0
    assert await office.store.outbox.open() == []


async def test_resumed_it_is_open_again(office: Office) -> None:
    office.poster.before = [trouble()]
    await office.at("2026-07-02T09:00")
    digest = await office.digest()
    await office.store.guilds.save_digest(replace(digest, paused=BY_HAND))
    assert await office.posting.ready() == []
    await office.store.guilds.save_digest(digest)
    office.clock.pass_(SETTLE)
    await office.look()

    assert office.windows() == [("01 Jul 09:00", "02 Jul 09:00")]


async def test_a_post_begun_in_the_same_moment_is_not_folded_unseen(office: Office) -> None:
    """The newest post is read as due, and is being sent when it would be folded."""
    await office.at("2026-07-02T08:00")
    office.clock.set("2026-07-02T09:00")
    await office.posting.enqueue(await office.digest())
    read = await office.post()
    await office.store.outbox.begin(read.id, office.clock.now(), CHANNEL)

    assert not await office.store.outbox.overtake(read.id)
    assert (await office.post()).state is PostState.SENDING


async def test_a_group_without_repositories_says_how_to_begin(office: Office) -> None:
    await office.settle(group="empty")
    await office.at("2026-07-02T09:00")

    report = next(one.report for one in office.poster.posted if one.post.group == "empty")
    card = scheduled_digest(report)
    assert card.title == "Daily digest of empty · Thursday 2 July, since yesterday 09:00"
    assert card.lines == ("Nothing is watched here yet: see /repos, or start with /track add.",)


async def test_an_announcement_is_published_where_that_is_wanted(office: Office) -> None:
    await office.settle(publish=True)
    await office.at("2026-07-02T09:00")

    assert office.poster.published == [0]


async def test_waits_for_the_next_due_time_or_attempt(office: Office) -> None:
    office.clock.set("2026-07-02T08:00")
    active = await office.posting.active()
    assert office.posting.wait(active) == HOUR
    office.poster.before = [trouble()]
    await office.at("2026-07-02T09:00")
    assert office.posting.wait(active) == FIRST_PAUSE
    assert office.posting.wait([]) == FIRST_PAUSE


async def test_an_unknown_failure_is_not_hidden_and_not_repeated_at_once(
    office: Office,
) -> None:
    office.poster.before = [ValueError("a bug")]
    with pytest.raises(ValueError, match="a bug"):
        await office.at("2026-07-02T09:00")

    assert await office.posting.ready() == []
