"""One gate for all who ask: minutes, hours, outages, by GraphQL and REST."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import stamina

from bot.core.models import Pause, Wanted
from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github.breaker import FAILURES, FIRST_REST, SPAN
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS, REFUSED_FOR
from bot.github.gate import Gate
from bot.github.host import Host
from bot.github.purse import Resource
from bot.github.trip import Trip
from bot.github.wire import Unanswered
from tests.standins.asking import NOON, Outcome, Time, ask, asking, many
from tests.standins.github import GitHubStandIn
from tests.standins.github_limits import core_points


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture
def time() -> Time:
    return Time()


def trip(pauses: list[Pause] | None = None, *, urgent: bool = False) -> Trip:
    return Trip([].append if pauses is None else pauses.append, urgent=urgent)


def gate_at(
    time: Time,
    host: Host | None = None,
    sleep: Callable[[float], Awaitable[object]] | None = None,
    **limits: float | None,
) -> Gate:
    return Gate(
        time,
        sleep or time.sleep,
        900,
        host=host or Host("github.test", time),
        timer=time.exactly,
        **limits,  # type: ignore[arg-type]
    )


def headers(left: int, *, limit: int = 5000, resource: str = "core") -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(left),
        "x-ratelimit-reset": str(NOON + 600),
        "x-ratelimit-resource": resource,
    }


# GitHub's computing time


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_github_computes_for_us_at_most_fifty_seconds_in_any_minute(
    github: GitHubStandIn, time: Time, concurrency: int
) -> None:
    everything = many(github, 1500)
    github.limits.seconds_a_repository = 0.09

    async with asking(github, time, concurrency=concurrency) as client:
        outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert github.limits.most_worked_in_a_minute() <= 50
    assert {pause.reason for pause in outcome.pauses} == {
        "GitHub's computing time for this minute is used up"
    }


async def test_a_bench_may_switch_the_computing_time_off(github: GitHubStandIn, time: Time) -> None:
    github.limits.seconds_a_repository = 0.09

    async with asking(github, time, concurrency=1, cpu_seconds=None) as client:
        await ask(client, many(github, 1500))

    assert time.slept == []


async def test_two_thousand_points_a_minute_are_the_most(time: Time) -> None:
    gate, pauses = gate_at(time, points_per_hour=10**6), []
    for _ in range(20):
        async with gate.passing(trip(), Resource.GRAPHQL):
            pass
        gate.charge(100)

    async with gate.passing(trip(pauses), Resource.GRAPHQL):
        assert pauses == [Pause(60, "GitHub's points for this minute are spent")]


# The hour


async def test_background_work_waits_for_the_next_hour_and_then_goes_on(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 300)
    github.limits.hourly = True
    github.world.points_left = 455

    async with asking(github, time, concurrency=1, cpu_seconds=None) as client:
        outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert outcome.pauses == [Pause(600, "GitHub's points for this hour are spent")]


async def test_work_that_would_wait_too_long_says_until_when(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 300)
    github.limits.hourly = True
    github.world.points_left = 455
    outcome = Outcome()

    async with asking(github, time, concurrency=1, patience=599) as client:
        with pytest.raises(RateLimited, match=r"hour are spent: try again at 2026-11-21 12:10"):
            await ask(client, everything, outcome=outcome)
        quick = await ask(client, everything[:1], urgent=True)

    assert 0 < len(outcome.found) < 300
    assert set(quick.found) == {everything[0]}
    assert time.slept == []


async def test_our_own_share_of_the_hour_is_kept_though_github_would_give_more(
    github: GitHubStandIn, time: Time
) -> None:
    async with asking(github, time, concurrency=1, points_per_hour=100, patience=0) as client:
        with pytest.raises(RateLimited):
            await ask(client, many(github, 10_000))  # about three points a hundred

    assert sum(asked.points for asked in github.requests) <= 90


async def test_points_that_run_out_all_the_same_are_waited_for(
    github: GitHubStandIn, time: Time
) -> None:
    """Another program spent them: GitHub says so before our own count does."""
    everything = many(github, 10)
    github.limits.hourly = True
    github.world.points_left = 0

    async with asking(github, time) as client:
        outcome = await ask(client, everything, urgent=True)

    assert set(outcome.found) == set(everything)
    assert outcome.pauses == [Pause(600, "GitHub's rate limit")]


async def test_after_a_limit_nobody_asks_github_before_it_is_over(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 2)
    github.fail("secondary", retry_after=3000)

    async with asking(github, time) as client:
        for _ in range(2):
            with pytest.raises(RateLimited, match=r"secondary rate limit: try again at .* 12:50"):
                await ask(client, everything)
        assert client.pause() == Pause(3000, "GitHub's secondary rate limit")

    assert len(github.requests) == 1


async def test_a_clock_that_is_set_back_makes_no_limit_longer(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 2)
    github.fail("secondary", retry_after=3000)

    async with asking(github, time) as client:
        with pytest.raises(RateLimited):
            await ask(client, everything)
        time.move(-86_400)
        assert client.pause() is None
        outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)


async def test_the_points_of_rest_and_of_graphql_are_two_purses(time: Time) -> None:
    gate, pauses = gate_at(time), []
    gate.learn(headers(10), Resource.CORE)

    async with gate.passing(trip(pauses), Resource.GRAPHQL):
        assert pauses == []
    async with gate.passing(trip(pauses, urgent=True), Resource.CORE):
        assert pauses == []
    async with gate.passing(trip(pauses), Resource.CORE):
        assert pauses == [Pause(600, "GitHub's points for this hour are spent")]


async def test_the_small_limit_of_searches_is_not_taken_for_that_of_rest(time: Time) -> None:
    gate, pauses = gate_at(time), []
    gate.learn(headers(1, limit=30, resource="search"), Resource.CORE)

    async with gate.passing(trip(pauses), Resource.CORE):
        assert pauses == []


async def test_what_a_refused_token_is_told_of_points_is_not_believed(
    github: GitHubStandIn, time: Time
) -> None:
    """GitHub answers 401 with the sixty an hour that nobody in particular has."""
    everything, token = many(github, 5_000), github.token
    async with asking(github, time, cpu_seconds=None) as client:
        github.token = "another"  # noqa: S105
        with pytest.raises(TokenRejected):
            await ask(client, everything)
        github.token = token
        time.move(REFUSED_FOR)
        outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert (outcome.pauses, time.slept) == ([], [])


async def test_a_rest_request_spends_core_points_and_waits_for_them(
    github: GitHubStandIn, time: Time
) -> None:
    pauses = list[Pause]()
    async with core_points(limit=1_000, left=104, resets_at=NOON + 600) as api_url:
        github.api_url = api_url
        async with asking(github, time) as client:
            connection = await client.connection_of("acme")
            statuses = [
                (await connection.get("/repos/acme/rocket", trip(pauses))).status for _ in range(6)
            ]

    assert statuses == [200] * 6
    assert pauses == [
        Pause(600, "GitHub's points for this hour are spent")
    ]  # a tenth is the reserve


# Together


async def test_no_more_are_in_flight_than_allowed_whoever_asks(time: Time) -> None:
    gate = gate_at(time, Host("github.test", time, concurrency=2), cpu_seconds=None)
    inside, most, done = 0, 0, asyncio.Event()

    async def pass_once(resource: Resource) -> None:
        nonlocal inside, most
        async with gate.passing(trip(), resource):
            inside += 1
            most = max(most, inside)
            await done.wait()
            inside -= 1

    async with asyncio.TaskGroup() as group:
        for resource in (*Resource, *Resource, *Resource):
            group.create_task(pass_once(resource))
        await asyncio.sleep(0)
        assert inside == 2
        done.set()

    assert most == 2


async def test_the_tokens_share_the_places_and_know_of_an_outage(time: Time) -> None:
    host = Host("github.test", time, concurrency=2)
    gates = [gate_at(time, host) for _ in range(40)]
    inside, done = set[int](), asyncio.Event()

    async def pass_at(number: int) -> None:
        async with gates[number].passing(trip(), Resource.GRAPHQL):
            inside.add(number)
            await done.wait()
            inside.discard(number)

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(pass_at(number))
        await asyncio.sleep(0)
        assert inside == {0, 1}
        done.set()

    for _ in range(FAILURES):
        host.failed("GitHub answered 502")
        time.move(SPAN)
    for gate in gates:
        with pytest.raises(GitHubError, match=r"does not answer at github\.test"):
            await passed(gate, trip(urgent=True))


async def test_a_place_that_came_while_the_gate_was_shut_is_left_to_another(time: Time) -> None:
    host = Host("github.test", time, concurrency=1)
    shut, open_ = gate_at(time, host, sleep=never), gate_at(time, host)
    async with shut.passing(trip(), Resource.GRAPHQL):
        waits = asyncio.create_task(passed(shut, trip()))
        follows = asyncio.create_task(passed(open_, trip()))
        await asyncio.sleep(0)
        shut.close(60, "GitHub's secondary rate limit", trip())

    await follows
    assert not waits.done()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits


async def test_when_the_gate_opens_the_urgent_go_first(time: Time) -> None:
    opened, order = asyncio.Event(), list[str]()

    async def sleep(_: float) -> None:
        await opened.wait()

    gate = gate_at(time, Host("github.test", time, concurrency=1), sleep=sleep)
    gate.close(60, "GitHub's secondary rate limit", trip())

    async def pass_as(name: str, on: Trip) -> None:
        async with gate.passing(on, Resource.GRAPHQL):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        late = trip()
        group.create_task(pass_as("background", trip()))
        group.create_task(pass_as("joined", late))
        group.create_task(pass_as("urgent", trip(urgent=True)))
        await asyncio.sleep(0)
        late.hurry()
        time.move(60)
        opened.set()

    assert sorted(order[:2]) == ["joined", "urgent"]
    assert order[2] == "background"


async def test_an_urgent_one_that_gives_up_holds_nobody_back(time: Time) -> None:
    opened = asyncio.Event()

    async def sleep(_: float) -> None:
        await opened.wait()

    gate = gate_at(time, Host("github.test", time, concurrency=1), sleep=sleep)
    gate.close(60, "GitHub's secondary rate limit", trip())
    quitter = asyncio.create_task(passed(gate, trip(urgent=True)))
    patient = asyncio.create_task(passed(gate, trip()))
    await asyncio.sleep(0)

    quitter.cancel()
    time.move(60)
    opened.set()

    await patient


async def test_who_gives_up_waiting_leaves_no_trace(time: Time) -> None:
    gate = gate_at(time, sleep=never)
    gate.close(60, "GitHub answered 503", trip())
    waiting = asyncio.create_task(passed(gate, trip()))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    time.move(60)
    assert gate.pause() is None


async def never(_: float) -> None:
    await asyncio.Event().wait()


async def passed(gate: Gate, on: Trip) -> None:
    async with gate.passing(on, Resource.GRAPHQL):
        pass


# Outages


async def outage(client: GitHubClient, time: Time) -> None:
    """Ask a GitHub that is down until it is left alone."""
    for seconds in (SPAN, 0):
        with pytest.raises(GitHubError, match="does not answer"):
            await ask(client, [Wanted("acme/rocket")])
        time.move(seconds)


async def test_a_hiccup_is_no_outage(github: GitHubStandIn, time: Time) -> None:
    everything = many(github, 200)
    github.fail(502, times=1000)

    async with asking(github, time) as client:
        with pytest.raises(GitHubError, match="does not answer"):
            await ask(client, everything)
        github.heal()

        assert client.pause() is None
        assert len((await ask(client, everything)).found) == 200


async def test_a_dead_github_is_left_alone_and_looked_at_again(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 60)
    github.fail(502, times=1000)

    async with asking(github, time, concurrency=1) as client:
        await outage(client, time)
        asked = len(github.requests)
        with pytest.raises(
            GitHubError, match=r"at 127.0.0.1 \(GitHub answered 502\): try again at .* 12:01 UTC"
        ):
            await ask(client, everything, urgent=True)
        assert len(github.requests) == asked
        assert client.pause() == Pause(FIRST_REST, "GitHub answered 502")

        time.move(FIRST_REST)
        with pytest.raises(GitHubError, match="does not answer"):
            await ask(client, everything)
        assert [a.repositories for a in github.requests[asked:]] == [0]  # one small question

        time.move(2 * FIRST_REST)
        github.heal()
        assert len((await ask(client, everything)).found) == 60
        assert client.pause() is None


async def test_after_an_outage_one_looks_and_the_others_wait_for_what_it_sees(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 200)
    github.fail(502, times=1000)

    async with asking(github, time, concurrency=4) as client:
        await outage(client, time)
        assert client.pause() == Pause(FIRST_REST, "GitHub answered 502")
        github.heal()
        github.requests.clear()
        time.move(FIRST_REST)

        outcome = await ask(client, everything)

    assert set(outcome.found) == set(everything)
    assert [asked.repositories for asked in github.requests][:2] == [0, 50]
    assert sum(asked.repositories == 0 for asked in github.requests) == 1


async def test_a_no_is_an_answer(github: GitHubStandIn, time: Time) -> None:
    rocket, token = many(github, 1), github.token
    async with asking(github, time, concurrency=1) as client:
        for _ in range(3):  # each fails three small questions
            github.fail(502, times=5)
            with pytest.raises(GitHubError, match="does not answer"):
                await ask(client, rocket, urgent=True)
            github.token = "another"  # noqa: S105
            with pytest.raises(TokenRejected):
                await ask(client, rocket)
            github.token = token
            time.move(SPAN)

        assert client.pause() is None


async def test_rest_requests_that_find_nobody_are_an_outage_too(
    time: Time, unused_tcp_port: int
) -> None:
    github = GitHubStandIn()
    github.api_url = f"http://127.0.0.1:{unused_tcp_port}"

    async with asking(github, time) as client:
        connection = await client.connection_of("acme")
        for _ in range(2):
            with pytest.raises((Unanswered, GitHubError), match="could not be reached"):
                await connection.get("/repos/acme/rocket", trip())
            time.move(SPAN)
        with pytest.raises(GitHubError, match="try again at"):
            await connection.get("/repos/acme/rocket", trip())
