"""What a figure says of itself, beside its target, its limit and its peers."""

import asyncio

import pytest

from benchmarks.collecting import requests_of
from benchmarks.figures import Figure, Peer, ratio
from benchmarks.growth import growth
from benchmarks.readme import table_of
from benchmarks.results import document
from benchmarks.running import growth_of
from benchmarks.table import how_often, number, ordered
from benchmarks.ticking import ticking
from benchmarks.timing import Spread, p99, spread


def figure(measured: float | None, target: float | None, *, at_least: bool = False) -> Figure:
    told = None if measured is None else spread([measured])
    return Figure("digest", "digest", 10_000, "ms", told, target, at_least=at_least)


@pytest.mark.parametrize(
    ("measured", "target", "at_least", "verdict"),
    [
        (12, 12, False, "holds"),
        (12.05, 12, False, "MISSES by less than 1%"),
        (15, 12, False, "MISSES by 25%"),
        (440, 12, False, "MISSES 37 times"),
        (100, 100, True, "holds"),
        (80, 100, True, "MISSES by 25%"),
        (3, 0, False, "MISSES by 3"),
        (0, 0, False, "holds"),
        (5, None, False, "reported"),
        (None, 12, False, "not measured"),
    ],
)
def test_a_figure_says_in_words_whether_it_holds(
    measured: float | None,
    target: float | None,
    at_least: bool,  # noqa: FBT001  # a case of the table
    verdict: str,
) -> None:
    assert figure(measured, target, at_least=at_least).verdict == verdict


def test_ratios_tell_how_many_times_ours_each_of_the_others_is() -> None:
    peers = [Peer("JSON", spread([60.0])), Peer("pandas", None, "No module named 'pandas'")]
    limit = spread([3.0])
    ours = Figure("digest", "digest", 1, "ms", spread([12.0]), limit=limit, peers=peers)

    assert ours.ratios == {"limit: ": 0.25, "JSON": 5.0}


def test_a_ratio_is_as_wide_as_its_two_spreads_allow() -> None:
    theirs, ours = Spread(60, 50, 80, 5), Spread(12, 10, 16, 15)
    told = ratio("r", "times faster", 1, 3, theirs=theirs, ours=ours)

    assert told.measured == Spread(5.0, 50 / 16, 8.0, 5)
    assert told.verdict == "holds"


def test_a_ratio_with_a_peer_that_did_not_run_is_not_measured() -> None:
    told = ratio("r", "times faster", 1, 3, theirs=None, ours=spread([1.0]))

    assert told.verdict == "not measured"


def test_growth_is_told_per_repository_where_it_should_be_linear_and_flat_else() -> None:
    measured = {("digest", 1_000): 1.0, ("digest", 10_000): 20.0, ("diff_p50", 1_000): 0.1}
    measured["diff_p50", 10_000] = 0.1
    figures = [Figure(k, k, n, "ms", spread([one])) for (k, n), one in measured.items()]
    told = {one.key: one for one in growth(figures)}

    assert told["growth_digest"].measured == spread([2.0])
    assert told["growth_digest"].verdict == "MISSES by 60%"
    assert told["growth_diff_p50"].verdict == "holds"
    assert growth(figures[:1]) == []


def test_ratios_stand_first_and_the_sizes_of_a_figure_below_each_other() -> None:
    figures = [
        Figure(key, key, size, unit, None)
        for size in (1_000, 10_000)
        for key, unit in (("digest", "ms"), ("digest_ratio", "x"))
    ]

    assert [(one.key, one.repositories) for one in ordered(figures)] == [
        ("digest_ratio", 1_000), ("digest_ratio", 10_000), ("digest", 1_000), ("digest", 10_000),
    ]  # fmt: skip


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    assert p99([float(n) for n in range(200)]) == 198


@pytest.mark.parametrize(
    ("value", "text"), [(0.14567, "0.146"), (12.0, "12"), (123.4, "123"), (12345.6, "12,346")]
)
def test_numbers_have_three_digits_or_all(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("count", "unit", "said"),
    [(1, "s", "once"), (2, "MB", "of 2"), (4, "ms", "of 4"), (5, "ms", ""), (1, "B", "")],
)
def test_a_figure_of_fewer_than_five_measurements_says_so(count: int, unit: str, said: str) -> None:
    assert how_often(count, unit) == said


def test_the_readme_says_it_in_the_same_words() -> None:
    few = Figure("start", "start to READY", 10_000, "s", spread([1.1, 1.3]), 1)
    many = Figure("digest", "digest", 10_000, "ms", spread([9.0] * 5), 12)
    rows = table_of(document([few, many], quick=True)).splitlines()

    assert "| start to READY | ≤ 1 s | 1.2 s (of 2, misses) |  |" in rows
    assert "| digest | ≤ 12 ms | 9 ms |  |" in rows


async def test_what_fails_beside_the_ticks_is_heard() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError):
        async with ticking(fail()):
            await asyncio.sleep(0)


def test_a_tool_that_did_not_run_has_no_requests() -> None:
    ran, missing = Peer("tool", spread([9.0])), Peer("tool", None, "not installed")

    assert requests_of(ran, 50) == Peer("tool", spread([50]))
    assert requests_of(missing, 50) == missing


def test_memory_that_nobody_watched_longer_did_not_stay_the_same() -> None:
    watched, alone = growth_of([70.0, 71.0, 71.0, 71.5], 2, 100, 1), growth_of([70.0], 1, 100, 1)

    assert (watched.verdict, watched.measured) == ("holds", spread([0.0, 0.5]))
    assert alone.verdict == "not measured"
