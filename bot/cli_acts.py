"""What a command does that takes more than one flow."""

from collections.abc import Sequence

from bot.app import App
from bot.core.follow import Terms
from bot.core.models import Trigger, Wanted
from bot.core.reports import BackfillReport, SyncReport, Tracked
from bot.flow_loading import measured
from bot.flows.collection import Listener
from bot.flows.portfolio import OPERATOR


async def read_back(
    app: App, repos: Sequence[str], tell: Listener, *, again: bool
) -> tuple[BackfillReport, int]:
    report = await app.backfill.repositories(OPERATOR, repos, again=again, listener=tell)
    return report, app.clock.now()


async def added(app: App, targets: str, group: str, terms: Terms, tell: Listener) -> Tracked:
    """Watch repositories, and read the newest part of their star history while we are at it."""
    report = await app.track.add(OPERATOR, targets, group, tell, terms=terms)
    await app.backfill.begin([movement.subject for movement in report.added])
    return report


async def synced(app: App, tell: Listener) -> SyncReport:
    """The operator's portfolio, with what is new at the owners it follows: cron has no timer."""

    async def sample(new: Sequence[Wanted]) -> SyncReport:
        return await app.sync.guild(OPERATOR, Trigger.CLI, listener=tell, new=new)

    report = await app.lookout.around(sample, OPERATOR)
    await measured(app.flow_loads)
    return report
