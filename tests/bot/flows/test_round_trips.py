"""What leaves and comes in elsewhere is the same there: the bytes, and every answer."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.core.daily import Entry, content, document, merge, written
from bot.core.export import Document
from bot.core.metrics import METRICS
from bot.core.models import NOT_VISIBLE, Page, Run, RunStatus, Sample, Trigger
from bot.core.reports import ImportReport
from bot.core.window import parse_window
from bot.exports.reader import read_rows
from bot.flows.deltas import Deltas
from bot.flows.export import Exports
from bot.flows.importing import Import
from bot.flows.portfolio import OPERATOR, Portfolio
from tests.bot.core.timelines import NOON, dense
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.stored import SqliteStore, contents, fresh_store

ON_SQLITE = settings(deadline=None, max_examples=40)
ZONES = st.sampled_from([UTC, ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Kolkata")])
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_NIGHTFALL = 1_767_380_401  # 2 January, 19:00:01 UTC
NAMES = tuple(one.daily_json for one in METRICS.values() if one.daily_json)
Told = dict[tuple[str, str], tuple[object, ...]]


@dataclass(frozen=True)
class House:
    """A store with the flows that let history in and out."""

    store: SqliteStore
    clock: SettableClock
    importing: Import
    exports: Exports
    deltas: Deltas
    portfolio: Portfolio

    async def take(self, *files: bytes) -> ImportReport:
        with TemporaryDirectory() as folder:
            paths = [Path(folder) / str(number) for number in range(len(files))]
            for path, content in zip(paths, files, strict=True):
                path.write_bytes(content)
            return await self.importing.files(paths)

    async def export(self, form: str, window: str, zone: tzinfo = UTC) -> Document:
        return await self.exports.document(await self.exports.order(OPERATOR, form, window, zone))

    async def answers(self, window: str) -> Told:
        """What the delta engine says: (repository, metric) -> before, after, change, status."""
        asked = parse_window(window, now=self.clock.now(), zone=UTC)
        movements = await self.deltas.between(await self.portfolio.repositories(OPERATOR), asked)
        return {
            (one.subject.full_name, it.metric): (
                *(it.before, it.after, it.change, it.percent, it.status),
            )
            for one in movements
            for it in one.deltas
        }


@asynccontextmanager
async def house(clock: SettableClock) -> AsyncIterator[House]:
    async with fresh_store() as store:
        numbers = count()
        portfolio = Portfolio(store.subjects, store.watches, store.follows, [])
        deltas = Deltas(store.histories, 6 * HOUR, store.stars)
        yield House(
            store,
            clock,
            Import(read_rows, store.port(), clock, lambda: f"run-{next(numbers)}"),
            Exports(portfolio, deltas, store.histories, clock),
            deltas,
            portfolio,
        )


@asynccontextmanager
async def filled(
    timelines: Sequence[Sequence[Sample]], *, gone: bool = False
) -> AsyncIterator[House]:
    """A store as years leave it; the first repository is gone since a day after its last sample."""
    async with house(SettableClock("2027-01-01")) as here:
        names = [f"o/r{number}" for number in range(len(timelines))]
        for name, samples in zip(names, timelines, strict=True):
            for sample in samples:
                await here.store.histories.merge([(name, sample)], NOON)
        subjects = await here.store.subjects.ensure(names, NOON)
        await here.store.watches.add(OPERATOR, "all", [subject.id for subject in subjects])
        if gone:
            run = Run("run", Trigger.SCHEDULE, RunStatus.RUNNING, NOON)
            page = Page(timelines[0][-1].at + DAY, refused=[(subjects[0], NOT_VISIBLE)])
            await here.store.runs.begin(run)
            await here.store.runs.record(run, [page], 0)
        yield here


def days_of(timelines: Sequence[Sequence[Sample]]) -> list[str]:
    """From the first sample's to some after the last one."""
    moments = [sample.at for samples in timelines for sample in samples]
    days = range(min(moments), max(moments) + 4 * DAY, DAY)
    return [written(moment)[:10] for moment in days]


