"""Users and organisations of the GitHub stand-in: what each owns, page by page."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from graphql import GraphQLSchema, extend_schema, parse

OWNERS = parse("""
enum RepositoryAffiliation { COLLABORATOR ORGANIZATION_MEMBER OWNER }
extend type Repository { isFork: Boolean! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type RepositoryConnection { totalCount: Int! pageInfo: PageInfo! nodes: [Repository] }
type RepositoryOwner {
  login: String!
  repositories(
    first: Int, after: String, ownerAffiliations: [RepositoryAffiliation]
  ): RepositoryConnection!
}
extend type Query { repositoryOwner(login: String!): RepositoryOwner }
""")
LARGEST_PAGE = 100


class Listed(Protocol):
    """A repository of the stand-in's world."""

    full_name: str
    id: int
    deleted: bool

    def answer(self) -> dict[str, Any]: ...


def with_owners(schema: GraphQLSchema) -> GraphQLSchema:
    return extend_schema(schema, OWNERS)


def owners_of(repositories: Callable[[], Iterable[Listed]]) -> dict[str, Any]:
    """The root's resolver: an owner is there as long as it has, or had, a repository."""

    def repository_owner(_: object, login: str) -> object:
        begin = f"{login.lower()}/"
        known = {one.id: one for one in repositories()}  # a renamed one has two names
        mine = [one for one in known.values() if one.full_name.lower().startswith(begin)]
        if not mine:
            return None
        mine.sort(key=lambda one: one.id)
        spelled = mine[0].full_name.partition("/")[0]
        shown = [one.answer() for one in mine if not one.deleted]
        return {"login": spelled, "repositories": lambda _, **asked: _page(shown, **asked)}

    return {"repositoryOwner": repository_owner}


def _page(
    shown: list[dict[str, Any]],
    first: int,
    after: str | None = None,
    ownerAffiliations: list[str] | None = None,  # noqa: N803 - GitHub's spelling
) -> dict[str, Any]:
    if ownerAffiliations != ["OWNER"]:
        raise ValueError("without OWNER a user's list has what others own")
    if not 0 < first <= LARGEST_PAGE:
        raise ValueError("`first` is 1 to 100")
    begin = int(after.removeprefix("cursor:")) if after else 0
    end = begin + first
    nodes = shown[begin:end]
    info = {"hasNextPage": end < len(shown), "endCursor": f"cursor:{end}" if nodes else None}
    return {"totalCount": len(shown), "pageInfo": info, "nodes": nodes}
