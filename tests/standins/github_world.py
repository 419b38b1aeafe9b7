"""The repositories of the GitHub stand-in, and what its GraphQL says of them.

Queries are parsed, checked and executed by graphql-core over a schema of just the types in use:
a misspelt field fails here as it does there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, parse, validate
from graphql.execution import execute_sync

from tests.standins.github_flow import labels_of, pulls_of, with_flow
from tests.standins.github_owners import owners_of, with_owners

SCHEMA = with_flow(
    with_owners(
        build_schema("""
scalar DateTime
enum RepositoryVisibility { INTERNAL PRIVATE PUBLIC }
enum RepositoryPermission { ADMIN MAINTAIN READ TRIAGE WRITE }
enum IssueState { CLOSED OPEN }
enum PullRequestState { CLOSED MERGED OPEN }
interface Node { id: ID! }
type UserConnection { totalCount: Int! }
type IssueConnection { totalCount: Int! }
type PullRequestConnection { totalCount: Int! }
type ReleaseConnection { totalCount: Int! }
type DiscussionConnection { totalCount: Int! }
type CommitHistoryConnection { totalCount: Int! }
interface GitObject { id: ID! }
type Commit implements Node & GitObject { id: ID! history: CommitHistoryConnection! }
type Tag implements Node & GitObject { id: ID! }
type Ref implements Node { id: ID! target: GitObject }
type Repository implements Node {
  id: ID!
  databaseId: Int
  nameWithOwner: String!
  visibility: RepositoryVisibility!
  isArchived: Boolean!
  viewerPermission: RepositoryPermission
  hasIssuesEnabled: Boolean!
  stargazerCount: Int!
  forkCount: Int!
  watchers: UserConnection!
  issues(states: [IssueState!]): IssueConnection!
  pullRequests(
    states: [PullRequestState!], first: Int, after: String
  ): PullRequestConnection!
  hasDiscussionsEnabled: Boolean!
  diskUsage: Int
  releases: ReleaseConnection!
  discussions: DiscussionConnection!
  defaultBranchRef: Ref
}
type RateLimit { cost: Int! limit: Int! remaining: Int! resetAt: DateTime! used: Int! }
type User { login: String! }
type Query {
  viewer: User!
  rateLimit: RateLimit
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
}
""")
    )
)
POINTS_AN_HOUR = 5000
CONNECTIONS = 6
"""Of each repository: by GitHub's formula a hundred of them are a point."""


