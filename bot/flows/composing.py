"""The verb compose: a scheduled digest, ready to be shown; due, or tried before it is."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.core.digest import Digest, Listing
from bot.core.guild import DigestSettings
from bot.core.reports import ScheduledDigest
from bot.core.schedule import Plan, previous_due
from bot.core.window import Window, between
from bot.flows.charts import Charts
from bot.flows.digest import Digests
from bot.flows.metric_views import MetricViews
from bot.flows.ports import Clock


class Composing:
    def __init__(
        self, digests: Digests, charts: Charts, clock: Clock, metrics: MetricViews | None = None
    ) -> None:
        self._digests = digests
        self._metrics = metrics
        self._charts = charts
        self._clock = clock

    async def over(self, settings: DigestSettings, window: Window) -> ScheduledDigest:
        """What moved in exactly that window, by the rules that are settled."""
        return await self.telling(settings, await self.moved(settings, window))

    async def moved(self, settings: DigestSettings, window: Window) -> Digest:
        return await self._digests.over(
            settings.guild_id,
            window,
            Listing(settings.by, settings.minimum, settings.top),
            group=settings.group,
            published=settings.publish,
        )

    async def telling(
        self,
        settings: DigestSettings,
        moved: Digest,
        folded: Sequence[int] = (),
        held: Sequence[int] = (),
    ) -> ScheduledDigest:
        """The same with a chart, and which other due times it stands for."""
        chart = await self._charts.leaders(moved)
        numbers = await self._metrics.in_digest(settings.guild_id) if self._metrics else ()
        return ScheduledDigest(
            settings, moved, chart, tuple(folded), tuple(held), numbers=tuple(numbers)
        )

    async def today(self, settings: DigestSettings) -> ScheduledDigest:
        """As it would be posted now: from the due time before today's on, so far."""
        now = self._clock.now()
        return await self.over(settings, between(_due_before_today(settings.plan, now), now))


def _due_before_today(plan: Plan, now: int) -> int:
    """On a Monday that of a weekdays' digest is Friday's, whatever o'clock it is."""
    today = datetime.fromtimestamp(now, ZoneInfo(plan.zone))
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    return previous_due(plan, int(midnight.timestamp()))
