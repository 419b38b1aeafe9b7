"""What a guild settles, as people type it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.guild import plan_of
from bot.core.schedule import Every, Plan


@pytest.mark.parametrize(
    ("typed", "minute"),
    [("00:00", 0), ("09:00", 540), ("9:00", 540), (" 9:05 ", 545), ("23:59", 1439)],
)
def test_a_time_is_read_as_a_minute_of_the_day(typed: str, minute: int) -> None:
    assert plan_of(typed, Every.WEEKDAYS, "Asia/Kathmandu") == Plan(
        minute, Every.WEEKDAYS, "Asia/Kathmandu"
    )


@pytest.mark.parametrize(
    "typed",
    [
        *("", ":", "9", "09", "0900", "9:", ":30", "9:5", "9:005", "09:00:00"),
        *("24:00", "09:60", "100:00", "-1:00", "9:-1", "+9:00", "9 :00", "9.30", "9h30"),
        *("9am", "9:00 am", "nine", "noon", "9:0x", "9:½0", "²:00"),
    ],
)
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        plan_of(typed, Every.DAY, "UTC")


@given(st.integers(0, 23), st.integers(0, 59))
def test_every_minute_of_the_day_may_be_written(hour: int, minute: int) -> None:
    assert plan_of(f"{hour:02}:{minute:02}", Every.DAY, "UTC").minute == hour * 60 + minute


@given(st.text())
def test_whatever_is_typed_is_a_minute_of_the_day_or_refused(typed: str) -> None:
    try:
        plan = plan_of(typed, Every.DAY, "UTC")
    except ValueError:
        return
    assert 0 <= plan.minute < 24 * 60
