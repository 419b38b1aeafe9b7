"""What arrives while something is written is written at once, and nothing waits for more."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.core.models import Harvest
from bot.errors import GitHubError
from bot.flows.arrivals import keep_arriving


class Source:
    """Pages that come when they are told to."""

    def __init__(self) -> None:
        self.pages = asyncio.Queue[Harvest | Exception | None]()
        self.asked = 0
        self.closed = False

    def come(self, *moments: int) -> None:
        for at in moments:
            self.pages.put_nowait(Harvest(at))

    def end(self, error: Exception | None = None) -> None:
        self.pages.put_nowait(error)

    async def waited(self, asked: int) -> None:
        """Until so many pages were asked for, and longer: more would be by now."""
        for _ in range(20):
            await asyncio.sleep(0)
        assert self.asked >= asked

    async def stream(self) -> AsyncGenerator[Harvest, None]:
        try:
            while True:
                self.asked += 1
                page = await self.pages.get()
                if page is None:
                    return
                if isinstance(page, Exception):
                    raise page
                yield page
        finally:
            self.closed = True


class Keeper:
    """Writes for as long as it is held; `kept` is what it was given, by moments."""

    def __init__(self) -> None:
        self.kept: list[list[int]] = []
        self.begun = asyncio.Semaphore(0)
        self.free = asyncio.Event()
        self.free.set()

    async def keep(self, pages: list[Harvest]) -> None:
        self.kept.append([page.at for page in pages])
        self.begun.release()
        await self.free.wait()


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


async def test_a_page_is_kept_before_the_next_one_has_come(source: Source, keeper: Keeper) -> None:
    keeping = asyncio.create_task(keep_arriving(source.stream(), keeper.keep))
    for at in range(3):
        source.come(at)
        await keeper.begun.acquire()
    source.end()
    await keeping

    assert keeper.kept == [[0], [1], [2]]


async def test_what_comes_meanwhile_is_kept_together_up_to_a_bound(
    source: Source, keeper: Keeper
) -> None:
    keeper.free.clear()
    keeping = asyncio.create_task(keep_arriving(source.stream(), keeper.keep, at_once=3))
    source.come(0)
    await keeper.begun.acquire()
    source.come(*range(1, 9))
    source.end()
    await source.waited(4)
    assert source.asked == 4, "what there is no room for is not read"
    keeper.free.set()
    await keeping

    assert keeper.kept == [[0], [1, 2, 3], [4, 5, 6], [7, 8]]
    assert source.closed


async def test_no_page_at_all_is_no_matter(source: Source, keeper: Keeper) -> None:
    source.end()
    await keep_arriving(source.stream(), keeper.keep)

    assert (keeper.kept, source.closed) == ([], True)


async def test_what_ends_the_stream_is_raised_when_all_before_it_is_kept(
    source: Source, keeper: Keeper
) -> None:
    source.come(0, 1)
    source.end(GitHubError("GitHub is down"))

    with pytest.raises(GitHubError, match="down"):
        await keep_arriving(source.stream(), keeper.keep)

    assert keeper.kept == [[0, 1]]


async def test_what_cannot_be_kept_ends_the_reading(source: Source) -> None:
    async def fail(_pages: list[Harvest]) -> None:
        raise ZeroDivisionError

    source.come(0)
    with pytest.raises(ZeroDivisionError):
        await keep_arriving(source.stream(), fail)

    assert source.closed


async def test_who_is_cancelled_reads_no_more_and_keeps_what_has_come(
    source: Source, keeper: Keeper
) -> None:
    keeper.free.clear()
    keeping = asyncio.create_task(keep_arriving(source.stream(), keeper.keep))
    source.come(0)
    await keeper.begun.acquire()
    source.come(1, 2)
    await source.waited(4)
    keeping.cancel()
    await asyncio.sleep(0)
    source.come(3)
    keeper.free.set()
    await asyncio.wait([keeping])

    assert keeping.cancelled()
    assert keeper.kept == [[0], [1, 2]]
    assert source.closed


async def test_who_is_cancelled_twice_waits_for_nothing(source: Source, keeper: Keeper) -> None:
    keeper.free.clear()
    keeping = asyncio.create_task(keep_arriving(source.stream(), keeper.keep))
    source.come(0)
    await keeper.begun.acquire()
    keeping.cancel()
    await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.wait([keeping])

    assert (keeping.cancelled(), source.closed) == (True, True)
