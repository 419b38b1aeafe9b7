"""Weekly snapshots: what is given comes back byte for byte, and merging loses nothing."""

import json
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.snapshots import (
    LARGEST,
    NEVER,
    Data,
    Json,
    Missing,
    Snapshots,
    aligned,
    canonical,
    document,
    looks_weekly,
    merged,
    moment_of,
    newer,
    numbers,
    parse_data,
    parse_document,
    parse_json,
    parse_name,
    stamped,
)
from bot.core.weeks import Week, parse_week
from bot.errors import UsageError
from tests.standins.clock import moment

WEEK = Week(2025, 44)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
DATA = st.dictionaries(TEXTS, ANYTHING, max_size=4)
STAMPS = st.sampled_from(["2025-10-31T17:00:00Z", "2025-11-01T00:00:00Z", "soon", ""])
STAMPED = st.builds(lambda data, at: {**data, "timestamp": at} if at else data, DATA, STAMPS)
NAMES = st.sampled_from(["a", "flow_load", "x.y-z"])
SNAPSHOTS = st.dictionaries(
    st.builds(Week, st.just(2025), st.integers(1, 3)), st.dictionaries(NAMES, STAMPED, max_size=3)
)


@given(DATA)
def test_whatever_is_kept_comes_back_byte_for_byte(data: Data) -> None:
    text = canonical(data)
    back = json.loads(text)

    assert canonical(back) == text
    assert back == data


@given(SNAPSHOTS)
def test_a_document_reads_back_as_the_same_bytes(snapshots: Snapshots) -> None:
    kept = {week: metrics for week, metrics in snapshots.items() if metrics}
    written = document(kept)

    assert document(parse_document(written.decode())) == written


@given(SNAPSHOTS, SNAPSHOTS, SNAPSHOTS)
def test_merging_is_alike_in_any_order_and_any_number_of_times(
    one: Snapshots, two: Snapshots, three: Snapshots
) -> None:
    together = document(merged(merged(one, two), three))

    assert document(merged(one, merged(three, two))) == together
    assert document(merged(merged(merged(three, one), two), one)) == together


def test_the_file_of_the_documentation_is_written_as_it_is_read() -> None:
    text = (
        '{"2025-W44": {"flow_load": {"wip_count": 12, "by_status": {"In Progress": 10},'
        ' "timestamp": "2025-10-31T17:00:00Z"}}}'
    )
    written = document(parse_document(text)).decode()

    assert json.loads(written) == {"2025-44": json.loads(text)["2025-W44"]}
    assert written.endswith("}\n")
    assert written.startswith('{\n  "2025-44": {\n    "flow_load": {\n      "by_status"')


def test_both_spellings_of_a_week_in_one_file_lose_nothing() -> None:
    found = parse_document('{"2025-44": {"a": {"value": 1}}, "2025-W44": {"b": {"value": 2}}}')

    assert found == {WEEK: {"a": {"value": 1}, "b": {"value": 2}}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "broken at line 1"),
        ('{"2025-44": {"a": {"value": 1}', "broken at line 1"),
        ("[]", "no object of weeks"),
        ('{"2025-44": 5}', "holds no metrics"),
        ('{"2025-44": {"a": 5}}', "a of week 2025-44 is no object"),
        ('{"2025-54": {}}', "no week"),
        ('{"2025-44": {"a b": {}}}', "no name of a metric"),
        ('{"2025-44": {"a": {"x": NaN}}}', "NaN"),
        ('{"2025-44": {"a": {"x": 1e999}}}', "infinite"),
        ('{"2025-44": {"a": {"x": 1, "x": 2}}}', "twice"),
        ('{"2025-44": {"a": {"x": "\\ud800"}}}', "half a character"),
        ('{"2025-44": {"a": {"x": ' + "9" * 5000 + "}}}", "300 digits"),
        ('{"2025-44": {"a": {"x": ' + "[" * 40 + "]" * 40 + "}}}", "nested too deep"),
        ("[" * 100_000, "nested too deep"),
        ('{"2025-44": {"a": {"x": "' + "y" * LARGEST + '"}}}', "at most 65,536"),
    ],
)
def test_what_cannot_be_kept_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as refused:
        parse_document(text)

    assert len(str(refused.value)) < 300
    assert str(refused.value).endswith((".", "?"))


