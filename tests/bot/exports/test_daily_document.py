"""A daily document that is merged and written back: read as a whole, or refused as a whole."""

import json

import pytest

from bot.core.daily import Daily, Entry, content, document, merge
from bot.exports.daily_json import read_daily
from bot.exports.values import Unusable
from tests.standins.clock import moment

NOW = moment("2026-03-21T19:00")


def entry_of(told: str) -> bytes:
    text = (
        '{"version": 1, "collectedAt": "2026-03-21T18:00:00Z", "repos": {"o/site": ' + told + "}}"
    )
    return text.encode()


def test_a_document_is_read_whole_and_what_nobody_knows_is_kept() -> None:
    text = (
        '{"collectedAt": "2026-03-21T18:00:00Z", "version": 1, "made by": "me", "repos": {'
        '"o/site": {"stars": 3, "forks": null, "lastSeen": "2026-03-20T18:00:00Z"},'
        '"o/empty": {}, "o/tool": {"topics": ["a"], "downloads": 5}}}'
    )

    daily = read_daily(text.encode(), now=NOW)

    at = moment("2026-03-21T18:00")
    assert daily == Daily(
        at,
        {
            "o/site": Entry("o/site", {"stars": 3}, moment("2026-03-20T18:00"), at),
            "o/empty": Entry("o/empty", {}, None, at),
            "o/tool": Entry(
                "o/tool", {}, None, at, (("downloads", "5"), ("topics", '[\n  "a"\n]'))
            ),
        },
    )


def test_what_another_program_wrote_besides_is_there_after_a_merge() -> None:
    theirs = {
        "collectedAt": "2026-03-21T18:00:00Z",
        "version": 1,
        "repos": {
            "o/empty": {},
            "o/site": {"stars": 3, "topics": ["a", {"b": 1.5}]},
            "o/tool": {"stars": 1, "license": "MIT"},
        },
    }
    there = read_daily(json.dumps(theirs).encode(), now=NOW)
    ours = document(NOW, [Entry("o/tool", {"stars": 2}, None, NOW)])

    told = json.loads(content(merge(there, ours)))

    assert {name: told["repos"][name] for name in ("o/empty", "o/site")} == {
        "o/empty": {"collectedAt": "2026-03-21T18:00:00Z"},
        "o/site": theirs["repos"]["o/site"] | {"collectedAt": "2026-03-21T18:00:00Z"},  # type: ignore[index]
    }
    assert told["repos"]["o/tool"] == {"stars": 2}, "what is said later counts as a whole"
    assert json.loads(content(there)) == theirs
    assert read_daily(content(there), now=NOW) == there


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "broken at line 1"),
        (b'{"collectedAt": "2026-03-21T18', "broken at line 1"),
        (b'{"version": "\xff"}', "not UTF-8"),
        (
            b'{"version": 2, "collectedAt": "2026-03-21T18:00:00Z", "repos": {}}',
            "update Repo Radar",
        ),
        (b'{"version": 1, "repos": {}}', "collectedAt is missing"),
        (b'{"version": 1, "collectedAt": "2026-03-21T18:00:00Z"}', "no object `repos`"),
        (entry_of('{"stars": -1}'), r'"o/site": stars is "-1"'),
        (entry_of('{"stars": 1, "lastSeen": 5}'), r'"o/site": lastSeen'),
        (entry_of("[]"), r'"o/site": it is a list'),
        (entry_of("{}").replace(b"o/site", b"total"), "is not a repository"),
    ],
)
def test_a_document_that_is_not_understood_is_refused_as_a_whole(content: bytes, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        read_daily(content, now=NOW)
