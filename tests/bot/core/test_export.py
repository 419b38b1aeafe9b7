"""Documents that leave: they say what was known, and read back they say it again."""

import csv
import gzip
import json
from datetime import UTC, date, datetime, tzinfo
from operator import itemgetter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chart import Trail
from bot.core.coverage import Span, look
from bot.core.daily import daily_json
from bot.core.delta import Delta, Status, measure
from bot.core.export import COLUMNS, Document, Trace, collected_at, long_csv
from bot.core.history import History, Observation
from bot.core.metrics import METRICS
from bot.core.models import ImportRow, Sample, Subject
from bot.core.rank import Movement
from bot.core.window import Window, days, parse_window
from bot.exports.daily_json import read_snapshot
from tests.bot.core.timelines import DAY, HOUR, KEYS, NOON, PATIENT, dense

BERLIN = ZoneInfo("Europe/Berlin")
SITE, TOOL = Subject(1, "o/site"), Subject(2, "O/tool")
zones = st.sampled_from([UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")])


def history_of(rows: list[Sample]) -> History:
    history = History()
    for row in rows:
        history.add(row)
    return history


def rows_of(content: bytes) -> list[tuple[str, ...]]:
    text = content.decode("utf-8")
    assert text.endswith("\n")
    assert "\r" not in text
    head, *rows = csv.reader(text.splitlines())
    assert tuple(head) == COLUMNS == ("date", "full_name", "metric", "value", "status")
    return [tuple(row) for row in rows]


def exported(history: History, window: Window, zone: tzinfo) -> list[tuple[str, ...]]:
    traces = [
        Trace(SITE.full_name, key, Trail(history.observations.get(key, []), history.spans(key)))
        for key in METRICS
    ]
    return rows_of(long_csv(list(days(window, zone=zone)), traces, zone))


def read_back(content: bytes) -> dict[str, Sample]:
    rows = list(read_snapshot(content.decode(), now=NOON + 1000 * DAY))
    assert all(isinstance(row, ImportRow) for row in rows)
    return {row.full_name: row.sample for row in rows if isinstance(row, ImportRow)}


def delta(metric: str, after: int, at: int, status: Status = Status.EXACT) -> Delta:
    return Delta(metric, status, None, after, None, at)


@PATIENT
@given(dense(), zones, st.integers(1, 60), st.integers(-5 * DAY, 20 * DAY))
def test_a_csv_says_what_was_known_at_the_end_of_each_day(
    samples: list[Sample], zone: tzinfo, length: int, later: int
) -> None:
    history = history_of(samples)
    now = max(samples[-1].at + later, samples[0].at)
    window = parse_window(f"{length}d", now=now, zone=zone)

    older: list[tuple[str, ...]] = []
    expected: list[tuple[str, ...]] = []
    for day in days(window, zone=zone):
        for key in METRICS:
            sight = look(history.spans(key), day.last)
            value = history.series(key, day.first, day.last).after
            if sight is not None and value is not None:
                last_look = datetime.fromtimestamp(sight.sampled_at, zone).date()
                status = "exact" if sight.covered or last_look == day.date else "approx"
                expected.append((str(day.date), "o/site", key, str(value), status))
                if status == "approx" and day.first <= window.start:
                    older.append((str(last_look), "o/site", key, str(value), "exact"))
    older.sort(key=itemgetter(0))
    assert exported(history, window, zone) == older + expected


def test_a_gap_is_approximate_and_before_the_first_sample_there_is_nothing() -> None:
    history = history_of(
        [Sample(NOON + number * DAY, {"stars": 10 + number}, daily=True) for number in (1, 2, 5)]
    )
    window = parse_window("2026-01-01..2026-01-07", now=NOON + 30 * DAY, zone=UTC)

    assert exported(history, window, UTC) == [
        ("2026-01-02", "o/site", "stars", "11", "exact"),
        ("2026-01-03", "o/site", "stars", "12", "exact"),
        ("2026-01-04", "o/site", "stars", "12", "approx"),
        ("2026-01-05", "o/site", "stars", "12", "approx"),
        ("2026-01-06", "o/site", "stars", "15", "exact"),
        ("2026-01-07", "o/site", "stars", "15", "approx"),
    ]


def test_the_last_day_ends_now() -> None:
    history = history_of([Sample(NOON, {"stars": 1}), Sample(NOON + 5 * HOUR, {"stars": 2})])
    window = parse_window("today", now=NOON + HOUR, zone=UTC)

    assert exported(history, window, UTC) == [("2026-01-01", "o/site", "stars", "1", "exact")]


def test_a_csv_is_ordered_by_day_then_as_its_traces_are() -> None:
    trail = Trail([Observation(NOON, 0)], [Span(NOON, NOON + 2 * DAY)])
    traces = [Trace(name, key, trail) for name in ("o/site", "O/tool") for key in KEYS]
    window = parse_window("2026-01-02..2026-01-03", now=NOON + 30 * DAY, zone=UTC)

    rows = rows_of(long_csv(list(days(window, zone=UTC)), traces, UTC))

    assert [row[:3] for row in rows] == [
        (day, name, key)
        for day in ("2026-01-02", "2026-01-03")
        for name in ("o/site", "O/tool")
        for key in KEYS
    ]
    assert {row[3] for row in rows} == {"0"}  # zero is a value


def test_days_are_those_of_the_zone_and_leave_no_second_out() -> None:
    changed = int(datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp())  # 23 hours long in Berlin
    window = parse_window("2026-03-28..2026-03-30", now=changed + 30 * DAY, zone=BERLIN)

    first, short, last = days(window, zone=BERLIN)

    assert [one.date for one in (first, short, last)] == [
        date(2026, 3, number) for number in (28, 29, 30)
    ]
    assert (first.first, last.last) == (window.start, window.end)
    assert (short.first, last.first) == (first.last + 1, short.last + 1)
    assert short.last - short.first == 23 * HOUR - 1


def test_a_day_the_clocks_skipped_has_no_row() -> None:
    now = int(datetime(2012, 1, 5, tzinfo=UTC).timestamp())
    zone = ZoneInfo("Pacific/Apia")

    found = [one.date.day for one in days(parse_window("2011-12", now=now, zone=zone), zone=zone)]

    assert found == [number for number in range(1, 32) if number != 30]


def test_a_daily_file_to_the_byte() -> None:
    deltas = tuple(delta(key, number, NOON) for number, key in enumerate(METRICS))
    gone = (delta("stars", 7, NOON - 9 * DAY, Status.GONE),)

    content = daily_json([Movement(TOOL, gone), Movement(SITE, deltas)], NOON)

    assert (
        content.decode()
        == """\
{
  "collectedAt": "2026-01-01T12:00:00Z",
  "version": 1,
  "repos": {
    "O/tool": {
      "stars": 7,
      "lastSeen": "2025-12-23T12:00:00Z"
    },
    "o/site": {
      "stars": 0,
      "forks": 1,
      "openIssues": 3,
      "openPRs": 4,
      "watchers": 2
    }
  }
}
"""
    )
    assert read_back(content) == {
        "O/tool": Sample(NOON - 9 * DAY, {"stars": 7}),
        "o/site": Sample(NOON, {key: number for number, key in enumerate(list(METRICS)[:5])}),
    }


def test_a_number_that_the_daily_file_has_no_name_for_is_not_in_it() -> None:
    """Neither as a value nor as when its repository was seen last."""
    older = (delta("stars", 7, NOON - 9 * DAY), delta("commits", 500, NOON))
    only = (delta("disk_usage", 2_048, NOON),)

    content = daily_json([Movement(TOOL, older), Movement(SITE, only)], NOON)

    assert read_back(content) == {"O/tool": Sample(NOON - 9 * DAY, {"stars": 7})}


def test_an_old_value_is_never_said_to_be_of_the_files_day() -> None:
    failing = (delta("stars", 7, NOON - DAY - 1), delta("forks", 3, NOON - 3 * DAY))
    late = (delta("stars", 5, NOON - DAY),)

    content = daily_json([Movement(SITE, failing), Movement(TOOL, late)], NOON)

    assert json.loads(content)["repos"] == {
        "o/site": {"stars": 7, "lastSeen": "2025-12-31T11:59:59Z"},
        "O/tool": {"stars": 5},
    }


def test_who_was_never_sampled_is_absent() -> None:
    movements = [Movement(SITE, ()), Movement(TOOL, (delta("stars", 0, NOON),))]

    assert collected_at(movements) == NOON
    assert collected_at(movements[:1]) is None
    assert list(json.loads(daily_json(movements, NOON))["repos"]) == ["O/tool"]


@PATIENT
@given(
    timelines=st.lists(dense(), min_size=1, max_size=3),
    later=st.integers(0, 9 * DAY),
    gone=st.booleans(),
)
def test_what_is_read_back_is_what_was_known(
    timelines: list[list[Sample]], later: int, *, gone: bool
) -> None:
    histories = [history_of(samples) for samples in timelines]
    now = max(samples[-1].at for samples in timelines) + later
    window = parse_window("30d", now=now, zone=UTC)
    movements = [
        Movement(
            Subject(number, f"o/{number}", gone_at=now if gone else None),
            tuple(
                found
                for key in METRICS
                if (
                    found := measure(
                        key,
                        history.series(key, window.start, window.end),
                        window,
                        fresh=6 * HOUR,
                        gone_at=now if gone else None,
                    )
                )
            ),
        )
        for number, history in enumerate(histories)
    ]
    collected = collected_at(movements)
    assert collected is not None

    samples = read_back(daily_json(movements, collected))

    assert len(samples) == len(histories)
    for number, history in enumerate(histories):
        sample = samples[f"o/{number}"]
        sights = {key: look(history.spans(key), now) for key in KEYS}
        newest = max(sight.sampled_at for sight in sights.values() if sight)
        fresh = [key for key, s in sights.items() if s and newest - s.sampled_at <= DAY]
        assert dict(sample.values) == {key: history.series(key, now, now).after for key in fresh}
        assert sample.at == (newest if gone or collected - newest > DAY else collected)


@pytest.mark.parametrize("content", [b"", b"stars\n" * 1000])
def test_the_same_content_is_packed_into_the_same_bytes(content: bytes) -> None:
    packed = Document("a.csv", content).packed()

    assert packed == Document("a.csv", content).packed()
    assert packed.name == "a.csv.gz"
    assert gzip.decompress(packed.content) == content
