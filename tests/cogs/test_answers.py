"""Answers that take their time: a pace for progress, and one sure end."""

import asyncio
from unittest.mock import AsyncMock

import discord
import pytest

from bot.core.card import Card
from cogs import answers
from cogs.answers import Live


def interaction() -> AsyncMock:
    mock = AsyncMock(spec=discord.Interaction)
    mock.channel = AsyncMock(spec=discord.TextChannel)
    return mock


def shown(asked: AsyncMock) -> list[str]:
    calls = asked.edit_original_response.await_args_list
    return [call.kwargs["embed"].title for call in calls]


async def test_what_is_soon_over_shows_its_end_alone() -> None:
    asked = interaction()
    async with Live(asked, patience=60) as live:
        live.show(Card("one"))
        await asyncio.sleep(0)
        live.show(Card("two"))
        await live.finish(Card("end"))

    assert shown(asked) == ["end"]


async def test_what_takes_longer_shows_the_newest_state() -> None:
    asked, told = interaction(), asyncio.Event()
    asked.edit_original_response.side_effect = lambda **_: told.set()
    async with Live(asked, patience=0.01) as live:
        live.show(Card("one"))
        live.show(Card("two"))
        await told.wait()
        await live.finish(Card("end"))

    assert shown(asked) == ["two", "end"]


async def test_an_end_after_the_interactions_goes_to_the_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers, "LIFETIME", -1)
    asked = interaction()
    async with Live(asked, patience=60) as live:
        live.show(Card("one"))
        await live.finish(Card("end"))

    assert shown(asked) == []
    (sent,) = asked.channel.send.await_args_list
    assert sent.kwargs["embed"].title == "end"
