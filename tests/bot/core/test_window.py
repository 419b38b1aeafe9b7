"""What people type as a window, and the moments and words it becomes."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.core.window import SUGGESTIONS, Window, describe, parse_window
from bot.errors import InvalidWindow

HOUR, DAY = 3_600, 86_400
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # 5:45 ahead
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # skipped midnights until 2018
BEIRUT = ZoneInfo("Asia/Beirut")  # skips midnights still
HAVANA = ZoneInfo("America/Havana")  # has one midnight twice a year
SAMOA = ZoneInfo("Pacific/Apia")  # had no 30 December 2011
ZONES = (UTC, BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU, SAO_PAULO, BEIRUT, HAVANA, SAMOA)


def at(text: str) -> int:
    """Read a moment with its offset."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo
    return int(moment.timestamp())


NOW = at("2026-11-20T08:58:07+00:00")  # a Friday


def span(text: str, zone: timezone | ZoneInfo = UTC, now: int = NOW) -> tuple[str, str]:
    """Show the window as the clocks of its zone do."""
    window = parse_window(text, now=now, zone=zone)
    start, end = (datetime.fromtimestamp(t, zone) for t in (window.start, window.end))
    return start.isoformat(), end.isoformat()


def refusal(text: str, zone: timezone | ZoneInfo = UTC, now: int = NOW) -> str:
    with pytest.raises(InvalidWindow) as refused:
        parse_window(text, now=now, zone=zone)
    return str(refused.value)


# -- every row of the table -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24h", DAY), ("1h", HOUR), ("7d", 7 * DAY), ("1d", DAY), ("2w", 14 * DAY), ("30d", 30 * DAY)],
)
def test_hours_days_and_weeks_are_exact_seconds_before_now(text: str, seconds: int) -> None:
    assert parse_window(text, now=NOW, zone=BERLIN) == Window(
        NOW - seconds, NOW, text, starts_with_day=False, ends_with_day=False
    )


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("1mo", "2026-10-20T08:58:07+00:00"),
        ("3mo", "2026-08-20T08:58:07+00:00"),
        ("11mo", "2025-12-20T08:58:07+00:00"),
        ("12mo", "2025-11-20T08:58:07+00:00"),
        ("1y", "2025-11-20T08:58:07+00:00"),
        ("18y", "2008-11-20T08:58:07+00:00"),
    ],
)
def test_months_and_years_go_by_calendar(text: str, start: str) -> None:
    assert parse_window(text, now=NOW, zone=UTC) == Window(
        at(start), NOW, text, starts_with_day=False, ends_with_day=False
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("yesterday", "2026-11-19", "2026-11-19"),
        ("2026-05-01..2026-06-01", "2026-05-01", "2026-06-01"),
        ("2026-05-01..2026-05-01", "2026-05-01", "2026-05-01"),
        ("2026-W18", "2026-04-27", "2026-05-03"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-05", "2026-05-01", "2026-05-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-12", "2025-12-01", "2025-12-31"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2008", "2008-01-01", "2008-12-31"),
        ("2026-W18..2026-W20", "2026-04-27", "2026-05-17"),
        ("2025-11..2026-02", "2025-11-01", "2026-02-28"),
        ("2024..2025", "2024-01-01", "2025-12-31"),
        ("2024..2026-05-01", "2024-01-01", "2026-05-01"),
        ("2026-06..2026-W30", "2026-06-01", "2026-07-26"),
    ],
)
def test_past_days_last_from_their_first_moment_to_their_last(
    text: str, first: str, last: str
) -> None:
    assert parse_window(text, now=NOW, zone=UTC) == Window(
        at(f"{first}T00:00:00+00:00"),
        at(f"{last}T23:59:59+00:00"),
        text,
        starts_with_day=True,
        ends_with_day=True,
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("today", "2026-11-20"),
        ("2026-11-20", "2026-11-20"),
        ("2026-05-01", "2026-05-01"),
        ("2026-W47", "2026-11-16"),
        ("2026-11", "2026-11-01"),
        ("2026", "2026-01-01"),
        ("2026-05-01..2026-11-20", "2026-05-01"),
        ("2026-05-01..2026", "2026-05-01"),
        ("2026-05-01..2999-12-31", "2026-05-01"),
        ("2026-05-01..9999", "2026-05-01"),
    ],
)
def test_what_is_not_over_ends_now(text: str, first: str) -> None:
    assert parse_window(text, now=NOW, zone=UTC) == Window(
        at(f"{first}T00:00:00+00:00"), NOW, text, starts_with_day=True, ends_with_day=False
    )


