"""Daily files: two become one whatever their order, and what is written is what is read."""

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from bot.core.coverage import DAY
from bot.core.daily import NAMES, ORDER, Daily, Entry, content, document, merge
from bot.core.metrics import METRICS
from bot.exports.daily_json import read_daily
from tests.bot.core.timelines import HOUR, NOON

LATER = NOON + 1000 * DAY
MIDNIGHT = NOON - 12 * HOUR
names = st.sampled_from(["o/site", "O/Site", "o/tool", "acme/x.y", "A-b/c_d"])
values = st.dictionaries(st.sampled_from(ORDER), st.integers(0, 3))
others = st.sampled_from(
    [(), (), (("license", '"MIT"'),), (("by", "[\n  1\n]"), ("license", "null"))]
)


@st.composite
def documents(draw: st.DrawFn, days: int = 1) -> Daily:
    """As they are made: what is said is said now, or was on another's word before."""
    collected = MIDNIGHT + draw(st.integers(0, days * DAY - 1))
    found = []
    for name in draw(st.lists(names, unique=True)):
        earlier = draw(st.one_of(st.none(), st.integers(MIDNIGHT - DAY, collected)))
        said = draw(st.sampled_from([collected, collected, max(MIDNIGHT, collected - HOUR)]))
        found.append(Entry(name, draw(values), earlier, said, draw(others)))
    return document(collected, found)


def one(collected: int, **repos: int) -> Daily:
    """`site=3` is o/site with three stars."""
    entries = [
        Entry(f"o/{name}", {"stars": stars}, None, collected) for name, stars in repos.items()
    ]
    return document(collected, entries)


def stars(daily: Daily) -> Mapping[str, int]:
    return {entry.full_name: entry.values["stars"] for entry in daily.repos.values()}


def test_the_format_has_a_place_for_every_metric_that_it_names() -> None:
    assert {key: m.daily_json for key, m in METRICS.items() if m.daily_json} == NAMES
    assert ORDER == ("stars", "forks", "openIssues", "openPRs", "watchers")


@given(documents(), documents())
def test_it_does_not_matter_which_is_merged_into_which(a: Daily, b: Daily) -> None:
    assert merge(a, b) == merge(b, a)


@given(documents(), documents(), documents())
def test_it_does_not_matter_which_are_merged_first(a: Daily, b: Daily, c: Daily) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(documents(), documents())
def test_what_is_in_already_changes_nothing(a: Daily, b: Daily) -> None:
    both = merge(a, b)

    assert merge(a, a) == a
    assert merge(both, a) == merge(both, b) == merge(both, both) == both


@given(documents(days=3), documents(days=3))
def test_no_repository_is_lost_and_the_later_moment_stays(a: Daily, b: Daily) -> None:
    both = merge(a, b)

    assert both.repos.keys() == a.repos.keys() | b.repos.keys()
    assert both.collected_at == max(a.collected_at, b.collected_at)
    assert merge(both, a) == merge(both, b) == both


@given(documents(days=3), documents(days=3))
def test_what_is_written_is_what_is_read(a: Daily, b: Daily) -> None:
    for daily in (a, b, merge(a, b)):
        octets = content(daily)

        assert read_daily(octets, now=LATER) == daily
        assert content(read_daily(octets, now=LATER)) == octets


@given(documents(days=3))
def test_the_bytes_are_those_of_json_indented_by_two(daily: Daily) -> None:
    octets = content(daily)

    told = json.loads(octets)
    assert json.dumps(told, indent=2).encode() + b"\n" == octets
    assert list(told) == ["collectedAt", "version", "repos"]
    assert list(told["repos"]) == sorted(told["repos"])
    order = [*ORDER, "lastSeen", "collectedAt", "by", "license"]
    for entry in told["repos"].values():
        assert list(entry) == sorted(entry, key=order.index)


def test_the_later_run_of_a_day_wins_and_what_it_lacks_stays_as_it_is() -> None:
    both = merge(one(NOON + HOUR, site=11), one(NOON, site=10, tool=5))

    assert stars(both) == {"o/site": 11, "o/tool": 5}
    assert [entry.last_seen for entry in both.repos.values()] == [None, None]


def test_what_only_an_earlier_day_had_was_last_seen_then() -> None:
    vanished = Entry("o/gone", {"stars": 1}, NOON - 9 * DAY, NOON)
    older = document(NOON, [*one(NOON, site=10, tool=5).repos.values(), vanished])

    both = merge(older, one(NOON + DAY, site=11))

    seen = {entry.full_name: entry.last_seen for entry in both.repos.values()}
    assert seen == {"o/site": None, "o/tool": NOON, "o/gone": NOON - 9 * DAY}


def test_who_vanished_during_the_day_is_told_so() -> None:
    gone = document(NOON + HOUR, [Entry("o/site", {"stars": 10}, NOON - 5, NOON + HOUR)])

    assert merge(one(NOON, site=10), gone).repos["o/site"].last_seen == NOON - 5


def test_two_who_read_different_repositories_lose_nothing_of_each_other() -> None:
    """Of one day: what the second wrote must not count as newer than what it never read."""
    morning, first, second = one(NOON, a=1, b=1), one(NOON + 60, a=2), one(NOON + 90, b=2)

    assert stars(merge(merge(morning, second), first)) == {"o/a": 2, "o/b": 2}


def test_who_does_not_see_a_repository_hides_no_sample_of_the_day() -> None:
    blind = document(NOON + HOUR, [Entry("o/a", {"stars": 1}, NOON - 9 * DAY, NOON + HOUR)])

    assert stars(merge(one(NOON, a=2), blind)) == {"o/a": 2}


def test_an_empty_portfolio_is_a_document_too() -> None:
    assert json.loads(content(document(NOON, []))) == {
        "collectedAt": "2026-01-01T12:00:00Z", "version": 1, "repos": {},
    }  # fmt: skip
