"""Any metric by week: JSON as it was given, in canonical form."""

import json

from bot.core.snapshots import Data, Snapshots, canonical, newer
from bot.core.weeks import Week
from bot.storage.database import Database, Transaction
from bot.storage.dialect import Value
from bot.storage.subjects import whole

OF = "SELECT data FROM metric_snapshots WHERE portfolio = $1 AND week = $2 AND metric = $3"


class MetricSnapshots:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, portfolio: int, week: Week, metric: str, data: Data) -> None:
        """In place of what was kept of that week; whole or not at all."""
        text = canonical(data)
        async with self._database.transaction() as transaction:
            await _write(transaction, portfolio, week, metric, text)

    async def merge(self, portfolio: int, snapshots: Snapshots) -> int:
        """Keep all of them, the newer where one is there; returns how many that changed."""
        changed = 0
        async with self._database.transaction() as transaction:
            for week, metrics in snapshots.items():
                for metric, data in metrics.items():
                    changed += await _merge(transaction, portfolio, week, metric, data)
        return changed

    async def get(self, portfolio: int, week: Week, metric: str) -> Data | None:
        rows = await self._database.rows(OF, portfolio, _number(week), metric)
        return _read(rows[0][0]) if rows else None

    async def weeks(self, portfolio: int, metric: str) -> dict[Week, Data]:
        """All weeks of one metric, oldest first."""
        rows = await self._database.rows(
            "SELECT week, data FROM metric_snapshots WHERE portfolio = $1 AND metric = $2"
            " ORDER BY week",
            portfolio, metric,
        )  # fmt: skip
        return {_week(week): _read(data) for week, data in rows}

    async def all(self, portfolio: int) -> Snapshots:
        """Every week, oldest first."""
        found: Snapshots = {}
        for week, metric, data in await self._database.rows(
            "SELECT week, metric, data FROM metric_snapshots WHERE portfolio = $1"
            " ORDER BY week, metric",
            portfolio,
        ):
            found.setdefault(_week(week), {})[str(metric)] = _read(data)
        return found

    async def names(self, portfolio: int) -> list[str]:
        """Every metric that any week has, sorted."""
        rows = await self._database.rows(
            "SELECT DISTINCT metric FROM metric_snapshots WHERE portfolio = $1 ORDER BY metric",
            portfolio,
        )
        return [str(metric) for (metric,) in rows]

    async def forget(self, portfolio: int, before: Week) -> int:
        """Delete older weeks; returns how many those were."""
        async with self._database.transaction() as transaction:
            gone = await transaction.rows(
                "DELETE FROM metric_snapshots WHERE portfolio = $1 AND week < $2 RETURNING week",
                portfolio, _number(before),
            )  # fmt: skip
        return len(set(gone))


async def _merge(
    transaction: Transaction, portfolio: int, week: Week, metric: str, data: Data
) -> bool:
    rows = await transaction.rows(OF, portfolio, _number(week), metric)
    text = canonical(newer(_read(rows[0][0]), data) if rows else data)
    if rows and rows[0][0] == text:
        return False
    await _write(transaction, portfolio, week, metric, text)
    return True


async def _write(
    transaction: Transaction, portfolio: int, week: Week, metric: str, text: str
) -> None:
    await transaction.run(
        "INSERT INTO metric_snapshots (portfolio, week, metric, data) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (portfolio, week, metric) DO UPDATE SET data = excluded.data",
        portfolio, _number(week), metric, text,
    )  # fmt: skip


def _number(week: Week) -> int:
    """202544: as it stands in the table."""
    return week.year * 100 + week.number


def _week(number: Value) -> Week:
    return Week(*divmod(whole(number), 100))


def _read(text: Value) -> Data:
    data: Data = json.loads(str(text))
    return data
