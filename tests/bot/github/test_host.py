"""Places at GitHub, shared by all tokens: handed out in turn, and never lost."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.github.breaker import FAILURES, FIRST_REST, SPAN
from bot.github.host import Host
from bot.github.trip import Trip
from tests.standins.asking import Time


def trip(*, urgent: bool = False) -> Trip:
    return Trip(urgent=urgent)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def host(time: Time) -> Host:
    return Host("github.test", time, concurrency=2)


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def entering(host: Host, *trips: Trip) -> AsyncIterator[Callable[[], list[int]]]:
    """Yields how to tell which of them are in, by number, in the order in which they came in."""
    order = list[int]()

    async def enter(number: int, one: Trip) -> None:
        await host.enter(one)
        order.append(number)

    tasks = [asyncio.create_task(enter(number, one)) for number, one in enumerate(trips)]
    await settled()
    try:
        yield lambda: order
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_came_first_goes_first(host: Host) -> None:
    async with entering(host, *(trip() for _ in range(4))) as entered:
        assert entered() == [0, 1]
        host.leave()
        await settled()
        assert entered() == [0, 1, 2]


async def test_who_waits_for_a_person_overtakes_and_has_a_place_more(host: Host) -> None:
    trips = trip(), trip(), trip(), trip(urgent=True), trip(urgent=True)
    async with entering(host, *trips) as entered:
        assert entered() == [0, 1, 3]
        host.leave()
        await settled()
        assert entered() == [0, 1, 3, 4]


async def test_a_hurry_ends_the_wait_where_the_kept_place_is_free(host: Host) -> None:
    trips = [trip() for _ in range(4)]
    async with entering(host, *trips) as entered:
        trips[3].hurry()
        await settled()
        assert entered() == [0, 1, 3]


async def test_who_gives_up_costs_no_place(host: Host) -> None:
    await host.enter(trip())
    await host.enter(trip())
    quitter = asyncio.create_task(host.enter(trip()))
    await settled()
    host.leave()  # the place is the quitter's now
    quitter.cancel()
    with suppress(asyncio.CancelledError):
        await quitter

    async with entering(host, trip(), trip()) as entered:
        assert entered() == [0]


async def test_in_doubt_one_goes_ahead_and_the_others_follow_an_answer(
    host: Host, time: Time
) -> None:
    for _ in range(FAILURES):
        host.failed("GitHub answered 502")
        time.move(SPAN)
    time.move(FIRST_REST)
    assert host.doubtful

    async with entering(host, trip(), trip(), trip(urgent=True)) as entered:
        assert entered() == [0]
        host.succeeded()
        await settled()
        assert entered() == [0, 2]
        host.leave()
        await settled()
        assert entered() == [0, 2, 1]


@given(
    st.lists(
        st.tuples(st.sampled_from(["come", "urgent", "leave", "quit", "hurry"]), st.integers(0, 9))
    )
)
def test_whatever_happens_places_are_neither_lost_nor_given_twice(
    moves: list[tuple[str, int]],
) -> None:
    asyncio.run(_whatever_happens(moves))


async def _whatever_happens(moves: list[tuple[str, int]]) -> None:
    host = Host("github.test", Time(), concurrency=2)
    queue = dict[asyncio.Task[None], Trip]()
    inside = 0
    for move, which in moves:
        if move in ("come", "urgent"):
            one = trip(urgent=move == "urgent")
            queue[asyncio.create_task(host.enter(one))] = one
        elif move == "leave" and inside:
            inside -= 1
            host.leave()
        elif queue and move in ("quit", "hurry"):
            task = list(queue)[which % len(queue)]
            _ = task.cancel() if move == "quit" else queue[task].hurry()
        if which % 2:  # else the next move comes before anybody has noticed
            await settled()
            inside += _taken(queue)
            assert inside <= 3
    await settled()
    inside += _taken(queue)
    assert inside >= min(2, inside + len(queue))
    for _ in range(len(moves)):
        if inside:
            inside -= 1
            host.leave()
            await settled()
            inside += _taken(queue)
    assert (inside, queue) == (0, {})
    async with entering(host, trip(), trip(), trip()) as entered:
        assert entered() == [0, 1]


def _taken(queue: dict[asyncio.Task[None], Trip]) -> int:
    """How many came in; they and those that gave up wait no longer."""
    done = [task for task in queue if task.done()]
    for task in done:
        del queue[task]
    return sum(not task.cancelled() for task in done)
