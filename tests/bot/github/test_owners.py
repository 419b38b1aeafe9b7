"""What an owner has, from a small GitHub: whole, in pages, and never more than is believed."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.core.models import Visibility
from bot.errors import GitHubError, RateLimited, TokenRejected, UnknownOwner
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS
from bot.github.owners import MOST, PAGE, SMALLEST_PAGE, Owners, owned_by, read_owned
from bot.github.reply import Unreadable, open_reply
from tests.standins.clock import SettableClock
from tests.standins.github import GitHubStandIn


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        yield github


@pytest.fixture
async def owners(github: GitHubStandIn) -> AsyncIterator[Owners]:
    async with aiohttp.ClientSession() as session:
        yield Owners(
            GitHubClient(
                session,
                token=SecretStr(github.token),
                api_url=github.api_url,
                clock=SettableClock(),
                timeout=0.5,
                patience=0,
            )
        )


# -- the happy way --------------------------------------------------------------------------------


async def test_everything_is_listed_with_what_a_rule_needs(
    github: GitHubStandIn, owners: Owners
) -> None:
    github.add("Acme/Rocket", id=7)
    github.add("Acme/secret", private=True)
    github.add("Acme/fork", fork=True)
    github.add("Acme/old", archived=True)
    github.add("acme-labs/site")
    github.add("Acme/moved")
    github.rename("Acme/moved", "other/moved")

    estate = await owners.repositories("acme")

    assert (estate.owner, estate.whole) == ("Acme", True)
    rocket, secret, fork, old = estate.repositories
    assert (rocket.full_name, rocket.github_id, rocket.node_id) == ("Acme/Rocket", 7, "R_7")
    assert (rocket.visibility, secret.visibility) == (Visibility.PUBLIC, Visibility.PRIVATE)
    assert [(one.fork, one.archived) for one in (rocket, fork, old)] == [
        (False, False),
        (True, False),
        (False, True),
    ]


async def test_pages_are_turned_until_the_end_and_counted(
    github: GitHubStandIn, owners: Owners
) -> None:
    for number in range(2 * PAGE + 5):
        github.add(f"big/r{number}")
    told: list[int] = []

    estate = await owners.repositories("big", found=told.append)

    assert len({one.github_id for one in estate.repositories}) == 2 * PAGE + 5
    assert estate.whole
    assert told == [PAGE, 2 * PAGE, 2 * PAGE + 5]
    assert len(github.requests) == 3


async def test_an_owner_of_nothing_is_an_owner(github: GitHubStandIn, owners: Owners) -> None:
    github.add("empty/gone", deleted=True)

    assert (await owners.repositories("empty")).repositories == ()


# -- trouble --------------------------------------------------------------------------------------


async def test_an_unknown_owner_is_told_in_a_sentence(owners: Owners) -> None:
    with pytest.raises(UnknownOwner, match="no user or organisation nobody: check its spelling"):
        await owners.repositories("nobody")


async def test_a_page_that_takes_too_long_is_asked_for_in_smaller_ones(
    github: GitHubStandIn, owners: Owners
) -> None:
    for number in range(PAGE):
        github.add(f"slow/r{number}")
    github.fail(502, times=ATTEMPTS + 1)

    estate = await owners.repositories("slow")

    assert len(estate.repositories) == PAGE
    sizes = [asked.query.partition("first: ")[2].partition(",")[0] for asked in github.requests]
    assert sizes[: ATTEMPTS + 2] == [*["100"] * ATTEMPTS, "50", "25"]
    assert sizes[ATTEMPTS + 2 :] == ["100"], "the next page is tried whole again"


async def test_a_github_that_stays_down_is_told(github: GitHubStandIn, owners: Owners) -> None:
    github.add("acme/rocket")
    github.fail("reset", times=50)

    with pytest.raises(GitHubError, match=r"does not tell what acme owns .*: try again later"):
        await owners.repositories("acme")

    assert len(github.requests) == ATTEMPTS, "smaller pages do not mend a broken line"


async def test_an_answer_cut_short_is_asked_for_again(
    github: GitHubStandIn, owners: Owners
) -> None:
    github.add("acme/rocket")
    github.fail("truncate")

    assert len((await owners.repositories("acme")).repositories) == 1


async def test_a_revoked_token_and_a_limit_are_raised_as_they_are(
    github: GitHubStandIn, owners: Owners
) -> None:
    github.add("acme/rocket")
    token = github.token
    github.revoke_token()
    with pytest.raises(TokenRejected):
        await owners.repositories("acme")
    github.token = token
    github.fail("rate_limited", retry_after=60)
    with pytest.raises(RateLimited):
        await owners.repositories("acme", urgent=True)


# -- replies that nobody has to believe -----------------------------------------------------------


def node(name: str = "acme/rocket", id_: int = 1, **others: object) -> dict[str, Any]:
    return {
        "databaseId": id_,
        "id": "R_1",
        "nameWithOwner": name,
        "visibility": "PUBLIC",
        "isFork": False,
        "isArchived": False,
    } | others


def answer(*nodes: object, cursor: str | None = None, login: str = "acme") -> bytes:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    owner = {"login": login, "repositories": {"pageInfo": info, "nodes": list(nodes)}}
    return json.dumps({"data": {"repositoryOwner": owner}}).encode()


@pytest.mark.parametrize(
    "bad",
    [
        None,
        node(name="other/rocket"),
        node(name="acme/<script>"),
        node(id_=0),
        node(id_=2**63),
        node(visibility="SECRET"),
        node(isFork="no"),
        {},
        "acme/rocket",
    ],
)
def test_a_repository_that_cannot_be_read_costs_no_other(bad: object) -> None:
    page = read_owned("acme", open_reply(answer(bad, node(id_=5))))

    assert [one.github_id for one in page.owned] == [5]


def test_another_login_in_the_answer_is_not_believed() -> None:
    assert read_owned("acme", open_reply(answer(login="evil"))).owner == "acme"


@pytest.mark.parametrize(
    "owner", ['{"login": "acme"}', "[]", '{"login": "acme", "repositories": {"nodes": []}}']
)
def test_a_page_that_makes_no_sense_is_unreadable(owner: str) -> None:
    reply = open_reply(f'{{"data": {{"repositoryOwner": {owner}}}}}'.encode())

    with pytest.raises(Unreadable):
        read_owned("acme", reply)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("NOT_FOUND", "knows no user or organisation acme"),
        ("FORBIDDEN", "does not let this token see what acme owns"),
    ],
)
def test_why_an_owner_is_not_shown_is_told(kind: str, said: str) -> None:
    errors = [{"type": kind, "message": "no", "path": ["repositoryOwner"]}]
    body = json.dumps({"data": {"repositoryOwner": None}, "errors": errors}).encode()

    with pytest.raises(UnknownOwner, match=said):
        read_owned("acme", open_reply(body))


def test_a_failed_query_says_nothing_about_the_owner() -> None:
    errors = [{"type": "SOMETHING", "message": "odd", "path": ["repositoryOwner"]}]
    body = json.dumps({"data": {"repositoryOwner": None}, "errors": errors}).encode()

    with pytest.raises(Unreadable):
        read_owned("acme", open_reply(body))


def test_the_cursor_travels_as_a_variable() -> None:
    question = owned_by("acme", 25, 'x") { evil }')

    assert "evil" not in question.text
    assert question.variables == {"login": "acme", "after": 'x") { evil }'}


class Endless:
    """A client whose GitHub never comes to an end."""

    def __init__(self, *, cursors: bool) -> None:
        self.asked = 0
        self._cursors = cursors

    async def connection_of(self, _owner: str, *, urgent: bool) -> "Endless":  # noqa: ARG002
        return self

    async def ask(self, *_: object, **__: object) -> object:
        self.asked += 1
        nodes = [node(f"acme/r{n}", n) for n in self._ids()]
        cursor = f"c{self.asked}" if self._cursors else "always"
        return open_reply(answer(*nodes, cursor=cursor))

    def _ids(self) -> range:
        return range(self.asked * PAGE + 1, (self.asked + 1) * PAGE + 1)


async def test_what_never_ends_is_ended() -> None:
    forever, stuck = Endless(cursors=True), Endless(cursors=False)

    estate = await Owners(forever).repositories("acme")  # type: ignore[arg-type]  # a stand-in
    assert (len(estate.repositories), estate.whole) == (MOST, False)
    assert forever.asked == MOST // PAGE
    estate = await Owners(stuck).repositories("acme")  # type: ignore[arg-type]  # a stand-in
    assert (stuck.asked, estate.whole) == (2, False)
    assert SMALLEST_PAGE < PAGE
