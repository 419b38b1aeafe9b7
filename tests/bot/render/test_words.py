"""Numbers, changes and times as people read them; unknown is never zero."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.core.delta import Delta, Status
from bot.core.metrics import DISK_USAGE, STARS
from bot.core.models import Pause, Trigger
from bot.core.reports import Underway
from bot.core.window import between
from bot.render import words
from bot.render.words import MINUS

DAY = 86_400
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW = at("2026-11-20T11:40")
WEEK = between(NOW - 7 * DAY, NOW)


def delta(  # noqa: PLR0913 - a delta has as many parts
    status: Status,
    before: int | None,
    after: int,
    before_at: int | None = WEEK.start,
    after_at: int = NOW,
    *,
    metric: str = "stars",
) -> Delta:
    return Delta(metric, status, before, after, before_at, after_at)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "0 repositories"),
        (1, "1 repository"),
        (2, "2 repositories"),
        (1_204, "1,204 repositories"),
    ],
)
def test_things_are_counted(number: int, told: str) -> None:
    assert words.counted(number, "repository", "repositories") == told
    assert words.counted(3, "row") == "3 rows"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (0, "±0"),
        (1, "+1"),
        (-1, f"{MINUS}1"),
        (1_204, "+1,204"),
        (-(10**12), f"{MINUS}1,000,000,000,000"),
    ],
)
def test_a_change_has_its_sign(change: int, told: str) -> None:
    assert words.signed(change) == told


@pytest.mark.parametrize(
    ("growth", "told"),
    [
        (None, ""),
        (0.0, ""),
        (0.24, "+0.24 %"),
        (-9.994, f"{MINUS}9.99 %"),
        (12.34, "+12.3 %"),
        (-100.0, f"{MINUS}100 %"),
        (123_456.0, "+123,456 %"),
    ],
)
def test_growth_has_about_three_figures(growth: float | None, told: str) -> None:
    assert words.percent(growth) == told


@pytest.mark.parametrize(
    ("told_of", "told"),
    [
        (delta(Status.EXACT, 100, 220), "+120"),
        (delta(Status.EXACT, 100, 100), "±0"),
        (delta(Status.EXACT, 100, 90), f"{MINUS}10"),
        (delta(Status.SINCE, 0, 12, at("2026-11-17")), "+12 since 17 Nov"),
        (delta(Status.SINCE, 0, 12, at("2026-11-20T09:05")), "+12 since today 09:05"),
        (
            delta(Status.APPROX, 100, 140, at("2026-10-28"), NOW),
            "≈ +40 (28 Oct to 20 Nov)",
        ),
        (delta(Status.APPROX, 100, 100, at("2025-10-28"), NOW), "≈ ±0 (28 Oct 2025 to 20 Nov)"),
        (
            delta(Status.APPROX, 100, 100, at("2026-10-28"), at("2026-10-28")),
            "unknown, not sampled since 28 Oct",
        ),
        (delta(Status.NEW, None, 5, None, NOW), "new, tracking since today 11:40"),
        (delta(Status.NEW, None, 5, None, at("2026-11-16")), "new, tracking since 16 Nov"),
        (
            delta(Status.GONE, None, 5, None, at("2026-11-16")),
            "gone or not visible, last seen 16 Nov",
        ),
    ],
)
def test_a_change_is_told_with_how_far_it_can_be_trusted(told_of: Delta, told: str) -> None:
    assert words.change(told_of, WEEK, UTC) == told


@pytest.mark.parametrize("status", [Status.NEW, Status.GONE, Status.APPROX])
def test_an_unknown_change_has_no_figure(status: Status) -> None:
    """Not even a zero, whatever is known besides."""
    seen = at("2026-10-28")
    unknown = delta(status, 5 if status is Status.APPROX else None, 5, seen, seen)

    told = words.change(unknown, WEEK, UTC)
    assert not any(sign in told for sign in ("+", MINUS, "±", "≈"))


def test_one_sample_that_stands_for_both_ends_is_no_change_and_not_unknown() -> None:
    hour = between(NOW - 3_600, NOW)

    assert words.change(delta(Status.EXACT, 5, 5, NOW - DAY, NOW - DAY), hour, UTC) == "±0"


def test_days_and_hours_are_the_zones() -> None:
    late = at("2026-11-19T23:30")

    assert words.moment(late, BERLIN, beside=NOW) == "today 00:30"
    assert words.moment(late, UTC, beside=NOW) == "19 Nov 23:30"
    assert (words.zone_name(BERLIN, NOW), words.zone_name(BERLIN, at("2026-07-01"))) == (
        "CET",
        "CEST",
    )


def test_another_year_is_named() -> None:
    assert words.day(at("2025-12-31"), UTC, beside=NOW) == "31 Dec 2025"
    assert words.day(at("2025-12-31T23:30"), BERLIN, beside=at("2026-01-01")) == "1 Jan"


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("2026-11-20T09:00", "today 09:00"),
        ("2026-11-19T09:00", "yesterday 09:00"),
        ("2026-11-13T09:00", "Friday 13 November 09:00"),
        ("2025-11-03T09:00", "3 Nov 2025 09:00"),
    ],
)
def test_an_earlier_moment_is_told_as_people_say_it(then: str, told: str) -> None:
    assert words.earlier(at(then), UTC, beside=NOW) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0 seconds"),
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7_199, "1 hour"),
        (2 * DAY - 1, "1 day"),
        (90 * DAY, "90 days"),
    ],
)
def test_a_length_of_time_has_one_unit(seconds: int, told: str) -> None:
    assert words.span(seconds) == told


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (5 * 10**12, "5,000.0 GB"),
    ],
)
def test_a_size_is_told_in_powers_of_1000(octets: int, told: str) -> None:
    assert words.size(octets) == told


def test_a_level_is_named_in_its_own_words() -> None:
    assert words.level(delta(Status.EXACT, 0, 512_345)) == "★ 512,345"
    assert words.level(delta(Status.EXACT, 0, 1, metric="forks")) == "1 fork"
    assert words.level(delta(Status.EXACT, 3, 0, metric="open_prs")) == "0 PRs"


def test_a_passage_without_a_beginning_is_its_end() -> None:
    assert words.passage(delta(Status.EXACT, 0, 1_000)) == "0 → 1,000"
    assert words.passage(delta(Status.NEW, None, 1_000, None)) == "1,000"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (999, "999 kB"),
        (12_340, "12.3 MB"),
        (2_000_000, "2 GB"),
        (-480, f"{MINUS}480 kB"),
    ],
)
def test_a_size_has_its_unit(value: int, told: str) -> None:
    assert words.amount(value, DISK_USAGE) == told
    assert words.amount(value, STARS) == f"{value:,}".replace("-", MINUS)


def test_a_gain_in_size_has_its_sign_and_unit() -> None:
    told = [words.gained(change, DISK_USAGE) for change in (1_100, 0, -70)]

    assert told == ["+1.1 MB", "±0", f"{MINUS}70 kB"]


def test_disk_usage_is_a_size_wherever_a_delta_is_told() -> None:
    grown = delta(Status.EXACT, 12_300, 13_400, metric="disk_usage")
    since = delta(Status.SINCE, 12_300, 13_400, at("2026-11-15T10:00"), metric="disk_usage")

    assert words.level(grown) == "13.4 MB on disk"
    assert words.passage(grown) == "12.3 MB → 13.4 MB"
    assert words.change(grown, WEEK, UTC) == "+1.1 MB"
    assert words.change(since, WEEK, UTC) == "+1.1 MB since 15 Nov"


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (Underway(Trigger.SCHEDULE, NOW, 0, 1), "sampling 0 of 1"),
        (Underway(Trigger.SYNC, NOW, 1_200, None), "sampling 1,200 for /sync"),
        (Underway(Trigger.CLI, NOW, 3, 9), "sampling 3 of 9 for the command line"),
        (Underway(Trigger.DIGEST, NOW, 3, 9), "sampling 3 of 9 for a digest"),
        (
            Underway(Trigger.TRACK, NOW, 3, 9, Pause(1.2, "GitHub answered 502")),
            "sampling 3 of 9 for track add, waiting 1 second: GitHub answered 502",
        ),
    ],
)
def test_a_run_under_way_is_told_with_who_waits_for_it(run: Underway, told: str) -> None:
    assert words.underway(run) == told


def test_a_full_round_has_a_length() -> None:
    assert words.full_round(0) == "of all numbers takes less than a second"
    assert words.full_round(90) == "of all numbers takes 1 minute"