def test_days_are_those_of_the_zone() -> None:
    now = at("2026-11-20T20:00:00+00:00")  # already the 21st in Kathmandu

    assert span("today", KATHMANDU, now)[0] == "2026-11-21T00:00:00+05:45"
    assert span("today", NEW_YORK, now)[0] == "2026-11-20T00:00:00-05:00"
    assert span("yesterday", KATHMANDU, now)[1] == "2026-11-20T23:59:59+05:45"
    assert span("2026-05", NEW_YORK, now)[1] == "2026-05-31T23:59:59-04:00"
    assert span("2026-11-21", KATHMANDU, now)[0] == "2026-11-21T00:00:00+05:45"
    assert "future" in refusal("2026-11-21", NEW_YORK, now)


def test_a_day_is_over_only_after_its_last_second() -> None:
    last_second = at("2026-11-20T23:59:59+00:00")
    day = "2026-11-20..2026-11-20"

    during = parse_window(day, now=last_second, zone=UTC)
    after = parse_window(day, now=last_second + 1, zone=UTC)

    assert (during.start, during.end) == (after.start, after.end)
    assert (during.ends_with_day, after.ends_with_day) == (False, True)


@pytest.mark.parametrize("text", ["today", "2026-11-20", "2026-11-20..2026-11-20"])
def test_a_day_that_begins_this_very_second_is_still_empty(text: str) -> None:
    midnight = at("2026-11-20T00:00:00+00:00")

    assert parse_window(text, now=midnight, zone=UTC) == Window(
        midnight, midnight, text, starts_with_day=True, ends_with_day=False
    )


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("  7D ", "7d"),
        ("007d", "7d"),
        ("3MO", "3mo"),
        ("Today\n", "today"),
        ("YESTERDAY", "yesterday"),
        (" 2026-w18", "2026-W18"),
        ("2026-05-01 .. 2026-06-01", "2026-05-01..2026-06-01"),
        ("2026-w18 ..2026-W20", "2026-W18..2026-W20"),
    ],
)
def test_case_and_blanks_do_not_matter(typed: str, text: str) -> None:
    window = parse_window(typed, now=NOW, zone=UTC)

    assert window.text == text
    assert parse_window(text, now=NOW, zone=UTC) == window


@pytest.mark.parametrize("text", SUGGESTIONS)
def test_every_suggestion_can_be_read(text: str) -> None:
    assert parse_window(text, now=NOW, zone=UTC).text == text


# -- the calendar's corners -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "text", "start"),
    [
        ("2026-03-31T12:00:00+00:00", "1mo", "2026-02-28T12:00:00+00:00"),
        ("2024-03-31T12:00:00+00:00", "1mo", "2024-02-29T12:00:00+00:00"),
        ("2026-12-31T12:00:00+00:00", "3mo", "2026-09-30T12:00:00+00:00"),
        ("2024-02-29T12:00:00+00:00", "1y", "2023-02-28T12:00:00+00:00"),
        ("2024-02-29T12:00:00+00:00", "4y", "2020-02-29T12:00:00+00:00"),
        ("2026-01-31T12:00:00+00:00", "2mo", "2025-11-30T12:00:00+00:00"),
    ],
)
def test_a_day_its_month_does_not_have_becomes_the_last_one(
    now: str, text: str, start: str
) -> None:
    assert parse_window(text, now=at(now), zone=UTC).start == at(start)


def test_the_53rd_week_is_there_only_in_years_that_have_one() -> None:
    now = at("2027-02-01T00:00:00+00:00")

    assert span("2026-W53", now=now) == ("2026-12-28T00:00:00+00:00", "2027-01-03T23:59:59+00:00")
    assert span("2020-W53", now=now) == ("2020-12-28T00:00:00+00:00", "2021-01-03T23:59:59+00:00")
    assert "calendar" in refusal("2025-W53", now=now)


def test_a_leap_day_is_there_only_in_leap_years() -> None:
    leap_day = "2024-02-29..2024-02-29"

    assert span(leap_day) == ("2024-02-29T00:00:00+00:00", "2024-02-29T23:59:59+00:00")
    assert "calendar" in refusal("2025-02-29..2025-02-29")


