"""Composing: a digest tried out begins at a real due time, and is told by the settled rules."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.core.guild import DigestSettings
from bot.core.models import Trigger, Visibility
from bot.core.schedule import Every, Plan
from bot.flows.composing import Composing
from bot.render.cards import scheduled_digest
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub

HERE = 11


@pytest.fixture
def composing(flows: Flows, clock: SettableClock) -> Composing:
    return Composing(flows.digests, flows.charts, clock)


def settled(every: Every = Every.DAY, zone: str = "UTC", **rules: int) -> DigestSettings:
    return DigestSettings(HERE, "all", 5, Plan(540, every, zone), 0, **rules)


@pytest.mark.parametrize(
    ("every", "now", "start"),
    [
        (Every.DAY, "2026-07-06T08:00", "05 Jul 09:00"),
        (Every.DAY, "2026-07-06T10:00", "05 Jul 09:00"),
        (Every.WEEKDAYS, "2026-07-06T08:00", "03 Jul 09:00"),  # a Monday: the weekend, too
        (Every.WEEKDAYS, "2026-07-06T10:00", "03 Jul 09:00"),
        (Every.WEEKDAYS, "2026-07-07T10:00", "06 Jul 09:00"),
        (Every.WEEKDAYS, "2026-07-05T10:00", "03 Jul 09:00"),
        (Every.MONDAY, "2026-07-06T10:00", "29 Jun 09:00"),
        (Every.MONDAY, "2026-07-11T10:00", "06 Jul 09:00"),
    ],
)
async def test_today_begins_at_the_due_time_before_todays(
    composing: Composing, clock: SettableClock, every: Every, now: str, start: str
) -> None:
    clock.set(now)
    window = (await composing.today(settled(every))).digest.window

    assert f"{datetime.fromtimestamp(window.start, ZoneInfo('UTC')):%d %b %H:%M}" == start
    assert window.end == clock.now()


async def test_today_is_a_day_of_the_digests_own_zone(
    composing: Composing, clock: SettableClock
) -> None:
    clock.set("2026-07-05T20:00")  # it is Monday in Tokyo
    window = (await composing.today(settled(Every.WEEKDAYS, "Asia/Tokyo"))).digest.window

    tokyo = datetime.fromtimestamp(window.start, ZoneInfo("Asia/Tokyo"))
    assert f"{tokyo:%a %H:%M}" == "Fri 09:00"


async def test_it_is_what_a_due_one_would_be(
    composing: Composing, flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.add("o/one", stars=100)
    github.add("o/two", stars=100)
    clock.set("2026-07-02T08:00")
    await flows.track.add(HERE, "o/one o/two")
    clock.set("2026-07-03T09:00")
    github.repositories[0].values["stars"] = 107
    github.repositories[1].values["stars"] = 102
    await flows.sync.guild(HERE, Trigger.SYNC)

    report = await composing.today(settled(minimum=5))
    card = scheduled_digest(report)

    assert card.title == "Daily digest · Friday 3 July, since yesterday 09:00"
    assert [row.name for row in card.rows] == ["o/one"]
    assert report.chart is not None
    (action,) = card.actions
    assert (action.label, action.wish) == ("Last 7 days", "digest:0:7d:any:all")
    assert report == await composing.over(settled(minimum=5), report.digest.window)


async def test_one_that_is_published_is_tried_without_private_repositories(
    composing: Composing, flows: Flows, github: ScriptedGitHub
) -> None:
    github.add("o/open", stars=1)
    github.add("o/secret", Visibility.PRIVATE, stars=1)
    await flows.track.add(TRUSTED_GUILD, "o/open o/secret")
    inside = replace(settled(), guild_id=TRUSTED_GUILD)

    watched = [
        (await composing.today(one)).digest.counts.watched
        for one in (inside, replace(inside, publish=True))
    ]

    assert watched == [2, 1]
