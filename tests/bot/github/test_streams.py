"""Several streams as one: whatever ends one of them, none is left running."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from bot.core.models import Harvest
from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github.streams import merged


@dataclass
class Stream:
    """Parts numbered by when they came; then an error, an end, or nothing for ever."""

    parts: list[int]
    end: Exception | None = None
    hangs: bool = False
    closed: list[bool] = field(default_factory=list)

    async def read(self) -> AsyncGenerator[Harvest, None]:
        try:
            for at in self.parts:
                await asyncio.sleep(0)
                yield Harvest(at)
            if self.hangs:
                await asyncio.Event().wait()
            if self.end is not None:
                raise self.end
        finally:
            self.closed.append(True)


async def test_parts_come_as_they_arrive_and_no_stream_waits_for_another() -> None:
    slow, quick = Stream([], hangs=True), Stream([1, 2, 3])
    came = []
    async with aclosing(merged([slow.read(), quick.read()])) as parts:
        async for part in parts:
            came.append(part.at)
            if part.at == 3:
                break

    assert came == [1, 2, 3]
    assert slow.closed == quick.closed == [True]


async def test_an_error_comes_after_all_that_could_be_read() -> None:
    broken, good = Stream([1], TokenRejected("Ended.")), Stream([2, 3, 4, 5])
    parts = merged([broken.read(), good.read()])

    assert sorted([(await anext(parts)).at for _ in range(5)]) == [1, 2, 3, 4, 5]
    with pytest.raises(TokenRejected, match="Ended"):
        await anext(parts)


async def test_of_several_errors_each_is_told_once() -> None:
    streams = [Stream([], GitHubError(said)).read() for said in ("Down.", "Down.", "Refused.")]

    with pytest.raises(GitHubError, match=r"^(Down\. Refused\.|Refused\. Down\.)$"):
        _ = [part async for part in merged(streams)]


@pytest.mark.parametrize("mends", [GitHubError("Down."), RateLimited("Down.")])
async def test_of_several_errors_what_time_mends_goes_before_a_token(mends: GitHubError) -> None:
    """The flow resumes a run soon that another token's trouble cut short, too."""
    told = [TokenRejected("Ended."), mends]

    with pytest.raises(type(mends), match=r"^Down\. Ended\.$") as raised:
        _ = [part async for part in merged([], told)]
    assert type(raised.value) is type(mends)


async def test_a_bug_in_one_ends_all() -> None:
    broken, hanging = Stream([], ZeroDivisionError()), Stream([], hangs=True)

    with pytest.raises(ZeroDivisionError):
        _ = [part async for part in merged([broken.read(), hanging.read()])]
    assert hanging.closed == [True]


async def test_nothing_to_read_is_an_end() -> None:
    assert [part async for part in merged([])] == []
