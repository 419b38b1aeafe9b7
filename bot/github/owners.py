"""What a user or an organisation owns: listed page by page until the end, or until it is enough."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from bot.core.follow import Estate, Owned
from bot.core.models import Pause, Refused, Visibility
from bot.errors import GitHubError, UnknownOwner
from bot.github.connection import ATTEMPTS, Connection, Connections
from bot.github.protocol import RATE_LIMIT, FullName, Question
from bot.github.reply import PageInfo, Reply, Unreadable, decode
from bot.github.trip import Trip, in_silence
from bot.github.wire import Unanswered

MOST = 10_000
"""Repositories that are read of one owner."""
PAGE, SMALLEST_PAGE = 100, 10
"""How many are asked for at once: 100 is what GitHub allows, fewer where it does not manage."""
_MOST_PAGES = 4 * MOST // PAGE  # an answer that never ends must end here
_QUERY = """
query($login: String!{declared}) {{
  repositoryOwner(login: $login) {{
    login
    repositories(first: {first}, {after}ownerAffiliations: OWNER) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ databaseId id nameWithOwner visibility isFork isArchived }}
    }}
  }}
  {limit}
}}"""


class _Repository(msgspec.Struct, rename="camel"):
    database_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name_with_owner: FullName
    visibility: Literal["PUBLIC", "PRIVATE", "INTERNAL"]
    is_fork: bool
    is_archived: bool


class _Repositories(msgspec.Struct, rename="camel"):
    page_info: PageInfo
    nodes: list[msgspec.Raw]


class _Owner(msgspec.Struct):
    login: str
    repositories: _Repositories


@dataclass(frozen=True, slots=True)
class OwnedPage:
    owner: str  # as GitHub spells it
    owned: tuple[Owned, ...]
    next: str | None  # where the next page starts; None: this was the last one


class Owners:
    def __init__(self, github: Connections) -> None:
        self._github = github

    async def repositories(
        self,
        owner: str,
        *,
        waiting: Callable[[Pause], None] = in_silence,
        found: Callable[[int], None] = lambda _: None,
        urgent: bool = False,
    ) -> Estate:
        """All that an owner has and the token may see, each once."""
        connection = await self._github.connection_of(owner, urgent=urgent)
        trip = Trip(waiting, urgent=urgent)
        listed: dict[int, Owned] = {}
        login, after = owner, None
        for _ in range(_MOST_PAGES):
            page = await _page(connection, owner, after, trip)
            listed |= {one.github_id: one for one in page.owned}
            login = page.owner
            found(len(listed))
            if page.next is None:
                return Estate(login, tuple(listed.values()))
            if page.next == after or len(listed) >= MOST:
                break
            after = page.next
        return Estate(login, tuple(listed.values())[:MOST], whole=False)


async def _page(connection: Connection, owner: str, after: str | None, trip: Trip) -> OwnedPage:
    """One page, a smaller one where GitHub does not manage it in time."""
    first, attempts = PAGE, ATTEMPTS
    while True:
        question = owned_by(owner, first, after)
        try:
            return read_owned(owner, await connection.ask(question, trip, attempts=attempts))
        except Unreadable:
            raise _silent(owner, "its answer could not be read") from None
        except Unanswered as trouble:
            first, attempts = first // 2, 1
            if trouble.kind is not Refused.TIMEOUT or first < SMALLEST_PAGE:
                raise _silent(owner, trouble.reason) from None


def _silent(owner: str, reason: str) -> GitHubError:
    return GitHubError(f"GitHub does not tell what {owner} owns ({reason}): try again later.")


def owned_by(owner: str, first: int, after: str | None) -> Question:
    """The query for one page; `after` is where the one before it ended."""
    declared, place, more = "", "", dict[str, str]()
    if after is not None:
        declared, place, more = ", $after: String!", "after: $after, ", {"after": after}
    text = _QUERY.format(declared=declared, first=first, after=place, limit=RATE_LIMIT)
    return Question(text, {"login": owner, **more})


def read_owned(owner: str, reply: Reply) -> OwnedPage:
    """Keep what can be read; raises UnknownOwner, or Unreadable for the page as a whole."""
    raw = reply.raw("repositoryOwner")
    if raw is None:
        raise _refused(owner, reply)
    answer = decode(raw, _Owner)
    login = answer.login if answer.login.lower() == owner.lower() else owner
    info = answer.repositories.page_info
    return OwnedPage(
        owner=login,
        owned=tuple(_readable(login, answer.repositories.nodes)),
        next=info.end_cursor if info.has_next_page else None,
    )


def _readable(login: str, nodes: list[msgspec.Raw]) -> Iterator[Owned]:
    """Those the token may see, and that are the owner's indeed."""
    for raw in nodes:
        try:
            one = decode(raw, _Repository)
        except Unreadable:
            continue  # null: its organisation asks for single sign-on, say; the others count
        if one.name_with_owner.lower().startswith(f"{login.lower()}/"):
            public = one.visibility == "PUBLIC"
            yield Owned(
                full_name=one.name_with_owner,
                github_id=one.database_id,
                node_id=one.id,
                visibility=Visibility.PUBLIC if public else Visibility.PRIVATE,
                fork=one.is_fork,
                archived=one.is_archived,
            )


def _refused(owner: str, reply: Reply) -> Exception:
    kinds = {fault.type for fault in reply.faults}
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return UnknownOwner(
            f"GitHub does not let this token see what {owner} owns: authorise the token for that"
            " organisation, single sign-on included."
        )
    if kinds - {"NOT_FOUND"}:
        return Unreadable()  # it failed at the query: that says nothing about the owner
    return UnknownOwner(
        f"GitHub knows no user or organisation {owner}: check its spelling, or whether it was"
        " renamed."
    )
