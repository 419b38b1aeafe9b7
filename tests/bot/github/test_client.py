"""The client against a small GitHub: every failure beside the success it must not cost."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.core.models import Harvest, Pause, Reading, Refusal, Refused, Visibility, Wanted
from bot.errors import GitHubError, RateLimited, TokenMissing, TokenRejected
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS, Connection
from bot.github.credentials import personal
from bot.github.gate import Gate
from bot.github.host import Host
from bot.github.pages import PAGE_ATTEMPTS
from bot.github.protocol import ALLOWANCE, Question
from bot.github.trip import Trip
from tests.standins.github import GitHubStandIn
from tests.standins.github_world import Repo

NOON = 1_795_262_400  # 2026-11-21 12:00 UTC
STANDINS_OWN, FRESH = "ghp_standin", "ghp_fresh"
LAST_SECOND_OF_2026 = "2026-12-31 23:59:59 UTC"


@dataclass
class Time:
    """A clock whose sleep moves it."""

    seconds: int = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += round(seconds)


@dataclass
class Bot:
    """A client, its clock, and what it said while it waited."""

    client: GitHubClient
    time: Time
    pauses: list[Pause] = field(default_factory=list)

    async def harvest(self, *wanted: Wanted) -> list[Harvest]:
        return [part async for part in self.client.harvest(wanted, waiting=self.pauses.append)]

    async def read(self, *wanted: Wanted) -> tuple[dict[Wanted, Reading], dict[Wanted, Refusal]]:
        found: dict[Wanted, Reading] = {}
        refused: dict[Wanted, Refusal] = {}
        for part in await self.harvest(*wanted):
            found |= part.found
            refused |= part.refused
        return found, refused


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.world.resets_at = NOON + 600
        yield github


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def bot(session: aiohttp.ClientSession, github: GitHubStandIn) -> Bot:
    return bot_at(github.api_url, session, token=github.token)


def bot_at(  # noqa: PLR0913 - the client's own settings
    api_url: str,
    session: aiohttp.ClientSession,
    *,
    token: str | None = STANDINS_OWN,
    timeout: float = 20,
    patience: float = 900,
    concurrency: int = 4,
) -> Bot:
    time = Time()
    client = GitHubClient(
        session,
        token=SecretStr(token) if token is not None else None,
        api_url=api_url,
        clock=time,
        concurrency=concurrency,
        timeout=timeout,
        patience=patience,
        sleep=time.sleep,
    )
    return Bot(client, time)


def many(github: GitHubStandIn, count: int) -> list[Wanted]:
    return [wanted(github.add(f"acme/repo-{number}", stars=number)) for number in range(count)]


def wanted(repo: Repo) -> Wanted:
    return Wanted(repo.full_name, repo.node_id)


def stars(found: dict[Wanted, Reading]) -> dict[str, int]:
    return {reading.full_name: reading.values["stars"] for reading in found.values()}


def spent(parts: Sequence[Harvest]) -> tuple[int, int]:
    return sum(part.requests for part in parts), sum(part.points for part in parts)


# Answers


async def test_a_new_repository_and_a_known_one_come_home_in_one_request(
    bot: Bot, github: GitHubStandIn
) -> None:
    new = Wanted("Acme/Rocket")
    github.add("acme/rocket", stars=45, forks=0, watchers=3, open_issues=2, open_prs=1, id=7)
    github.set("acme/rocket", releases=12, commits=830, discussions=None, disk_usage=2_048)
    github.set("acme/rocket", archived=True)
    known = wanted(github.add("acme/secret", stars=9, private=True, issues_enabled=False))

    (part,) = await bot.harvest(new, known)

    values = {"stars": 45, "forks": 0, "watchers": 3, "open_issues": 2, "open_prs": 1}
    values |= {"releases": 12, "commits": 830, "disk_usage": 2_048}
    assert part.found[new] == Reading(
        "acme/rocket", 7, "R_7", Visibility.PUBLIC, values, archived=True
    )
    assert part.found[known].visibility is Visibility.PRIVATE
    assert "open_issues" not in part.found[known].values
    assert (part.at, part.requests, part.points, part.refused) == (NOON, 1, 1, {})


async def test_nothing_wanted_is_nothing_asked(bot: Bot, github: GitHubStandIn) -> None:
    assert await bot.harvest() == []
    assert github.requests == []


async def test_a_repository_wanted_twice_is_asked_for_once(bot: Bot, github: GitHubStandIn) -> None:
    rocket = wanted(github.add("acme/rocket"))

    (part,) = await bot.harvest(rocket, rocket)

    assert list(part.found) == [rocket]
    assert github.requests[0].variables == {"ids": [rocket.node_id]}


async def test_a_renamed_repository_answers_under_its_new_name(
    bot: Bot, github: GitHubStandIn
) -> None:
    repo = github.add("acme/rocket", stars=45)
    github.rename("acme/rocket", "acme/ship")
    by_name, by_id = Wanted("acme/rocket"), Wanted("acme/rocket", repo.node_id)

    found, _ = await bot.read(by_name, by_id)

    assert found[by_name] == found[by_id]
    assert found[by_name].full_name == "acme/ship"


async def test_a_name_that_was_taken_over_is_the_new_owners(
    bot: Bot, github: GitHubStandIn
) -> None:
    old = wanted(github.add("acme/rocket", stars=45))
    github.rename("acme/rocket", "acme/ship")
    github.add("acme/rocket", stars=1)

    found, _ = await bot.read(old, Wanted("acme/rocket"))

    assert stars(found) == {"acme/ship": 45, "acme/rocket": 1}


async def test_a_deleted_and_a_forbidden_repository_cost_no_other(
    bot: Bot, github: GitHubStandIn
) -> None:
    rocket, site, vault = many(github, 3)
    github.delete(site.full_name)
    github.forbid(vault.full_name)

    found, refused = await bot.read(rocket, site, vault, Wanted("nobody/nothing"))

    assert set(found) == {rocket}
    assert refused[site] == refused[Wanted("nobody/nothing")]
    assert refused[site] == Refusal(Refused.NOT_FOUND, "gone or not visible to this token")
    assert refused[vault].kind is Refused.FORBIDDEN


async def test_many_repositories_come_in_pages_with_no_more_in_flight_than_allowed(
    bot: Bot, github: GitHubStandIn
) -> None:
    everything = many(github, 410)
    github.hold()

    async with asyncio.TaskGroup() as group:
        run = group.create_task(bot.harvest(*everything))
        await github.arrived(4)
        github.release()

    assert {one for part in run.result() for one in part.found} == set(everything)
    assert [asked.repositories for asked in github.requests[:4]] == [50] * 4
    assert sum(asked.repositories for asked in github.requests) == 410
    assert github.most_in_flight == 4
    requests = len(github.requests)
    assert spent(run.result()) == (requests, sum(asked.points for asked in github.requests))


async def test_a_consumer_that_stops_early_leaves_nothing_running(
    bot: Bot, github: GitHubStandIn
) -> None:
    everything = many(github, 500)
    before = asyncio.all_tasks()

    async with aclosing(bot.client.harvest(everything)) as parts:
        async for _ in parts:
            github.hold()
            break

    ours = {task for task in asyncio.all_tasks() - before if "Lane" in repr(task)}
    assert ours == set()
    assert len(github.requests) <= 8


async def test_a_run_that_is_cancelled_takes_its_requests_along(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.hold()
    run = asyncio.create_task(bot.harvest(*many(github, 500)))
    await github.arrived(4)

    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run
    assert len(github.requests) == 4


# Trouble that passes


@pytest.mark.parametrize("trouble", [500, 502, 503, 504, "reset", "truncate", "null_data"])
async def test_trouble_that_passes_costs_one_more_request(
    bot: Bot, github: GitHubStandIn, trouble: int | str
) -> None:
    everything = many(github, 3)
    github.fail(trouble)

    (part,) = await bot.harvest(*everything)

    assert set(part.found) == set(everything)
    assert part.requests == 2
    assert len(bot.pauses) == 1


async def test_an_answer_that_never_comes_is_asked_for_again(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    bot = bot_at(github.api_url, session, timeout=0.2)
    rocket = wanted(github.add("acme/rocket"))
    github.fail("hang")

    found, _ = await bot.read(rocket)

    assert set(found) == {rocket}
    assert bot.pauses[0].reason == "GitHub did not answer within 0.2 s"


# Trouble that stays


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [(502, Refused.TIMEOUT), (500, Refused.ERROR), ("truncate", Refused.ERROR)],
)
async def test_one_repository_that_github_cannot_read_never_costs_the_others(
    bot: Bot, github: GitHubStandIn, trouble: int | str, kind: Refused
) -> None:
    *good, bad = many(github, 50)
    github.fail(trouble, times=1000, match=f'"{bad.node_id}"')

    found, refused = await bot.read(*good, bad)

    assert set(found) == set(good)
    assert {one: refusal.kind for one, refusal in refused.items()} == {bad: kind}


async def test_repositories_beyond_the_limits_of_one_query_are_asked_for_in_smaller_ones(
    bot: Bot, github: GitHubStandIn
) -> None:
    light, heavy, heavier = many(github, 3)
    github.set(heavy.full_name, too_heavy=True)
    github.set(heavier.full_name, too_heavy=True)

    parts = await bot.harvest(light, heavy, heavier)

    assert [set(part.found) for part in parts] == [{light}, {heavy}, {heavier}]
    assert spent(parts) == (3, 3)


async def test_a_page_is_not_taken_apart_when_github_itself_is_down(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.fail(502, times=1000)

    with pytest.raises(GitHubError, match=r"answer at 127\.0\.0\.1 \(GitHub answered 502\)"):
        await bot.harvest(*many(github, 50))
    assert len(github.requests) == PAGE_ATTEMPTS + ATTEMPTS  # then the cheapest question there is


async def test_a_dead_api_is_one_sentence(
    session: aiohttp.ClientSession, unused_tcp_port: int
) -> None:
    bot = bot_at(f"http://127.0.0.1:{unused_tcp_port}", session)

    with pytest.raises(GitHubError, match="GitHub could not be reached"):
        await bot.harvest(Wanted("acme/rocket"))


async def test_another_server_is_not_taken_for_github(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    bot = bot_at(f"{github.api_url}/elsewhere", session)

    with pytest.raises(GitHubError, match="RADAR_GITHUB__API_URL"):
        await bot.harvest(Wanted("acme/rocket"))


async def test_a_query_that_does_not_fit_the_schema_is_not_asked_again(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    time, page = Time(), "https://github.com/settings/tokens"
    credential = personal(SecretStr(github.token), page)
    gate = Gate(time, time.sleep, patience=0, host=Host("github.test", time))
    connection = Connection(
        session, gate, credential=credential, api_url=github.api_url, timeout=20
    )

    with pytest.raises(GitHubError, match="did not understand the query"):
        await connection.ask(Question("query { stargazer }", {}), Trip(waiting=print))
    assert len(github.requests) == 1


# Limits


async def test_a_spent_hour_is_waited_for_visibly(bot: Bot, github: GitHubStandIn) -> None:
    rocket = wanted(github.add("acme/rocket"))
    github.fail("rate_limited")

    (part,) = await bot.harvest(rocket)

    assert part.found.keys() == {rocket}
    assert (part.at, part.requests) == (NOON + 600, 2)
    assert bot.pauses == [Pause(600, "GitHub's rate limit")]
    assert bot.time.slept == [600]


async def test_an_hour_that_ends_too_late_names_the_time(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    bot = bot_at(github.api_url, session, patience=599)
    github.fail("rate_limited")

    with pytest.raises(RateLimited, match="rate limit: try again at 2026-11-21 12:10 UTC"):
        await bot.harvest(wanted(github.add("acme/rocket")))
    assert bot.time.slept == []


@pytest.mark.parametrize(("named", "waited"), [(7, 7), (None, 60)])
async def test_a_secondary_limit_is_waited_for_as_long_as_github_says(
    bot: Bot, github: GitHubStandIn, named: int | None, waited: float
) -> None:
    rocket = wanted(github.add("acme/rocket"))
    github.fail("secondary", retry_after=named)

    found, _ = await bot.read(rocket)

    assert set(found) == {rocket}
    assert bot.pauses == [Pause(waited, "GitHub's secondary rate limit")]


async def test_a_wait_named_beside_a_503_goes_before_our_own(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.fail(503, retry_after=30)

    await bot.read(wanted(github.add("acme/rocket")))

    assert bot.pauses == [Pause(30, "GitHub answered 503")]


async def test_limits_that_never_end_use_up_the_patience(bot: Bot, github: GitHubStandIn) -> None:
    github.fail("secondary", times=1000, retry_after=300)

    with pytest.raises(RateLimited, match="secondary rate limit: try again at"):
        await bot.harvest(wanted(github.add("acme/rocket")))
    assert sum(bot.time.slept) == 900


@pytest.mark.parametrize("fault", [503, "secondary"])
async def test_who_is_sent_away_for_a_second_again_and_again_asks_ever_more_seldom(
    bot: Bot, github: GitHubStandIn, fault: int | str
) -> None:
    github.fail(fault, times=1000, retry_after=1)

    with pytest.raises(RateLimited, match="try again at"):
        await bot.harvest(wanted(github.add("acme/rocket")))
    assert bot.time.slept[:5] == [1, 1, 2, 4, 8]
    assert len(github.requests) < 20


async def test_a_spent_hour_that_is_over_by_this_clock_is_not_asked_for_every_second(
    bot: Bot, github: GitHubStandIn
) -> None:
    """This machine's clock goes two hours before GitHub's."""
    github.world.resets_at = bot.time.now() - 7_000
    github.fail("rate_limited", times=1000)

    with pytest.raises(RateLimited, match="try again at"):
        await bot.harvest(wanted(github.add("acme/rocket")))
    assert len(github.requests) < 10


async def test_pages_that_were_read_before_a_failure_stay_good(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    bot = bot_at(github.api_url, session, concurrency=1)
    everything = many(github, 120)
    github.fail("secondary", times=1000, retry_after=9999, match=f'"{everything[-1].node_id}"')
    parts = bot.client.harvest(everything)

    read = [set((await anext(parts)).found), set((await anext(parts)).found)]

    assert read == [set(everything[:50]), set(everything[50:112])]
    with pytest.raises(RateLimited):
        await anext(parts)


# Tokens


async def test_a_token_without_the_right_to_ask_at_all_is_told_so(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.fail(403)

    with pytest.raises(GitHubError, match="forbids the token its API"):
        await bot.harvest(Wanted("acme/rocket"))
    assert len(github.requests) == 1


async def test_what_needs_a_token_says_where_to_get_one(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    for nothing in (None, "", " "):
        bot = bot_at(github.api_url, session, token=nothing)
        with pytest.raises(TokenMissing, match=r"/settings/tokens .*RADAR_GITHUB__TOKEN"):
            await (await bot.client.connection_of("acme")).ask(ALLOWANCE, Trip(waiting=print))
    assert github.requests == []


async def test_a_revoked_token_is_told_at_once_and_a_new_one_works(
    bot: Bot, session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    rocket = wanted(github.add("acme/rocket"))
    github.revoke_token()
    with pytest.raises(TokenRejected, match="expired, revoked or mistyped"):
        await bot.harvest(rocket)
    assert len(github.requests) == 1

    github.token = FRESH
    found, _ = await bot_at(github.api_url, session, token=f"{FRESH}\n").read(rocket)
    assert set(found) == {rocket}


async def test_a_token_of_enterprise_is_made_on_its_own_host(
    session: aiohttp.ClientSession,
) -> None:
    bot = bot_at("https://git.acme.example/api/v3", session, token=None)

    with pytest.raises(TokenMissing, match=r"https://git\.acme\.example/settings/tokens"):
        await (await bot.client.connection_of("acme")).ask(ALLOWANCE, Trip(waiting=print))


@pytest.mark.parametrize("token", ["ghp_sec\r\nret", "ghp_secrét"])
async def test_a_token_never_shows_in_what_goes_wrong(
    session: aiohttp.ClientSession, github: GitHubStandIn, token: str
) -> None:
    bot = bot_at(github.api_url, session, token=token)

    with pytest.raises(TokenRejected) as caught:
        await bot.harvest(Wanted("acme/rocket"))
    assert "ghp" not in f"{caught.value!r} {caught.value.__cause__!r} {bot.client!r}"


async def test_the_allowance_tells_what_is_left_and_when_the_token_ends(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.token_expires = LAST_SECOND_OF_2026

    (allowance,) = await bot.client.allowances()

    assert (allowance.login, allowance.points_limit, allowance.points_left) == ("radar", 5000, 4999)
    assert (allowance.resets_at, allowance.token_expires_at) == (NOON + 600, 1_798_761_599)


async def test_a_token_without_an_end_has_no_end_in_the_allowance(bot: Bot) -> None:
    (allowance,) = await bot.client.allowances()
    assert (allowance.token_expires_at, allowance.trouble) == (None, None)


async def test_an_allowance_that_cannot_be_had_says_why(bot: Bot, github: GitHubStandIn) -> None:
    github.fail(502, times=ATTEMPTS)

    (allowance,) = await bot.client.allowances()

    assert "does not answer" in str(allowance.trouble)
    assert (allowance.refused, allowance.points_left) == (False, None)


async def test_an_allowance_does_not_wait_for_the_limit_it_tells_of(
    bot: Bot, github: GitHubStandIn
) -> None:
    await bot.client.allowances()
    github.fail("secondary", retry_after=800)

    (meeting,) = await bot.client.allowances()
    (held,) = await bot.client.allowances()

    assert bot.time.slept == []
    for one in (meeting, held):
        assert "GitHub's secondary rate limit: try again at" in str(one.trouble)
        assert (one.points_limit, one.points_left, one.resets_at) == (5000, 4999, NOON + 600)
        assert not one.refused


async def test_an_allowance_is_asked_for_from_the_reserve_of_the_hour(
    bot: Bot, github: GitHubStandIn
) -> None:
    github.world.points_left = 300
    await bot.client.allowances()

    (allowance,) = await bot.client.allowances()

    assert (allowance.points_left, allowance.trouble, bot.time.slept) == (298, None, [])
