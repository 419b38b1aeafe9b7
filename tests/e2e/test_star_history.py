"""History from day one: what was tracked just now has a past, and everybody is told where from."""

import asyncio
from datetime import timedelta

import pytest

from bot.clock import SystemClock
from tests.standins.discord_api import Answer
from tests.standins.stage import Place, Stage, lines

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITHIN = timedelta(seconds=5).total_seconds()
RECONSTRUCTED = "reconstructed from stars still held"


def grown(stage: Stage, name: str) -> None:
    """1,000 stars, two of them on each of the last days.

    None on those on which the windows begin: whether they count depends on the time of day.
    """
    stage.github.add(name, stars=1000)
    ago = dict.fromkeys(range(151), 2) | dict.fromkeys((7, 30, 90), 0) | {900: 700}
    stage.github.star_histories.give(name, SystemClock().now(), ago)


async def told(place: Place, command: str, **options: object) -> Answer:
    """Ask until the answer is reconstructed, as somebody does who has just tracked it."""
    async with asyncio.timeout(WITHIN):
        while True:
            answer = await place.ask(command, **options)
            if RECONSTRUCTED in answer.card:
                return answer


async def test_what_was_never_seen_has_a_past_five_seconds_after_it_is_tracked(
    stage: Stage,
) -> None:
    place = stage.place("First minute")
    grown(stage, "minute/one")
    await place.ask("track add", target="minute/one")

    async with asyncio.timeout(WITHIN):
        diff = await told(place, "diff", repo="minute/one", window="30d")
        chart = await told(place, "chart", repo="minute/one", window="90d")

    assert f"≈ 944 → 1,000 · ≈ +56, {RECONSTRUCTED} (+5.93 %)" in diff.card
    assert "**Forks** · 0 · new, tracking since today" in diff.card
    assert list(diff.files), "a diff of one sample has a chart now"
    assert lines(chart)[1] == "Last 90 days"
    assert f"≈ 826 → 1,000 · ≈ +174, {RECONSTRUCTED}" in chart.card
    (words,) = chart.alternatives
    assert "about 826 (" in words
    assert RECONSTRUCTED in words
    assert list(chart.files)


async def test_the_digest_ranks_it_and_marks_it(stage: Stage) -> None:
    place = stage.place("First digest")
    grown(stage, "digested/one")
    await place.ask("track add", target="digested/one")

    answer = await told(place, "digest", window="7d")

    assert f"★ 1,000 · ≈ +12, {RECONSTRUCTED}, new here (+1.21 %)" in answer.card
    assert "1 watched · 1 changed" in answer.text


async def test_a_repository_without_a_star_history_is_new_as_ever(stage: Stage) -> None:
    place = stage.place("No past")
    stage.github.add("nopast/one", stars=7)
    await place.ask("track add", target="nopast/one")
    async with asyncio.timeout(WITHIN):
        while ("nopast/one", 1) not in stage.github.star_histories.asked:  # noqa: ASYNC110
            await asyncio.sleep(0)

    answer = await place.ask("diff", repo="nopast/one", window="30d")

    assert "**Stars** · 7 · new, tracking since today" in answer.card
