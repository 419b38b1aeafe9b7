"""The verbs record and show: a server's own numbers, week by week."""

from collections.abc import Sequence
from datetime import tzinfo

from bot.core.chart import MOST_LINES
from bot.core.guild import AuditEntry
from bot.core.names import quoted
from bot.core.snapshots import canonical, parse_data, parse_name, stamped
from bot.core.weekly import WEEKS, Kept, Leaf, Recorded, Weekly
from bot.core.weeks import parse_week, week_of
from bot.errors import UsageError
from bot.flows.guild_settings import Actor, GuildSettings
from bot.flows.metric_ports import MetricSnapshots
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.flows.ports import Clock, Guilds

NAMED = 10
"""Names that are told where one is not there."""


class MetricViews:
    def __init__(  # noqa: PLR0913  # what both stand on
        self,
        kept: MetricSnapshots,
        snapshots: MetricsSnapshots,
        guilds: Guilds,
        settings: GuildSettings,
        clock: Clock,
        *,
        digest: Sequence[str] = (),
    ) -> None:
        self._digest = digest
        self._kept = kept
        self._snapshots = snapshots
        self._guilds = guilds
        self._settings = settings
        self._clock = clock

    def check(self, name: str, text: str, week: str | None) -> None:
        """Raises UsageError for what `record` would refuse, before anybody waits."""
        parse_name(name)
        canonical(stamped(parse_data(text), self._clock.now()))
        if week:
            parse_week(week)

    async def record(self, actor: Actor, name: str, text: str, week: str | None) -> Recorded:
        """Keep a number or an object for this week on the guild's calendar, or another one."""
        zone = await self._settings.zone(actor.guild_id)
        now = self._clock.now()
        chosen = parse_week(week) if week else week_of(now, zone)
        snapshots = self._snapshots.of(actor.guild_id)
        before = await snapshots.get_metric_snapshot(chosen.label, name)
        data = await snapshots.save_metric_snapshot(chosen.label, name, parse_data(text))
        detail = f"recorded {name} for {chosen.label}"
        entry = AuditEntry(now, actor.guild_id, actor.user_id, "metric record", detail)
        await self._guilds.audit(entry)
        return Recorded(chosen, name, data, before)

    async def show(
        self, portfolio: int, name: str, keys: str = "", zone: tzinfo | None = None
    ) -> Weekly:
        """All numbers of a metric over 16 weeks, up to five of them drawn.

        `keys` have commas between them. Raises UsageError for what is not there.
        """
        kept = await self._of(portfolio, parse_name(name), zone)
        there = kept.keys()
        if not there:
            raise await self._nothing(portfolio, name)
        drawn = _chosen(keys, there)
        unit = kept.unit(drawn)
        leaves = [kept.leaf(key, unit) for key in drawn]
        leaves += [kept.leaf(key, kept.unit([key])) for key in there if key not in drawn]
        return Weekly(
            name=name,
            weeks=tuple(kept.shown),
            leaves=tuple(one for one in leaves if one is not None),
            charted=len(drawn),
            chart=kept.chart(drawn),
        )

    async def names(self, portfolio: int) -> list[str]:
        return await self._kept.names(portfolio)

    async def keys(self, portfolio: int, name: str) -> list[str]:
        """The numbers that a metric has now."""
        return (await self._of(portfolio, name)).keys()

    async def in_digest(self, portfolio: int) -> list[Leaf]:
        """The numbers that digests end with; what this portfolio does not keep is left out."""
        names = await self._kept.names(portfolio) if self._digest else []
        found = []
        for text in self._digest:
            of = [name for name in names if text.startswith(f"{name}.")]
            if of:
                kept = await self._of(portfolio, max(of, key=len))
                key = text.removeprefix(f"{kept.name}.")
                found.append(kept.leaf(key, kept.unit([key])))
        return [one for one in found if one is not None]

    async def _of(self, portfolio: int, name: str, zone: tzinfo | None = None) -> Kept:
        zone = zone or await self._settings.zone(portfolio)
        return Kept(name, await self._kept.weeks(portfolio, name), self._clock.now(), zone)

    async def _nothing(self, portfolio: int, name: str) -> UsageError:
        names = await self._kept.names(portfolio)
        if name in names:
            return UsageError(f"{name} has no number in the last {WEEKS} weeks: record one.")
        if not names:
            return UsageError("No metric is recorded here yet: start with /metric record.")
        few = ", ".join(names[:NAMED])
        return UsageError(f"Nothing is recorded as {quoted(name)} here, but as {few}.")


def _chosen(keys: str, there: Sequence[str]) -> list[str]:
    """The keys that are drawn: the leading one where none is named."""
    if keys.strip() in there:  # a label may have a comma in it
        return [keys.strip()]
    asked = list(dict.fromkeys(key.strip() for key in keys.split(",") if key.strip()))
    for key in asked:
        if key not in there:
            few = ", ".join(there[:NAMED])
            raise UsageError(f"There is no number {quoted(key)}: take {few}.")
    if len(asked) > MOST_LINES:
        raise UsageError(f"A chart shows at most {MOST_LINES} numbers: name fewer.")
    return asked or [there[0]]
