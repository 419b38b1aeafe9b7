"""A star history over HTTP: whole weeks of UTC days, or a sentence why not."""

import json
import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import stamina
from aiohttp import web
from pydantic import SecretStr

from bot.core.coverage import DAY
from bot.core.models import Pause, Refusal, Refused
from bot.core.retained import StarPage
from bot.errors import TokenRejected
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS
from bot.github.star_history import WEEK, StarHistory, read_page
from bot.github.wire import Answer
from tests.standins.clock import SettableClock, moment
from tests.standins.github import GitHubStandIn

NOW = moment("2026-07-01")  # a Wednesday
SUNDAY = moment("2026-06-28T00:00")
SITE = "acme/site"


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add(SITE, stars=9)
        yield github


@pytest.fixture
async def history(github: GitHubStandIn) -> AsyncIterator[StarHistory]:
    clock = SettableClock()

    async def sleep(seconds: float) -> None:
        clock.pass_(math.ceil(seconds))

    async with aiohttp.ClientSession() as session:
        yield StarHistory(
            GitHubClient(
                session,
                token=SecretStr(github.token),
                api_url=github.api_url,
                clock=clock,
                sleep=sleep,
            )
        )


def answer(*weeks: Any, status: int = 200, link: str = "") -> Answer:  # noqa: ANN401 - untrusted
    headers = {"link": link} if link else {}
    return Answer(status, headers, json.dumps(weeks).encode())


def week(start: int = SUNDAY, *days: int) -> dict[str, Any]:
    return {"week": start, "total": sum(days), "days": [*days, *[0] * (7 - len(days))]}


async def test_pages_follow_each_other_to_the_first_star(
    github: GitHubStandIn, history: StarHistory
) -> None:
    github.star_histories.give(SITE, NOW, {0: 3, 2: 1, 7 * 29: 4, 7 * 31: 5})

    newest, older = await history.page(SITE, 1), await history.page(SITE, 2)

    today, sunday = NOW // DAY, SUNDAY // DAY
    assert newest == StarPage(
        {today: 3, today - 2: 1, today - 203: 4}, sunday - 29 * 7, sunday + 7, last=False
    )
    assert older == StarPage({today - 217: 5}, sunday - 31 * 7, sunday - 29 * 7, last=True)
    assert github.star_histories.asked == [(SITE, 1), (SITE, 2)]


async def test_a_renamed_repository_is_followed(
    github: GitHubStandIn, history: StarHistory
) -> None:
    github.rename(SITE, "acme/new")
    github.star_histories.give("acme/new", NOW, {1: 2})

    page = await history.page(SITE, 1)

    assert isinstance(page, StarPage)
    assert page.days == {NOW // DAY - 1: 2}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, Refused.NOT_FOUND),
        (410, Refused.NOT_FOUND),
        (403, Refused.FORBIDDEN),
        (451, Refused.FORBIDDEN),
        (422, Refused.ERROR),
    ],
)
async def test_a_no_is_a_refusal_in_words(
    github: GitHubStandIn, history: StarHistory, status: int, kind: Refused
) -> None:
    github.star_histories.answers = [web.json_response({"message": "No"}, status=status)]

    page = await history.page(SITE, 1)

    assert isinstance(page, Refusal)
    assert page.kind is kind
    assert page.message.isprintable()
    assert github.token not in page.message


async def test_while_github_counts_there_is_nothing_yet(
    github: GitHubStandIn, history: StarHistory
) -> None:
    github.star_histories.answers = [web.json_response({}, status=202)]
    github.star_histories.give(SITE, NOW, {0: 1})

    assert await history.page(SITE, 1) is None
    assert isinstance(await history.page(SITE, 1), StarPage)


async def test_a_failure_is_tried_again_and_costs_this_one_only(
    github: GitHubStandIn, history: StarHistory
) -> None:
    github.star_histories.give(SITE, NOW, {0: 1})
    once = [web.Response(status=502)]
    github.star_histories.answers = list(once)
    assert isinstance(await history.page(SITE, 1), StarPage)

    github.star_histories.answers = [web.Response(status=500) for _ in range(ATTEMPTS)]

    assert await history.page(SITE, 1) == Refusal(Refused.TIMEOUT, "GitHub answered 500")


async def test_a_limit_is_waited_for_visibly(github: GitHubStandIn, history: StarHistory) -> None:
    github.star_histories.give(SITE, NOW, {0: 1})
    limited = web.json_response(
        {"message": "secondary rate limit"}, status=403, headers={"Retry-After": "7"}
    )
    github.star_histories.answers = [limited]
    pauses: list[Pause] = []

    assert isinstance(await history.page(SITE, 1, waiting=pauses.append), StarPage)
    assert [pause.reason for pause in pauses] == ["GitHub's secondary rate limit"]


async def test_a_token_that_ended_ends_it(github: GitHubStandIn, history: StarHistory) -> None:
    github.revoke_token()

    with pytest.raises(TokenRejected):
        await history.page(SITE, 1)


def test_days_are_utc_days_and_those_without_stars_are_left_out() -> None:
    page = read_page(answer(week(SUNDAY, 0, 2, 0, 1), week(SUNDAY - WEEK, 5)))

    day = SUNDAY // DAY
    assert page == StarPage({day + 1: 2, day + 3: 1, day - 7: 5}, day - 7, day + 7, last=True)


def test_nobody_starred_it_yet() -> None:
    assert read_page(answer()) == StarPage({}, None, None, last=True)
    assert read_page(answer(status=204)) == StarPage({}, None, None, last=True)


def test_only_a_next_page_says_that_there_is_more() -> None:
    following = '<https://api.github.com/x?page=2>; rel="next", <https://x?page=9>; rel="last"'
    done = '<https://api.github.com/x?page=1>; rel="prev"'

    assert [
        page.last
        for link in (following, done, "")
        if isinstance(page := read_page(answer(week(), link=link)), StarPage)
    ] == [False, True, True]


@pytest.mark.parametrize(
    "weeks",
    [
        [week(SUNDAY + 3600)],  # not a day's first moment
        [week(SUNDAY - WEEK), week(SUNDAY)],  # oldest first
        [week(SUNDAY), week(SUNDAY)],  # twice
        [week(SUNDAY), week(SUNDAY - DAY)],  # one within the other
        [week(-WEEK)],
        [week(10**12)],
        [{"week": SUNDAY, "days": [1] * 6}],
        [{"week": SUNDAY, "days": [1] * 8}],
        [{"week": SUNDAY, "days": [-1] + [0] * 6}],
        [{"week": SUNDAY, "days": [10**10] + [0] * 6}],
        [{"week": SUNDAY, "days": ["1"] * 7}],
        [{"days": [0] * 7}],
        [week(SUNDAY - n * WEEK) for n in range(31)],  # more than were asked for
        ["no week"],
    ],
)
def test_what_does_not_fit_is_refused_and_never_guessed(weeks: list[Any]) -> None:
    page = read_page(answer(*weeks))

    assert isinstance(page, Refusal)
    assert "could not be read" in page.message


@pytest.mark.parametrize("body", [b"", b"[", b"{}", b"null", b"<html>", b"\xff"])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    assert isinstance(read_page(Answer(200, {}, body)), Refusal)
