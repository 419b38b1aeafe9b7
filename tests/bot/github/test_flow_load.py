"""The open work of a repository, from a small GitHub: told apart, bounded, or refused."""

import math
from collections.abc import AsyncIterator

import aiohttp
import pytest
from pydantic import SecretStr

from bot.core.flow_load import RepositoryLoad, State
from bot.core.models import Refusal, Refused
from bot.errors import GitHubError, TokenMissing, TokenRejected
from bot.github.client import GitHubClient
from bot.github.flow_load import LABELS, PAGE, PAGES, FlowLoads
from tests.standins.clock import SettableClock
from tests.standins.github import GitHubStandIn

WAITING = (False, "REVIEW_REQUIRED")


@pytest.fixture
async def loads(standin: GitHubStandIn) -> AsyncIterator[FlowLoads]:
    async with aiohttp.ClientSession() as session:
        yield loads_of(standin, session)


def loads_of(
    standin: GitHubStandIn, session: aiohttp.ClientSession, token: str | None = None
) -> FlowLoads:
    secret = SecretStr(token or standin.token) if token != "" else None
    clock, url = SettableClock(), standin.api_url

    async def sleep(seconds: float) -> None:
        clock.pass_(math.ceil(seconds))

    return FlowLoads(
        GitHubClient(
            session,
            token=secret,
            api_url=url,
            clock=clock,
            sleep=sleep,
            timeout=0.5,
            patience=0,
        )
    )


async def test_work_is_told_apart_by_what_it_waits_for(
    standin: GitHubStandIn, loads: FlowLoads
) -> None:
    pulls = (
        (True, None), (True, "APPROVED"),  # a draft is one whatever was said of it
        WAITING, (False, None), (False, "A_WORD_OF_2030") , (False, "APPROVED"),
        (False, "CHANGES_REQUESTED"), (False, "CHANGES_REQUESTED"),
    )  # fmt: skip
    known = tuple(one for one in pulls if one[1] != "A_WORD_OF_2030")
    standin.add("o/a", open_issues=7, pulls=known, labels={"bug": 3, "idle": 0})

    load = await loads.load("o/a")

    assert load == RepositoryLoad(
        {
            State.ISSUE: 7, State.DRAFT: 2, State.WAITING: 2,
            State.APPROVED: 1, State.CHANGES: 2,
        },
        {"bug": 3},
    )  # fmt: skip
    assert len(standin.requests) == 1


async def test_pages_are_turned_up_to_a_bound_and_the_rest_is_counted(
    standin: GitHubStandIn, loads: FlowLoads
) -> None:
    standin.add("o/some", pulls=(WAITING,) * (PAGE + 1))
    standin.add("o/many", pulls=(WAITING,) * (PAGE * PAGES + 3), open_prs=2_000)

    some, many = await loads.load("o/some"), await loads.load("o/many")

    assert isinstance(some, RepositoryLoad)
    assert isinstance(many, RepositoryLoad)
    assert some.states[State.WAITING] == PAGE + 1
    assert State.UNTOLD not in some.states
    assert many.states[State.WAITING] == PAGE * PAGES
    assert many.states[State.UNTOLD] == 2_000 - PAGE * PAGES
    assert len(standin.requests) == 2 + PAGES


async def test_only_so_many_labels_are_asked_for(standin: GitHubStandIn, loads: FlowLoads) -> None:
    standin.add("o/a", labels={f"label {number}": 1 for number in range(LABELS + 5)})

    load = await loads.load("o/a")

    assert isinstance(load, RepositoryLoad)
    assert len(load.labels) == LABELS


async def test_issues_that_are_switched_off_are_no_work(
    standin: GitHubStandIn, loads: FlowLoads
) -> None:
    standin.add("o/a", issues_enabled=False, labels={"bug": 1})

    assert await loads.load("o/a") == RepositoryLoad({}, {})


async def test_hidden_repositories_are_refused_with_a_word(
    standin: GitHubStandIn, loads: FlowLoads
) -> None:
    standin.add("o/closed", forbidden=True)

    for name, kind in (("o/nothing", Refused.NOT_FOUND), ("o/closed", Refused.FORBIDDEN)):
        refused = await loads.load(name)

        assert isinstance(refused, Refusal)
        assert refused.kind is kind


@pytest.mark.parametrize("how", ["null_data", "truncate", 502, "reset"])
async def test_github_s_trouble_is_told_and_not_taken_for_no_work(
    standin: GitHubStandIn, loads: FlowLoads, how: str | int
) -> None:
    standin.add("o/a", open_issues=7)
    standin.fail(how, times=9)

    refused = await loads.load("o/a")

    assert isinstance(refused, Refusal)
    assert refused.kind in {Refused.ERROR, Refused.TIMEOUT}
    standin.heal()
    assert isinstance(await loads.load("o/a"), RepositoryLoad)


async def test_trouble_on_a_later_page_refuses_all_of_it(
    standin: GitHubStandIn, loads: FlowLoads
) -> None:
    standin.add("o/a", pulls=(WAITING,) * (PAGE + 1))
    standin.fail(502, times=9, match='"after"')

    assert isinstance(await loads.load("o/a"), Refusal)


async def test_without_a_token_or_with_a_bad_one_nothing_can_be_asked(
    standin: GitHubStandIn,
) -> None:
    standin.add("o/a")
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TokenMissing):
            await loads_of(standin, session, "").load("o/a")
        with pytest.raises(TokenRejected):
            await loads_of(standin, session, "ghp_wrong").load("o/a")
        standin.fail("rate_limited", times=9)
        with pytest.raises(GitHubError):
            await loads_of(standin, session).load("o/a")
