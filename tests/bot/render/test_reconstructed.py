"""What nobody sampled is marked wherever it is shown: cards, lists, JSON, pictures, words."""

from dataclasses import replace
from datetime import UTC

from hypothesis import given, settings

from bot.core.chart import Chart, Line, Point
from bot.core.delta import Delta, Status
from bot.core.digest import Listing
from bot.core.digest import digest as digested
from bot.core.metrics import STARS
from bot.core.models import Refusal, Refused, RunError, Subject
from bot.core.rank import Movement
from bot.core.reports import Backfilled, BackfillReport, Listed, Report
from bot.core.window import between
from bot.render import cards, documents, portfolio_cards, words
from bot.render.chart_plane import value_range
from bot.render.chart_svg import svg
from bot.render.chart_words import describe
from tests.bot.render.charts import DAY, END, chart, charts, line

SITE = Subject(1, "o/site")
WINDOW = between(END - 30 * DAY, END)
REBUILT = Delta("stars", Status.APPROX, 880, 1000, WINDOW.start, END, reconstructed=True)
FORKS = Delta("forks", Status.SINCE, 3, 90, END - DAY, END)
PAST = tuple(Point(END - days * DAY, 1000 - 10 * days) for days in range(90, 9, -10))
MARK = "reconstructed from stars still held"


def rebuilt(label: str = "a/b", *, pieces: int = 1) -> Line:
    """80 days nobody sampled, 10 that somebody did."""
    return replace(line(label, 900, 905, 910, 920, days=10, pieces=pieces), rebuilt=PAST)


def test_a_diff_marks_it_and_does_not_call_its_start_a_sample() -> None:
    card = cards.diff(Report(SITE, WINDOW, (REBUILT,)), UTC)

    (row,) = card.rows
    assert (row.value, row.change, row.percent) == (
        "≈ 880 → 1,000",
        f"≈ +120, {MARK}",
        "+13.6 %",
    )
    assert card.footer == ("sampled today 12:00 UTC",)


def test_in_a_digest_it_is_marked_as_the_lead_and_among_others() -> None:
    fewer_forks = replace(FORKS, before=89)
    leading, beside = (
        cards.digest(
            digested([Movement(SITE, (REBUILT, forks))], WINDOW, listing=Listing(by)), UTC
        ).rows[0]
        for forks, by in ((fewer_forks, "any"), (FORKS, "forks"))
    )

    assert leading.change == f"≈ +120, {MARK}, new here"
    assert beside.note == "stars ≈ +120"
    assert documents.digest(digested([Movement(SITE, (REBUILT,))], WINDOW))["rows"][0]["metrics"][  # type: ignore[index,call-overload]
        0
    ]["reconstructed"]


def test_in_a_list_it_is_marked() -> None:
    listed = Listed(Movement(SITE, (REBUILT,)), "all", END, END)

    assert portfolio_cards.repositories([listed], UTC, END).rows[0].change == "≈ +120 in 24 h"
    assert words.short(FORKS) == "+87"


def test_what_was_observed_is_not_marked() -> None:
    observed = replace(REBUILT, reconstructed=False)

    card = cards.diff(Report(SITE, WINDOW, (observed,)), UTC)

    assert card.rows[0].change == "≈ +120 (31 May to 30 Jun)"
    assert card.rows[0].value == "880 → 1,000"


def test_a_picture_has_thin_dashes_that_never_join_what_was_observed() -> None:
    drawn = svg(chart(rebuilt()), zone=UTC, theme="dark")

    (dashed,) = [part for part in drawn.splitlines() if "stroke-dasharray" in part]
    assert 'stroke-width="1.5" stroke-dasharray="6 4"' in dashed
    solid = [part for part in drawn.splitlines() if 'stroke-width="2.5"' in part]
    assert len(solid) == 1
    assert f"dashed: {MARK}" in drawn
    assert "dotted" not in drawn


def test_a_gap_stays_dotted_beside_it() -> None:
    drawn = svg(chart(rebuilt(pieces=2)), zone=UTC, theme="light")

    assert "dashed: reconstructed · dotted: not sampled" in drawn
    assert drawn.count('stroke-dasharray="0.1 7"') == 1


