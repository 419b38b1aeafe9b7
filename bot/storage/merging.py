"""Writing what a bundle of samples changes: observations, newest values, coverage."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.core.coverage import JOIN, Span
from bot.core.history import History, Merged, MetricSet
from bot.core.metrics import METRICS
from bot.core.models import Sample
from bot.storage.database import Transaction
from bot.storage.dialect import Value
from bot.storage.last_changes import forget_changes
from bot.storage.subjects import whole

OBSERVE = """
INSERT INTO observations (subject_id, metric_id, at, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (subject_id, metric_id, at) DO UPDATE SET value = excluded.value
"""
RENEW = """
INSERT INTO latest (subject_id, metric_id, changed_at, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (subject_id, metric_id)
DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
"""


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

    def seen(self) -> dict[int, int]:
        """When each that ever was sampled was so last."""
        return {
            id_: max(spans[-1].until for spans in history.coverage.values())
            for id_, history in self.histories.items()
            if history.coverage
        }

    async def save(self, transaction: Transaction) -> None:
        await forget_changes(transaction, self._touched())
        keys = {key for history in self.histories.values() for key, _ in history.added}
        metric = await _introduced(transaction, keys)
        await self._save_observations(transaction, metric)
        await self._save_latest(transaction, metric)
        await self._save_coverage(transaction)

    def _touched(self) -> list[int]:
        return [
            i
            for i, history in self.histories.items()
            if history.added or history.dropped or history.coverage != self._covered[i]
        ]

    async def _save_observations(self, transaction: Transaction, metric: Mapping[str, int]) -> None:
        await transaction.run_many(
            "DELETE FROM observations WHERE subject_id = $1 AND metric_id = $2 AND at = $3",
            [(i, metric[key], at) for i, h in self.histories.items() for key, at in h.dropped],
        )
        await transaction.run_many(
            OBSERVE,
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
            RENEW, [(i, metric_id, last.at, last.value) for i, metric_id, last in newest]
        )

    async def _save_coverage(self, transaction: Transaction) -> None:
        changed = [
            (i, read, self._covered[i].get(read, ()), spans)
            for i, history in self.histories.items()
            for read, spans in history.coverage.items()
            if self._covered[i].get(read) != spans
        ]
        sets = await _set_ids(transaction, {read for _, read, _, _ in changed})
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


async def metric_ids(transaction: Transaction) -> dict[str, int]:
    """The metrics that were ever sampled."""
    return {str(key): whole(i) for i, key in await transaction.rows("SELECT id, key FROM metrics")}


async def metric_set_ids(transaction: Transaction) -> dict[MetricSet, int]:
    """What was ever read together."""
    return {
        metric_set(metrics, daily, imported): whole(id_)
        for id_, metrics, daily, imported in await transaction.rows("SELECT * FROM metric_sets")
    }


async def _introduced(transaction: Transaction, keys: Collection[str]) -> dict[str, int]:
    known = await metric_ids(transaction)
    for key in METRICS:
        if key in keys and key not in known:
            known[key] = len(known)
            await transaction.run("INSERT INTO metrics (id, key) VALUES ($1, $2)", known[key], key)
    return known


async def _set_ids(transaction: Transaction, sets: Collection[MetricSet]) -> dict[MetricSet, int]:
    known = await metric_set_ids(transaction)
    for read in sorted(sets - known.keys()):
        known[read] = len(known)
        await transaction.run(
            "INSERT INTO metric_sets (id, metrics, daily, imported) VALUES ($1, $2, $3, $4)",
            known[read], ",".join(read.metrics), int(read.daily), int(read.imported),
        )  # fmt: skip
    return known


def metric_set(metrics: Value, daily: Value, imported: Value) -> MetricSet:
    return MetricSet(tuple(str(metrics).split(",")), bool(daily), bool(imported))