@pytest.mark.parametrize("data", [{"x": inf}, {"x": {1}}, {"x": b"y"}, {1: 2}, {"x": 10**400}])
def test_what_json_does_not_have_is_refused(data: Data) -> None:
    with pytest.raises(UsageError, match="The metric h"):
        canonical(data)


def test_a_number_alone_is_a_value() -> None:
    assert parse_data("42") == {"value": 42}
    assert parse_data("-1.5") == {"value": -1.5}
    assert parse_data('{"a": [1]}') == {"a": [1]}
    for text in ("true", '"x"', "[1]", "null"):
        with pytest.raises(UsageError, match="a number or an object"):
            parse_data(text)


@pytest.mark.parametrize("text", ["", "a b", "é", "x" * 65, ".a", "a/b", "a\n"])
def test_a_name_is_a_word(text: str) -> None:
    with pytest.raises(UsageError, match="no name of a metric"):
        parse_name(text)


def test_a_timestamp_is_added_and_one_given_is_kept() -> None:
    now = moment("2025-10-31T17:00")

    assert stamped({"value": 1}, now) == {"value": 1, "timestamp": "2025-10-31T17:00:00Z"}
    given_one = {"timestamp": "2020-01-01T00:00:00+02:00"}
    assert stamped(given_one, now) == given_one
    for wrong in ("soon", 5, None):
        with pytest.raises(UsageError, match="no moment"):
            stamped({"timestamp": wrong}, now)


def test_the_newer_moment_wins_whatever_zone_it_is_told_in() -> None:
    early: Data = {"value": 1, "timestamp": "2025-10-31T17:00:00+02:00"}
    late: Data = {"value": 2, "timestamp": "2025-10-31T16:00:00"}
    undated: Data = {"value": 3}

    assert newer(early, late) == newer(late, early) == late
    assert newer(undated, early) == early
    assert moment_of(undated) == NEVER


def test_numbers_have_dotted_keys() -> None:
    data = parse_json(
        '{"by_status": {"In Progress": 10, "In Review": 2.5}, "list": [1, {"x": 2}],'
        ' "text": "3", "yes": true, "nothing": null, "timestamp": "2025-10-31T17:00:00Z"}'
    )
    assert isinstance(data, dict)

    assert numbers(data) == {
        "by_status.In Progress": 10, "by_status.In Review": 2.5, "list.0": 1, "list.1.x": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "values"),
    [
        (Missing.ZERO, [0, 15, 0, 12, 0]),
        (Missing.NONE, [None, 15, None, 12, None]),
        (Missing.CARRY, [None, 15, 15, 12, 12]),
    ],
)
def test_a_missing_week_is_what_was_asked_for(missing: Missing, values: list[Json]) -> None:
    known = {Week(2025, 52): 15, Week(2026, 2): 12}
    weeks = [parse_week(one) for one in ("2025-51", "2025-52", "2026-01", "2026-02", "2026-03")]

    assert aligned(known, weeks, missing) == values
    assert aligned(known, weeks[::-1], missing) == values[::-1], "in the order asked for"


def test_a_weekly_file_is_known_by_its_opening() -> None:
    assert looks_weekly('{\n  "2025-44": {broken')
    assert looks_weekly('{"2025-W44":')
    assert not looks_weekly('{"version": 1, "2025-44": {}}')


@pytest.mark.parametrize("number", [10**300 - 1, 1 - 10**300])
def test_the_longest_numbers_that_are_kept_are_read_again(number: int) -> None:
    data = {"value": number}
    canonical(data)

    assert parse_document(document({Week(2025, 44): {"m": data}}).decode()) == {
        Week(2025, 44): {"m": data}
    }