def test_without_it_nothing_is_said_of_it() -> None:
    assert "dashed" not in svg(chart(line("a/b", 1, 2)), zone=UTC, theme="dark")


def test_the_axis_covers_it() -> None:
    low, high = value_range(chart(rebuilt()))

    assert low <= 100
    assert high >= 920


def test_the_words_tell_from_when_to_when_nobody_sampled() -> None:
    assert describe(chart(rebuilt()), UTC) == (
        f"Line chart: The leaders. Stars, 1 Apr to 30 Jun 2026, in part {MARK}."
        " a/b: about 100 (1 Apr), reconstructed to 20 Jun, to 920 (30 Jun), +820."
    )


def test_five_long_names_all_fit() -> None:
    values = (434_000, 500_000, 400_000, 123_456)
    names = [f"{'o' * 39}/{number}{'r' * 99}" for number in range(5)]
    lines = [replace(line(name, *values, days=10, pieces=2), rebuilt=PAST) for name in names]

    told = describe(chart(*lines, title="t" * 300), UTC)

    assert all(f"/{number}" in told for number in range(5))
    assert told.endswith("1 gap without samples.")


def test_a_chart_in_json_keeps_it_apart() -> None:
    told = documents.chart(Chart("a/b", STARS, (rebuilt(),), END - 90 * DAY, END))

    (drawn,) = told["lines"]  # type: ignore[index,call-overload]
    assert drawn["reconstructed"][0] == {"at": "2026-04-01T12:00:00Z", "value": 100}
    assert len(drawn["reconstructed"]) == len(PAST)
    assert len(drawn["segments"][0]) == 4


@settings(deadline=None, max_examples=50)
@given(charts())
def test_any_chart_can_have_it(shown: Chart) -> None:
    early = tuple(Point(shown.start + n, n) for n in range(3))
    lines = tuple(replace(one, rebuilt=early) if one.segments else one for one in shown.lines)
    with_it = replace(shown, lines=lines)

    assert describe(with_it, UTC).isprintable()
    assert svg(with_it, zone=UTC, theme="dark").endswith("</svg>")


def test_a_backfill_tells_how_far_back_each_is_known() -> None:
    refused = RunError("o/gone", Refusal(Refused.NOT_FOUND, "gone or not visible"))
    report = BackfillReport(
        (
            Backfilled(SITE, END - 40 * DAY, whole=True, requests=1),
            Backfilled(Subject(2, "o/large"), END - 840 * DAY, whole=False, requests=4),
            Backfilled(Subject(3, "o/none"), None, whole=False, requests=0),
        ),
        (refused,),
    )

    card = portfolio_cards.backfilled(report, UTC, END)

    assert card.title == "Star history of 3 repositories"
    assert [row.note for row in card.rows] == [
        "since 21 May, all there is",
        "since 12 Mar 2024",
        "",
        "gone or not visible",
    ]
    assert card.footer[0] == "5 requests"
    assert documents.backfilled(report)["errors"] == [  # type: ignore[index,call-overload]
        {"repo": "o/gone", "kind": "not_found", "message": "gone or not visible"}
    ]


def test_a_backfill_tells_how_many_nobody_sampled_yet() -> None:
    notes = [
        portfolio_cards.backfilled(BackfillReport((), (), number), UTC, END).notes
        for number in (0, 1, 2)
    ]

    assert notes == [
        (),
        ("1 repository was left out, not sampled yet: run sync first",),
        ("2 repositories were left out, not sampled yet: run sync first",),
    ]
    assert documents.backfilled(BackfillReport((), (), 2))["unsampled"] == 2  # type: ignore[index,call-overload]


def test_right_after_the_first_track_add_the_first_numbers_are_in() -> None:
    """What is rebuilt says that nothing moved before: it is new all the same."""
    still = replace(REBUILT, before=REBUILT.after)
    new = Delta("forks", Status.NEW, None, 90, None, END)

    card = cards.digest(digested([Movement(SITE, (still, new))], WINDOW), UTC)

    assert card.lines == ("The first numbers are in: changes show from the next ones on.",)
    assert card.footer[:3] == ("1 watched", "0 changed", "1 new")
