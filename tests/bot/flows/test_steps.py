"""A long list is gone through in parts, and others have their turn."""

import asyncio

import pytest

from bot.flows.steps import in_steps


@pytest.mark.parametrize(
    ("number", "parts"),
    [(0, []), (2, [[0, 1]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])],
)
async def test_all_of_it_comes_once_and_in_order(number: int, parts: list[list[int]]) -> None:
    assert [list(part) async for part in in_steps(range(number), 3)] == parts


async def test_others_have_their_turn_between_two_parts_and_none_waits_after_the_last() -> None:
    turns = list[str]()

    async def go(name: str) -> None:
        async for part in in_steps("abc", 1):
            turns.append(f"{name} {part}")
        turns.append(f"{name} is done")

    await asyncio.gather(go("one"), go("two"))

    assert turns[:4] == ["one a", "two a", "one b", "two b"]
    assert turns[4:] == ["one c", "one is done", "two c", "two is done"]