@ON_SQLITE
@given(
    timelines=st.lists(dense(), min_size=1, max_size=3),
    zone=ZONES,
    gone=st.booleans(),
    data=st.data(),
)
async def test_a_csv_of_whole_days_comes_out_of_another_store_byte_for_byte(
    timelines: list[list[Sample]], zone: tzinfo, *, gone: bool, data: st.DataObject
) -> None:
    """Also where the window begins in the middle of it, or in a gap."""
    days = days_of(timelines)
    window = f"{data.draw(st.sampled_from(days[1:]))}..{days[-1]}"
    async with filled(timelines, gone=gone) as here, house(here.clock) as there:
        document = await here.export("csv", window, zone)

        assert (await there.take(document.content)).refused == []

        assert await there.export("csv", window, zone) == document
        before = await contents(there.store.database)
        again = await there.take(document.content)
        assert (again.new, again.refused) == (0, [])
        assert await contents(there.store.database) == before


UNREAD_FOR_A_DAY = [
    Sample(FIRST_NIGHTFALL, {"stars": 0, "forks": 0, "open_issues": 0}),
    Sample(FIRST_NIGHTFALL + DAY, {"stars": 0}),
    Sample(FIRST_NIGHTFALL + DAY + 5 * HOUR, {"stars": 0, "forks": 0}),
]
"""Nobody read the forks on the second day, though 29 hours are no gap."""


@ON_SQLITE
@example(timelines=[UNREAD_FOR_A_DAY], gone=False)
@given(timelines=st.lists(dense(), min_size=1, max_size=3), gone=st.booleans())
async def test_from_store_to_store_by_csv_the_delta_engine_says_the_same_of_every_day(
    timelines: list[list[Sample]], *, gone: bool
) -> None:
    """From one day's end to another's: what happened within a day, days do not tell.

    Nor how often somebody looked: a day that was looked through is one more sample for who reads
    the file, so only what was really sampled twice by then cannot be `new` on one side alone.
    """
    assume(all(sample.at % DAY for samples in timelines for sample in samples))  # two days' moment
    days = days_of(timelines)
    async with filled(timelines, gone=gone) as here, house(here.clock) as there:
        document = await here.export("csv", f"{days[0]}..{days[-1]}")
        await there.take(document.content)
        sampled = sampled_days(timelines)
        for first in days[1::2]:
            for last in (first, days[-1]):
                window = f"{first}..{last}"
                ours, theirs = await here.answers(window), await there.answers(window)
                assert ours.keys() == theirs.keys()
                for key, told in ours.items():
                    early = [day for day in sampled[key] if day < first]
                    if len([day for day in sampled[key] if day <= last]) > 1 and early:
                        assert theirs[key] == told, (key, window)
                    assert theirs[key][1] == told[1], (key, window)


def sampled_days(timelines: Sequence[Sequence[Sample]]) -> dict[tuple[str, str], list[str]]:
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for number, samples in enumerate(timelines):
        for sample in samples:
            for metric in sample.values:
                days[f"o/r{number}", metric].add(written(sample.at)[:10])
    return {key: sorted(found) for key, found in days.items()}


def ordered(entry: dict[str, object]) -> dict[str, object]:
    """The keys as the format's description has them."""
    keys = ("stars", "forks", "openIssues", "openPRs", "watchers", "lastSeen")
    return {key: entry[key] for key in keys if key in entry}


