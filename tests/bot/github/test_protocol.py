"""Queries as GitHub's schema wants them, and answers read without trusting them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.models import Reading, Refusal, Refused, Visibility, Wanted
from bot.github.protocol import ALLOWANCE, Question, counts_of, graphql_url, read_counts
from bot.github.reply import Unreadable, open_reply
from tests.standins.github_world import SCHEMA

GITHUB_SCHEMA = Path(__file__).parents[4] / "shared/contracts/github-schema.graphql.gz"
KNOWN = Wanted("acme/rocket", "R_1")
KNOWN_TOO = Wanted("acme/site", "R_2")
NEW = Wanted("acme/new")
SCALARS = Wanted("acme/rocket", "R_1", counted=False)
QUESTIONS = [
    *(counts_of(wanted) for wanted in ([KNOWN, NEW], [KNOWN], [NEW], [SCALARS])),
    ALLOWANCE,
]

Json = dict[str, Any]


def repository(**other: object) -> Json:
    return {
        "databaseId": 1,
        "id": "R_1",
        "nameWithOwner": "acme/rocket",
        "visibility": "PUBLIC",
        "isArchived": False,
        "viewerPermission": "READ",
        "hasIssuesEnabled": True,
        "stargazerCount": 45,
        "forkCount": 0,
        "watchers": {"totalCount": 3},
        "issues": {"totalCount": 2},
        "pullRequests": {"totalCount": 1},
        "hasDiscussionsEnabled": True,
        "diskUsage": 2_048,
        "releases": {"totalCount": 12},
        "discussions": {"totalCount": 7},
        "defaultBranchRef": {"target": {"history": {"totalCount": 830}}},
    } | other


def read(
    wanted: list[Wanted], data: object, errors: object = ()
) -> tuple[dict[Wanted, Reading], dict[Wanted, Refusal]]:
    return read_counts(wanted, open_reply(json.dumps({"data": data, "errors": errors}).encode()))


def refusal_for(*, message: str = "", **error: object) -> Refusal:
    fault = {"path": ["nodes", 0], "message": message} | error
    _, refused = read([KNOWN], {"nodes": [None]}, [fault])
    return refused[KNOWN]


# Asking


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_query_fits_the_stand_in(question: Question) -> None:
    assert validate(SCHEMA, parse(question.text)) == []


@pytest.mark.skipif(not GITHUB_SCHEMA.exists(), reason="GitHub's own schema is not beside the repo")
def test_every_query_fits_githubs_own_schema() -> None:
    schema = build_schema(gzip.decompress(GITHUB_SCHEMA.read_bytes()).decode(), assume_valid=True)

    assert [validate(schema, parse(question.text)) for question in QUESTIONS] == [[]] * 5


def test_a_known_repository_is_asked_for_by_id_and_a_new_one_by_name() -> None:
    question = counts_of([KNOWN, NEW, KNOWN_TOO])

    assert question.variables == {"ids": ["R_1", "R_2"], "o0": "acme", "n0": "new"}
    assert "followRenames: true" in question.text


def test_a_name_travels_as_a_variable_and_never_as_query_text() -> None:
    question = counts_of([Wanted('acme/x") { id } #')])

    assert "acme" not in question.text


def test_nobody_ever_asks_who_the_stargazers_are() -> None:
    assert "stargazers" not in counts_of([KNOWN, NEW]).text


def test_what_needs_no_counting_is_asked_without_a_single_connection() -> None:
    assert "stargazerCount" in counts_of([SCALARS]).text
    assert "totalCount" not in counts_of([SCALARS]).text


@pytest.mark.parametrize(
    ("api_url", "expected"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://git.acme.example/api/v3", "https://git.acme.example/api/graphql"),
        ("https://git.acme.example/api/v3/", "https://git.acme.example/api/graphql"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/graphql"),
    ],
)
def test_graphql_lives_where_this_github_keeps_it(api_url: str, expected: str) -> None:
    assert graphql_url(api_url) == expected


# Reading


def test_an_answer_becomes_a_reading() -> None:
    found, refused = read([KNOWN], {"nodes": [repository()]})

    values = {"stars": 45, "forks": 0, "watchers": 3, "open_issues": 2, "open_prs": 1}
    values |= {"releases": 12, "commits": 830, "discussions": 7, "disk_usage": 2_048}
    public = Reading("acme/rocket", 1, "R_1", Visibility.PUBLIC, values, archived=False)
    assert found == {KNOWN: public}
    assert refused == {}


def test_what_was_not_counted_is_absent_and_what_should_have_been_is_missed() -> None:
    scalars = repository()
    for counted in ("watchers", "issues", "pullRequests"):
        del scalars[counted]

    found, _ = read([SCALARS], {"nodes": [scalars]})
    _, refused = read([KNOWN], {"nodes": [scalars]})

    assert found[SCALARS].values == {"stars": 45, "forks": 0, "disk_usage": 2048}
    assert refused[KNOWN].kind is Refused.ERROR


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("ADMIN", True),
        ("MAINTAIN", True),
        ("WRITE", True),
        ("TRIAGE", False),
        ("READ", False),
        (None, None),  # an App is no collaborator: GitHub does not say
    ],
)
def test_who_may_push_is_said_or_unknown(permission: str | None, *, expected: bool | None) -> None:
    found, _ = read([KNOWN], {"nodes": [repository(viewerPermission=permission)]})

    assert found[KNOWN].may_push is expected


def test_each_answer_finds_the_repository_it_was_asked_for() -> None:
    data = {
        "nodes": [repository(stargazerCount=1), repository(stargazerCount=2)],
        "r0": repository(stargazerCount=3),
    }
    found, _ = read([NEW, KNOWN, KNOWN_TOO], data)

    stars = {one: reading.values["stars"] for one, reading in found.items()}
    assert stars == {KNOWN: 1, KNOWN_TOO: 2, NEW: 3}


def test_partial_data_keeps_every_answer_and_every_refusal() -> None:
    errors = [{"type": "NOT_FOUND", "path": ["nodes", 1]}, {"type": "FORBIDDEN", "path": ["r0"]}]
    found, refused = read(
        [KNOWN, KNOWN_TOO, NEW], {"nodes": [repository(), None], "r0": None}, errors
    )

    assert set(found) == {KNOWN}
    assert {one: refusal.kind for one, refusal in refused.items()} == {
        KNOWN_TOO: Refused.NOT_FOUND,
        NEW: Refused.FORBIDDEN,
    }


@pytest.mark.parametrize("visibility", ["PRIVATE", "INTERNAL"])
def test_whatever_is_not_public_is_private(visibility: str) -> None:
    found, _ = read([KNOWN], {"nodes": [repository(visibility=visibility)]})

    assert found[KNOWN].visibility is Visibility.PRIVATE


def test_issues_switched_off_are_unknown_and_no_issues_are_zero() -> None:
    off = repository(hasIssuesEnabled=False, issues={"totalCount": 0})
    none = repository(issues={"totalCount": 0})
    found, _ = read([KNOWN, KNOWN_TOO], {"nodes": [off, none]})

    assert "open_issues" not in found[KNOWN].values
    assert found[KNOWN_TOO].values["open_issues"] == 0


@pytest.mark.parametrize(
    ("field", "metric"),
    [
        ("stargazerCount", "stars"),
        ("watchers", "watchers"),
        ("pullRequests", "open_prs"),
        ("releases", "releases"),
        ("discussions", "discussions"),
        ("diskUsage", "disk_usage"),
        ("defaultBranchRef", "commits"),
    ],
)
def test_a_count_that_was_refused_is_absent_and_the_others_stay(field: str, metric: str) -> None:
    found, _ = read([KNOWN], {"nodes": [repository(**{field: None})]})

    assert metric not in found[KNOWN].values
    assert len(found[KNOWN].values) == 8


@pytest.mark.parametrize(
    ("path", "right"),
    [
        (["nodes", 0, "releases"], "contents"),
        (["nodes", 0, "defaultBranchRef", "target"], "contents"),
        (["nodes", 0, "discussions"], "discussions"),
        (["nodes", 0, "issues", "totalCount"], "issues"),
    ],
)
def test_what_a_token_lacks_for_one_number_is_named(path: list[str | int], right: str) -> None:
    """GitHub then gives nothing of that repository."""
    refusal = refusal_for(type="FORBIDDEN", path=path)

    assert refusal.kind is Refused.FORBIDDEN
    assert refusal.message == f"this token may not read its {right}: give it read access to them"


def test_discussions_that_are_switched_off_are_unknown_and_none_are_zero() -> None:
    off = repository(hasDiscussionsEnabled=False, discussions={"totalCount": 0})
    none = repository(discussions={"totalCount": 0})
    found, _ = read([KNOWN, KNOWN_TOO], {"nodes": [off, none]})

    assert "discussions" not in found[KNOWN].values
    assert found[KNOWN_TOO].values["discussions"] == 0


@pytest.mark.parametrize(
    "branch", [None, {"target": None}, {"target": {}}, {"target": {"history": None}}]
)
def test_commits_are_unknown_where_the_default_branch_leads_to_none(branch: object) -> None:
    """As in an empty repository, or where a branch points at a tag."""
    found, _ = read([KNOWN], {"nodes": [repository(defaultBranchRef=branch)]})

    assert "commits" not in found[KNOWN].values
    assert len(found[KNOWN].values) == 8


@pytest.mark.parametrize("archived", [True, False])
def test_an_answer_says_whether_it_is_archived(*, archived: bool) -> None:
    found, _ = read([KNOWN], {"nodes": [repository(isArchived=archived)]})

    assert found[KNOWN].archived is archived


@pytest.mark.parametrize(
    "wrong",
    [
        {"stargazerCount": -1},
        {"stargazerCount": "45"},
        {"isArchived": None},
        {"diskUsage": -1},
        {"defaultBranchRef": {"target": {"history": {"totalCount": "many"}}}},
        {"stargazerCount": 45.5},
        {"stargazerCount": True},
        {"stargazerCount": 2**70},
        {"watchers": 3},
        {"watchers": {}},
        {"issues": {"totalCount": -2}},
        {"databaseId": None},
        {"databaseId": 0},
        {"id": ""},
        {"nameWithOwner": "no slash"},
        {"nameWithOwner": "acme/rocket\n@everyone"},
        {"visibility": "SOMETIMES"},
        {"hasIssuesEnabled": None},
    ],
)
def test_a_repository_that_makes_no_sense_is_refused_and_costs_no_other(wrong: Json) -> None:
    found, refused = read([KNOWN, KNOWN_TOO], {"nodes": [repository(**wrong), repository()]})

    assert refused[KNOWN].kind is Refused.ERROR
    assert set(found) == {KNOWN_TOO}


def test_a_repository_with_a_missing_field_is_refused() -> None:
    half = repository()
    del half["forkCount"]

    assert read([KNOWN], {"nodes": [half]})[1][KNOWN].kind is Refused.ERROR


@pytest.mark.parametrize("nodes", [[], [repository()] * 3, "nodes", {"0": repository()}, 0])
def test_answers_that_cannot_be_told_apart_are_all_refused(nodes: object) -> None:
    found, refused = read([KNOWN, KNOWN_TOO], {"nodes": nodes})

    assert found == {}
    assert {refusal.kind for refusal in refused.values()} == {Refused.ERROR}


# Reasons


def test_what_is_not_found_may_be_gone_or_only_hidden() -> None:
    refusal = refusal_for(type="NOT_FOUND")

    assert refusal == Refusal(Refused.NOT_FOUND, "gone or not visible to this token")


def test_single_sign_on_is_named_and_a_missing_permission_is_not_called_so() -> None:
    saml = refusal_for(
        type="FORBIDDEN", message="Resource protected by organization SAML enforcement."
    )
    plain = refusal_for(type="FORBIDDEN", message="Resource not accessible by association")

    assert (saml.kind, plain.kind) == (Refused.SSO, Refused.FORBIDDEN)
    assert "single sign-on" in saml.message
    assert "single sign-on" not in plain.message


def test_a_limit_and_a_timeout_are_told_from_an_unknown_reason() -> None:
    assert refusal_for(type="RESOURCE_LIMITS_EXCEEDED").kind is Refused.LIMIT
    assert refusal_for(message="This may be the result of a timeout").kind is Refused.TIMEOUT
    assert refusal_for(message="Something went wrong, please tell us").kind is Refused.TIMEOUT
    assert refusal_for(type="SOMETHING_NEW").kind is Refused.ERROR


def test_a_reason_for_one_count_is_the_reason_for_its_repository() -> None:
    path = ["nodes", 0, "issues", "totalCount"]

    assert refusal_for(path=path, type="RESOURCE_LIMITS_EXCEEDED").kind is Refused.LIMIT


def test_a_reason_for_all_of_them_holds_for_each() -> None:
    fault = {"type": "FORBIDDEN", "path": ["nodes"]}
    _, refused = read([KNOWN, KNOWN_TOO], {"nodes": None}, [fault])

    assert {refusal.kind for refusal in refused.values()} == {Refused.FORBIDDEN}


def test_a_null_without_a_reason_is_not_taken_for_gone() -> None:
    _, refused = read([KNOWN], {"nodes": [None]})

    assert refused[KNOWN].kind is Refused.ERROR


@pytest.mark.parametrize("error", [None, 7, "no", {"path": 3}, {"type": ["NOT_FOUND"]}])
def test_an_unreadable_reason_is_no_reason(error: object) -> None:
    _, refused = read([KNOWN], {"nodes": [None]}, [error])

    assert refused[KNOWN].kind is Refused.ERROR


# Whatever comes over the wire


@pytest.mark.parametrize("body", [b"", b'{"data": {"nodes": [', b"[]", b"{}", b"\xff", b"[" * 9999])
def test_a_body_that_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        open_reply(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None)  # never a timed test
@given(
    node=JSON | st.fixed_dictionaries(dict.fromkeys(repository(), JSON)),
    alias=JSON,
    errors=st.lists(JSON | st.fixed_dictionaries({"path": JSON, "type": JSON, "message": JSON})),
)
def test_no_answer_crashes_the_reader_and_none_is_lost(
    node: object, alias: object, errors: list[object]
) -> None:
    found, refused = read([KNOWN, NEW], {"nodes": [node], "r0": alias}, errors)

    assert found.keys() | refused.keys() == {KNOWN, NEW}
    assert not found.keys() & refused.keys()
