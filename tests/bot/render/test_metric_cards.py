"""Weekly metrics in words: a gap is no zero, fractions keep their point, plurals are right."""

from dataclasses import replace

import pytest

from bot.core.metrics import METRICS, Unit
from bot.core.weekly import Loaded, Stats
from bot.render import metric_cards, words
from bot.render.metric_cards import sparkline
from bot.render.ticks import value_ticks
from bot.render.words import MINUS


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([None, None], "··"),
        ([0, None, 7], "▁·█"),
        ([5, 5, None], "▅▅·"),
        ([-1, 0, 1], "▁▅█"),
        ([0.1, 0.2], "▁█"),
    ],
)
def test_a_sparkline_has_a_block_a_week_and_a_gap_where_there_is_none(
    values: list[float | None], line: str
) -> None:
    assert sparkline(values) == line


def test_thousandths_are_told_with_a_point() -> None:
    metric = replace(METRICS["stars"], unit=Unit.THOUSANDTHS)

    assert [words.amount(value, metric) for value in (3500, 1_250_000, -1, 0)] == [
        "3.5", "1,250", f"{MINUS}0.001", "0",
    ]  # fmt: skip
    assert words.gained(-2500, metric) == f"{MINUS}2.5"
    assert [tick.label for tick in value_ticks(-500, 1000, 4, Unit.THOUSANDTHS)] == [
        f"{MINUS}0.5", "0", "0.5", "1",
    ]  # fmt: skip


def test_numbers_are_told_as_they_were_recorded() -> None:
    assert [metric_cards.number(value) for value in (1200, -1.5, 0)] == [
        "1,200",
        f"{MINUS}1.5",
        "0",
    ]


def test_one_is_one() -> None:
    assert metric_cards.loaded(Loaded(1, 1, 0)).title == "Read 1 metric of 1 week"
    assert metric_cards.cleaned(1).title == "Removed 1 week"
    assert metric_cards.cleaned(0).title == "Nothing to clean up"


def test_nothing_kept_is_said() -> None:
    empty = Stats(total_weeks=0, metrics=[], oldest_week=None, newest_week=None, file_size_kb=0.0)

    assert metric_cards.stats(empty).lines == ("Nothing is kept yet.",)
    assert metric_cards.values("m", "k", {}).lines == ("Nothing is kept.",)
    rows = metric_cards.values("m", "k", {"2025-44": None, "2025-45": 0}).rows
    assert [row.value for row in rows] == ["unknown", "0"]
