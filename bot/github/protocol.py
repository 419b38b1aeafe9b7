"""What is asked of GitHub's GraphQL, and what its answer says of each repository. No network.

Every answer is untrusted: what does not fit is refused, repository by repository, never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from bot.core import metrics
from bot.core.models import Reading, Refusal, Refused, Visibility, Wanted
from bot.github.reply import Count, Fault, Reply, Unreadable, decode

# Never `stargazers { … }`: since July 2026 GitHub refuses it to everyone but collaborators.
_COUNTS = """
fragment Counts on Repository {
  databaseId id nameWithOwner visibility isArchived hasIssuesEnabled stargazerCount forkCount
  viewerPermission
  watchers { totalCount }
  issues(states: OPEN) { totalCount }
  pullRequests(states: OPEN) { totalCount }
}"""
_RATE_LIMIT = "rateLimit { cost remaining resetAt limit }"
_NULL = msgspec.Raw(b"null")
_NO_REASON = Fault()
_PUSHING = ("ADMIN", "MAINTAIN", "WRITE")

_Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]+/[A-Za-z0-9._-]+\Z", max_length=140)]
_Place = tuple[str | int, ...]  # of a repository in an answer: ("nodes", 3) or ("r0",)


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    variables: Mapping[str, str | list[str]]

    def body(self) -> bytes:
        return msgspec.json.encode({"query": self.text, "variables": self.variables})


ALLOWANCE = Question(f"query {{ viewer {{ login }} {_RATE_LIMIT} }}", {})


class _Total(msgspec.Struct, rename="camel"):
    total_count: Count | None


class _Repository(msgspec.Struct, rename="camel"):
    database_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name_with_owner: _Name
    visibility: Literal["PUBLIC", "PRIVATE", "INTERNAL"]
    has_issues_enabled: bool
    stargazer_count: Count | None
    fork_count: Count | None
    watchers: _Total | None
    issues: _Total | None
    pull_requests: _Total | None
    viewer_permission: str | None = None


def graphql_url(api_url: str) -> str:
    """Where GraphQL lives; GitHub Enterprise Server keeps it beside `/api/v3`, not below it."""
    base = api_url.rstrip("/")
    return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"


def counts_of(wanted: Sequence[Wanted]) -> Question:
    """One query for all of them: by node id where one is known, by name where none is."""
    ids, named = _by_id(wanted), _by_name(wanted)
    declared, fields, variables = [], [_RATE_LIMIT], dict[str, str | list[str]]()
    if ids:
        declared.append("$ids: [ID!]!")
        fields.append("nodes(ids: $ids) { ...Counts }")
        variables["ids"] = [one.node_id or "" for one in ids]
    for index, one in enumerate(named):
        declared.append(f"$o{index}: String!, $n{index}: String!")
        where = f"owner: $o{index}, name: $n{index}, followRenames: true"
        fields.append(f"r{index}: repository({where}) {{ ...Counts }}")
        variables[f"o{index}"], _, variables[f"n{index}"] = one.full_name.partition("/")
    return Question(f"query({', '.join(declared)}) {{ {' '.join(fields)} }}{_COUNTS}", variables)


def read_counts(
    wanted: Sequence[Wanted], reply: Reply
) -> tuple[dict[Wanted, Reading], dict[Wanted, Refusal]]:
    """Keep every answer, and for each repository without one the reason."""
    found: dict[Wanted, Reading] = {}
    refused: dict[Wanted, Refusal] = {}
    faults = _faults_by_place(reply)
    for one, place, raw in _answers(wanted, reply.data or {}):
        if _is_null(raw):
            refused[one] = _refusal(_first(faults, place, place[:1], ()))
            continue
        try:
            found[one] = _reading(decode(raw, _Repository))
        except Unreadable:
            refused[one] = Refusal(Refused.ERROR, "GitHub's answer for it could not be read")
    return found, refused


def _by_id(wanted: Sequence[Wanted]) -> list[Wanted]:
    return [one for one in wanted if one.node_id]


def _by_name(wanted: Sequence[Wanted]) -> list[Wanted]:
    return [one for one in wanted if not one.node_id]


def _answers(
    wanted: Sequence[Wanted], data: Mapping[str, msgspec.Raw]
) -> Iterator[tuple[Wanted, _Place, msgspec.Raw]]:
    for one, (index, raw) in zip(_by_id(wanted), enumerate(_nodes(wanted, data)), strict=True):
        yield one, ("nodes", index), raw
    for index, one in enumerate(_by_name(wanted)):
        yield one, (f"r{index}",), data.get(f"r{index}", _NULL)


def _nodes(wanted: Sequence[Wanted], data: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw]:
    """Tell the answers by id apart, which only their positions do: their number must be right."""
    expected, answer = len(_by_id(wanted)), data.get("nodes", _NULL)
    if _is_null(answer):
        return [_NULL] * expected
    try:
        nodes = decode(answer, list[msgspec.Raw])
    except Unreadable:
        nodes = []
    return nodes if len(nodes) == expected else [answer] * expected  # a list is no repository


def _is_null(raw: msgspec.Raw) -> bool:
    return bytes(raw) == b"null"


def _faults_by_place(reply: Reply) -> dict[_Place, Fault]:
    """Find the first reason given for each repository; () is the answer as a whole."""
    reasons: dict[_Place, Fault] = {}
    for fault in reply.faults:
        path = fault.path or ()
        reasons.setdefault(path[: 2 if path[:1] == ("nodes",) else 1], fault)
    return reasons


def _first(faults: Mapping[_Place, Fault], *places: _Place) -> Fault:
    return next((faults[place] for place in places if place in faults), _NO_REASON)


def _refusal(fault: Fault) -> Refusal:
    message = fault.message.lower()
    match fault.type:
        case "NOT_FOUND":
            return Refusal(Refused.NOT_FOUND, "gone or not visible to this token")
        case "FORBIDDEN" if "saml" in message or "single sign" in message:
            hint = "its organisation asks that the token be authorised for single sign-on"
            return Refusal(Refused.FORBIDDEN, hint)
        case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
            return Refusal(Refused.FORBIDDEN, "this token may not read it")
        case "RESOURCE_LIMITS_EXCEEDED":
            return Refusal(Refused.LIMIT, "counting it takes more than GitHub gives to one query")
    if "timeout" in message or "timed out" in message:
        return Refusal(Refused.TIMEOUT, "GitHub could not count it in time")
    return Refusal(Refused.ERROR, "GitHub gave neither an answer nor a known reason")


def _reading(repository: _Repository) -> Reading:
    issues = repository.issues if repository.has_issues_enabled else None  # switched off: unknown
    counts = {
        metrics.STARS: repository.stargazer_count,
        metrics.FORKS: repository.fork_count,
        metrics.WATCHERS: _total(repository.watchers),
        metrics.OPEN_ISSUES: _total(issues),
        metrics.OPEN_PRS: _total(repository.pull_requests),
    }
    return Reading(
        full_name=repository.name_with_owner,
        github_id=repository.database_id,
        node_id=repository.id,
        visibility=Visibility.PUBLIC if repository.visibility == "PUBLIC" else Visibility.PRIVATE,
        values={metric.key: count for metric, count in counts.items() if count is not None},
        may_push=_may_push(repository.viewer_permission),
    )


def _may_push(permission: str | None) -> bool | None:
    return None if permission is None else permission in _PUSHING


def _total(connection: _Total | None) -> int | None:
    return None if connection is None else connection.total_count
