"""Import: gaps only, any number of times; and 17,873 real rows against the csv module alone."""

import csv
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.core.delta import Status
from bot.core.history import MetricSet
from bot.core.models import RunStatus, Trigger, Visibility
from bot.core.reports import ImportReport, Progress, RefusedAt
from bot.core.window import Window, parse_window
from bot.errors import InvalidFile, UnknownRepository
from bot.exports.reader import read_rows
from bot.flows import importing
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.digest import Digests
from bot.flows.importing import Import
from bot.flows.portfolio import OPERATOR, Portfolio
from bot.flows.traffic import Traffic
from bot.storage.database import open_database
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock, moment
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore, contents, store_on

HEADER = "date,full_name,stars,forks"


def write(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


async def test_what_is_new_known_and_refused_is_told_with_its_line(
    flows: Flows, tmp_path: Path
) -> None:
    first = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1", "2026-05-02,o/one,11,1")
    second = write(
        tmp_path / "b.csv",
        "2026-05-01,O/One,10,1",
        "2026-05-02,o/one,99,1",
        "2026-05-03,o/one,12,2",
        "2026-05-04,o/one,many,2",
        "2026-05-05,not a name,1,1",
    )

    report = await flows.importing.files([first, second])

    assert (report.files, report.rows, report.new, report.known) == (2, 7, 3, 1)
    assert [(refused.file, refused.line) for refused in report.refused] == [
        (str(second), 5),
        (str(second), 6),
        (str(second), 3),
    ]
    assert report.refused[2].reason == (
        "o/one was sampled then already, and otherwise: stars stays 11, not 99."
    )
    assert report.rows == report.new + report.known + len(report.refused)


async def test_importing_again_is_all_known(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    path = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1", "2026-05-03,o/one,11,1")
    await flows.importing.files([path])
    before = await contents(store.database)

    report = await flows.importing.files([path])

    assert (report.rows, report.new, report.known, report.refused) == (2, 0, 2, [])
    assert await contents(store.database) == before


async def test_every_number_that_is_otherwise_is_told(flows: Flows, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2026-05-01,o/one,5,0", "2026-05-01,o/one,6,2")

    (refused,) = (await flows.importing.files([path])).refused
    assert refused.reason == (
        "o/one was sampled then already, and otherwise: stars stays 5, not 6, forks stays 0, not 2."
    )


@pytest.mark.parametrize("offered", ["2026-05-01,o/one,6,1", "2026-05-01,o/one,6,"])
async def test_a_refused_row_with_nothing_new_leaves_no_trace(
    flows: Flows, tmp_path: Path, store: SqliteStore, offered: str
) -> None:
    await flows.importing.files([write(tmp_path / "a.csv", "2026-05-01,o/one,5,1")])
    before = await contents(store.database)

    report = await flows.importing.files([write(tmp_path / "b.csv", offered)])

    assert (len(report.refused), report.new) == (1, 0)
    assert await contents(store.database) == before


async def test_of_a_refused_row_what_is_new_is_kept(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    await flows.importing.files([write(tmp_path / "a.csv", "2026-05-01,o/one,5,")])
    path = write(tmp_path / "b.csv", "2026-05-01,o/one,6,2")

    report = await flows.importing.files([path])

    assert [refused.line for refused in report.refused] == [2]
    kept = (await contents(store.database))["o/one"]
    assert {key: seen.value for key, seen in kept.latest.items()} == {"stars": 5, "forks": 2}
    assert MetricSet(("forks",), daily=True) in kept.coverage
    await flows.importing.files([path])
    assert (await contents(store.database))["o/one"] == kept, "twice is once"


async def test_a_row_of_today_waits_for_its_noon_so_that_twice_is_once(
    flows: Flows, tmp_path: Path, store: SqliteStore, clock: SettableClock
) -> None:
    path = write(tmp_path / "a.csv", "2026-07-02,o/one,5,1", "2026-07-01,o/one,5,1")
    told = []
    for time in ("2026-07-02T00:00", "2026-07-02T11:59", "2026-07-02T12:00", "2026-07-02T18:00"):
        clock.set(time)
        report = await flows.importing.files([path])
        told.append((report.new, report.known, [refused.line for refused in report.refused]))

    assert told == [(1, 0, [2]), (0, 1, [2]), (1, 1, []), (0, 2, [])]
    kept = (await contents(store.database))["o/one"]
    assert [seen.at for seen in kept.observations["stars"]] == [moment("2026-07-01")]


@pytest.mark.parametrize("backwards", [False, True])
async def test_several_rows_of_a_day_with_times_are_taken_in_any_order_of_one_file(
    flows: Flows, tmp_path: Path, store: SqliteStore, *, backwards: bool
) -> None:
    """They are merged oldest first: the newest alone would cover what lies before it."""
    rows = [f"2026-05-01T{hour:02}:00:00Z,o/one,{hour},1" for hour in range(0, 24, 6)]

    report = await flows.importing.files(
        [write(tmp_path / "a.csv", *(reversed(rows) if backwards else rows))]
    )

    assert (report.new, report.refused) == (4, [])
    kept = (await contents(store.database))["o/one"]
    assert [seen.value for seen in kept.observations["stars"]] == [0, 6, 12, 18]


async def test_what_only_a_file_tells_of_is_the_operators_until_github_says_it_is_public(
    flows: Flows, tmp_path: Path, github: ScriptedGitHub, store: SqliteStore
) -> None:
    await flows.importing.files([write(tmp_path / "a.csv", "2026-05-01,o/one,10,1")])
    (known,) = await store.subjects.ensure(["o/one"], 0)
    for guild in (TRUSTED_GUILD, 11):
        await store.watches.add(guild, "all", [known.id])

    assert known.visibility is Visibility.UNKNOWN
    for guild in (OPERATOR, TRUSTED_GUILD):
        assert (await flows.diff.report(guild, "o/one", "2026-05", UTC)).deltas
    with pytest.raises(UnknownRepository) as hidden:
        await flows.diff.report(11, "o/one", "2026-05", UTC)
    with pytest.raises(UnknownRepository) as unknown:
        await flows.diff.report(11, "o/two", "2026-05", UTC)
    assert str(hidden.value).replace("o/one", "…") == str(unknown.value).replace("o/two", "…")

    github.add("o/one", stars=11, forks=1)
    await flows.sync.everything(Trigger.SCHEDULE)
    assert (await flows.diff.report(11, "o/one", "2026-05", UTC)).deltas


async def test_the_same_file_twice_at_once_is_imported_once(flows: Flows, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1")

    report = await flows.importing.files([path, path])
    assert (report.rows, report.new, report.known) == (2, 1, 1)


async def test_what_is_brought_joins_the_operators_portfolio(flows: Flows, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1", "2026-05-01,o/two,10,1")

    await flows.importing.files([path])

    names = [subject.full_name for subject in await flows.portfolio.repositories(OPERATOR)]
    assert names == ["o/one", "o/two"]
    assert await flows.portfolio.repositories(11) == [], "and nobody else's"


async def test_without_tracking_it_is_known_and_not_watched(flows: Flows, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1")

    await flows.importing.files([path], track=False)

    assert await flows.portfolio.repositories(OPERATOR) == []
    report = await flows.diff.report(OPERATOR, "o/one", "2026-05", UTC)
    assert [delta.after for delta in report.deltas] == [10, 1]


async def test_files_of_any_kind_fill_each_others_gaps(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    table = write(tmp_path / "a.csv", "2026-05-01,o/one,10,1", "2026-05-03,o/one,12,1")
    document = tmp_path / "b.json"
    document.write_text(
        json.dumps(
            {
                "version": 1,
                "collectedAt": "2026-05-02",
                "repos": {"o/one": {"stars": 11, "forks": 1, "openPRs": 0}},
            }
        )
    )

    report = await flows.importing.files([table, document])

    assert (report.rows, report.new, report.refused) == (3, 3, [])
    kept = (await contents(store.database))["o/one"]
    assert [seen.value for seen in kept.observations["stars"]] == [10, 11, 12]
    assert len(kept.observations["forks"]) == 1
    assert kept.latest["open_prs"].value == 0, "zero is a value"
    assert "open_issues" not in kept.latest, "unknown is none"


async def test_an_import_is_written_down_as_a_run_but_not_as_the_last_sampling(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    await flows.importing.files([write(tmp_path / "a.csv", "2026-05-01,o/one,10,1", "bad")])

    rows = await store.database.rows("SELECT cause, status, sampled, failed FROM runs")
    assert rows == [(Trigger.IMPORT, RunStatus.PARTIAL, 1, 1)]
    assert await store.runs.newest() is None


async def test_a_file_that_cannot_be_used_does_not_cost_the_others(
    flows: Flows, tmp_path: Path
) -> None:
    good = write(tmp_path / "good.csv", "2026-05-01,o/one,10,1")
    missing, picture = tmp_path / "missing.csv", tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\xff")

    report = await flows.importing.files([missing, good, picture])

    assert (report.files, report.rows, report.new) == (3, 1, 1)
    assert [(refused.file, refused.line) for refused in report.refused] == [
        (str(missing), None),
        (str(picture), None),
    ]
    assert all("cannot be imported" in refused.reason for refused in report.refused)


async def test_where_no_file_can_be_used_nothing_is_written(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    missing, odd = tmp_path / "missing.csv", tmp_path / "odd.csv"
    write(odd, "1,2", header="a,b")

    with pytest.raises(InvalidFile, match=r"(?s)missing\.csv cannot .*odd\.csv cannot"):
        await flows.importing.files([missing, odd])

    assert await store.subjects.count() == 0
    assert await store.database.rows("SELECT * FROM runs") == []


async def test_a_file_of_bad_rows_only_is_usable_and_brings_nothing(
    flows: Flows, tmp_path: Path, store: SqliteStore
) -> None:
    report = await flows.importing.files([write(tmp_path / "a.csv", "yesterday,o/one,1,1")])

    assert (report.rows, report.new, len(report.refused)) == (1, 0, 1)
    assert isinstance(report.refused[0], RefusedAt)
    assert await store.subjects.count() == 0


async def test_progress_is_told_in_rows(
    flows: Flows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 2)
    paths = [
        write(tmp_path / f"{name}.csv", "2026-05-01,o/one,1,1", "2026-05-02,o/one,1,1")
        for name in "ab"
    ]
    told: list[Progress] = []

    await flows.importing.files(paths, listener=told.append)

    assert told == [Progress(2, None), Progress(4, None)], "how many there will be is unknown"


async def test_an_import_never_overwrites_what_a_run_saw(
    flows: Flows, tmp_path: Path, github: ScriptedGitHub, clock: SettableClock
) -> None:
    github.add("o/one", stars=50, forks=5)
    await flows.track.add(OPERATOR, "o/one")
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)
    live = "2026-07-02T06:00:00Z"

    report = await flows.importing.files(
        [write(tmp_path / "a.csv", f"{live},o/one,49,5", "2026-06-20,o/one,40,4")]
    )

    assert (report.new, [refused.line for refused in report.refused]) == (1, [2])
    (stars, _) = (await flows.diff.report(OPERATOR, "o/one", "30d", UTC)).deltas
    assert (stars.before, stars.after, stars.status) == (40, 50, Status.SINCE)


# The real history -------------------------------------------------------------------------------

REAL = Path(__file__).parents[4] / "shared/data/repo-history.csv"
COLUMNS = ("stars", "forks", "open_issues")
on_real_history = pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not here")
NOW = SettableClock("2026-07-01")


class Row(NamedTuple):
    at: int
    values: dict[str, int]


class RealStore(NamedTuple):
    path: Path
    store: SqliteStore
    report: ImportReport
    again: ImportReport
    diff: Diff
    digests: Digests


class Truth:
    """The file as the csv module reads it; every answer is counted from its rows anew."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)
        with REAL.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                values = {column: int(row[column]) for column in COLUMNS}
                self.rows[row["full_name"]].append(Row(moment(row["date"]), values))

    def at(self, name: str, when: int) -> Row | None:
        return max((row for row in self.rows[name] if row.at <= when), default=None)

    def changes(self, name: str, start: int, end: int) -> dict[str, int]:
        """What changed between the last rows at or before both moments."""
        before, after = self.at(name, start), self.at(name, end)
        assert before is not None
        assert after is not None
        return {column: after.values[column] - before.values[column] for column in COLUMNS}

    def ranking(self, start: int, end: int) -> list[str]:
        """Largest gain, then the sum of gains, then the name; losses after all gains."""
        keyed = []
        for name in self.rows:
            changes = self.changes(name, start, end).values()
            gains = [change for change in changes if change > 0]
            losses = [-change for change in changes if change < 0]
            best = gains or losses
            if best:
                keyed.append((not gains, -max(best), -sum(best), name.lower(), name))
        return [key[-1] for key in sorted(keyed)]


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth()


@asynccontextmanager
async def _opened(path: Path, done: list[ImportReport]) -> AsyncIterator[RealStore]:
    async with open_database(path) as database:
        store = store_on(database)
        if not done:
            names = iter("ab")
            importing = Import(read_rows, store.port(), NOW, lambda: next(names))
            done += [await importing.files([REAL]), await importing.files([REAL])]
        portfolio = Portfolio(store.subjects, store.watches, store.follows, [])
        deltas = Deltas(store.histories, 6 * HOUR, store.stars)
        yield RealStore(
            path,
            store,
            done[0],
            done[1],
            Diff(
                portfolio,
                deltas,
                store.histories,
                Traffic(ScriptedGitHub(NOW), store.traffic, portfolio, NOW),
                NOW,
            ),
            Digests(portfolio, deltas, store.runs, NOW),
        )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[ImportReport]]:
    """One file for all tests of this history: the first of them imports into it, twice."""
    return tmp_path_factory.mktemp("real") / "radar.db", []


@pytest.fixture
async def real(imported: tuple[Path, list[ImportReport]]) -> AsyncIterator[RealStore]:
    async with _opened(*imported) as real:
        yield real


def window_of(text: str) -> Window:
    return parse_window(text, now=NOW.now(), zone=UTC)


@on_real_history
async def test_every_real_row_is_taken_once(real: RealStore, truth: Truth) -> None:
    rows = sum(map(len, truth.rows.values()))

    assert (real.report.rows, real.report.new, real.report.known) == (rows, rows, 0)
    assert (real.again.rows, real.again.new, real.again.known) == (rows, 0, rows)
    assert real.report.refused == real.again.refused == []
    assert await real.store.subjects.count() == len(truth.rows) == 120


@on_real_history
async def test_every_value_of_every_real_row_is_read_back(real: RealStore, truth: Truth) -> None:
    kept = await contents(real.store.database)

    for name, rows in truth.rows.items():
        one = kept[name.lower()]
        assert not one.has_equal_neighbours()
        for row in rows:
            for column, value in row.values.items():
                assert max(seen for seen in one.observations[column] if seen.at <= row.at)[1] == (
                    value
                )


@on_real_history
async def test_a_real_diff_is_what_the_rows_say(real: RealStore, truth: Truth) -> None:
    window = window_of("2026-05-01..2026-06-01")
    before = truth.at("sindresorhus/awesome", window.start)
    after = truth.at("sindresorhus/awesome", window.end)
    assert before is not None
    assert after is not None

    report = await real.diff.report(OPERATOR, "sindresorhus/awesome", window.text, UTC)

    assert [delta.metric for delta in report.deltas] == list(COLUMNS)
    for delta in report.deltas:
        assert (delta.before, delta.after) == (
            before.values[delta.metric],
            after.values[delta.metric],
        )
        assert (delta.before_at, delta.after_at) == (before.at, after.at)
        assert delta.status is Status.EXACT
        assert delta.percent == pytest.approx(
            (after.values[delta.metric] / before.values[delta.metric] - 1) * 100
        )
    days = [datetime.fromtimestamp(row.at, UTC).date().isoformat() for row in (before, after)]
    assert days == ["2026-04-30", "2026-06-01"], "the first day's growth is in it"


@on_real_history
async def test_a_real_digest_is_ranked_as_the_rows_say(real: RealStore, truth: Truth) -> None:
    window = window_of("2026-06-01..2026-06-30")

    digest = await real.digests.report(OPERATOR, window.text, UTC)

    expected = truth.ranking(window.start, window.end)
    assert [row.subject.full_name for row in digest.rows] == expected
    for row in digest.rows:
        changes = {delta.metric: delta.change for delta in row.deltas}
        assert changes == truth.changes(row.subject.full_name, window.start, window.end)
    assert (digest.counts.watched, digest.counts.changed) == (120, len(expected))
    assert digest.counts.unchanged == 120 - len(expected)
    counts = digest.counts
    assert (counts.new, counts.gone, counts.unsampled, counts.failed) == (0, 0, 0, 0)


@on_real_history
async def test_the_day_nobody_collected_is_a_gap(real: RealStore, truth: Truth) -> None:
    """2 May 2026 is missing everywhere; the other long silences are the file's own, too."""
    kept = await contents(real.store.database)

    for name, rows in truth.rows.items():
        starts = [after.at for before, after in pairwise(rows) if after.at - before.at > DAY]
        assert moment("2026-05-03") in starts
        (spans,) = kept[name.lower()].coverage.values()
        assert [span.since for span in spans] == [rows[0].at, *starts]
        assert set(kept[name.lower()].coverage) == {MetricSet(tuple(sorted(COLUMNS)), daily=True)}


@on_real_history
@pytest.mark.parametrize(
    ("window", "status"),
    [
        ("2026-05-01", Status.EXACT),
        ("2026-05-02", Status.EXACT),  # its first moment is half a day after a sample
        ("2026-05-03", Status.APPROX),
        ("2026-05-04", Status.EXACT),
        ("2026-01-15", Status.SINCE),
    ],
)
async def test_a_window_that_starts_in_the_gap_says_so(
    real: RealStore, window: str, status: Status
) -> None:
    report = await real.diff.report(OPERATOR, "sindresorhus/awesome", f"{window}..2026-06-30", UTC)

    assert {delta.status for delta in report.deltas} == {status}


@on_real_history
async def test_the_file_takes_at_most_25_bytes_a_row(
    imported: tuple[Path, list[ImportReport]], truth: Truth
) -> None:
    path, done = imported
    async with _opened(path, done):
        pass

    assert path.stat().st_size <= 25 * sum(map(len, truth.rows.values()))
