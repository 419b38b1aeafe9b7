"""Answers as they are worded, once for Discord and the terminal; unknown is told as unknown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.card import Card, Tone
from bot.core.delta import Delta, Status
from bot.core.digest import digest
from bot.core.events import Event, Happening, Kind
from bot.core.metrics import FORKS, METRICS, STARS
from bot.core.models import (
    Pause,
    Refusal,
    Refused,
    Run,
    RunError,
    RunStatus,
    Subject,
    Trigger,
)
from bot.core.rank import Movement
from bot.core.reports import (
    Comparison,
    ImportReport,
    Listed,
    Progress,
    RefusedAt,
    Report,
    SyncReport,
    Tracked,
    Untracked,
)
from bot.core.window import between, parse_window
from bot.render import cards, portfolio_cards
from bot.render.discord import embed
from bot.render.documents import diff as diff_as_json
from bot.render.documents import digest as as_json
from bot.render.documents import repositories as list_as_json
from bot.render.words import MINUS
from tests.bot.render.charts import chart

DAY = 86_400
NOW = int(datetime(2026, 11, 20, 11, 40, tzinfo=UTC).timestamp())
WEEK = parse_window("7d", now=NOW, zone=UTC)
LONG_AGO = WEEK.start - 23 * DAY
SITE, OTHER = Subject(1, "acme/site"), Subject(2, "acme/other")


def delta(status: Status, before: int | None, after: int, metric: str = "stars") -> Delta:
    return Delta(metric, status, before, after, None if before is None else WEEK.start, NOW)


def unsampled(metric: str = "stars") -> Delta:
    return Delta(metric, Status.APPROX, 5, 5, LONG_AGO, LONG_AGO)


def gone(metric: str = "stars") -> Delta:
    return Delta(metric, Status.GONE, None, 5, None, LONG_AGO)


def diff(*deltas: Delta) -> Card:
    return cards.diff(Report(SITE, WEEK, deltas), UTC)


def digest_of(*movements: Movement) -> Card:
    return cards.digest(digest(movements, WEEK), UTC)


# -- diff ------------------------------------------------------------------------------------------


def test_a_diff_tells_each_metric_and_when_it_was_really_read() -> None:
    card = diff(
        delta(Status.EXACT, 100, 125), delta(Status.EXACT, 10, 9, "forks"),
        delta(Status.EXACT, 0, 4, "open_issues"),
    )  # fmt: skip

    assert (card.title, card.url) == ("acme/site", "https://github.com/acme/site")
    assert card.lines == ("Last 7 days",)
    assert [(row.name, row.value, row.change, row.percent, row.tone) for row in card.rows] == [
        ("Stars", "100 → 125", "+25", "+25.0 %", Tone.GOOD),
        ("Forks", "10 → 9", f"{MINUS}1", f"{MINUS}10.0 %", Tone.BAD),
        ("Open issues", "0 → 4", "+4", "", Tone.QUIET),
    ]
    assert card.footer == ("sampled 13 Nov 11:40 and today 11:40 UTC",)
    assert card.tone is Tone.GOOD


def test_where_nobody_looked_a_diff_has_no_figure_for_the_change() -> None:
    card = diff(unsampled())

    (row,) = card.rows
    assert (row.change, row.percent) == ("unknown, not sampled since 21 Oct", "")
    assert (row.tone, card.tone) == (Tone.QUIET, Tone.QUIET)
    assert card.footer == ("sampled 21 Oct 11:40 UTC",)


def test_a_gone_repository_says_so_once_and_keeps_its_last_values() -> None:
    card = diff(gone(), gone("forks"))

    assert card.lines == ("Last 7 days", "Gone or not visible, last seen 21 Oct.")
    assert [(row.value, row.change, row.percent) for row in card.rows] == [("5", "", "")] * 2
    assert card.tone is Tone.BAD


def test_numbers_that_lead_no_digest_are_told_in_short_below_the_others() -> None:
    short = Delta("commits", Status.APPROX, 800, 830, LONG_AGO, NOW)
    card = diff(
        delta(Status.EXACT, 100, 100),
        delta(Status.EXACT, 12, 13, "releases"),
        short,
        delta(Status.SINCE, 4, 7, "discussions"),
        delta(Status.NEW, None, 12_000, "disk_usage"),
    )

    assert [row.name for row in card.rows] == ["Stars"]
    assert card.notes == (
        "13 releases (+1) · 830 commits (≈ +30) · 7 discussions (+3 since 13 Nov) · 12 MB on disk",
    )
    assert card.tone is Tone.QUIET, "commits are no reason for a colour"


def test_one_of_them_that_is_asked_for_alone_has_a_row() -> None:
    card = diff(delta(Status.EXACT, 12_300, 13_400, "disk_usage"))

    assert [(row.name, row.value, row.change) for row in card.rows] == [
        ("Disk usage", "12.3 MB → 13.4 MB", "+1.1 MB")
    ]
    assert card.notes == ()


# -- what happened ---------------------------------------------------------------------------------


def ago(days: int, kind: Kind, detail: str = "") -> Event:
    return Event(NOW - days * DAY, kind, detail)


def told(*events: Event, subject: Subject = SITE) -> tuple[str, ...]:
    """The lines of a diff below its window."""
    deltas = (delta(Status.EXACT, 100, 125),)
    return cards.diff(Report(subject, WEEK, deltas, events), UTC).lines[1:]


@pytest.mark.parametrize(
    ("events", "line"),
    [
        ([ago(9, Kind.RENAMED, "acme/old")], "Renamed from acme/old on 11 Nov."),
        ([ago(400, Kind.RENAMED, "acme/old")], "Renamed from acme/old on 16 Oct 2025."),
        ([ago(9, Kind.RENAMED)], "Renamed on 11 Nov."),
        ([ago(9, Kind.TRANSFERRED, "orb/site")], "Transferred from orb/site on 11 Nov."),
        (
            [ago(9, Kind.GONE), ago(3, Kind.BACK)],
            "Gone or not visible since 11 Nov, back on 17 Nov.",
        ),
        ([ago(5, Kind.ARCHIVED)], "Archived on 15 Nov."),
        (
            [ago(5, Kind.ARCHIVED), ago(3, Kind.UNARCHIVED)],
            "Archived on 15 Nov, no longer archived since 17 Nov.",
        ),
        (
            [ago(5, Kind.PRIVATE), ago(3, Kind.PUBLIC)],
            "Private since 15 Nov, public since 17 Nov.",
        ),
    ],
)
def test_a_diff_tells_what_happened(events: list[Event], line: str) -> None:
    assert told(*events) == (line,)


def test_nothing_happened_is_not_told() -> None:
    assert told() == ()
    assert told(subject=replace(SITE, archived=False)) == ()


def test_one_that_was_archived_before_says_so_and_only_once() -> None:
    archived = replace(SITE, archived=True)

    assert told(subject=archived) == ("Archived.",)
    assert told(ago(5, Kind.ARCHIVED), subject=archived) == ("Archived on 15 Nov.",)
    assert told(ago(9, Kind.RENAMED, "acme/old"), subject=archived) == (
        "Renamed from acme/old on 11 Nov, archived.",
    )


def test_a_gone_one_says_since_when_only_once() -> None:
    report = Report(SITE, WEEK, (gone(),), (ago(9, Kind.RENAMED, "o/a"), ago(2, Kind.GONE)))

    assert cards.diff(report, UTC).lines[1:] == (
        "Gone or not visible, last seen 21 Oct.",
        "Renamed from o/a on 11 Nov.",
    )


def test_of_many_events_the_newest_are_told() -> None:
    flapping = [ago(200 - n, Kind.BACK if n % 2 else Kind.GONE) for n in range(200)]

    (line,) = told(*flapping)
    assert line.startswith("195 events before, back on ")
    assert line.endswith("back on 19 Nov.")
    assert len(line) < 200


def test_a_digest_tells_how_it_ended_for_each_and_names_three_of_a_kind() -> None:
    moved = [Subject(n, f"acme/{n}") for n in range(10, 15)]
    happened = (
        *(Happening(one, ago(2, Kind.RENAMED, f"old/{one.id}")) for one in moved),
        Happening(SITE, ago(3, Kind.ARCHIVED)),
        Happening(SITE, ago(2, Kind.UNARCHIVED)),
        Happening(OTHER, ago(4, Kind.GONE)),
        Happening(OTHER, ago(3, Kind.BACK)),
        Happening(OTHER, ago(2, Kind.TRANSFERRED)),
        Happening(OTHER, ago(1, Kind.ARCHIVED)),
    )
    lost = Movement(Subject(3, "acme/lost"), (gone(),))
    card = cards.digest(replace(digest([lost], WEEK), happened=happened), UTC)

    assert card.notes == (
        "gone: acme/lost, last seen 21 Oct",
        "renamed: acme/10 from old/10; acme/11 from old/11; acme/12 from old/12 and 2 more",
        "transferred: acme/other",
        "archived: acme/other",
        "back: acme/other",
    )


def test_what_happened_stands_in_json() -> None:
    renamed, archived = ago(1, Kind.RENAMED, "acme/old"), ago(0, Kind.ARCHIVED)
    one = diff_as_json(Report(SITE, WEEK, (), (renamed, archived)))
    all_ = as_json(replace(digest([], WEEK), happened=(Happening(SITE, renamed),)))
    events = [
        {"at": "2026-11-19T11:40:00Z", "kind": "renamed", "detail": "acme/old"},
        {"at": "2026-11-20T11:40:00Z", "kind": "archived", "detail": None},
    ]

    assert isinstance(one, dict)
    assert isinstance(all_, dict)
    assert one["events"] == events
    assert all_["events"] == [{"repo": "acme/site", **events[0]}]


# -- digest ----------------------------------------------------------------------------------------


def test_a_digest_ranks_what_moved_and_counts_the_rest() -> None:
    card = digest_of(
        Movement(SITE, (delta(Status.EXACT, 100, 125), delta(Status.EXACT, 10, 9, "forks"))),
        Movement(OTHER, (delta(Status.SINCE, 5, 12),)),
        Movement(Subject(3, "acme/lost"), (gone(),)),
        Movement(Subject(4, "acme/asleep"), (unsampled(),)),
        Movement(Subject(5, "acme/new"), (delta(Status.NEW, None, 5),)),
    )

    assert card.title == "Digest · last 7 days"
    assert [(row.rank, row.name, row.value, row.change, row.note) for row in card.rows] == [
        (1, "acme/site", "★ 125", "+25", f"forks {MINUS}1"),
        (2, "acme/other", "★ 12", "+7 since 13 Nov, new here", ""),
    ]
    assert card.notes == ("gone: acme/lost, last seen 21 Oct",)
    assert card.footer[:-1] == ("5 watched", "2 changed", "1 new", "1 gone", "1 not sampled")


def test_of_what_else_moved_at_most_two_lead_no_digest() -> None:
    own = ("releases", "commits", "discussions", "disk_usage")
    card = digest_of(
        Movement(
            SITE,
            (
                delta(Status.EXACT, 100, 125),
                delta(Status.EXACT, 10, 9, "open_prs"),
                *(delta(Status.EXACT, 10, 12, key) for key in own),
            ),
        ),
        Movement(OTHER, (delta(Status.EXACT, 5, 6), delta(Status.EXACT, 10, 12, "disk_usage"))),
    )

    assert [row.note for row in card.rows] == [
        f"PRs {MINUS}1 · releases +2 · commits +2", "disk usage +2 kB",
    ]  # fmt: skip


def test_the_counts_of_a_digest_are_the_same_in_json() -> None:
    moved = digest(
        [
            Movement(SITE, (delta(Status.EXACT, 1, 2),)),
            Movement(OTHER, (unsampled(),)),
            Movement(Subject(3, "acme/lost"), (gone(),)),
        ],
        WEEK,
    )

    told = as_json(moved)
    assert isinstance(told, dict)
    assert told["counts"] == {
        "watched": 3, "changed": 1, "unchanged": 0, "new": 0, "gone": 1, "unsampled": 1,
        "failed": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("movements", "line"),
    [
        ([Movement(SITE, (delta(Status.EXACT, 5, 5),))], "Nothing moved."),
        (
            [Movement(SITE, (delta(Status.NEW, None, 5),)), Movement(OTHER, ())],
            "The first numbers are in: changes show from the next ones on.",
        ),
        (
            [Movement(SITE, (unsampled(),))],
            "Nobody looked in this time: what moved is unknown.",
        ),
        (
            [Movement(SITE, (unsampled(),)), Movement(OTHER, (delta(Status.EXACT, 5, 5),))],
            "Nothing moved.",
        ),
    ],
)
def test_a_digest_without_rows_says_why(movements: list[Movement], line: str) -> None:
    card = digest_of(*movements)

    assert (card.rows, card.lines) == ((), (line,))


def test_of_many_rows_a_digest_shows_its_top_and_counts_the_others() -> None:
    moved = [Movement(Subject(n, f"o/{n}"), (delta(Status.EXACT, 1, n + 2),)) for n in range(500)]

    card = cards.digest(digest(moved, WEEK), UTC, top=3)

    assert [row.name for row in card.rows] == ["o/499", "o/498", "o/497"]
    assert card.more == 497


def test_of_many_gone_ones_three_are_named() -> None:
    lost = [Movement(Subject(n, f"o/{n}", gone_at=LONG_AGO), ()) for n in range(5)]

    assert digest_of(*lost).notes == ("gone: o/0; o/1; o/2 and 2 more",)


# -- compare and charts ----------------------------------------------------------------------------


def test_a_comparison_has_a_row_for_each_also_for_the_unknown() -> None:
    lost = Subject(3, "acme/lost")
    movements = (
        Movement(SITE, (delta(Status.EXACT, 100, 125),)),
        Movement(OTHER, ()),
        Movement(lost, (gone(),)),
        Movement(Subject(4, "acme/asleep"), (unsampled(),)),
    )

    card = cards.compare(Comparison(WEEK, STARS, movements, chart()), UTC)

    assert [(row.name, row.change, row.note) for row in card.rows] == [
        ("acme/site", "+25", ""),
        ("acme/other", "", "unknown in this window"),
        ("acme/lost", "", "gone or not visible, last seen 21 Oct"),
        ("acme/asleep", "unknown, not sampled since 21 Oct", ""),
    ]


def test_a_comparison_of_unknowns_has_no_time_of_a_sample() -> None:
    card = cards.compare(Comparison(WEEK, FORKS, (Movement(SITE, ()),), chart()), UTC)

    assert (card.title, card.footer) == ("Forks compared", ())


# -- what was done ---------------------------------------------------------------------------------


def run(status: RunStatus, message: str | None = None) -> Run:
    return Run("r", Trigger.SYNC, status, NOW, NOW, 1_204, 3, 2, 1, 25, message)


def test_a_sync_tells_what_it_read_what_it_cost_and_what_failed() -> None:
    errors = (
        RunError("o/lost", Refusal(Refused.NOT_FOUND, "gone or not visible")),
        RunError("o/slow", Refusal(Refused.TIMEOUT, "GitHub took too long")),
    )

    card = portfolio_cards.sync(SyncReport(run(RunStatus.PARTIAL), errors))

    assert (card.title, card.tone) == ("Sync done in part", Tone.BAD)
    assert [(row.name, row.note) for row in card.rows] == [
        ("o/lost", "gone or not visible"),
        ("o/slow", "GitHub took too long"),
    ]
    assert card.footer == (
        "1,204 sampled", "3 changed", "1 gone", "1 failed", "1 request", "25 points",
    )  # fmt: skip


@pytest.mark.parametrize("status", RunStatus)
def test_every_end_of_a_run_has_a_title(status: RunStatus) -> None:
    card = portfolio_cards.sync(SyncReport(run(status, "The token was revoked."), ()))

    assert card.title.startswith("Sync ")
    assert card.lines == ("The token was revoked.",)
    assert (card.tone is Tone.GOOD) is (status is RunStatus.OK)


def test_progress_says_what_it_waits_for() -> None:
    waiting = portfolio_cards.progress(
        Progress(50, 100, Pause(61.4, "GitHub's secondary rate limit"))
    )

    assert portfolio_cards.progress(Progress(1, 1)).lines == ("1 of 1 repository read",)
    assert waiting.lines[1] == "Waiting 1 minute: GitHub's secondary rate limit."


def test_tracking_tells_the_new_the_known_and_the_refused() -> None:
    refused = RunError("o/nobody", Refusal(Refused.NOT_FOUND, "not found"))
    added = Movement(SITE, (delta(Status.NEW, None, 1_204), delta(Status.NEW, None, 1, "forks")))
    report = Tracked("all", (added,), (Movement(OTHER, ()),), (refused,))

    card = portfolio_cards.tracked(report)

    assert card.title == "Now watching 1 repository"
    assert [(row.name, row.value, row.note) for row in card.rows] == [
        ("o/nobody", "", "not found"),
        ("acme/site", "★ 1,204", "1 fork"),
        ("acme/other", "", "watched already"),
    ]
    assert card.footer == ("1 refused",)
    assert portfolio_cards.tracked(Tracked("all", (), (), (refused,))).tone is Tone.BAD


def test_who_is_refused_is_told_however_many_are_added() -> None:
    refused = tuple(RunError(f"o/no-{n}", Refusal(Refused.NOT_FOUND, "x")) for n in range(3))
    added = tuple(Movement(SITE, (delta(Status.NEW, None, 1_204),)) for _ in range(400))

    shown = embed(portfolio_cards.tracked(Tracked("all", added, (), refused)))

    for error in refused:
        assert error.full_name in (shown.description or "")
    assert "more" in (shown.description or "")
    assert shown.footer.text == "3 refused"


def test_untracking_keeps_history_and_names_what_was_not_there() -> None:
    card = portfolio_cards.untracked(Untracked((SITE,), ("o/never",)))

    assert [(row.name, row.note) for row in card.rows] == [
        ("acme/site", "its history stays"),
        ("o/never", "not watched here"),
    ]
    assert portfolio_cards.untracked(Untracked((), ("o/never",))).title == "Nothing to stop"


def test_an_import_tells_some_refused_rows_and_counts_the_others() -> None:
    refused = [RefusedAt("a.csv", 2 + n, "why") for n in range(50)] + [RefusedAt("b", None, "gone")]

    card = portfolio_cards.imported(ImportReport(2, 1_000, 900, 49, refused))

    assert card.title == "Imported 1,000 rows of 2 files"
    assert card.rows[0].name == "a.csv:2"
    assert (len(card.rows), card.more) == (20, 31)
    assert card.footer == ("900 new", "49 known", "51 refused")


def test_the_list_tells_the_state_of_each() -> None:
    lost = Subject(3, "acme/lost", gone_at=LONG_AGO)
    listed = [
        Listed(Movement(SITE, (delta(Status.EXACT, 5, 9),)), "all", LONG_AGO, NOW),
        Listed(Movement(OTHER, ()), "docs", None, None),
        Listed(Movement(lost, (gone(),)), "all", LONG_AGO, LONG_AGO),
        Listed(Movement(Subject(4, "acme/asleep"), (unsampled(),)), "all", LONG_AGO, LONG_AGO),
    ]

    card = portfolio_cards.repositories(listed, UTC, NOW)

    assert card.title == "Watching 4 repositories"
    assert [(row.name, row.value, row.change, row.note) for row in card.rows] == [
        ("acme/site", "★ 9", "+4 in 24 h", ""),
        ("acme/other", "", "", "group docs · not sampled yet"),
        ("acme/lost", "★ 5", "", "gone or not visible, last seen 21 Oct"),
        ("acme/asleep", "★ 5", "", ""),
    ]
    assert portfolio_cards.repositories([], UTC, NOW).title == "Nothing is watched here yet"


def test_the_list_tells_who_is_archived() -> None:
    archived = replace(SITE, archived=True)
    listed = [
        Listed(Movement(archived, (delta(Status.EXACT, 5, 5),)), "docs", LONG_AGO, NOW),
        Listed(Movement(archived, (delta(Status.EXACT, 2, 2, "forks"),)), "all", LONG_AGO, NOW),
        Listed(Movement(archived, ()), "all", LONG_AGO, NOW),
        Listed(Movement(OTHER, ()), "all", LONG_AGO, NOW),
    ]

    card, document = portfolio_cards.repositories(listed, UTC, NOW), list_as_json(listed)

    assert [row.note for row in card.rows] == [
        "archived · group docs", "archived · 2 forks", "archived", "",
    ]  # fmt: skip
    assert isinstance(document, dict)
    assert [row["archived"] for row in document["repos"]] == [True, True, True, None]  # type: ignore[index,union-attr,call-overload]


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_that_is_neither_good_nor_bad_has_no_colour(metric: str) -> None:
    up, down = (diff(delta(Status.EXACT, *ends, metric)).tone for ends in ((1, 2), (2, 1)))

    neither = metric in ("open_issues", "open_prs", "disk_usage")
    assert (up, down) == ((Tone.QUIET,) * 2 if neither else (Tone.GOOD, Tone.BAD))


def test_a_window_between_two_moments_can_be_told_as_well() -> None:
    asked = between(WEEK.start, NOW)
    card = cards.digest(digest([Movement(SITE, (delta(Status.EXACT, 1, 2),))], asked), UTC)

    assert card.title == "Digest · 13 November to 20 November 2026"
