"""Traffic in words: sums, days known, and names from outside that stay plain text."""

from datetime import UTC

from bot.core.card import Card
from bot.core.chart import Chart
from bot.core.delta import Delta, Status
from bot.core.metrics import STARS
from bot.core.models import Subject
from bot.core.reports import Drawn, Report
from bot.core.traffic import COUNTERS, Day, Days, Popular, Ranking, TrafficReport, tally, whole_days
from bot.core.window import parse_window
from bot.render import cards, documents
from bot.render.discord import embed
from bot.render.words import MINUS
from tests.standins.clock import DAY, moment

NOW = moment("2026-11-20T11:40")
TODAY = NOW // DAY
STARRED = Delta("stars", Status.EXACT, 1, 2, NOW - 7 * DAY, NOW)


def report(days: Days, window: str = "7d", **popular: list[Popular]) -> Report:
    asked = parse_window(window, now=NOW, zone=UTC)
    span = whole_days(asked)
    found = TrafficReport(
        span[0],
        span[-1],
        tuple(tally(counter, days, span) for counter in COUNTERS),
        {Ranking(name): tuple(entries) for name, entries in popular.items()},
    )
    return Report(Subject(1, "acme/site"), asked, (STARRED,), traffic=found)


def shown(days: Days, window: str = "7d", **popular: list[Popular]) -> Card:
    return cards.diff(report(days, window, **popular), UTC)


def days(known: int, total: int, uniques: int) -> dict[int, Day]:
    return {TODAY - ago: Day(total, uniques, settled=True) for ago in range(1, known + 1)}


def told(card: Card) -> list[tuple[str, str, str, str]]:
    return [(row.name, row.value, row.change, row.percent) for row in card.rows[1:]]


def test_a_week_known_in_part_says_so_and_compares_nothing() -> None:
    card = shown(days(6, 200, 50))

    assert told(card)[:2] == [
        ("Views", "1,200 in 7 days (6 days known)", "", ""),
        ("Visitors", "300, sum of daily uniques (6 days known)", "", ""),
    ]
    assert card.notes == ("traffic of whole UTC days: 13 Nov to 19 Nov",)


def test_two_weeks_known_are_compared() -> None:
    known = days(14, 100, 50) | days(7, 112, 45)

    card = shown(known)

    assert told(card)[:2] == [
        ("Views", "784 in 7 days", "+84", "+12.0 %"),
        ("Visitors", "315, sum of daily uniques", f"{MINUS}35", f"{MINUS}10.0 %"),
    ]
    assert card.notes[0].endswith("compared with the 7 days before")


def test_one_day_is_singular_and_unknown_is_no_number() -> None:
    assert told(shown(days(2, 1, 1), "24h"))[0] == ("Views", "1 in 1 day", "±0", "")
    assert shown(days(2, 1, 1), "24h").notes[0].endswith("19 Nov, compared with the day before")
    assert {value for _, value, *_ in told(shown({}))} == {"unknown (0 of 7 days known)"}


def test_the_best_three_are_named_and_nothing_in_them_is_markup() -> None:
    names = ["@everyone **x**", "https://evil.example/[a](b)", "a" * 90, "fourth"]
    card = shown(
        days(7, 1, 1),
        referrers=[Popular(name, 1_200, 3) for name in names],
        paths=[Popular("/acme/site", 1, 1, "A title")],
    )

    _, referrers, paths = card.notes
    assert referrers.startswith("top referrers in 14 days: @everyone **x** (1,200 views), https:")
    assert f"{'a' * 59}… (1,200 views)" in referrers
    assert "fourth" not in referrers
    assert paths == "top paths in 14 days: /acme/site (1 view)"
    text = embed(card).description or ""
    assert "https://evil" not in text
    assert "@everyone" not in text
    assert "**x**" not in text


def test_the_chart_of_one_metric_leaves_it_out() -> None:
    picture = Chart("Stars", STARS, (), NOW - DAY, NOW)
    card = cards.chart(Drawn(report(days(7, 1, 1)), STARRED, picture), UTC)

    assert [row.name for row in card.rows] == ["Stars"]
    assert card.notes == ()


def test_json_says_what_is_known_and_null_where_nothing_is_to_be_seen() -> None:
    known = report(
        days(6, 200, 50),
        referrers=[Popular("Google", 9, 3)],
        paths=[Popular("/acme/site", 4, 2, "A title")],
    )

    answer = documents.diff(known)
    assert isinstance(answer, dict)
    traffic = answer["traffic"]
    assert isinstance(traffic, dict)
    assert traffic["views"] == {
        "total": 1_200,
        "days": 7,
        "known_days": 6,
        "before": None,
        "change": None,
        "percent": None,
    }
    assert list(traffic)[:4] == ["views", "unique_visitors", "clones", "unique_cloners"]
    assert (traffic["first_day"], traffic["last_day"]) == ("2026-11-13", "2026-11-19")
    assert traffic["referrers"] == [{"referrer": "Google", "views": 9, "uniques": 3}]
    assert traffic["paths"] == [
        {"path": "/acme/site", "title": "A title", "views": 4, "uniques": 2}
    ]
    none = documents.diff(Report(known.subject, known.window, known.deltas))
    assert isinstance(none, dict)
    assert none["traffic"] is None
