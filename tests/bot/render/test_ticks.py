"""Ticks: round, in order, few enough, and true to the clock of the reader."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.metrics import Unit
from bot.render.ticks import time_ticks, value_ticks, whole
from bot.render.words import MINUS

HOUR, DAY = 3_600, 86_400
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana")]
JUNE = int(datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp())


def labels(start: int, end: int, zone: str = "UTC", most: int = 8) -> list[str]:
    return [label for _, label in time_ticks(start, end, ZoneInfo(zone), most)]


@given(st.integers(-(10**9), 10**12), st.floats(4, 10**9), st.integers(3, 8))
def test_values_are_whole_round_in_order_and_few(low: int, wide: float, most: int) -> None:
    ticks = value_ticks(low, low + wide, most)
    places = [at for at, _ in ticks]
    steps = {after - before for before, after in pairwise(places)}

    assert 1 <= len(ticks) <= most
    assert all(low <= at <= low + wide for at in places)
    assert len(steps) <= 1
    assert all(str(step).rstrip("0") in {"1", "2", "5"} for step in steps)
    assert len({label for _, label in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0, 4, ["0", "1", "2", "3", "4"]),
        (995.5, 1010.2, ["1,000", "1,005", "1,010"]),
        (0, 90_000, ["0", "20,000", "40,000", "60,000", "80,000"]),
        (434_000, 437_800, ["434k", "435k", "436k", "437k"]),
        (434_000, 435_100, ["434k", "434.2k", "434.4k", "434.6k", "434.8k", "435k"]),
        (434_000, 434_065, ["434,000", "434,020", "434,040", "434,060"]),
        (0, 1_300_000, ["0", "0.5M", "1M"]),
        (1_240_000, 1_300_000, ["1.24M", "1.26M", "1.28M", "1.3M"]),
        (-12, 12, [f"{MINUS}10", f"{MINUS}5", "0", "5", "10"]),
    ],
)
def test_values_are_told_shortly(low: float, high: float, told: list[str]) -> None:
    assert [label for _, label in value_ticks(low, high, 6)] == told


def test_a_loss_has_a_true_minus_sign() -> None:
    assert (whole(-1_234), whole(0), whole(434_500)) == (f"{MINUS}1,234", "0", "434,500")


@given(
    st.integers(0, 4_000_000_000),
    st.one_of(st.integers(0, 5 * DAY), st.integers(0, 40_000 * DAY)),
    st.sampled_from(ZONES),
    st.integers(5, 10),
)
def test_moments_are_in_order_inside_and_never_crowded(
    start: int, wide: int, zone: ZoneInfo, most: int
) -> None:
    ticks = time_ticks(start, start + wide, zone, most)
    places = [at for at, _ in ticks]

    assert len(ticks) <= most
    assert all(start <= at <= start + wide for at in places)
    assert places == sorted(set(places))
    assert all(after - before >= wide / (most + 1) * 0.6 for before, after in pairwise(places))


@given(st.integers(0, 4_000_000_000), st.integers(DAY // 2, 1_100 * DAY), st.sampled_from(ZONES))
def test_any_window_of_half_a_day_or_more_is_marked(start: int, wide: int, zone: ZoneInfo) -> None:
    assert len(time_ticks(start, start + wide, zone, 7)) >= 2


@pytest.mark.parametrize(
    ("wide", "told"),
    [
        (6 * HOUR, ["06:00", "07:00", "08:00", "09:00", "10:00", "11:00", "12:00"]),
        (2 * DAY, ["12:00", "29 Jun", "12:00", "30 Jun", "12:00"]),
        (7 * DAY, ["24 Jun", "25 Jun", "26 Jun", "27 Jun", "28 Jun", "29 Jun", "30 Jun"]),
        (30 * DAY, ["1 Jun", "8 Jun", "15 Jun", "22 Jun", "29 Jun"]),
        (90 * DAY, ["13 Apr", "27 Apr", "11 May", "25 May", "8 Jun", "22 Jun"]),
        (200 * DAY, ["2026", "Feb", "Mar", "Apr", "May", "Jun"]),
        (365 * DAY, ["Jul", "Sep", "Nov", "2026", "Mar", "May"]),
        (3 * 365 * DAY, ["2024", "Jul", "2025", "Jul", "2026"]),
        (20 * 365 * DAY, ["2010", "2015", "2020", "2025"]),
        (0, ["12:00"]),
    ],
)
def test_the_calendar_suits_the_window(wide: int, told: list[str]) -> None:
    assert labels(JUNE - wide, JUNE, most=7) == told


@pytest.mark.parametrize("zone", ZONES)
def test_days_begin_where_the_reader_is(zone: ZoneInfo) -> None:
    for at, label in time_ticks(JUNE - 6 * DAY, JUNE, zone, 8):
        local = datetime.fromtimestamp(at, zone)
        assert (local.hour, local.minute, label) == (0, 0, f"{local.day} Jun")


@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
)
def test_a_clock_that_is_changed_still_tells_the_time(change: datetime) -> None:
    zone = ZoneInfo("Europe/Berlin")
    start, end = (int((change + timedelta(hours=hours)).timestamp()) for hours in (-2, 6))
    for at, label in time_ticks(start, end, zone, 9):
        local = datetime.fromtimestamp(at, zone)
        assert label == (f"{local:%H:%M}" if local.hour else f"{local.day} {local:%b}")


def test_a_midnight_that_does_not_exist_still_names_its_day() -> None:
    """In Havana the clock goes from 23:59 to 01:00 on 8 March 2026."""
    start = int(datetime(2026, 3, 6, tzinfo=UTC).timestamp())

    assert labels(start, start + 5 * DAY, "America/Havana", 6) == [
        *("6 Mar", "7 Mar", "8 Mar", "9 Mar", "10 Mar"),
    ]


@given(st.integers(0, 10**9), st.floats(4, 10**9), st.integers(3, 8))
def test_no_two_sizes_of_an_axis_are_told_alike(low: int, wide: float, most: int) -> None:
    ticks = value_ticks(low, low + wide, most, Unit.KILOBYTES)

    assert [at for at, _ in ticks] == [at for at, _ in value_ticks(low, low + wide, most)]
    assert len({label for _, label in ticks}) == len(ticks)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0, 4, ["0 kB", "1 kB", "2 kB", "3 kB", "4 kB"]),
        (0, 90_000, ["0 MB", "20 MB", "40 MB", "60 MB", "80 MB"]),
        (449_430, 449_434, [f"449,43{last} kB" for last in range(5)]),
        (1_240_000, 1_300_000, ["1.24 GB", "1.26 GB", "1.28 GB", "1.3 GB"]),
    ],
)
def test_sizes_have_their_unit_at_the_axis(low: float, high: float, told: list[str]) -> None:
    assert [label for _, label in value_ticks(low, high, 6, Unit.KILOBYTES)] == told
