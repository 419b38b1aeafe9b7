"""A chart in words: what the picture shows, short enough for Discord."""

from dataclasses import replace
from datetime import UTC

from hypothesis import given, settings

from bot.core.chart import Chart, Line, Point
from bot.core.metrics import DISK_USAGE, STARS
from bot.render.chart_words import LONGEST, describe
from tests.bot.render.charts import DAY, END, HOUR, chart, charts, line


def test_it_tells_the_ends_the_change_and_the_gaps() -> None:
    shown = chart(line("a/b", 1_000, 1_100, 800, 1_204, pieces=2), Line("c/d", ()))

    assert describe(shown, UTC) == (
        "Line chart: The leaders. Stars, 1 Apr to 30 Jun 2026. "
        "a/b: 1,000 (1 Apr) to 1,204 (30 Jun), +204, 1 gap without samples. c/d: no data."
    )


def test_it_tells_the_largest_loss() -> None:
    shown = chart(line("a/b", 1_000, 1_100, 800, 790))

    assert "\N{MINUS SIGN}210, largest loss \N{MINUS SIGN}300 31 May." in describe(shown, UTC)


def test_one_sample_has_no_change() -> None:
    once = chart(Line("a/b", ((Point(END - DAY, 7),),)))

    assert describe(once, UTC).endswith("a/b: 7, sampled once, 29 Jun.")


def test_a_short_window_has_times_of_day_and_two_years_are_both_named() -> None:
    points = (Point(END - 5 * HOUR, 7), Point(END, 8))
    hours = Chart("a/b", STARS, (Line("a/b", (points,)),), END - 5 * HOUR, END)

    assert "Stars, 30 Jun 2026, 07:00 to 12:00. a/b: 7 (30 Jun 07:00) to 8" in describe(hours, UTC)
    assert "30 Jun 2025 to 30 Jun 2026" in describe(chart(days=365), UTC)


def test_nothing_is_said_to_be_nothing() -> None:
    assert describe(chart(), UTC).endswith("No data in this window.")


@settings(deadline=None)
@given(charts())
def test_it_is_one_short_line_that_names_the_metric(shown: Chart) -> None:
    told = describe(shown, UTC)

    assert len(told) <= LONGEST
    assert told.isprintable()
    assert shown.metric.label in told


def test_five_long_names_all_fit() -> None:
    names = [f"{'o' * 39}/{number}{'r' * 99}" for number in range(5)]
    busy = [line(name, 434_000, 500_000, 400_000, 123_456, pieces=2) for name in names]
    told = describe(chart(*busy, title="t" * 300), UTC)

    assert "…." not in told[-2:]
    assert all(f"/{number}" in told for number in range(5))
    assert told.endswith("1 gap without samples.")


def test_sizes_are_told_as_sizes() -> None:
    grown = replace(chart(line("a/b", 12_300, 14_800)), metric=DISK_USAGE)

    assert "a/b: 12.3 MB (1 Apr) to 14.8 MB (30 Jun), +2.5 MB." in describe(grown, UTC)
    once = replace(chart(Line("a/b", ((Point(END - DAY, 999),),))), metric=DISK_USAGE)
    assert describe(once, UTC).endswith("a/b: 999 kB, sampled once, 29 Jun.")