# -- clocks that move -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        (BERLIN, "2026-03-29", "2026-03-29T00:00:00+01:00", "2026-03-29T23:59:59+02:00"),
        (BERLIN, "2026-10-25", "2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00"),
        (NEW_YORK, "2026-03-08", "2026-03-08T00:00:00-05:00", "2026-03-08T23:59:59-04:00"),
        (NEW_YORK, "2026-11-01", "2026-11-01T00:00:00-04:00", "2026-11-01T23:59:59-05:00"),
        (LORD_HOWE, "2026-04-05", "2026-04-05T00:00:00+11:00", "2026-04-05T23:59:59+10:30"),
        (LORD_HOWE, "2026-10-04", "2026-10-04T00:00:00+10:30", "2026-10-04T23:59:59+11:00"),
        (KATHMANDU, "2026-03-29", "2026-03-29T00:00:00+05:45", "2026-03-29T23:59:59+05:45"),
        # midnight is skipped: the day begins at one
        (SAO_PAULO, "2018-11-04", "2018-11-04T01:00:00-02:00", "2018-11-04T23:59:59-02:00"),
        (BEIRUT, "2026-03-29", "2026-03-29T01:00:00+03:00", "2026-03-29T23:59:59+03:00"),
        # the last hour comes twice, midnight once
        (SAO_PAULO, "2018-02-17", "2018-02-17T00:00:00-02:00", "2018-02-17T23:59:59-03:00"),
        (BEIRUT, "2025-10-25", "2025-10-25T00:00:00+03:00", "2025-10-25T23:59:59+02:00"),
        # midnight comes twice: the day begins with the first
        (HAVANA, "2026-11-01", "2026-11-01T00:00:00-04:00", "2026-11-01T23:59:59-05:00"),
    ],
)
def test_a_day_is_whole_when_clocks_move(zone: ZoneInfo, day: str, start: str, end: str) -> None:
    assert span(f"{day}..{day}", zone) == (start, end)


def test_the_day_before_a_skipped_midnight_ends_with_the_skip() -> None:
    day = "2018-11-03..2018-11-03"

    assert span(day, SAO_PAULO)[1] == "2018-11-03T23:59:59-03:00"


def test_a_day_in_hours_is_not_a_day_by_the_clock() -> None:
    after_the_change = at("2026-03-29T12:00:00+02:00")

    assert span("1d", BERLIN, after_the_change)[0] == "2026-03-28T11:00:00+01:00"
    assert span("24h", BERLIN, after_the_change)[0] == "2026-03-28T11:00:00+01:00"


@pytest.mark.parametrize(
    ("zone", "now", "start"),
    [
        (BERLIN, "2026-04-20T12:00:00+02:00", "2026-03-20T12:00:00+01:00"),
        (NEW_YORK, "2026-11-20T12:00:00-05:00", "2026-10-20T12:00:00-04:00"),
        (LORD_HOWE, "2026-04-20T12:00:00+10:30", "2026-03-20T12:00:00+11:00"),
        # 02:30 did not exist, so as long after the last moment that did
        (BERLIN, "2026-04-29T02:30:00+02:00", "2026-03-29T03:30:00+02:00"),
        # 02:30 came twice: the first one
        (BERLIN, "2026-11-25T02:30:00+01:00", "2026-10-25T02:30:00+02:00"),
        # asked in the second 02:30
        (BERLIN, "2026-10-25T02:30:00+01:00", "2026-09-25T02:30:00+02:00"),
    ],
)
def test_a_month_back_keeps_the_time_on_the_clock(zone: ZoneInfo, now: str, start: str) -> None:
    assert span("1mo", zone, at(now))[0] == start


def test_a_day_that_a_zone_never_had_is_refused_and_its_neighbours_meet() -> None:
    before, after = "2011-12-29..2011-12-29", "2011-12-31..2011-12-31"

    assert "skipped" in refusal("2011-12-30..2011-12-30", SAMOA)
    assert span(before, SAMOA)[1] == "2011-12-29T23:59:59-10:00"
    assert span(after, SAMOA)[0] == "2011-12-31T00:00:00+14:00"
    assert span("2011-12-30", SAMOA)[0] == "2011-12-31T00:00:00+14:00"


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "   ",
            "31x",
            "d",
            "7",
            "-7d",
            "+7d",
            "7.5d",
            "7 d",
            "7dd",
            "1h30",
            "\N{ARABIC-INDIC DIGIT SEVEN}d",
            "7d..1d",
        ),
        *("last week", "..", "2026..", "..2026", "2026..2027..2028", "2026...2027", "today..today"),
        *("26-05-01", "2026-5-1", "20260501", "2026-W1", "2026W18", "2026-W18-1", "2026-05-01T00"),
        *("2026-05-01\x00", "9" * 5_000 + "d", "2026-05-01" * 500),
    ],
)
def test_what_is_no_window_is_answered_with_the_forms(text: str) -> None:
    assert "is not a window of time: write it like 24h, 7d, 2w, 3mo, 1y, " in refusal(text)


