"""Observations, coverage and the newest values: what was measured, and when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.core.account import Account
from bot.core.chart import Trail
from bot.core.coverage import Span
from bot.core.delta import Series
from bot.core.digest import Listing, Survey
from bot.core.history import History, Merged, Observation
from bot.core.models import Sample, Scope, Told
from bot.core.window import Window
from bot.storage.accounts import account
from bot.storage.brought import newest_file, note_files, note_gone
from bot.storage.database import Database, Transaction
from bot.storage.dialect import among, ids
from bot.storage.merging import Merger, metric_set
from bot.storage.series import COVERAGE, SERIES_WITH_SPANS, series_of
from bot.storage.subjects import ensure, whole
from bot.storage.surveys import survey
from bot.storage.trails import trails

EVER = 2**62
"""Later than any sample."""
# From the last observation at or before $1 to the first after $2.
AROUND = """
SELECT o.subject_id, m.key, o.at, o.value FROM latest l JOIN metrics m ON m.id = l.metric_id
JOIN observations o ON o.subject_id = l.subject_id AND o.metric_id = l.metric_id
 AND o.at >= COALESCE((SELECT p.at FROM observations p WHERE p.subject_id = l.subject_id
   AND p.metric_id = l.metric_id AND p.at <= $1 ORDER BY p.at DESC LIMIT 1), 0)
 AND o.at <= COALESCE((SELECT n.at FROM observations n WHERE n.subject_id = l.subject_id
   AND n.metric_id = l.metric_id AND n.at > $2 ORDER BY n.at LIMIT 1), $2)
WHERE
"""
HISTORY = ("observations", "latest", "coverage", "last_changes", "stars_retained", "star_histories")
"""Tables that hold a subject's numbers."""
NOTHING_TOLD = Told()
COVERAGE_ORDER = " ORDER BY c.subject_id, c.metric_set_id, c.since"


