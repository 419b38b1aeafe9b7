"""Answers with pictures: one that cannot be drawn costs the picture, never the answer."""

from datetime import UTC
from unittest.mock import AsyncMock

import discord
import pytest
from structlog.testing import capture_logs

from bot.core.card import Card
from bot.core.chart import Chart, Line, Point
from bot.core.metrics import STARS
from cogs.replies import LONGEST_WISH, Reply, send, turns, windows

CHART = Chart("o/n", STARS, (Line("o/n", ((Point(0, 1), Point(9, 2)),)),), 0, 9)


def interaction() -> AsyncMock:
    mock = AsyncMock(spec=discord.Interaction)
    mock.response = AsyncMock(spec=discord.InteractionResponse)
    return mock


async def failing() -> Chart | None:
    raise ZeroDivisionError


async def nothing() -> Chart | None:
    return None


async def test_a_picture_comes_after_the_defer_with_its_words() -> None:
    asked = interaction()

    await send(asked, Reply(Card("o/n"), UTC, CHART))

    asked.response.defer.assert_awaited_once_with(ephemeral=False, thinking=True)
    (file,) = asked.edit_original_response.await_args.kwargs["attachments"]
    assert file.filename == "chart.png"
    assert file.description.startswith("Line chart: o/n.")


@pytest.mark.parametrize(("chart", "logged"), [(failing, 1), (nothing, 0)])
async def test_without_a_picture_the_answer_comes_all_the_same(chart: object, logged: int) -> None:
    asked = interaction()

    with capture_logs() as log:
        await send(asked, Reply(Card("o/n"), UTC, chart))  # type: ignore[arg-type]

    sent = asked.edit_original_response.await_args.kwargs
    assert (sent["embed"].title, sent["attachments"]) == ("o/n", [])
    assert [entry["event"] for entry in log] == ["a chart failed"] * logged


async def test_what_has_no_chart_is_said_at_once() -> None:
    asked = interaction()

    await send(asked, Reply(Card("list"), UTC), ephemeral=True)

    asked.response.defer.assert_not_awaited()
    assert asked.response.send_message.await_args.kwargs["ephemeral"] is True


def test_the_window_that_is_shown_is_marked() -> None:
    assert [one.label for one in windows("diff:1", "30d") if one.current] == ["30d"]
    assert not any(one.current for one in windows("diff:1", "2026-05"))


def test_pages_are_turned_only_where_there_are_several_and_the_wish_fits() -> None:
    longest = "2026-05-01..2026-06-01:open_issues:" + "g" * 50
    forth = turns("digest", 998, 1_000, longest)

    assert [one.possible for one in turns("repos", 0, 2, "")] == [False, True]
    assert max(len(one.wish) for one in forth) <= LONGEST_WISH
    assert turns("repos", 0, 1, "") == ()
    assert turns("repos", 0, 2, "g" * 100) == ()
