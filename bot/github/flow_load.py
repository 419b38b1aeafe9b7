"""The open work of one repository: pull requests by what they wait for, issues by label.

No search: that has limits of its own and forgets. Two to six requests at most, a point each.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

import msgspec

from bot.core.flow_load import RepositoryLoad, State
from bot.core.models import Refusal, Refused
from bot.github.connection import Connection, Connections
from bot.github.protocol import RATE_LIMIT, Question
from bot.github.reply import NOT_FOUND, Count, PageInfo, Reply, Unreadable, decode
from bot.github.trip import Trip
from bot.github.wire import Unanswered

PAGE, PAGES = 100, 5
"""Pull requests are told apart one by one, at most so many; the others are only counted."""
LABELS = 50
_PULLS = """pullRequests(states: OPEN, first: {page}{after}) {{
      totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ isDraft reviewDecision }}
    }}"""
_FIRST = f"""
query($owner: String!, $name: String!) {{
  repository(owner: $owner, name: $name, followRenames: true) {{
    hasIssuesEnabled
    issues(states: OPEN) {{ totalCount }}
    labels(first: {LABELS}) {{ nodes {{ name issues(states: OPEN) {{ totalCount }} }} }}
    {_PULLS.format(page=PAGE, after="")}
  }}
  {RATE_LIMIT}
}}"""
_NEXT = f"""
query($owner: String!, $name: String!, $after: String!) {{
  repository(owner: $owner, name: $name, followRenames: true) {{
    {_PULLS.format(page=PAGE, after=", after: $after")}
  }}
  {RATE_LIMIT}
}}"""
_HIDDEN = {
    "NOT_FOUND": NOT_FOUND,
    "FORBIDDEN": Refusal(Refused.FORBIDDEN, "this token may not read its issues or pull requests"),
    "INSUFFICIENT_SCOPES": Refusal(Refused.FORBIDDEN, "this token may not read it"),
}
_UNREADABLE = Refusal(Refused.ERROR, "GitHub's answer about its open work could not be read")
_DECISIONS = {"APPROVED": State.APPROVED, "CHANGES_REQUESTED": State.CHANGES}


class _Total(msgspec.Struct, rename="camel"):
    total_count: Count


class _Label(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    issues: _Total


class _Labels(msgspec.Struct):
    nodes: Annotated[list[_Label | None], msgspec.Meta(max_length=LABELS)] | None = None


class _Pull(msgspec.Struct, rename="camel"):
    is_draft: bool
    review_decision: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class _Pulls(msgspec.Struct, rename="camel"):
    total_count: Count
    page_info: PageInfo
    nodes: Annotated[list[_Pull | None], msgspec.Meta(max_length=PAGE)] | None = None


class _Repository(msgspec.Struct, rename="camel"):
    pull_requests: _Pulls
    has_issues_enabled: bool = False
    issues: _Total | None = None
    labels: _Labels | None = None


class FlowLoads:
    def __init__(self, github: Connections) -> None:
        self._github = github

    async def load(self, full_name: str) -> RepositoryLoad | Refusal:
        """The open work of a repository, or why GitHub does not tell.

        Raises GitHubError when nothing can be asked at all.
        """
        owner, _, name = full_name.partition("/")
        connection = await self._github.connection_of(owner)
        named = {"owner": owner, "name": name}
        try:
            first = await _asked(connection, Question(_FIRST, named))
            if isinstance(first, Refusal):
                return first
            states = await self._pulls(connection, first.pull_requests, named)
        except Unanswered as trouble:
            return Refusal(trouble.kind, trouble.reason)
        except Unreadable:
            return _UNREADABLE
        if first.has_issues_enabled and first.issues is not None:
            states[State.ISSUE] = first.issues.total_count
        return RepositoryLoad(states, _labels(first))

    async def _pulls(
        self, connection: Connection, page: _Pulls, named: dict[str, str]
    ) -> Counter[State]:
        """Tell them apart, page by page; what is beyond the last page read is only counted."""
        states, total = Counter(_states(page)), page.total_count
        for _ in range(PAGES - 1):
            after = page.page_info.end_cursor
            if not page.page_info.has_next_page or after is None:
                break
            answer = await _asked(connection, Question(_NEXT, {**named, "after": after}))
            if isinstance(answer, Refusal):
                raise Unreadable
            page = answer.pull_requests
            states.update(_states(page))
        if total > states.total():
            states[State.UNTOLD] = total - states.total()
        return states


async def _asked(connection: Connection, question: Question) -> _Repository | Refusal:
    reply = await connection.ask(question, Trip())
    raw = reply.raw("repository")
    return _refusal(reply) if raw is None else decode(raw, _Repository)


def _refusal(reply: Reply) -> Refusal:
    hidden = (_HIDDEN[fault.type] for fault in reply.faults if fault.type in _HIDDEN)
    return next(hidden, _UNREADABLE)


def _states(page: _Pulls) -> Iterable[State]:
    """Drafts are drafts whatever was said of them; without a decision a review is waited for."""
    for pull in page.nodes or ():
        if pull is None:
            continue  # not for this token: it stays untold
        decided = _DECISIONS.get(pull.review_decision or "", State.WAITING)
        yield State.DRAFT if pull.is_draft else decided


def _labels(repository: _Repository) -> dict[str, int]:
    if not repository.has_issues_enabled or repository.labels is None:
        return {}
    known = (label for label in repository.labels.nodes or () if label is not None)
    return {label.name: label.issues.total_count for label in known if label.issues.total_count}