@pytest.mark.parametrize("text", ["0h", "0d", "0w", "0mo", "0y", "000d"])
def test_a_window_without_length_is_refused(text: str) -> None:
    assert refusal(text) == f'"{text}" has no length: ask for 1{text.lstrip("0")} or more.'


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2025-02-29", "2026-13-01", "2026-13", "2026-00", "2026-05-00"),
        *("2026-W00", "2026-W54", "2025-W53", "0000", "0000-01-01", "9999-W52"),
        *("2026-05-01..2026-06-31", "2026-02-30..2026-06-01"),
    ],
)
def test_a_date_that_does_not_exist_is_refused(text: str) -> None:
    assert refusal(text) == (f'"{text}" is not in the calendar: correct its day, week or month.')


@pytest.mark.parametrize(
    "text", ["2026-06-01..2026-05-01", "2026..2025", "2026-W18..2026-W17", "2026-06..2026-05-31"]
)
def test_an_end_before_the_start_is_refused(text: str) -> None:
    assert refusal(text) == f'"{text}" ends before it starts: write the earlier date first.'


@pytest.mark.parametrize(
    "text", ["2026-11-21", "2026-W48", "2026-12", "2027", "9999-12-31", "2027..2028", "2027..2026"]
)
def test_a_start_in_the_future_is_refused(text: str) -> None:
    assert refusal(text) == (
        f'"{text}" starts in the future: ask for a start up to today, 2026-11-20.'
    )


@pytest.mark.parametrize(
    "text",
    [
        *("2007", "2007-12-31", "2007-12..2026-01", "0001", "0001-01-01", "2008-W01"),
        *("19y", "227mo", "1000w", "6899d", "999999999h", "99999999999999999999y"),
        *("99999999999999999999mo", "99999999999999999999d"),
    ],
)
def test_a_start_before_github_is_refused(text: str) -> None:
    assert refusal(text) == (
        f'"{text}" reaches back before 2008-01-01, when GitHub opened: ask for a later start.'
    )


def test_the_earliest_start_is_the_first_moment_of_2008() -> None:
    first_day = at("2008-01-01T00:00:00+00:00")
    seconds_of_today = NOW - at("2026-11-20T00:00:00+00:00")
    now = NOW - seconds_of_today

    assert parse_window(f"{(now - first_day) // DAY}d", now=now, zone=UTC).start == first_day
    assert "2008" in refusal(f"{(now - first_day) // DAY}d", now=now - 1)


def test_a_refusal_quotes_one_short_line_whatever_was_pasted() -> None:
    pasted = "rm -rf\n\x1b[31m\u202e" + "!" * 3_000

    assert refusal(pasted).startswith('"rm -rf  [31m !')
    assert refusal(pasted).isprintable()
    assert len(refusal(pasted)) < 200
    assert f'"{"x" * 39}…" is not' in refusal("x" * 41)
    assert f'"{"x" * 40}" is not' in refusal("x" * 40)


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24h", "last 24 hours"),
        ("1h", "last hour"),
        ("1d", "last day"),
        ("7d", "last 7 days"),
        ("1w", "last week"),
        ("2w", "last 2 weeks"),
        ("1mo", "last month"),
        ("3mo", "last 3 months"),
        ("1y", "last year"),
        ("2y", "last 2 years"),
        ("today", "today"),
        ("yesterday", "yesterday"),
        ("2026-05-01", "since 1 May 2026"),
        ("2026-05-01..2026-06-01", "1 May to 1 June 2026"),
        ("2025-12-24..2026-01-06", "24 December 2025 to 6 January 2026"),
        ("2026-05-01..2026-05-01", "1 May 2026"),
        ("2026-05-01..2027-01-01", "since 1 May 2026"),
        ("2026-05..2026-06", "1 May to 30 June 2026"),
        ("2026-W18..2026-W20", "27 April to 17 May 2026"),
        ("2026-W18", "week 18 of 2026"),
        ("2026-W01", "week 1 of 2026"),
        ("2026-05", "May 2026"),
        ("2025-12", "December 2025"),
        ("2026", "2026"),
    ],
)
@pytest.mark.parametrize("zone", [UTC, BERLIN, NEW_YORK, KATHMANDU])
def test_a_window_has_a_name_for_titles(text: str, words: str, zone: timezone | ZoneInfo) -> None:
    assert describe(parse_window(text, now=NOW, zone=zone), zone=zone) == words


