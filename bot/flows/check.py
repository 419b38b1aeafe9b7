"""The verb check: is what stands on the disk whole, and does the token work."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.core.backups import Contents
from bot.core.models import Allowance
from bot.core.reports import CheckReport
from bot.errors import RadarError
from bot.flows.ports import Clock
from bot.flows.safekeeping import Safekeeping

AskGitHub = Callable[[], Awaitable[tuple[list[Allowance], list[str]]]]


class Check:
    def __init__(self, safekeeping: Safekeeping, clock: Clock) -> None:
        self._safekeeping = safekeeping
        self._clock = clock

    async def report(self, ask_github: AskGitHub) -> CheckReport:
        """GitHub is asked only over a database that is whole: asking opens it."""
        problems: list[str] = []
        database = await self._database(problems)
        backup = await self._safekeeping.newest()
        allowances: list[Allowance] = []
        gone = self._safekeeping.lost()
        if database is not None and database.damage and (database.octets or backup):
            problems.append(_lost(database, backup))
        elif gone is not None:
            problems.append(gone)
        if not problems:
            allowances, troubles = await _asked(ask_github)
            problems += troubles
        late = self._safekeeping.problem()
        problems += [late] if late else []
        return CheckReport(self._clock.now(), database, backup, tuple(allowances), tuple(problems))

    async def _database(self, problems: list[str]) -> Contents | None:
        try:
            return await self._safekeeping.look()
        except RadarError as error:
            problems.append(str(error))
            return None


async def _asked(ask_github: AskGitHub) -> tuple[list[Allowance], list[str]]:
    try:
        return await ask_github()
    except RadarError as error:
        return [], [str(error)]


def _lost(database: Contents, backup: Contents | None) -> str:
    """What is lost, and how to get back the rest."""
    kept = "it stays as it is, and is set aside by a restore"
    if backup is None or backup.newest_sample_at is None:
        return (
            f"The database {database.path} is damaged and there is no backup of it: {kept}."
            " Restore a copy of your own with repo-radar restore PATH."
        )
    until = datetime.fromtimestamp(backup.newest_sample_at, UTC)
    return (
        f"The database {database.path} is damaged; {kept}. What was sampled after"
        f" {until:%Y-%m-%d %H:%M} UTC is lost: bring back the rest with"
        f" repo-radar restore {backup.path}."
    )
