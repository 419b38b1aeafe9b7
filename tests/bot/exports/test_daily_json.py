import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.metrics import METRICS
from bot.core.models import ImportRow, RefusedRow, Sample
from bot.exports.daily_json import read_snapshot
from bot.exports.values import Unusable

COLLECTED = int(datetime(2026, 3, 21, 18, tzinfo=UTC).timestamp())
NOW = COLLECTED + 3_600
DAY = 86_400
ROCKET = {"stars": 13, "forks": 2, "openIssues": 30, "openPRs": 0, "watchers": 5}


def read(text: str) -> list[ImportRow | RefusedRow]:
    return list(read_snapshot(text, now=NOW))


def row(full_name: str, sample: Sample, gone_at: int | None = None) -> ImportRow:
    return ImportRow(1, full_name, sample, COLLECTED, gone_at)


def document(**changed: object) -> str:
    whole = {"collectedAt": "2026-03-21T18:00:00Z", "version": 1, "repos": {"acme/rocket": ROCKET}}
    return json.dumps(whole | changed)


def test_every_repository_is_read_at_the_time_of_collection() -> None:
    repos = {"acme/rocket": ROCKET, "acme/site": {"stars": 0}}

    values = {"stars": 13, "forks": 2, "open_issues": 30, "open_prs": 0, "watchers": 5}
    assert read(document(repos=repos)) == [
        row("acme/rocket", Sample(COLLECTED, values)),
        row("acme/site", Sample(COLLECTED, {"stars": 0})),
    ]


def test_a_vanished_repository_had_its_values_when_it_was_last_seen() -> None:
    entry = {"stars": 13, "lastSeen": "2026-03-11T18:00:00Z"}

    rows = read(document(repos={"acme/rocket": entry}))

    assert rows == [row("acme/rocket", Sample(COLLECTED - 10 * DAY, {"stars": 13}), COLLECTED)]


def test_unknown_keys_are_passed_over_and_null_was_not_measured() -> None:
    entry = {"stars": 13, "forks": None, "license": "MIT", "topics": ["a"]}

    rows = read(document(repos={"acme/rocket": entry}, source="elsewhere"))

    assert rows == [row("acme/rocket", Sample(COLLECTED, {"stars": 13}))]


def test_a_day_without_repositories_has_no_rows() -> None:
    assert read(document(repos={})) == []


@pytest.mark.parametrize(
    ("name", "entry", "reason"),
    [
        ("rocket", ROCKET, '"rocket" is not a repository'),
        ("a/b", 13, '"a/b": it is "13", not an object with numbers.'),
        ("a/b", {}, '"a/b": it has none of stars, forks, watchers, openIssues, openPRs.'),
        ("a/b", {"stars": "13"}, '"a/b": stars is "13", not a whole number'),
        ("a/b", {"openPRs": -1}, '"a/b": openPRs is "-1", not a whole number'),
        ("a/b", {"forks": True}, '"a/b": forks is "true", not a whole number'),
        ("a/b", {"forks": 1.5}, '"a/b": forks is "1.5", not a whole number'),
        ("a/b", {"stars": 2**63}, '"a/b": stars is "9223372036854775808", not'),
        ("a/b", {"stars": [1]}, '"a/b": stars is a list, not a whole number'),
        ("a/b", ROCKET | {"lastSeen": 5}, '"a/b": lastSeen is "5", not a time'),
        ("a/b", ROCKET | {"lastSeen": "soon"}, '"a/b": lastSeen is "soon": write'),
        ("a/b", ROCKET | {"lastSeen": "2027-01-01T00:00:00Z"}, '"a/b": lastSeen is "2027-01'),
    ],
)
def test_a_bad_repository_is_refused_and_the_next_one_is_read(
    name: str, entry: object, reason: str
) -> None:
    refused, good = read(document(repos={name: entry, "acme/site": ROCKET}))

    assert isinstance(refused, RefusedRow)
    assert refused.line == 1
    assert refused.reason.startswith(reason)
    assert isinstance(good, ImportRow)


def test_a_repository_is_refused_with_the_line_on_which_it_stands() -> None:
    repos: dict[str, object] = {f"a/{number}": ROCKET for number in range(4)}
    repos["a/2"] = {"stars": "many"}
    whole = {"collectedAt": "2026-03-21T18:00:00Z", "version": 1, "repos": repos}
    text = json.dumps(whole, indent=2)

    lines = [row.line for row in read(text)]

    assert [text.splitlines()[line - 1].strip() for line in lines] == [
        f'"a/{number}": {{' for number in range(4)
    ]
    for escaped, others in (("a\\/1", [lines[0], 1, 1, 1]), ("a/1", lines)):  # as PHP writes it
        assert [row.line for row in read(text.replace("a/1", escaped))] == others


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"version": 1,\n "repos": {,}}', "broken at line 2, column 12"),
        ('{"version": 1', "broken at line 1, column 14"),
        ("[" * 100_000, "cannot be read"),
        (f'{{"version": {"9" * 5_000}}}', "cannot be read"),
        ("[]", "not an object"),
        (document(version=2), 'version is "2".*update Repo Radar'),
        (document(version=0), '`version` is "0"'),
        (document(version="1"), '`version` is "1"'),
        (document(version=True), '`version` is "true"'),
        (document(version=None), "`version` is missing"),
        (document(repos=[]), "no object `repos`"),
        (document(repos=None), "no object `repos`"),
        (document(collectedAt=None), "collectedAt is missing"),
        (document(collectedAt=1_774_116_000), 'collectedAt is "1774116000", not a time'),
        (document(collectedAt="noon"), 'collectedAt is "noon"'),
        (document(collectedAt="2026-03-21T19:00:01Z"), "in the future"),
    ],
)
def test_a_document_of_another_kind_is_told(text: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        read(text)


def test_a_file_of_today_is_refused_before_its_noon_and_taken_after_it() -> None:
    text, midnight = document(collectedAt="2026-03-21"), COLLECTED - COLLECTED % DAY

    with pytest.raises(Unusable, match="stands for 12:00 UTC of today: import it after that"):
        list(read_snapshot(text, now=midnight + DAY // 2 - 1))
    (row,) = read_snapshot(text, now=midnight + DAY // 2)
    assert isinstance(row, ImportRow)
    assert (row.sample.at, row.sample.daily) == (midnight + DAY // 2, True)


COUNTS = st.integers(min_value=0, max_value=2**63 - 1)


NAMES = {key: metric.daily_json for key, metric in METRICS.items() if metric.daily_json}


@given(st.dictionaries(st.sampled_from(list(NAMES)), COUNTS, min_size=1))
def test_every_metric_is_read_under_its_own_name(values: dict[str, int]) -> None:
    entry = {NAMES[key]: value for key, value in values.items()}

    rows = read(document(repos={"acme/rocket": entry}))

    assert rows == [row("acme/rocket", Sample(COLLECTED, values))]


def test_the_format_has_five_numbers_and_passes_others_over() -> None:
    rows = read(document(repos={"acme/rocket": {"stars": 4, "commits": 900, "releases": "v2"}}))

    assert list(NAMES.values()) == ["stars", "forks", "watchers", "openIssues", "openPRs"]
    assert rows == [row("acme/rocket", Sample(COLLECTED, {"stars": 4}))]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), ANYTHING))
def test_whatever_a_repository_says_is_a_row_or_a_refusal(repos: dict[str, object]) -> None:
    assert len(read(document(repos=repos))) == len(repos)