# -- for any text, any zone, any moment -----------------------------------------------------------

zones = st.sampled_from(ZONES)
moments = st.integers(at("2008-01-02T00:00:00+00:00"), at("2038-01-01T00:00:00+00:00"))
days = st.dates(date(2007, 12, 1), date(2038, 2, 1))
periods = st.builds(date.strftime, days, st.sampled_from(["%Y-%m-%d", "%G-W%V", "%Y-%m", "%Y"]))
lengths = st.builds(
    "{}{}".format, st.integers(0, 10**21), st.sampled_from(["h", "d", "w", "mo", "y"])
)
shapes = st.from_regex(r"\A *[0-9]{4}(-[wW]?[0-9]{2}){0,3}(\.\.[0-9]{4}(-W?[0-9]{2}){0,2})?\Z")
near_misses = st.one_of(
    st.sampled_from(["today", "Yesterday "]),
    lengths,
    periods,
    st.builds("{}..{}".format, periods, periods),
    shapes,
    st.text("0123456789-. Ww:dhmoyT", max_size=30),
)


def outcome(text: str, now: int, zone: timezone | ZoneInfo) -> Window | str:
    try:
        return parse_window(text, now=now, zone=zone)
    except InvalidWindow as refused:
        return str(refused)


@given(text=st.one_of(near_misses, st.text()), now=moments, zone=zones)
@example(text="yesterday", now=at("2011-12-31T12:00:00+14:00"), zone=SAMOA)
def test_any_text_is_a_sound_window_or_one_sentence(
    text: str, now: int, zone: timezone | ZoneInfo
) -> None:
    answer = outcome(text, now, zone)

    if isinstance(answer, str):
        assert re.fullmatch(r'".*" (is|has|ends|starts|reaches) .*[:,] .*\.', answer)
        assert answer.isprintable()
        return
    begins_now = answer.starts_with_day and answer.start == answer.end == now
    assert answer.start < answer.end <= now or begins_now
    assert answer.ends_with_day == (answer.end < now)
    assert outcome(answer.text, now, zone) == answer
    assert describe(answer, zone=zone)


@given(one=days, other=days, zone=zones)
def test_a_range_of_days_holds_all_of_each_local_day_and_nothing_else(
    one: date, other: date, zone: timezone | ZoneInfo
) -> None:
    first, last = sorted((one, other))
    assume(first >= date(2008, 1, 1))
    assume(not (zone is SAMOA and first == last == date(2011, 12, 30)))
    window = parse_window(f"{first}..{last}", now=at("2040-01-01T00:00:00+00:00"), zone=zone)

    def day_of(moment: int) -> date:
        return datetime.fromtimestamp(moment, zone).date()

    assert day_of(window.start - 1) < first <= day_of(window.start)
    assert day_of(window.end) <= last < day_of(window.end + 1)


@given(first=st.dates(date(2008, 1, 1), date(2038, 1, 1)), zone=zones)
def test_neighbouring_days_meet_without_gap_or_overlap(
    first: date, zone: timezone | ZoneInfo
) -> None:
    run = [first + timedelta(days=n) for n in range(4)]
    assume(not (zone is SAMOA and date(2011, 12, 30) in run))
    now = at("2040-01-01T00:00:00+00:00")
    windows = [parse_window(f"{day}..{day}", now=now, zone=zone) for day in run]

    assert all(one.end + 1 == following.start for one, following in pairwise(windows))


@given(now=moments, zone=zones, months=st.integers(1, 240))
def test_months_back_never_overshoot_the_month_they_are_for(
    now: int, zone: timezone | ZoneInfo, months: int
) -> None:
    here = datetime.fromtimestamp(now, zone)
    year, month = divmod(here.year * 12 + here.month - 1 - months, 12)
    assume(year >= 2008)
    assume((year, month + 1) > (2008, 1))
    then = datetime.fromtimestamp(parse_window(f"{months}mo", now=now, zone=zone).start, zone)

    assert (then.year, then.month) == (year, month + 1)