class Histories:
    """Reads for the delta engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def series(
        self, subject_ids: Sequence[int], window: Window
    ) -> dict[int, dict[str, Series]]:
        """What a window needs: subject id -> metric -> series, metrics in the registry's order."""
        rows = await self._database.rows(
            SERIES_WITH_SPANS, window.start, window.end, ids(subject_ids)
        )
        return series_of(rows, subject_ids)

    async def account(self, subject_id: int, window: Window) -> Account:
        """All that is to be told of one repository."""
        return await account(self._database, subject_id, window)

    async def survey(self, scope: Scope, window: Window, listing: Listing) -> Survey:
        """What can be told of a portfolio at once, and who of it has to be measured."""
        return await survey(self._database, scope, window, listing)

    async def trails(
        self, subject_ids: Sequence[int], metric: str, window: Window
    ) -> dict[int, Trail]:
        """What a chart of one metric needs: subject id -> trail, for every id asked for."""
        return await trails(self._database, subject_ids, metric, window)

    async def seen(self, subject_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """When each was first and last sampled; one that never was is absent."""
        rows = await self._database.rows(
            "SELECT subject_id, min(since), max(until) FROM coverage WHERE "
            + among("subject_id", 1)
            + " GROUP BY subject_id",
            ids(subject_ids),
        )
        return {whole(id_): (whole(since), whole(until)) for id_, since, until in rows}

    async def history(self, subject_id: int) -> History:
        """Everything known of one subject."""
        async with self._database.transaction() as transaction:
            return (await load(transaction, {subject_id: 0}, EVER))[subject_id]

    async def merge(
        self, rows: Sequence[tuple[str, Sample]], at: int, told: Told = NOTHING_TOLD
    ) -> list[Merged]:
        """Merge samples by repository name, gaps only, in one transaction; one answer a row.

        Names nobody has heard of become subjects known since `at`.
        """
        async with self._database.transaction() as transaction:
            names = dict.fromkeys(name for name, _ in rows)
            known = await ensure(transaction, list(names), at)
            ids_ = {name: known[name.lower()].id for name in names}
            merger, merged = await _merged(transaction, rows, ids_)
            await merger.save(transaction)
            await note_files(transaction, told.collected)
            gone = {known[name.lower()].id: moments for name, moments in told.gone.items()}
            await note_gone(transaction, known.values(), merger.seen(), gone)
        return merged

    async def newest_file(self, since: int, until: int) -> int | None:
        """When the newest daily file between two moments was collected, if no run since."""
        return await newest_file(self._database, since, until)

    async def tidy(self) -> None:
        await self._database.tidy()

    def size(self) -> int:
        return self._database.size()


async def _merged(
    transaction: Transaction, rows: Sequence[tuple[str, Sample]], ids_: Mapping[str, int]
) -> tuple[Merger, list[Merged]]:
    """What came of each row, those of a subject oldest first; nothing is written yet."""
    numbers_of: dict[int, list[int]] = defaultdict(list)
    for number in sorted(range(len(rows)), key=lambda number: rows[number][1].at):
        numbers_of[ids_[rows[number][0]]].append(number)
    oldest = {id_: rows[numbers[0]][1].at for id_, numbers in numbers_of.items()}
    newest = max((rows[numbers[-1]][1].at for numbers in numbers_of.values()), default=0)
    merger = Merger(await load(transaction, oldest, newest))
    merged: dict[int, Merged] = {}
    for id_, numbers in numbers_of.items():
        samples = [rows[number][1] for number in numbers]
        outcomes = merger.histories[id_].add_all(samples, imported=True)
        merged.update(zip(numbers, outcomes, strict=True))
    return merger, [merged[number] for number in range(len(rows))]


async def load(
    transaction: Transaction, oldest: Mapping[int, int], newest: int
) -> dict[int, History]:
    """As much history as samples up to `newest` need: subject id -> moment of its oldest sample.

    The newest values do where nothing changed after that moment, which is every live run.
    """
    histories = {id_: History() for id_ in oldest}
    rows = await transaction.rows(COVERAGE + among("c.subject_id", 1) + COVERAGE_ORDER, ids(oldest))
    for subject_id, metrics, daily, imported, since, until in rows:
        coverage = histories[whole(subject_id)].coverage
        read = metric_set(metrics, daily, imported)
        span = Span(whole(since), whole(until), bool(daily))
        coverage[read] = (*coverage.get(read, ()), span)
    await _load_observations(transaction, oldest, newest, histories)
    return histories


async def _load_observations(
    transaction: Transaction,
    oldest: Mapping[int, int],
    newest: int,
    histories: Mapping[int, History],
) -> None:
    """The newest of each metric; where samples are older, also what stands around them."""
    latest = await transaction.rows(
        "SELECT l.subject_id, m.key, l.changed_at, l.value FROM latest l"
        " JOIN metrics m ON m.id = l.metric_id WHERE " + among("l.subject_id", 1),
        ids(oldest),
    )
    late = {
        whole(id_) for id_, _, changed_at, _ in latest if whole(changed_at) > oldest[whole(id_)]
    }
    first = min((oldest[id_] for id_ in late), default=0)
    around = await transaction.rows(AROUND + among("l.subject_id", 3), first, newest, ids(late))
    seen: set[tuple[int, str, int, int]] = set()  # of who has samples to be put before others
    for row in (*latest, *around):
        id_, key, at, value = whole(row[0]), str(row[1]), whole(row[2]), whole(row[3])
        if id_ in late:
            seen.add((id_, key, at, value))
        else:
            histories[id_].observations[key] = [Observation(at, value)]
    for id_, key, at, value in sorted(seen):
        histories[id_].observations.setdefault(key, []).append(Observation(at, value))


async def merge_into(transaction: Transaction, kept: int, absorbed: int) -> None:
    """Merge one subject's history into another's, gaps only, and forget it under its own id."""
    old = (await load(transaction, {absorbed: 0}, EVER))[absorbed]
    samples = list(old.samples())
    if samples:
        oldest = min(sample.at for sample in samples)
        merger = Merger(await load(transaction, {kept: oldest}, EVER))
        for sample in samples:
            merger.add(kept, sample, imported=True)  # who is known by name only came from files
        await merger.save(transaction)
    for table in HISTORY:
        await transaction.run(f"DELETE FROM {table} WHERE subject_id = $1", absorbed)
