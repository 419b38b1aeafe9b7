"""When a digest is due: the right minute of the right days, whatever the clocks do."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.schedule import Every, Plan, next_due, previous_due
from tests.standins.clock import DAY, HOUR, moment

MINUTE = 60
QUARTER = 15 * MINUTE
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # moves by half an hour
    "Asia/Kathmandu",  # +05:45
    "Pacific/Apia",  # no 30 December 2011
    "Pacific/Kiritimati",  # +14
    "Pacific/Pago_Pago",  # -11
    "Africa/Cairo",  # moves at midnight, on Fridays
    "America/Havana",  # 00:30 exists twice
    "America/Nuuk",  # from 23:00 to midnight
    "Africa/Casablanca",  # moves twice around Ramadan
    "America/Caracas",  # moved by half an hour for good
]
PLANS = st.builds(Plan, st.integers(0, 1439), st.sampled_from(Every), st.sampled_from(ZONES))
MOMENTS = st.integers(moment("2010-01-01"), moment("2031-01-01"))
CLOCKS = ["00:00", "00:30", "02:00", "02:30", "09:00", "23:30"]
NEVER = ("Pacific/Apia", date(2011, 12, 30))
SAMOA = Plan(9 * 60, Every.DAY, "Pacific/Apia")
NUUK = Plan(23 * 60 + 30, Every.DAY, "America/Nuuk")


def at_minute(clock: str, zone: str, every: Every = Every.DAY) -> Plan:
    hour, minute = clock.split(":")
    return Plan(int(hour) * 60 + int(minute), every, zone)


def shown(at: int, zone: str) -> datetime:
    """What a clock on the wall shows."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def wanted(plan: Plan, day: date) -> datetime:
    return datetime(day.year, day.month, day.day) + timedelta(minutes=plan.minute)  # noqa: DTZ001 - a wall's clock


def day_of(plan: Plan, due: int) -> date:
    """Which day's digest it is: one skipped at the end of a day is due as the next one begins."""
    wall = shown(due, plan.zone)
    return wall.date() if wanted(plan, wall.date()) <= wall else wall.date() - timedelta(days=1)


def dues(plan: Plan, start: str, count: int) -> list[int]:
    found = [next_due(plan, moment(start))]
    while len(found) < count:
        found.append(next_due(plan, found[-1]))
    return found


def walls(plan: Plan, start: str, count: int) -> list[str]:
    """Due times from a moment on, as the clock on the wall and UTC have them."""
    return [
        f"{shown(due, plan.zone):%a %d %b %H:%M} = {datetime.fromtimestamp(due, UTC):%H:%M}"
        for due in dues(plan, start, count)
    ]


def first_moments(plan: Plan, year: int, seen: Sequence[tuple[int, datetime]]) -> dict[date, int]:
    """Each day's first moment at which the clock shows that minute or a later one."""
    found: dict[date, int] = {}
    day = date(year, 1, 1)
    for at, wall in seen:
        while day.year == year and wall >= wanted(plan, day):
            found[day] = at
            day += timedelta(days=1)
    return found


@given(PLANS, MOMENTS)
@example(SAMOA, moment("2011-12-30"))
@example(NUUK, moment("2026-03-29"))
def test_the_next_is_later_and_the_previous_earlier(plan: Plan, now: int) -> None:
    assert previous_due(plan, now) < now < next_due(plan, now)


@given(PLANS, MOMENTS)
@example(SAMOA, moment("2011-12-30"))
@example(NUUK, moment("2026-03-29"))
def test_there_is_none_between_a_due_time_and_its_neighbour(plan: Plan, now: int) -> None:
    before, after = previous_due(plan, now), next_due(plan, now)

    assert next_due(plan, after - 1) == after
    assert previous_due(plan, before + 1) == before
    assert next_due(plan, before) in {now, after}, "now itself may be due"
    assert previous_due(plan, after) in {now, before}


