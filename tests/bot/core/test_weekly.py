"""A metric week after week: changes come from the delta engine, and a week without one is a gap."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.core.aggregation import Number
from bot.core.delta import Status
from bot.core.metrics import Unit
from bot.core.weekly import WEEKS, Kept, Leaf
from bot.core.weeks import Week, week_of
from tests.standins.clock import moment

NOW = moment("2025-11-05T09:00")  # in week 45
THIS = Week(2025, 45)
UTC = ZoneInfo("UTC")


def kept(values: dict[int, Number], zone: ZoneInfo = UTC) -> Kept:
    """By how many weeks ago."""
    weeks = {THIS.later(-ago): {"value": value} for ago, value in values.items()}
    return Kept("bugs", weeks, NOW, zone)


def leaf(values: dict[int, Number], zone: ZoneInfo = UTC) -> Leaf:
    found = kept(values, zone)
    one = found.leaf("value", found.unit(["value"]))
    assert one is not None
    return one


def test_a_week_is_compared_with_the_one_before() -> None:
    one = leaf({0: 12, 1: 15, 2: 9})

    assert (one.week.status, one.week.before, one.week.after) == (Status.EXACT, 15, 12)
    assert (one.week.change, one.week.percent) == (-3, -20)
    assert (one.over.status, one.over.change) == (Status.SINCE, 3)


def test_a_gap_is_told_and_never_zero() -> None:
    one = leaf({0: 12, 3: 15})

    assert one.values == (None,) * 12 + (15, None, None, 12)
    assert one.recorded == 2
    assert (one.week.status, one.week.change) == (Status.APPROX, -3)
    assert week_of(one.week.before_at or 0) == THIS.later(-3)


def test_one_week_alone_has_no_change() -> None:
    for ago in (0, 5):
        one = leaf({ago: 12})

        assert (one.week.status, one.week.change, one.over.change) == (Status.NEW, None, None)


def test_what_is_older_than_the_weeks_shown_is_what_they_began_with() -> None:
    one = leaf({0: 12, WEEKS - 1: 10, WEEKS + 4: 8})

    assert one.over.change == 2
    assert leaf({0: 12, WEEKS + 4: 8}).over.status is Status.APPROX


def test_fractions_are_counted_in_thousandths() -> None:
    one = leaf({0: 2.5, 1: 2})

    assert one.metric.unit is Unit.THOUSANDTHS
    assert (one.week.before, one.week.after, one.week.change) == (2000, 2500, 500)
    assert leaf({0: 2.0}).metric.unit is Unit.COUNT


def test_the_chart_is_open_where_a_week_has_none() -> None:
    chart = kept({0: 12, 1: 15, 4: 9, 5: 9}).chart(["value"])
    (line,) = chart.lines

    assert [[point.value for point in segment] for segment in line.segments] == [[9, 9], [15, 12]]
    assert (chart.start, chart.end) == (THIS.later(1 - WEEKS).first(), NOW)
    assert line.last is not None
    assert line.last.at == NOW


def test_weeks_to_come_and_numbers_beyond_reason_are_not_drawn() -> None:
    found = kept({-1: 99, 0: 12, 1: 10**20})

    assert found.values("value") == {THIS: 12}
    assert kept({-1: 99}).leaf("value", Unit.COUNT) is None
    assert kept({0: 10**20}).keys() == []


def test_the_leading_number_is_the_one_that_is_meant() -> None:
    data = {"by_status": {"Draft": 1}, "wip_count": 3, "text": "x"}
    found = Kept("flow_load", {THIS: data}, NOW, UTC)

    assert found.keys() == ["wip_count", "by_status.Draft"]


@given(
    st.dictionaries(st.integers(0, 30), st.integers(-50, 50), min_size=1),
    st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin"]),
)
def test_a_change_is_that_of_the_values_in_every_zone(values: dict[int, int], name: str) -> None:
    one = leaf(dict(values), ZoneInfo(name))
    newest, *older = sorted(values)

    assert one.week.after == values[newest]
    if not older:
        assert one.week.change is None
    else:
        assert one.week.change == values[newest] - values[older[0]]
        assert (one.week.status is Status.EXACT) == (older[0] == newest + 1)
