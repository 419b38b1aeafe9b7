"""A repository's traffic over HTTP: what GitHub says is believed only where it fits."""

import math
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.core.models import Refusal, Refused
from bot.core.traffic import Capture, Day, Popular, Ranking, Visit
from bot.errors import TokenMissing, TokenRejected
from bot.github.client import GitHubClient
from bot.github.credentials import OwnersToken
from tests.standins.clock import DAY, SettableClock
from tests.standins.github import GitHubStandIn
from tests.standins.github_traffic import PARTS

TODAY = SettableClock().now() // DAY
MANY = b'{"timestamp": "2026-07-01T00:00:00Z", "count": 1, "uniques": 1},' * 101


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add("acme/site", push=True)
        visits = github.traffic.of("acme/site")
        visits.views = {TODAY - 3: (120, 30), TODAY: (5, 4)}
        visits.clones = {TODAY - 1: (12, 3)}
        visits.referrers = [("Google", 80, 20), ("news.ycombinator.com", 9, 9)]
        visits.paths = [("/acme/site", "acme/site: a site", 100, 28)]
        yield github


@pytest.fixture
async def client(github: GitHubStandIn) -> AsyncIterator[GitHubClient]:
    clock = SettableClock()

    async def sleep(seconds: float) -> None:
        clock.pass_(math.ceil(seconds))

    async with aiohttp.ClientSession() as session:
        yield GitHubClient(
            session,
            token=SecretStr(github.token),
            api_url=github.api_url,
            clock=clock,
            sleep=sleep,
        )


async def captured(client: GitHubClient, name: str = "acme/site") -> Capture:
    answer = await client.traffic(name, TODAY)
    assert isinstance(answer, Capture)
    return answer


async def test_four_requests_bring_all_that_github_remembers(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    answer = await captured(client)

    assert answer.complete
    assert answer.days[Visit.VIEWS][TODAY - 3] == Day(120, 30, settled=True)
    assert answer.days[Visit.VIEWS][TODAY - 2] == Day(0, 0, settled=True)
    assert answer.days[Visit.VIEWS][TODAY] == Day(5, 4, settled=False)
    assert answer.days[Visit.CLONES][TODAY - 1] == Day(12, 3, settled=True)
    assert answer.popular == {
        Ranking.REFERRERS: [Popular("Google", 80, 20), Popular("news.ycombinator.com", 9, 9)],
        Ranking.PATHS: [Popular("/acme/site", 100, 28, "acme/site: a site")],
    }
    assert github.traffic.requests == [f"/repos/acme/site/traffic/{part}" for part in PARTS]


async def test_a_renamed_repository_answers_under_its_old_name(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    visits = github.traffic.of("acme/site")
    github.rename("acme/site", "acme/home")
    github.traffic.of("acme/home").views = visits.views

    answer = await captured(client)

    assert answer.days[Visit.VIEWS][TODAY - 3] == Day(120, 30, settled=True)


async def test_without_the_permission_one_request_is_enough(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    github.add("other/repo")
    github.traffic.permitted = False

    for name, kind in {
        "acme/site": Refused.FORBIDDEN,  # may push, lacks the permission
        "other/repo": Refused.FORBIDDEN,  # may not push
        "acme/none": Refused.NOT_FOUND,
    }.items():
        answer = await client.traffic(name, TODAY)
        assert isinstance(answer, Refusal)
        assert answer.kind is kind
    assert len(github.traffic.requests) == 3

    github.traffic.classic = True  # and lacks the scope
    answer = await client.traffic("acme/site", TODAY)
    assert isinstance(answer, Refusal)
    assert answer.kind is Refused.NOT_FOUND


async def test_a_rejected_token_is_everybodys_trouble(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    github.revoke_token()

    with pytest.raises(TokenRejected):
        await client.traffic("acme/site", TODAY)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"views": [{"timest',
        b"null",
        b'{"views": null, "clones": null}',
        b'{"views": [{"timestamp": "2026-07-01T00:00:00Z", "count": -1, "uniques": 0}]}',
        b'{"clones": [{"timestamp": "yesterday", "count": 1, "uniques": 0}]}',
        b'{"views": [%s], "clones": [%s]}' % (MANY[:-1], MANY[:-1]),
        b'[{"referrer": 7, "path": 7, "count": 1, "uniques": 1}]',
        b'[{"referrer": "a", "path": "a", "count": 9223372036854775808, "uniques": 1}]',
    ],
)
async def test_what_does_not_fit_costs_its_own_part_only(
    client: GitHubClient, github: GitHubStandIn, part: str, body: bytes
) -> None:
    github.traffic.bodies[part] = body

    answer = await captured(client)

    assert not answer.complete
    assert len(answer.days) + len(answer.popular) == 3


@pytest.mark.parametrize("status", [422, 502])
async def test_a_part_that_github_will_not_answer_costs_no_other(
    client: GitHubClient, github: GitHubStandIn, status: int
) -> None:
    github.traffic.bodies["clones"] = status

    answer = await captured(client)

    assert set(answer.days) == {Visit.VIEWS}
    assert len(answer.popular) == 2


async def test_words_from_outside_become_one_short_line(
    client: GitHubClient, github: GitHubStandIn
) -> None:
    visits = github.traffic.of("acme/site")
    visits.referrers = [("evil\n\x1b[2Jexample\u202e", 1, 1)] * 12
    visits.paths = [("/" + "a" * 900, "t" * 900, 1, 1)]

    answer = await captured(client)

    referrers, (path,) = (answer.popular[ranking] for ranking in Ranking)
    assert [one.name for one in referrers] == ["evil  [2Jexample"] * 10
    assert (len(path.name), len(path.title), path.name[-1]) == (200, 200, "…")


async def test_each_owner_is_asked_about_with_its_own_token(github: GitHubStandIn) -> None:
    clock = SettableClock()

    async def sleep(seconds: float) -> None:
        clock.pass_(math.ceil(seconds))

    github.add("other/site", push=True)
    github.access.tokens["ghp_acme"] = None
    async with aiohttp.ClientSession() as session:
        client = GitHubClient(
            session,
            token=SecretStr("ghp_revoked"),
            tokens=[OwnersToken(SecretStr("ghp_acme"), ("acme",))],
            api_url=github.api_url,
            clock=clock,
            sleep=sleep,
        )

        assert (await captured(client)).complete
        with pytest.raises(TokenRejected):
            await client.traffic("other/site", TODAY)


async def test_without_a_token_nobody_sees_it(github: GitHubStandIn) -> None:
    async with aiohttp.ClientSession() as session:
        client = GitHubClient(session, token=None, api_url=github.api_url, clock=SettableClock())

        with pytest.raises(TokenMissing):
            await client.traffic("acme/site", TODAY)