@given(PLANS, MOMENTS)
@example(SAMOA, moment("2011-12-29"))
@example(NUUK, moment("2026-03-28"))
def test_it_is_the_first_minute_that_shows_the_time_or_a_later_one(plan: Plan, now: int) -> None:
    due = next_due(plan, now)
    asked = wanted(plan, day_of(plan, due))

    assert shown(due - MINUTE, plan.zone) < asked <= shown(due, plan.zone)
    assert all(shown(due - ago * QUARTER, plan.zone) < asked for ago in range(1, 9)), "the first"
    if shown(due, plan.zone) != asked:
        there = asked.replace(tzinfo=ZoneInfo(plan.zone)).timestamp()
        assert shown(int(there), plan.zone) != asked, "it does not exist that day"


@given(PLANS, MOMENTS)
@example(SAMOA, moment("2011-12-28"))
@example(NUUK, moment("2026-03-27"))
def test_each_day_that_counts_has_one_and_no_other_day_has_any(plan: Plan, now: int) -> None:
    found = [next_due(plan, now)]
    for _ in range(3):
        found.append(next_due(plan, found[-1]))
    days = [day_of(plan, due) for due in found]

    assert all(plan.every.holds(day) for day in days)
    assert NEVER not in {(plan.zone, day) for day in days}
    for one, another in pairwise(days):
        between = [one + timedelta(days=n) for n in range(1, (another - one).days)]
        missed = [(plan.zone, day) for day in between if plan.every.holds(day)]
        assert one < another
        assert missed in ([], [NEVER])


@pytest.mark.parametrize("zone", ZONES)
def test_the_right_minute_on_each_day_of_2026(zone: str) -> None:
    """Found by looking at the clock every quarter of an hour: no arithmetic on local time."""
    quarters = range(moment("2025-12-30"), moment("2027-01-03"), QUARTER)
    seen = [(at, shown(at, zone)) for at in quarters]
    for plan in (at_minute(clock, zone) for clock in CLOCKS):
        expected = first_moments(plan, 2026, seen)
        due, found = min(expected.values()) - 1, {}
        for _ in range(365):
            due = next_due(plan, due)
            found[day_of(plan, due)] = due

        assert len(expected) == 365
        assert found == expected
        assert previous_due(plan, due + 1) == due


@pytest.mark.parametrize(
    ("zone", "march", "october"),
    [
        ("Europe/Berlin", ("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25")),
        ("America/New_York", ("2026-03-07", "2026-03-08"), ("2026-10-31", "2026-11-01")),
    ],
)
def test_the_hour_that_a_change_moves_is_seen_at_nine_too(
    zone: str, march: tuple[str, str], october: tuple[str, str]
) -> None:
    """The day of the change is 23 or 25 hours long, the digest comes at nine all the same."""
    plan = at_minute("09:00", zone)
    for (day, change), hours in ((march, 23), (october, 25)):
        first, second = dues(plan, f"{day}T06:00", 2)
        assert (second - first) == hours * HOUR
        assert f"{shown(first, zone)}" == f"{day} 09:00:00"
        assert f"{shown(second, zone)}" == f"{change} 09:00:00"


def test_berlin_skips_half_past_two_in_march_and_has_it_twice_in_october() -> None:
    plan = at_minute("02:30", "Europe/Berlin")

    assert walls(plan, "2026-03-28T00:00", 3) == [
        "Sat 28 Mar 02:30 = 01:30",
        "Sun 29 Mar 03:00 = 01:00",
        "Mon 30 Mar 02:30 = 00:30",
    ]
    assert walls(plan, "2026-10-24T00:00", 3) == [
        "Sat 24 Oct 02:30 = 00:30",
        "Sun 25 Oct 02:30 = 00:30",
        "Mon 26 Oct 02:30 = 01:30",
    ]


def test_new_york_skips_half_past_two_in_march_and_has_half_past_one_twice() -> None:
    assert walls(at_minute("02:30", "America/New_York"), "2026-03-07T05:00", 3) == [
        "Sat 07 Mar 02:30 = 07:30",
        "Sun 08 Mar 03:00 = 07:00",
        "Mon 09 Mar 02:30 = 06:30",
    ]
    assert walls(at_minute("01:30", "America/New_York"), "2026-10-31T04:00", 3) == [
        "Sat 31 Oct 01:30 = 05:30",
        "Sun 01 Nov 01:30 = 05:30",
        "Mon 02 Nov 01:30 = 06:30",
    ]