class Refusal(Exception):
    """What stands in place of a repository; `type` is told beside the message in `errors`."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass
class Repo:
    full_name: str
    id: int
    stars: int = 0
    forks: int = 0
    watchers: int = 0
    open_issues: int = 0
    open_prs: int = 0
    releases: int = 0
    commits: int | None = 0  # None: it is empty, there is no branch
    discussions: int | None = 0  # None: switched off
    disk_usage: int = 0  # kilobytes
    private: bool = False
    fork: bool = False
    archived: bool = False
    issues_enabled: bool = True
    push: bool = False  # the token's owner may
    deleted: bool = False
    forbidden: bool = False
    pulls: tuple[tuple[bool, str | None], ...] = ()  # draft, review decision; else only a number
    labels: dict[str, int] = field(default_factory=dict)  # open issues of each
    too_heavy: bool = False  # RESOURCE_LIMITS_EXCEEDED unless it is asked for alone
    stumbles: bool = False  # no answer and no type unless it is asked for alone

    @property
    def node_id(self) -> str:
        return f"R_{self.id}"

    def answer(self) -> dict[str, Any]:
        return {
            "__typename": "Repository",
            "id": self.node_id,
            "databaseId": self.id,
            "nameWithOwner": self.full_name,
            "visibility": "PRIVATE" if self.private else "PUBLIC",
            "isArchived": self.archived,
            "isFork": self.fork,
            "viewerPermission": "WRITE" if self.push else "READ",
            "hasIssuesEnabled": self.issues_enabled,
            "stargazerCount": self.stars,
            "forkCount": self.forks,
            "watchers": {"totalCount": self.watchers},
            "issues": {"totalCount": self.open_issues if self.issues_enabled else 0},
            "pullRequests": pulls_of(self.pulls, self.open_prs),
            "labels": labels_of(self.labels),
            "hasDiscussionsEnabled": self.discussions is not None,
            "diskUsage": self.disk_usage,
            "releases": {"totalCount": self.releases},
            "discussions": {"totalCount": self.discussions or 0},
            "defaultBranchRef": None if self.commits is None else {"target": self._head()},
        }

    def _head(self) -> dict[str, Any]:
        history = {"totalCount": self.commits}
        return {"__typename": "Commit", "id": f"C_{self.id}", "history": history}


@dataclass
class Asked:
    """One request as it arrived."""

    query: str
    variables: Mapping[str, Any]
    points: int = 0  # what it cost; 0 where it failed
    token: str = ""

    @property
    def repositories(self) -> int:
        by_name = self.query.count("repository(")
        return len(self.variables.get("ids", ())) + by_name


class World:
    def __init__(self, login: str, resets_at: int) -> None:
        self.login = login
        self.points_left = POINTS_AN_HOUR
        self.resets_at = resets_at
        self.names: dict[str, Repo] = {}  # every name ever had, lower case

    def add(self, full_name: str, id_: int | None, numbers: Mapping[str, Any]) -> Repo:
        if id_ is None:
            id_ = max((repo.id for repo in self.names.values()), default=1000) + 1
        repo = Repo(full_name, id_, **numbers)
        self.names[full_name.lower()] = repo
        return repo

    def answer(self, asked: Asked) -> dict[str, Any]:
        try:
            document, mistakes = _understood(asked.query)
        except GraphQLError as error:
            return {"errors": [{"message": f"Parse error: {error.message}"}]}
        if mistakes:
            return {"errors": [{"path": ["query"], "message": each.message} for each in mistakes]}
        asked.points = max(1, round(CONNECTIONS * asked.repositories / 100))
        self.points_left -= asked.points
        result = self._execute(document, asked)
        errors = list(_told(result))
        return {"data": result.data} | ({"errors": errors} if errors else {})

    def _execute(self, document: DocumentNode, asked: Asked) -> ExecutionResult:
        alone = asked.repositories == 1

        def nodes(_: object, ids: list[str]) -> list[object]:
            by_id = {repo.node_id: repo for repo in self.names.values()}
            return [_seen(by_id.get(each), f"global id of '{each}'", alone=alone) for each in ids]

        def repository(_: object, owner: str, name: str, **options: bool) -> object:
            sought = f"{owner}/{name}"
            repo = self.names.get(sought.lower())
            moved = repo is not None and repo.full_name.lower() != sought.lower()
            found = None if moved and not options["followRenames"] else repo
            return _seen(found, f"name '{sought}'", alone=alone)

        root = {
            "viewer": {"login": self.login},
            "rateLimit": self._rate_limit(asked.points),
            "node": lambda _, **which: nodes(_, [which["id"]])[0],
            "nodes": nodes,
            "repository": repository,
            **owners_of(self.names.values),
        }
        return execute_sync(SCHEMA, document, root, variable_values=dict(asked.variables))

    def _rate_limit(self, cost: int) -> dict[str, int | str]:
        return {
            "cost": cost,
            "limit": POINTS_AN_HOUR,
            "remaining": self.points_left,
            "used": POINTS_AN_HOUR - self.points_left,
            "resetAt": datetime.fromtimestamp(self.resets_at, UTC).isoformat(),
        }


@lru_cache(maxsize=64)
def _understood(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """The same few questions are asked thousands of times."""
    document = parse(query)
    return document, validate(SCHEMA, document)


def _seen(repo: Repo | None, sought: str, *, alone: bool) -> object:
    """Answer or refuse: graphql-core turns an exception in a value's place into null and a path."""
    if repo is None or repo.deleted:
        return Refusal("NOT_FOUND", f"Could not resolve to a Repository with the {sought}.")
    if repo.forbidden:
        return Refusal("FORBIDDEN", "Resource not accessible by personal access token")
    if repo.too_heavy and not alone:
        return Refusal("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
    if repo.stumbles and not alone:
        return RuntimeError("Something went wrong while executing your query.")
    return repo.answer()


def _told(result: ExecutionResult) -> Iterator[dict[str, Any]]:
    for error in result.errors or ():
        cause = error.original_error
        kind = {"type": cause.type} if isinstance(cause, Refusal) else {}
        yield kind | {"path": error.path, "message": error.message}
