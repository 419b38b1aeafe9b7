"""What is asked of GitHub's GraphQL, and what its answer says of each repository. No network.

Every answer is untrusted: what does not fit is refused, repository by repository, never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from bot.core import metrics
from bot.core.models import Reading, Refusal, Refused, Visibility, Wanted
from bot.github.reply import NOT_FOUND, NULL, Count, Fault, Reply, Unreadable, decode, is_null

# Never `stargazers { … }`: since July 2026 GitHub refuses it to everyone but collaborators.
_SCALARS = """
  databaseId id nameWithOwner visibility isArchived hasIssuesEnabled stargazerCount forkCount
  diskUsage viewerPermission"""
_COUNTED = """
  watchers { totalCount }
  issues(states: OPEN) { totalCount }
  pullRequests(states: OPEN) { totalCount }
  hasDiscussionsEnabled
  releases { totalCount }
  discussions { totalCount }
  defaultBranchRef { target { ... on Commit { history { totalCount } } } }"""
RIGHTS = {
    "issues": "issues",
    "pullRequests": "pull requests",
    "releases": "contents",
    "defaultBranchRef": "contents",
    "discussions": "discussions",
}
"""What a fine-grained token needs for a field of a private repository."""
RATE_LIMIT = "rateLimit { cost remaining resetAt limit }"
_NO_REASON = Fault()
_STUMBLED = ("timeout", "timed out", "something went wrong")  # alone it may well be read
_PUSHING = ("ADMIN", "MAINTAIN", "WRITE")

FullName = Annotated[
    str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]+/[A-Za-z0-9._-]+\Z", max_length=140)
]
_Place = tuple[str | int, ...]  # of a repository in an answer: ("nodes", 3) or ("r0",)


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    variables: Mapping[str, str | list[str]]
    small: bool = False  # whoever cannot answer this is down

    def body(self) -> bytes:
        return msgspec.json.encode({"query": self.text, "variables": self.variables})


ALLOWANCE = Question(f"query {{ viewer {{ login }} {RATE_LIMIT} }}", {}, small=True)


class _Total(msgspec.Struct, rename="camel"):
    total_count: Count | None


class _Commit(msgspec.Struct):
    history: _Total | None = None  # absent where the branch points at something else


class _Branch(msgspec.Struct):
    target: _Commit | None


class _Scalars(msgspec.Struct, rename="camel"):
    database_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    name_with_owner: FullName
    visibility: Literal["PUBLIC", "PRIVATE", "INTERNAL"]
    has_issues_enabled: bool
    is_archived: bool
    stargazer_count: Count | None
    fork_count: Count | None
    disk_usage: Count | None  # in kilobytes
    viewer_permission: str | None


class _Repository(_Scalars, rename="camel"):
    watchers: _Total | None
    issues: _Total | None
    pull_requests: _Total | None
    has_discussions_enabled: bool
    releases: _Total | None
    discussions: _Total | None
    default_branch_ref: _Branch | None  # None: the repository is empty


def graphql_url(api_url: str) -> str:
    """Where GraphQL lives; GitHub Enterprise Server keeps it beside `/api/v3`, not below it."""
    base = api_url.rstrip("/")
    return f"{base.removesuffix('/v3')}/graphql" if base.endswith("/api/v3") else f"{base}/graphql"


def counts_of(wanted: Sequence[Wanted]) -> Question:
    """One query for all of them: by node id where one is known, by name where none is.

    All are of a kind, `counted` or not: what costs GitHub counting never slows what does not.
    """
    ids, named = _by_id(wanted), _by_name(wanted)
    declared, fields, variables = [], [RATE_LIMIT], dict[str, str | list[str]]()
    if ids:
        declared.append("$ids: [ID!]!")
        fields.append("nodes(ids: $ids) { ...Counts }")
        variables["ids"] = [one.node_id or "" for one in ids]
    for index, one in enumerate(named):
        declared.append(f"$o{index}: String!, $n{index}: String!")
        where = f"owner: $o{index}, name: $n{index}, followRenames: true"
        fields.append(f"r{index}: repository({where}) {{ ...Counts }}")
        variables[f"o{index}"], _, variables[f"n{index}"] = one.full_name.partition("/")
    counts = f"{_SCALARS}{_COUNTED if any(one.counted for one in wanted) else ''}"
    query = f"query({', '.join(declared)}) {{ {' '.join(fields)} }}"
    return Question(f"{query}\nfragment Counts on Repository {{{counts}\n}}", variables)


def read_counts(
    wanted: Sequence[Wanted], reply: Reply
) -> tuple[dict[Wanted, Reading], dict[Wanted, Refusal]]:
    """Keep every answer, and for each repository without one the reason."""
    found: dict[Wanted, Reading] = {}
    refused: dict[Wanted, Refusal] = {}
    faults = _faults_by_place(reply)
    for one, place, raw in _answers(wanted, reply.data or {}):
        if is_null(raw):
            refused[one] = _refusal(_first(faults, place, place[:1], ()))
            continue
        try:
            found[one] = _reading(decode(raw, _Repository if one.counted else _Scalars))
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
        yield one, (f"r{index}",), data.get(f"r{index}", NULL)


def _nodes(wanted: Sequence[Wanted], data: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw]:
    """Tell the answers by id apart, which only their positions do: their number must be right."""
    expected, answer = len(_by_id(wanted)), data.get("nodes", NULL)
    if is_null(answer):
        return [NULL] * expected
    try:
        nodes = decode(answer, list[msgspec.Raw])
    except Unreadable:
        nodes = []
    return nodes if len(nodes) == expected else [answer] * expected  # a list is no repository


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
            return NOT_FOUND
        case "FORBIDDEN" if "saml" in message or "single sign" in message:
            hint = "its organisation asks that the token be authorised for single sign-on"
            return Refusal(Refused.SSO, hint)
        case "FORBIDDEN" | "INSUFFICIENT_SCOPES":
            return Refusal(Refused.FORBIDDEN, _lacking(fault))
        case "RESOURCE_LIMITS_EXCEEDED":
            return Refusal(Refused.LIMIT, "counting it takes more than GitHub gives to one query")
    if any(words in message for words in _STUMBLED):
        return Refusal(Refused.TIMEOUT, "GitHub failed at counting it, or took too long")
    return Refusal(Refused.ERROR, "GitHub gave neither an answer nor a known reason")


def _lacking(fault: Fault) -> str:
    """A fine-grained token may be let into a private repository, but not into all of it."""
    rights = [RIGHTS[str(step)] for step in fault.path or () if step in RIGHTS]
    if not rights:
        return "this token may not read it"
    return f"this token may not read its {rights[0]}: give it read access to them"


def _reading(repository: _Scalars) -> Reading:
    counts = {
        metrics.STARS: repository.stargazer_count,
        metrics.FORKS: repository.fork_count,
        metrics.DISK_USAGE: repository.disk_usage,
        **(_counted(repository) if isinstance(repository, _Repository) else {}),
    }
    return Reading(
        full_name=repository.name_with_owner,
        github_id=repository.database_id,
        node_id=repository.id,
        visibility=Visibility.PUBLIC if repository.visibility == "PUBLIC" else Visibility.PRIVATE,
        values={metric.key: count for metric, count in counts.items() if count is not None},
        archived=repository.is_archived,
        may_push=_may_push(repository.viewer_permission),
    )


def _may_push(permission: str | None) -> bool | None:
    return None if permission is None else permission in _PUSHING


def _counted(repository: _Repository) -> dict[metrics.Metric, int | None]:
    issues = repository.issues if repository.has_issues_enabled else None  # switched off: unknown
    discussions = repository.discussions if repository.has_discussions_enabled else None
    return {
        metrics.WATCHERS: _total(repository.watchers),
        metrics.OPEN_ISSUES: _total(issues),
        metrics.OPEN_PRS: _total(repository.pull_requests),
        metrics.RELEASES: _total(repository.releases),
        metrics.COMMITS: _commits(repository.default_branch_ref),
        metrics.DISCUSSIONS: _total(discussions),
    }


def _total(connection: _Total | None) -> int | None:
    return None if connection is None else connection.total_count


def _commits(branch: _Branch | None) -> int | None:
    return None if branch is None or branch.target is None else _total(branch.target.history)