def test_lord_howe_moves_by_half_an_hour() -> None:
    assert walls(at_minute("02:15", "Australia/Lord_Howe"), "2026-10-02T20:00", 3) == [
        "Sun 04 Oct 02:30 = 15:30",
        "Mon 05 Oct 02:15 = 15:15",
        "Tue 06 Oct 02:15 = 15:15",
    ]
    assert walls(at_minute("01:45", "Australia/Lord_Howe"), "2026-04-03T20:00", 3) == [
        "Sun 05 Apr 01:45 = 14:45",
        "Mon 06 Apr 01:45 = 15:15",
        "Tue 07 Apr 01:45 = 15:15",
    ]


def test_kathmandu_is_a_quarter_of_an_hour_off() -> None:
    assert walls(at_minute("09:00", "Asia/Kathmandu"), "2026-06-01T00:00", 2) == [
        "Mon 01 Jun 09:00 = 03:15",
        "Tue 02 Jun 09:00 = 03:15",
    ]


def test_a_day_that_samoa_never_had_brings_no_digest() -> None:
    assert walls(SAMOA, "2011-12-28T20:00", 3) == [
        "Thu 29 Dec 09:00 = 19:00",
        "Sat 31 Dec 09:00 = 19:00",
        "Sun 01 Jan 09:00 = 19:00",
    ]
    assert previous_due(SAMOA, moment("2011-12-30T19:00")) == moment("2011-12-29T19:00")
    fridays = at_minute("09:00", "Pacific/Apia", Every.FRIDAY)
    assert walls(fridays, "2011-12-23T20:00", 1) == ["Fri 06 Jan 09:00 = 19:00"]


def test_what_is_skipped_at_the_end_of_a_day_comes_at_midnight() -> None:
    """As every other skipped minute: at the next that exists, 23.5 hours from both neighbours."""
    assert walls(NUUK, "2026-03-27T12:00", 3) == [
        "Fri 27 Mar 23:30 = 01:30",
        "Sun 29 Mar 00:00 = 01:00",
        "Sun 29 Mar 23:30 = 00:30",
    ]


def test_midnight_itself_may_be_skipped() -> None:
    assert walls(at_minute("00:00", "Africa/Cairo"), "2026-04-22T12:00", 3) == [
        "Thu 23 Apr 00:00 = 22:00",
        "Fri 24 Apr 01:00 = 22:00",
        "Sat 25 Apr 00:00 = 21:00",
    ]


def test_a_due_time_is_neither_after_nor_before_itself() -> None:
    plan = at_minute("09:00", "UTC")
    nine = moment("2026-06-02T09:00")

    assert next_due(plan, nine) == nine + DAY
    assert previous_due(plan, nine) == nine - DAY
    assert next_due(plan, nine - 1) == previous_due(plan, nine + 1) == nine


def test_weekdays_leave_out_the_weekend() -> None:
    plan = at_minute("08:15", "Europe/Berlin", Every.WEEKDAYS)

    assert walls(plan, "2026-06-04T12:00", 3) == [
        "Fri 05 Jun 08:15 = 06:15",
        "Mon 08 Jun 08:15 = 06:15",
        "Tue 09 Jun 08:15 = 06:15",
    ]
    assert previous_due(plan, moment("2026-06-08T00:00")) == moment("2026-06-05T06:15")


def test_it_is_the_zones_own_weekday() -> None:
    """Monday morning in Auckland is Sunday evening in UTC."""
    plan = at_minute("09:00", "Pacific/Auckland", Every.MONDAY)

    assert walls(plan, "2026-06-01", 2) == ["Mon 08 Jun 09:00 = 21:00", "Mon 15 Jun 09:00 = 21:00"]


@pytest.mark.parametrize(
    "every", [every for every in Every if every not in {Every.DAY, Every.WEEKDAYS}]
)
def test_a_weekday_is_named_as_the_calendar_has_it(every: Every) -> None:
    (due,) = dues(at_minute("12:00", "UTC", every), "2026-06-01T13:00", 1)

    assert f"{shown(due, 'UTC'):%A}".lower() == every
    assert next_due(at_minute("12:00", "UTC", every), due) == due + 7 * DAY
