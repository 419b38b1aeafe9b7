"""Open work of the GitHub stand-in: pull requests one by one, labels with their open issues."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema, extend_schema, parse

FLOW = parse("""
enum PullRequestReviewDecision { APPROVED CHANGES_REQUESTED REVIEW_REQUIRED }
type PullRequest { isDraft: Boolean! reviewDecision: PullRequestReviewDecision }
extend type PullRequestConnection { pageInfo: PageInfo! nodes: [PullRequest] }
type Label { name: String! issues(states: [IssueState!]): IssueConnection! }
type LabelConnection { totalCount: Int! nodes: [Label] }
extend type Repository { labels(first: Int): LabelConnection }
""")
LARGEST_PAGE = 100


def with_flow(schema: GraphQLSchema) -> GraphQLSchema:
    return extend_schema(schema, FLOW)


def pulls_of(pulls: Sequence[tuple[bool, str | None]], number: int) -> Any:  # noqa: ANN401  # a resolver or its value
    """Those that were given one by one, and only a number of what was not."""

    def page(_: object, first: int = 0, after: str | None = None, **_states: object) -> object:
        begin = int(after.removeprefix("cursor:")) if after else 0
        if first > LARGEST_PAGE:
            raise ValueError("`first` is 1 to 100")
        end = begin + first
        nodes = [
            {"isDraft": draft, "reviewDecision": decision} for draft, decision in pulls[begin:end]
        ]
        info = {"hasNextPage": end < len(pulls), "endCursor": f"cursor:{end}" if nodes else None}
        return {"totalCount": max(number, len(pulls)), "pageInfo": info, "nodes": nodes}

    return page


def labels_of(labels: Mapping[str, int]) -> object:
    nodes = [{"name": name, "issues": {"totalCount": count}} for name, count in labels.items()]
    return lambda _, first: {"totalCount": len(nodes), "nodes": nodes[:first]}