@st.composite
def portfolios(draw: st.DrawFn) -> list[bytes]:
    """Daily files as tools write them: who was in one stays, with `lastSeen` once it vanished."""
    files: list[bytes] = []
    known: dict[str, dict[str, object]] = {}
    day = FIRST
    values = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), min_size=1)
    portfolio = st.dictionaries(st.sampled_from(["a/b", "C/d", "e/f"]), values)
    for seen in draw(st.lists(portfolio, min_size=1, max_size=8)):
        day += timedelta(days=draw(st.sampled_from([1, 1, 1, 2, 9])))
        moment = day + timedelta(seconds=draw(st.integers(13 * HOUR, 23 * HOUR)))
        repos = known | seen
        if repos:
            at = written(int(moment.timestamp()))
            known |= {name: {**entry, "lastSeen": at} for name, entry in seen.items()}
            told = {name: ordered(repos[name]) for name in sorted(repos)}
            document = {"collectedAt": at, "version": 1, "repos": told}
            files.append(f"{json.dumps(document, indent=2)}\n".encode())
    return files


def day_of(content: bytes) -> str:
    return str(json.loads(content)["collectedAt"])[:10]


@ON_SQLITE
@given(st.data())
async def test_daily_files_come_out_again_byte_for_byte_whatever_their_order(
    data: st.DataObject,
) -> None:
    files = data.draw(portfolios().filter(bool))
    async with house(SettableClock("2027-01-01")) as here:
        await here.take(*data.draw(st.permutations(files)))

        for content in files:
            day = day_of(content)
            document = await here.export("daily-json", f"{day}..{day}")
            assert (document.name, document.content) == (f"{day}.json", content)


@ON_SQLITE
@given(portfolios().filter(bool))
async def test_from_store_to_store_by_daily_files_the_delta_engine_says_the_same(
    files: list[bytes],
) -> None:
    days = [day_of(content) for content in files]
    clock = SettableClock("2027-01-01")
    async with house(clock) as here, house(clock) as there:
        await here.take(*files)
        exported = [(await here.export("daily-json", f"{day}..{day}")).content for day in days]

        assert (await there.take(*exported)).refused == []

        for window in [f"{first}..{last}" for first in days for last in days if first <= last]:
            assert await there.answers(window) == await here.answers(window)


async def test_a_file_that_two_runs_of_a_day_wrote_comes_out_again_byte_for_byte(
    clock: SettableClock,
) -> None:
    """The second one had no o/early any more; o/site had vanished the day before."""
    clock.set("2026-05-09")
    morning, evening = NOON, NOON + 3 * HOUR
    site, tool = Entry("o/site", {"stars": 9}, NOON - 20 * HOUR, evening), {"stars": 2}
    early = Entry("o/early", {"stars": 3, "openPRs": 0}, None, morning)
    first = document(morning, [early, Entry("o/tool", {"stars": 1}, None, morning)])
    file = content(merge(first, document(evening, [Entry("o/tool", tool, None, evening), site])))
    assert json.loads(file)["repos"]["o/early"]["collectedAt"] == written(morning)
    async with house(clock) as here:
        await here.take(file)

        assert (await here.export("daily-json", "2026-01-01..2026-01-01")).content == file


async def test_who_vanished_in_a_file_is_gone_until_a_newer_one_has_it(
    clock: SettableClock,
) -> None:
    def file(day: str, **entry: object) -> bytes:
        repos = {"o/site": {"stars": 5, **entry}, "o/tool": {"stars": 1}}
        document = {"collectedAt": f"{day}T18:00:00Z", "version": 1, "repos": repos}
        return json.dumps(document).encode()

    async with house(clock) as here:
        await here.take(file("2026-05-03", lastSeen="2026-05-02T18:00:00Z"), file("2026-05-02"))
        (site, _) = await here.portfolio.repositories(OPERATOR)
        assert site.gone_at == int(datetime(2026, 5, 3, 18, tzinfo=UTC).timestamp())
        told = await here.answers("2026-05-02..2026-05-03")
        assert (told["o/site", "stars"][-1], told["o/tool", "stars"][-1]) == ("gone", "since")

        await here.take(file("2026-05-04"))
        (site, _) = await here.portfolio.repositories(OPERATOR)
        assert site.gone_at is None
        document = await here.export("daily-json", "2026-05-03..2026-05-03")
        assert json.loads(document.content)["repos"]["o/site"]["lastSeen"].startswith("2026-05-02")
