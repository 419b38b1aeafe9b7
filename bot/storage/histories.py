"""Observations, coverage and the newest values: what was measured, and when."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.chart import Trail
from bot.core.coverage import JOIN, Span
from bot.core.delta import Series
from bot.core.history import History, Merged, MetricSet, Observation
from bot.core.metrics import METRICS
from bot.core.models import Sample
from bot.core.window import Window
from bot.storage.database import Database, Row, Transaction, Value, among, ids
from bot.storage.subjects import ensure, maybe, whole
from bot.storage.trails import trails

# One seek each, none for what did not change since: window functions were 30 to 300 times slower.
SERIES = """
SELECT 0, l.subject_id, m.key, 0,
 CASE WHEN l.changed_at <= $1 THEN l.value ELSE
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id AND o.at <= $1 ORDER BY o.at DESC LIMIT 1) END,
 CASE WHEN l.changed_at <= $2 THEN l.value ELSE
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id AND o.at <= $2 ORDER BY o.at DESC LIMIT 1) END,
 CASE WHEN l.changed_at > $1 THEN
 (SELECT o.value FROM observations o WHERE o.subject_id = l.subject_id
   AND o.metric_id = l.metric_id ORDER BY o.at LIMIT 1) ELSE l.value END
FROM latest l JOIN metrics m ON m.id = l.metric_id WHERE
"""
COVERED = """
c.subject_id, s.metrics, s.daily, s.imported, c.since, c.until
FROM coverage c JOIN metric_sets s ON s.id = c.metric_set_id WHERE
"""
SPANS, COVERAGE = f"SELECT 1, {COVERED}", f"SELECT {COVERED}"
EVER = 2**62
"""Later than any sample."""
VALUE, SPAN = 0, 1
"""What the first column of SERIES and SPANS says a row is."""
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
COVERAGE_ORDER = " ORDER BY c.subject_id, c.metric_set_id, c.since"


class Histories:
    """Reads for the delta engine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def series(
        self, subject_ids: Sequence[int], window: Window
    ) -> dict[int, dict[str, Series]]:
        """What a window needs: subject id -> metric -> series, metrics in the registry's order."""
        # one statement: a run that commits between two would give new values with old coverage
        found = await self._database.rows(
            f"{SERIES} {among('l.subject_id', 3)} UNION ALL {SPANS} {among('c.subject_id', 3)}",
            window.start, window.end, ids(subject_ids),
        )  # fmt: skip
        spans = _spans(row[1:] for row in found if row[0] == SPAN)
        values = [row for row in found if row[0] == VALUE]
        series: dict[int, dict[str, Series]] = {id_: {} for id_ in subject_ids}
        for _, subject_id, key, _, before, after, first in values:
            seen = spans.get(whole(subject_id), {}).get(str(key), [])
            series[whole(subject_id)][str(key)] = Series(
                maybe(before), maybe(after), maybe(first), seen
            )
        return {
            id_: {key: known[key] for key in METRICS if key in known}
            for id_, known in series.items()
        }

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

    async def merge(self, rows: Sequence[tuple[str, Sample]], at: int) -> list[Merged]:
        """Merge samples by repository name, gaps only, in one transaction; one answer a row.

        Names nobody has heard of become subjects known since `at`.
        """
        oldest: dict[int, int] = {}
        async with self._database.transaction() as transaction:
            known = await ensure(transaction, list(dict.fromkeys(name for name, _ in rows)), at)
            for name, sample in rows:
                id_ = known[name.lower()].id
                oldest[id_] = min(sample.at, oldest.get(id_, sample.at))
            newest = max((sample.at for _, sample in rows), default=0)
            merger = Merger(await load(transaction, oldest, newest))
            by_time = sorted(enumerate(rows), key=lambda row: row[1][1].at)
            merged = {
                number: merger.add(known[name.lower()].id, sample, imported=True)
                for number, (name, sample) in by_time
            }
            await merger.save(transaction)
        return [merged[number] for number in range(len(rows))]

    async def tidy(self) -> None:
        await self._database.tidy()

    def size(self) -> int:
        return self._database.size()


