"""Several callers on one connection: read once, the urgent first, and nobody's trouble lost."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass

import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.models import Harvest, Pause, Refused, Wanted
from bot.errors import GitHubError, RateLimited, TokenRejected
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS
from tests.standins.asking import NOON, Outcome, Time, ask, asking, many, wanted
from tests.standins.github import GitHubStandIn
from tests.standins.github_world import Asked


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


@pytest.fixture
async def client(github: GitHubStandIn, time: Time) -> AsyncIterator[GitHubClient]:
    async with asking(github, time, concurrency=1) as client:
        yield client


def asked_for(asked: Asked) -> list[str]:
    """Node ids and names of one request."""
    names = [
        f"{owner}/{asked.variables[f'n{key[1:]}']}"
        for key, owner in asked.variables.items()
        if key.startswith("o")
    ]
    return [*asked.variables.get("ids", ()), *names]


def times_asked(github: GitHubStandIn) -> Counter[str]:
    return Counter(one for asked in github.requests for one in asked_for(asked))


# Read once


async def test_what_two_want_at_once_is_read_once_and_given_to_both(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    first, shared, last = many(github, 3)
    other_words = Wanted("acme/its-old-name", shared.node_id)
    github.hold()

    async with asyncio.TaskGroup() as group:
        one = group.create_task(ask(client, [first, shared]))
        await github.arrived(1)
        two = group.create_task(ask(client, [other_words, last]))
        await asyncio.sleep(0)
        github.release()

    assert set(one.result().found) == {first, shared}
    assert set(two.result().found) == {other_words, last}
    assert set(times_asked(github).values()) == {1}
    costs = sum(asked.points for asked in github.requests)
    assert one.result().requests + two.result().requests == len(github.requests)
    assert one.result().points + two.result().points == costs


async def test_a_page_for_two_is_counted_for_one_of_them(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 5)
    github.hold()

    async with asyncio.TaskGroup() as group:
        one = group.create_task(ask(client, everything))
        await github.arrived(1)
        two = group.create_task(ask(client, everything))
        await asyncio.sleep(0)
        github.release()

    assert one.result().found == two.result().found
    assert (one.result().requests, two.result().requests) == (1, 0)
    assert (one.result().points, two.result().points) == (1, 0)


async def test_what_was_read_before_somebody_asks_is_read_again(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    rocket = many(github, 1)
    await ask(client, rocket)
    github.set("acme/repo-0", stars=77)

    again = await ask(client, rocket)

    assert again.found[rocket[0]].values["stars"] == 77
    assert len(github.requests) == 2


async def test_two_names_of_one_repository_in_one_call_both_get_its_answer(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    (rocket,) = many(github, 1)
    old = Wanted("acme/old", rocket.node_id)
    spelt, shouted = Wanted("acme/repo-0"), Wanted("ACME/Repo-0")

    outcome = await ask(client, [rocket, old, spelt, shouted])

    assert outcome.times == dict.fromkeys((rocket, old, spelt, shouted), 1)
    assert times_asked(github) == {rocket.node_id: 1, "acme/repo-0": 1}


# Counted or not


async def test_what_needs_no_counting_is_asked_for_apart_and_lacks_the_counts(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    repos = [github.add(f"acme/repo-{number}", stars=3, forks=1) for number in range(90)]
    plain = [wanted(repo, counted=False) for repo in repos[:80]]
    counted = [wanted(repo) for repo in repos[80:]]

    outcome = await ask(client, [*plain, *counted])

    assert [asked.repositories for asked in github.requests] == [10, 80]
    assert "pullRequests" in github.requests[0].query
    assert "totalCount" not in github.requests[1].query
    assert outcome.found[plain[0]].values == {"stars": 3, "forks": 1, "disk_usage": 0}
    assert len(outcome.found[counted[0]].values) == 9


async def test_who_wants_less_shares_what_is_read_for_who_wants_more(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    blocker, repo = github.add("acme/blocker"), github.add("acme/rocket")
    github.hold()

    async with asyncio.TaskGroup() as group:
        group.create_task(ask(client, [wanted(blocker)]))
        await github.arrived(1)
        less = group.create_task(ask(client, [wanted(repo, counted=False)]))
        await asyncio.sleep(0)
        more = group.create_task(ask(client, [wanted(repo)]))
        await asyncio.sleep(0)
        github.release()

    assert set(less.result().found) == {wanted(repo, counted=False)}
    assert "open_prs" in more.result().found[wanted(repo)].values
    assert times_asked(github)[repo.node_id] == 1


async def test_what_is_read_for_who_wants_less_is_not_enough_for_who_wants_more(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    repo = github.add("acme/rocket")
    github.hold()

    async with asyncio.TaskGroup() as group:
        group.create_task(ask(client, [wanted(repo, counted=False)]))
        await github.arrived(1)
        more = group.create_task(ask(client, [wanted(repo)]))
        await asyncio.sleep(0)
        github.release()

    assert "open_prs" in more.result().found[wanted(repo)].values


# Who goes first


async def test_an_urgent_one_overtakes_and_lifts_what_it_shares(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 300)
    shared, own = everything[-1], wanted(github.add("acme/own", id=1))
    github.hold()

    async with asyncio.TaskGroup() as group:
        long = group.create_task(ask(client, everything))
        await github.arrived(1)
        quick = group.create_task(ask(client, [shared, own], urgent=True))
        await asyncio.sleep(0)
        github.release()

    assert asked_for(github.requests[1]) == [shared.node_id, own.node_id]
    assert set(quick.result().found) == {shared, own}
    assert set(long.result().found) == set(everything)
    assert set(times_asked(github).values()) == {1}


async def test_two_long_ones_take_turns(client: GitHubClient, github: GitHubStandIn) -> None:
    everything = many(github, 400)
    ends = list[str]()
    github.hold()

    async def run(name: str, mine: list[Wanted]) -> None:
        await ask(client, mine, told=lambda _: ends.append(name))

    async with asyncio.TaskGroup() as group:
        group.create_task(run("one", everything[:200]))
        group.create_task(run("two", everything[200:]))
        await github.arrived(1)
        github.release()

    assert set(ends[:3]) == {"one", "two"}


async def test_background_work_held_for_points_does_not_hold_back_who_may_spend_the_reserve(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 3)
    waits, woken = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.set()
        await woken.wait()
        time.move(seconds)

    github.world.points_left = 300  # less than a tenth of 4,500
    async with asking(github, time, concurrency=1, points_per_hour=4500) as client:
        (await client.connection_of("acme")).gate._sleep = sleep  # noqa: SLF001
        await ask(client, everything[:1])  # it learns of the hour
        slow = Outcome()
        async with asyncio.TaskGroup() as group:
            background = group.create_task(ask(client, everything, outcome=slow))
            await waits.wait()
            assert client.pause() == Pause(600, "GitHub's points for this hour are spent")
            new = wanted(github.add("acme/new", id=1))
            first = await ask(client, [new], urgent=True)
            joined = await ask(client, everything[:1], urgent=True)
            woken.set()
        assert client.pause() is None

    assert set(first.found) == {new}
    assert set(joined.found) == {everything[0]}
    assert set(background.result().found) == set(everything)


async def test_an_urgent_one_passes_background_pages_that_all_hang(
    github: GitHubStandIn, client: GitHubClient
) -> None:
    everything, new = many(github, 30), wanted(github.add("acme/new", id=1))
    github.fail("hang", times=100, match=f'"{everything[0].node_id}"')
    background = asyncio.create_task(ask(client, everything))
    await github.arrived(1)

    async with asyncio.timeout(5):
        quick = await ask(client, [new], urgent=True)
    unfinished = not background.done()
    background.cancel()
    await asyncio.gather(background, return_exceptions=True)

    assert set(quick.found) == {new}
    assert unfinished


# Going away


async def test_who_goes_away_takes_along_what_nobody_else_wants(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 300)
    stays = everything[50:60]
    github.hold()
    leaver = asyncio.create_task(ask(client, everything))
    await github.arrived(1)
    stayer = asyncio.create_task(ask(client, stays))
    await asyncio.sleep(0)

    leaver.cancel()
    with suppress(asyncio.CancelledError):
        await leaver
    github.release()

    assert set((await stayer).found) == set(stays)
    assert [asked_for(asked) for asked in github.requests[1:]] == [[s.node_id for s in stays]]


async def test_a_page_in_flight_goes_on_for_who_still_wants_it(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 10)
    github.hold()
    leaver = asyncio.create_task(ask(client, everything))
    await github.arrived(1)
    stayer = asyncio.create_task(ask(client, everything[5:]))
    await asyncio.sleep(0)

    leaver.cancel()
    with suppress(asyncio.CancelledError):
        await leaver
    github.release()

    outcome = await stayer
    assert set(outcome.found) == set(everything[5:])
    assert (len(github.requests), outcome.requests) == (1, 1)


async def test_what_was_cancelled_is_asked_anew_for_who_comes_next(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    rocket = many(github, 1)
    github.hold()
    leaver = asyncio.create_task(ask(client, rocket))
    await github.arrived(1)
    leaver.cancel()
    stayer = asyncio.create_task(ask(client, rocket))
    github.release()

    assert set((await stayer).found) == set(rocket)


async def test_pages_nobody_takes_do_not_pile_up(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    async with aclosing(client.harvest(many(github, 1000))) as parts:
        await anext(parts)
        await github.arrived(2)
        for _ in range(200):  # as many turns as a flood would need
            await asyncio.sleep(0)

        assert len(github.requests) <= 3


# Trouble


async def test_an_error_reaches_everybody_concerned_after_what_was_read(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 150)
    bad = everything[60]
    one, two = Outcome(), Outcome()
    github.fail("secondary", times=1000, retry_after=3000, match=f'"{bad.node_id}"')
    github.hold()

    async with asyncio.TaskGroup() as group:
        runs = [
            group.create_task(failing(ask(client, everything, outcome=one))),
            group.create_task(failing(ask(client, [bad], outcome=two))),
        ]
        await github.arrived(1)
        github.release()

    assert [type(run.result()) for run in runs] == [RateLimited, RateLimited]
    assert len(one.found) == 50
    assert two.found == {}


async def test_an_error_of_one_page_leaves_the_answers_of_those_in_flight(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 160)
    outcome = Outcome()
    github.fail("secondary", times=10, retry_after=3000, match=f'"{everything[155].node_id}"')
    github.latency_a_repository = 0.004  # the fourth page, of ten, is the first one back

    async with asking(github, time, concurrency=4, cpu_seconds=None) as client:
        with pytest.raises(RateLimited):
            await ask(client, everything, outcome=outcome)

    assert set(outcome.found) == set(everything[:150])
    assert set(outcome.times.values()) == {1}
    assert len(github.requests) == 4


async def test_after_an_error_what_hangs_is_waited_for_no_longer_than_an_answer_may_take(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 100)
    github.fail("secondary", retry_after=3000, match=f'"{everything[20].node_id}"')
    github.fail("hang", match=f'"{everything[70].node_id}"')

    async with asking(github, time, concurrency=2, timeout=0.3, cpu_seconds=None) as client:
        with pytest.raises(RateLimited):
            async with asyncio.timeout(5):
                await ask(client, everything)


async def failing(asking: "asyncio.Future[Outcome] | object") -> Exception | None:
    try:
        await asking  # type: ignore[misc]
    except GitHubError as error:
        return error
    return None


async def test_a_token_that_ends_half_way_keeps_what_was_read(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    everything = many(github, 300)
    outcome = Outcome()

    def revoke(_: Harvest) -> None:
        if len(outcome.found) > 100:
            github.revoke_token()

    with pytest.raises(TokenRejected):
        await ask(client, everything, outcome=outcome, told=revoke)

    assert 100 < len(outcome.found) < 300
    assert set(outcome.times.values()) == {1}


async def test_after_an_error_the_next_caller_is_served(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    rocket = many(github, 1)
    github.fail(403)
    with pytest.raises(GitHubError, match="forbids"):
        await ask(client, rocket)

    assert set((await ask(client, rocket)).found) == set(rocket)


# Whatever happens

WAYS = ["fine"] * 4 + ["deleted", "forbidden", "too_heavy", "dead"]
TROUBLE = st.sampled_from([500, 502, 503, "reset", "null_data", "secondary", "rate_limited"])


@dataclass(frozen=True)
class Asker:
    repos: tuple[int, ...]
    urgent: bool
    counted: bool
    takes: int | None  # pages before it goes away


ASKERS = st.builds(
    Asker,
    st.lists(st.integers(0, 11), min_size=1, max_size=12, unique=True).map(tuple),
    st.booleans(),
    st.booleans(),
    st.none() | st.none() | st.integers(0, 2),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    ways=st.lists(st.sampled_from(WAYS), min_size=12, max_size=12),
    trouble=st.lists(TROUBLE, max_size=4),
    askers=st.lists(ASKERS, min_size=1, max_size=4),
    concurrency=st.integers(1, 3),
    too_slow_above=st.none() | st.integers(1, 12),
)
def test_each_caller_gets_one_outcome_for_each_and_no_answer_is_fetched_twice(
    ways: list[str],
    trouble: list[int | str],
    askers: list[Asker],
    concurrency: int,
    too_slow_above: int | None,
) -> None:
    asyncio.run(_whatever_happens(ways, trouble, askers, concurrency, too_slow_above))


async def _whatever_happens(
    ways: list[str],
    trouble: list[int | str],
    askers: list[Asker],
    concurrency: int,
    too_slow_above: int | None,
) -> None:
    time = Time()
    async with (
        GitHubStandIn() as github,
        asking(github, time, concurrency=concurrency, patience=10**6) as client,
    ):
        everything = [one.node_id or "" for one in many(github, 12)]
        github.limits.too_slow_above = too_slow_above
        for number, way in enumerate(ways):
            if way == "dead":
                github.fail(502, times=1000, match=f'"{everything[number]}"')
            elif way != "fine":
                github.set(f"acme/repo-{number}", **{way: True})
        for kind in trouble:
            github.fail(kind)
        github.hold()
        runs = [asyncio.create_task(_one(client, asker)) for asker in askers]
        await asyncio.sleep(0)
        github.release()
        results = await asyncio.gather(*runs)
        leftover = [t for t in asyncio.all_tasks() if "Lane._read" in repr(t)]

    assert leftover == []
    for asker, (outcome, error) in zip(askers, results, strict=True):
        assert set(outcome.times.values()) <= {1}
        assert not outcome.found.keys() & outcome.refused.keys()
        if error is None and asker.takes is None:
            _is_complete(asker, outcome, ways)
    answered = Counter(
        (one, "totalCount" in asked.query)
        for asked in github.requests
        if asked.points
        for one in asked_for(asked)
    )
    fine = {one for one, way in zip(everything, ways, strict=True) if way == "fine"}
    mixed = len({asker.urgent for asker in askers}) > 1  # who waits joins no page that may hang
    most = {1, 2} if mixed else {1}
    assert {times for (one, _), times in answered.items() if one in fine} <= most


def _is_complete(asker: Asker, outcome: Outcome, ways: list[str]) -> None:
    found = {int(one.full_name.rpartition("-")[2]) for one in outcome.found}
    refused = {int(o.full_name.rpartition("-")[2]): why.kind for o, why in outcome.refused.items()}
    kinds = {
        "deleted": Refused.NOT_FOUND,
        "forbidden": Refused.FORBIDDEN,
        "dead": Refused.TIMEOUT,
    }

    assert found == {number for number in asker.repos if ways[number] in ("fine", "too_heavy")}
    assert refused == {n: kinds[ways[n]] for n in asker.repos if ways[n] in kinds}


async def test_who_waits_asks_anew_for_what_hangs_in_the_background(
    github: GitHubStandIn, client: GitHubClient
) -> None:
    everything = many(github, 3)
    github.fail("hang", match=f'"{everything[0].node_id}"')
    background = asyncio.create_task(ask(client, everything))
    await github.arrived(1)

    quick = await ask(client, everything[:1], urgent=True)
    background.cancel()
    await asyncio.gather(background, return_exceptions=True)

    assert set(quick.found) == {everything[0]}


async def _one(client: GitHubClient, asker: Asker) -> tuple[Outcome, GitHubError | None]:
    outcome = Outcome()
    wants = [Wanted(f"acme/repo-{n}", f"R_{1000 + n}", asker.counted) for n in asker.repos]
    parts = client.harvest(wants, waiting=outcome.pauses.append, urgent=asker.urgent)
    taken = 0
    try:
        async with aclosing(parts):
            async for part in parts:
                outcome.keep(part)
                taken += 1
                if asker.takes is not None and taken > asker.takes:
                    break
    except GitHubError as error:
        return outcome, error
    return outcome, None


# Ten thousand


async def test_ten_thousand_with_one_in_a_hundred_bad_get_every_good_one(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 10_000)
    bad = everything[37::100]
    for number, one in enumerate(bad):
        if number % 2:
            github.delete(one.full_name)
        elif number % 10 == 0:
            github.fail(502, times=10**6, match=f'"{one.node_id}"')
        else:
            github.set(one.full_name, too_heavy=True)
    failing = bad[::10]
    light = [one for one in bad[::2] if one not in failing]
    outcome = Outcome()

    async with asking(github, time, concurrency=4, cpu_seconds=None) as client:
        await ask(client, everything, outcome=outcome)

    good = set(everything) - set(bad)
    assert set(outcome.found) == good | set(light)
    assert {outcome.refused[one].kind for one in failing} == {Refused.TIMEOUT}
    assert set(outcome.times.values()) == {1}
    # a failing one: its page twice, GitHub's health, a path of pairs, thrice alone
    assert outcome.requests == len(github.requests) <= 200 + 20 * len(failing) + len(light)


async def test_ten_thousand_good_ones_take_no_more_than_200_requests_and_no_memory(
    github: GitHubStandIn, time: Time
) -> None:
    everything = many(github, 10_000)
    read, alive = 0, list[int]()

    async with asking(github, time, concurrency=4, cpu_seconds=None) as client:
        async for part in client.harvest(everything):
            read += len(part.found)
            if len(alive) < read // 1000:
                alive.append(sum(isinstance(one, Harvest) for one in gc.get_objects()))

    assert read == 10_000
    assert len(github.requests) <= 200
    assert len(alive) == 10
    assert max(alive) <= 2 * 4  # a page a worker under way, and one read ahead


async def test_a_fixed_time_is_the_answers_time(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    async for part in client.harvest(many(github, 1)):
        assert part.at == NOON
