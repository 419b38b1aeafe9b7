"""Any metric by week: kept, read back, aligned, tidied up, and as one file in and out."""

from collections.abc import Sequence
from pathlib import Path

from bot.core.aggregation import How, Number, Period, Sampled, aggregate
from bot.core.snapshots import (
    Data,
    Missing,
    Snapshots,
    aligned,
    canonical,
    document,
    parse_name,
    stamped,
    values_of,
)
from bot.core.weekly import Loaded, Stats
from bot.core.weeks import Week, parse_week, week_of
from bot.errors import UsageError
from bot.flows.metric_ports import MetricSnapshots, SnapshotFile
from bot.flows.portfolio import OPERATOR
from bot.flows.ports import Clock

KEPT = 52
"""Weeks that a clean-up leaves unless another number is named."""
MOST_NAMES = 200
"""Metrics of one portfolio: a name with a typing error each day must not go on for ever."""
KILOBYTE = 1024
EVER = 5300
"""Weeks: further back than any that may be kept."""


class MetricsSnapshots:
    """Of one portfolio: the operator's own, or a guild's. Whatever is wrong is a UsageError."""

    def __init__(
        self,
        kept: MetricSnapshots,
        file: SnapshotFile,
        clock: Clock,
        portfolio: int = OPERATOR,
    ) -> None:
        self._kept = kept
        self._file = file
        self._clock = clock
        self._portfolio = portfolio

    def of(self, portfolio: int) -> "MetricsSnapshots":
        """The same for another portfolio."""
        return MetricsSnapshots(self._kept, self._file, self._clock, portfolio)

    async def save_metric_snapshot(
        self, week_label: str, metric_name: str, metric_data: Data
    ) -> Data:
        """Keep a metric of a week in place of what was kept; returns it with its timestamp."""
        week, name = parse_week(week_label), parse_name(metric_name)
        data = stamped(metric_data, self._clock.now())
        canonical(data)  # refused before the store is asked
        known = await self._kept.names(self._portfolio)
        if name not in known and len(known) >= MOST_NAMES:
            raise UsageError(
                f"{MOST_NAMES} metrics are kept already, the most there may be: use one of theirs."
            )
        await self._kept.save(self._portfolio, week, name, data)
        return data

    async def get_metric_snapshot(self, week_label: str, metric_name: str) -> Data | None:
        """None where that week has none."""
        week, name = parse_week(week_label), parse_name(metric_name)
        return await self._kept.get(self._portfolio, week, name)

    async def get_metric_weekly_values(
        self,
        week_labels: Sequence[str],
        metric_name: str,
        value_key: str,
        missing: str = Missing.ZERO,
    ) -> list[Number | None]:
        """One value for each week asked for, in their order; `value_key` may be dotted.

        `missing` says what stands for a week without it: `zero`, `none`, or `carry` for the last
        value of any week before.
        """
        if missing not in list(Missing):
            told = ", ".join(Missing)
            raise UsageError(f"A missing week is one of {told}, not {missing[:20]!r}.")
        weeks = [parse_week(label) for label in week_labels]
        known = await self.values(metric_name, value_key)
        return aligned(known, weeks, Missing(missing))

    async def values(self, metric_name: str, value_key: str) -> dict[Week, Number]:
        """One number of every week that has it, oldest first."""
        known = await self._kept.weeks(self._portfolio, parse_name(metric_name))
        return values_of(known, value_key)

    async def load_snapshots(self, path: Path) -> Loaded:
        """Read a file in; where a metric of a week is kept already, the newer one stays."""
        found = await self._file.read(path)
        changed = await self._kept.merge(self._portfolio, found)
        return Loaded(len(found), sum(map(len, found.values())), changed)

    async def save_snapshots(self, path: Path) -> Snapshots:
        """Add all that is kept to a file, which need not be there; returns what it then holds.

        What only the file has stays in it; one that cannot be read is left as it is (InvalidFile).
        """
        return await self._file.add(path, await self.snapshots())

    async def snapshots(self) -> Snapshots:
        """All that is kept, oldest week first."""
        return await self._kept.all(self._portfolio)

    async def cleanup_old_snapshots(self, weeks_to_keep: int = KEPT) -> int:
        """Delete all but the newest weeks by the calendar, this one included; returns how many."""
        if weeks_to_keep < 1:
            raise UsageError("At least one week is kept: write a number from 1 up.")
        back = 1 - min(weeks_to_keep, EVER)
        before = week_of(self._clock.now()).later(back)
        return await self._kept.forget(self._portfolio, before)

    async def get_snapshot_stats(self) -> Stats:
        found = await self.snapshots()
        weeks = sorted(found)
        return Stats(
            total_weeks=len(weeks),
            metrics=sorted({name for metrics in found.values() for name in metrics}),
            oldest_week=weeks[0].label if weeks else None,
            newest_week=weeks[-1].label if weeks else None,
            file_size_kb=round(len(document(found)) / KILOBYTE, 2) if weeks else 0.0,
        )

    async def series(
        self, metric_name: str, value_key: str, period: str, how: str = How.LAST
    ) -> dict[str, Number]:
        """The weekly values by `day`, `week`, `month` or `quarter`; each is its week's Monday's."""
        if period not in list(Period) or how not in list(How):
            raise UsageError(f"Take a period of {', '.join(Period)}, and one of {', '.join(How)}.")
        known = await self.values(metric_name, value_key)
        series = (Sampled(week.first(), value) for week, value in known.items())
        return aggregate(series, Period(period), How(how))
