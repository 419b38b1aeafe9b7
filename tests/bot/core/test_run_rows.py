"""What a run directory tells of a repository: it adds up to the same for whoever reads it back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.daily import written
from bot.core.delta import Series, Status, measure
from bot.core.history import History, Observation
from bot.core.models import Sample, Subject, Visibility
from bot.core.retained import Retained
from bot.core.run_directory import Head, Row, enveloped
from bot.core.run_rows import known_by, others, row
from bot.core.window import Window, between
from bot.exports.run_files import read_portfolio
from tests.bot.core.timelines import KEYS, NOON, PATIENT, dense
from tests.standins.clock import DAY, HOUR

FRESH = 6 * HOUR
SUBJECT = Subject(1, "acme/rocket")
RUN = "3f2a91bc0d1e4f6a8b7c6d5e4f3a2b1c"


def history_of(samples: Sequence[Sample], *, imported: bool = False) -> History:
    history = History()
    for sample in samples:
        history.add(sample, imported=imported)
    return history


def told(history: History, window: Window, subject: Subject = SUBJECT) -> Any:  # noqa: ANN401  # JSON
    """As the flow does it."""
    series = {key: history.series(key, window.start, window.end) for key in KEYS}
    known = known_by(subject, {k: one for k, one in series.items() if one.spans}, window.end)
    also = {
        key: [
            Observation(at, value)
            for at in sorted(set(moments))
            if (value := history.series(key, at, at).before) is not None
        ]
        for key, moments in others(known, window, FRESH).items()
    }
    return row(replace(known, also=also), window, FRESH)


def read_back(one: Row) -> History:
    octets = enveloped("acme", RUN, NOON, [one])
    return history_of(
        [each.sample for each in read_portfolio(octets, now=NOON + 900 * DAY)], imported=True
    )


def metric(one: Any, key: str = "stars") -> dict[str, Any]:  # noqa: ANN401  # JSON
    (found,) = (each for each in one["metrics"] if each["metric"] == key)
    return dict(found)


@PATIENT
@given(dense(), st.integers(0, 20 * DAY), st.integers(0, 20 * DAY))
def test_restored_into_an_empty_store_it_gives_the_same(
    samples: list[Sample], start: int, length: int
) -> None:
    window = between(NOON - DAY + start, NOON - DAY + start + length)
    one = told(history_of(samples), window)
    if one is not None:
        assert told(read_back(one), window) == one


@PATIENT
@given(dense(), st.integers(0, 20 * DAY), st.integers(0, 20 * DAY))
def test_values_are_those_of_every_other_answer(
    samples: list[Sample], start: int, length: int
) -> None:
    window = between(NOON - DAY + start, NOON - DAY + start + length)
    history = history_of(samples)
    one = told(history, window)
    for key in KEYS:
        series = known_by(SUBJECT, {key: history.series(key, window.start, window.end)}, window.end)
        delta = measure(key, series.series[key], window, fresh=FRESH)
        if delta is None:
            assert one is None or all(each["metric"] != key for each in one["metrics"])
            continue
        found = metric(one, key)
        assert (found["before"], found["after"]) == (delta.before, delta.after)
        assert found["change"] in (delta.change, None)


@PATIENT
@given(dense(), st.data())
def test_from_run_to_run_it_says_exactly_what_the_delta_engine_says(
    samples: list[Sample], data: st.DataObject
) -> None:
    """Of what runs read: days in files are told apart by their coverage, which stays behind."""
    runs = [Sample(NOON + n * FRESH, one.values) for n, one in enumerate(samples)]
    first = data.draw(st.integers(0, len(runs) - 1))
    window = between(runs[first].at, data.draw(st.sampled_from(runs[first:])).at)
    history = history_of([one for one in runs if one.at <= window.end])
    one = told(history, window)
    for key in KEYS:
        delta = measure(key, history.series(key, window.start, window.end), window, fresh=FRESH)
        if delta is not None:
            found = metric(one, key)
            assert (found["status"], found["change"]) == (delta.status, delta.change)


@PATIENT
@given(dense(), st.integers(0, 20 * DAY), st.integers(0, 5 * DAY))
def test_a_run_that_is_written_late_has_the_values_of_its_own_time(
    samples: list[Sample], end: int, length: int
) -> None:
    window = between(NOON + end - length, NOON + end)
    by_then = [one for one in samples if one.at <= window.end]

    then, late = told(history_of(by_then), window), told(history_of(samples), window)

    assert (then is None) == (late is None)
    if then is not None:
        assert [(m["metric"], m["after"]) for m in then["metrics"]] == [
            (m["metric"], m["after"]) for m in late["metrics"]
        ]
        assert all(m["after_at"] <= written(window.end) for m in late["metrics"])


def test_the_row_of_a_plain_run() -> None:
    history = history_of([Sample(NOON, {"stars": 10}), Sample(NOON + FRESH, {"stars": 12})])

    assert told(history, between(NOON, NOON + FRESH)) == {
        "repo": "acme/rocket",
        "state": "active",
        "gone_at": None,
        "visibility": "public",
        "archived": None,
        "metrics": [
            {
                "metric": "stars",
                "status": "exact",
                "before": 10,
                "after": 12,
                "change": 2,
                "percent": 20.0,
                "before_at": "2026-01-01T12:00:00Z",
                "after_at": "2026-01-01T18:00:00Z",
            }
        ],
    }


def test_one_that_nobody_could_read_in_the_period_has_an_older_sample_beside() -> None:
    history = history_of([Sample(NOON, {"stars": 10}), Sample(NOON + DAY, {"stars": 12})])
    window = between(NOON + 9 * DAY, NOON + 10 * DAY)

    found = metric(told(history, window))

    assert (found["status"], found["before"], found["after"]) == (Status.APPROX, 12, 12)
    assert found["change"] is None
    assert found["also"] == [{"at": "2026-01-01T12:00:00Z", "value": 10}]


def test_a_start_in_a_short_silence_has_the_sample_after_it_beside() -> None:
    history = history_of(
        [
            Sample(NOON, {"stars": 10}),
            Sample(NOON + 30 * HOUR, {"stars": 11, "forks": 1}),
            Sample(NOON + 60 * HOUR, {"stars": 12, "forks": 1, "open_issues": 0}),
        ]
    )

    found = metric(told(history, between(NOON + 12 * HOUR, NOON + 60 * HOUR)))

    assert (found["status"], found["change"]) == (Status.EXACT, 2)
    assert found["also"] == [{"at": "2026-01-02T18:00:00Z", "value": 11}]


def test_one_that_is_new_or_gone_says_so() -> None:
    history = history_of([Sample(NOON, {"stars": 10})])
    gone = replace(SUBJECT, gone_at=NOON + HOUR)

    new = told(history, between(NOON - DAY, NOON))
    lost = told(history, between(NOON - DAY, NOON + DAY), gone)
    before = told(history, between(NOON - DAY, NOON), gone)

    assert metric(new)["status"] == "new"
    assert (lost["state"], lost["gone_at"]) == ("gone", "2026-01-01T13:00:00Z")
    assert (metric(lost)["status"], metric(lost)["change"]) == ("gone", None)
    assert before == new  # it was not gone yet


def test_stars_still_held_are_no_samples() -> None:
    series = history_of([Sample(NOON, {"stars": 10})]).series("stars", NOON - DAY, NOON)
    held = replace(series, retained=Retained(0, 1, (), whole=True))

    known = known_by(SUBJECT, {"stars": held}, NOON)

    assert known.series["stars"].retained is None


def test_where_nothing_was_known_yet_there_is_no_row() -> None:
    history = history_of([Sample(NOON, {"stars": 10})])

    assert told(history, between(NOON - 2 * DAY, NOON - DAY)) is None
    assert row(known_by(SUBJECT, {"stars": Series(None, None, None, [])}, NOON),
               between(NOON, NOON), FRESH) is None  # fmt: skip


def test_what_is_private_says_so() -> None:
    history = history_of([Sample(NOON, {"stars": 10})])
    private = replace(SUBJECT, visibility=Visibility.PRIVATE)

    assert told(history, between(NOON, NOON), private)["visibility"] == "private"
    assert Head("acme", RUN, NOON, NOON, NOON).run_id == RUN