def _spans(rows: Iterable[Row]) -> dict[int, dict[str, list[Span]]]:
    spans: dict[int, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for subject_id, metrics, daily, _, since, until in rows:
        span = Span(whole(since), whole(until), bool(daily))
        for key in str(metrics).split(","):
            spans[whole(subject_id)][key].append(span)
    return spans


def _metric_set(metrics: Value, daily: Value, imported: Value) -> MetricSet:
    return MetricSet(tuple(str(metrics).split(",")), bool(daily), bool(imported))


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
        read = _metric_set(metrics, daily, imported)
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
    seen = {(whole(id_), str(key), whole(at)): whole(value) for id_, key, at, value in latest}
    seen |= {(whole(id_), str(key), whole(at)): whole(value) for id_, key, at, value in around}
    for (id_, key, at), value in sorted(seen.items()):
        histories[id_].observations.setdefault(key, []).append(Observation(at, value))


@dataclass(slots=True)
class Merger:
    """Merges samples of many subjects in one transaction; `save` writes what came of it."""

    histories: dict[int, History]
    _covered: dict[int, dict[MetricSet, tuple[Span, ...]]] = field(init=False)

    def __post_init__(self) -> None:
        self._covered = {id_: dict(history.coverage) for id_, history in self.histories.items()}

    def add(
        self, subject_id: int, sample: Sample, *, within: int = JOIN, imported: bool = False
    ) -> Merged:
        return self.histories[subject_id].add(sample, within=within, imported=imported)

    async def save(self, transaction: Transaction) -> None:
        keys = {key for history in self.histories.values() for key, _ in history.added}
        metric_ids = await _metric_ids(transaction, keys)
        await self._save_observations(transaction, metric_ids)
        await self._save_latest(transaction, metric_ids)
        await self._save_coverage(transaction)

    async def _save_observations(self, transaction: Transaction, metric: Mapping[str, int]) -> None:
        await transaction.run_many(
            "DELETE FROM observations WHERE subject_id = $1 AND metric_id = $2 AND at = $3",
            [(i, metric[key], at) for i, h in self.histories.items() for key, at in h.dropped],
        )
        await transaction.run_many(
            "INSERT INTO observations (subject_id, metric_id, at, value) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (subject_id, metric_id, at) DO UPDATE SET value = excluded.value",
            sorted(
                (i, metric[key], at, value)
                for i, h in self.histories.items()
                for (key, at), value in h.added.items()
            ),
        )

    async def _save_latest(self, transaction: Transaction, metric: Mapping[str, int]) -> None:
        newest = [
            (i, metric[key], history.observations[key][-1])
            for i, history in self.histories.items()
            for key in {key for key, _ in history.added}
        ]
        await transaction.run_many(
            "INSERT INTO latest (subject_id, metric_id, value, changed_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (subject_id, metric_id)"
            " DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            [(i, metric_id, last.value, last.at) for i, metric_id, last in newest],
        )

    async def _save_coverage(self, transaction: Transaction) -> None:
        changed = [
            (i, read, self._covered[i].get(read, ()), spans)
            for i, history in self.histories.items()
            for read, spans in history.coverage.items()
            if self._covered[i].get(read) != spans
        ]
        sets = await _metric_set_ids(transaction, {read for _, read, _, _ in changed})
        await transaction.run_many(
            "DELETE FROM coverage WHERE subject_id = $1 AND metric_set_id = $2 AND since = $3",
            [
                (i, sets[read], gone)
                for i, read, before, after in changed
                for gone in {s.since for s in before} - {s.since for s in after}
            ],
        )
        await transaction.run_many(
            "INSERT INTO coverage (subject_id, metric_set_id, since, until) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (subject_id, metric_set_id, since) DO UPDATE SET until = excluded.until",
            [
                (i, sets[read], span.since, span.until)
                for i, read, before, after in changed
                for span in after
                if span not in before
            ],
        )


async def _metric_ids(transaction: Transaction, keys: Collection[str]) -> dict[str, int]:
    known = {str(key): whole(i) for i, key in await transaction.rows("SELECT id, key FROM metrics")}
    for key in METRICS:
        if key in keys and key not in known:
            known[key] = len(known)
            await transaction.run("INSERT INTO metrics (id, key) VALUES ($1, $2)", known[key], key)
    return known


async def _metric_set_ids(
    transaction: Transaction, sets: Collection[MetricSet]
) -> dict[MetricSet, int]:
    known = {
        _metric_set(metrics, daily, imported): whole(id_)
        for id_, metrics, daily, imported in await transaction.rows("SELECT * FROM metric_sets")
    }
    for read in sorted(sets - known.keys()):
        known[read] = len(known)
        await transaction.run(
            "INSERT INTO metric_sets (id, metrics, daily, imported) VALUES ($1, $2, $3, $4)",
            known[read], ",".join(read.metrics), int(read.daily), int(read.imported),
        )  # fmt: skip
    return known


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
    for table in (*("observations", "latest", "coverage"), *("stars_retained", "star_histories")):
        await transaction.run(f"DELETE FROM {table} WHERE subject_id = $1", absorbed)
