"""A run directory's bytes: the same for the same input, in canonical form, with checksums."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.run_directory import META, NAME, PORTFOLIO, Head, Meta, build, content, digest
from bot.exports.run_files import read_meta
from tests.standins.clock import HOUR, moment

NOON = moment("2026-07-01")
RUN = "3f2a91bc0d1e4f6a8b7c6d5e4f3a2b1c"
NEXT = "00c0ffee0d1e4f6a8b7c6d5e4f3a2b1c"
HEAD = Head("acme", RUN, NOON, NOON - 6 * HOUR, NOON)
LATER = Head("acme", NEXT, NOON + HOUR, NOON, NOON + HOUR)
ROWS = [{"repo": "acme/rocket", "stars": 1, "name": "Ünïcode"}]


def told(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    return dict(json.loads(files[name]))


def test_it_is_called_after_its_moment_and_its_run() -> None:
    assert HEAD.directory == "2026-07-01T12-00-00-3f2a91bc"
    assert NAME.fullmatch(HEAD.directory)


def test_meta_has_what_consumers_are_promised_and_the_checksum_of_every_file() -> None:
    files = build(HEAD, {PORTFOLIO: ROWS})

    meta = told(files, META)
    note = {
        "bytes": len(files[PORTFOLIO]),
        "sha256": digest(files[PORTFOLIO]),
        "generated_at": "2026-07-01T12:00:00Z",
        "run_id": RUN,
    }
    assert {key: value for key, value in meta.items() if key != "checksum"} == {
        "schema_version": "1.0.0",
        "generated_at": "2026-07-01T12:00:00Z",
        "org": "acme",
        "run_id": RUN,
        "period_start": "2026-07-01T06:00:00Z",
        "period_end": "2026-07-01T12:00:00Z",
        "files": {PORTFOLIO: note},
    }
    assert read_meta(files[META]).head == HEAD


def test_a_data_file_stands_in_its_envelope() -> None:
    files = build(HEAD, {PORTFOLIO: ROWS})

    assert told(files, PORTFOLIO) == {
        "schema_version": "1.0.0",
        "generated_at": "2026-07-01T12:00:00Z",
        "org": "acme",
        "run_id": RUN,
        "data": ROWS,
    }


def test_files_are_for_people_too() -> None:
    assert build(HEAD, {PORTFOLIO: ROWS})[PORTFOLIO].decode() == (
        "{\n"
        '  "data": [\n'
        "    {\n"
        '      "name": "Ünïcode",\n'
        '      "repo": "acme/rocket",\n'
        '      "stars": 1\n'
        "    }\n"
        "  ],\n"
        '  "generated_at": "2026-07-01T12:00:00Z",\n'
        '  "org": "acme",\n'
        f'  "run_id": "{RUN}",\n'
        '  "schema_version": "1.0.0"\n'
        "}\n"
    )


@given(
    rows=st.lists(
        st.dictionaries(st.text(max_size=5), st.integers() | st.none() | st.text(max_size=5)),
        max_size=4,
    )
)
def test_two_builds_from_the_same_inputs_are_byte_equal(rows: list[dict[str, object]]) -> None:
    shuffled = [dict(reversed(row.items())) for row in rows]

    assert build(HEAD, {PORTFOLIO: rows}) == build(HEAD, {PORTFOLIO: shuffled})


def test_files_to_come_are_one_more_name_each() -> None:
    files = build(HEAD, {PORTFOLIO: ROWS, "contributors.json": [{"login": "ada"}]})

    assert list(files) == ["contributors.json", PORTFOLIO, META]
    assert set(told(files, META)["files"]) == {"contributors.json", PORTFOLIO}


def test_what_did_not_change_stays_byte_for_byte_as_it_was_and_says_of_which_run_it_is() -> None:
    people: dict[str, Any] = {"contributors.json": [{"login": "ada"}]}
    first = build(HEAD, {PORTFOLIO: ROWS, **people})
    second = build(LATER, {PORTFOLIO: [{"repo": "acme/site"}], **people}, read_meta(first[META]))
    third = build(HEAD, {PORTFOLIO: ROWS, **people}, read_meta(second[META]))

    assert second["contributors.json"] == first["contributors.json"] == third["contributors.json"]
    assert told(second, META)["files"]["contributors.json"]["run_id"] == RUN
    assert told(second, PORTFOLIO)["run_id"] == told(second, META)["run_id"] == NEXT


def test_nothing_is_taken_over_from_another_organisation() -> None:
    other = build(Head("globex", NEXT, NOON, NOON, NOON), {PORTFOLIO: ROWS})

    files = build(HEAD, {PORTFOLIO: ROWS}, read_meta(other[META]))

    assert files == build(HEAD, {PORTFOLIO: ROWS})


def test_meta_is_of_one_piece() -> None:
    meta = read_meta(build(HEAD, {PORTFOLIO: ROWS})[META])

    assert isinstance(meta, Meta)
    assert content({"b": 1, "a": None}) == b'{\n  "a": null,\n  "b": 1\n}\n'
