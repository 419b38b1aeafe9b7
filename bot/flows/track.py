"""The verb track: begin and stop watching repositories, and list what is watched."""

from collections.abc import Sequence
from datetime import UTC

from bot.core.models import Refusal, Refused, RunError, Subject, Trigger, Visibility, Wanted
from bot.core.names import parse_repositories, parse_repository
from bot.core.rank import Movement
from bot.core.reports import Listed, SyncReport, Tracked, Untracked
from bot.core.window import parse_window
from bot.errors import UsageError
from bot.flows.collection import NOT_VISIBLE, Collector, Listener
from bot.flows.deltas import Deltas
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio, id_in
from bot.flows.ports import Clock, Store


class Track:
    def __init__(
        self,
        collector: Collector,
        portfolio: Portfolio,
        store: Store,
        deltas: Deltas,
        clock: Clock,
    ) -> None:
        self._collector = collector
        self._portfolio = portfolio
        self._store = store
        self._deltas = deltas
        self._clock = clock

    def names(self, targets: str) -> list[str]:
        """The repositories someone typed; raises InvalidName or UsageError."""
        if "/*" in targets:
            raise UsageError("owner/* cannot be followed yet: name each repository as owner/name.")
        names = parse_repositories(targets)
        if not names:
            raise UsageError("No repository was named: write owner/name, or several with spaces.")
        return names

    async def add(
        self,
        guild_id: int,
        targets: str,
        group: str = DEFAULT_GROUP,
        listener: Listener = lambda _: None,
    ) -> Tracked:
        """Watch repositories, each with its current numbers; a rename is followed.

        Raises what `names` and `Collector.collect` raise. Hidden and missing ones are refused in
        the same words.
        """
        names = self.names(targets)
        report = await self._collector.collect(
            dict.fromkeys(map(Wanted, names)),
            Trigger.TRACK,
            listener=listener,
            welcome=lambda reading: self._portfolio.shows(guild_id, reading.visibility),
        )
        found = list(report.found.values())
        new = await self._store.watches.add(guild_id, group, [subject.id for subject in found])
        movements = await self._today(list({subject.id: subject for subject in found}.values()))
        return Tracked(
            group=group,
            added=tuple(m for m in movements if m.subject.id in new),
            already=tuple(m for m in movements if m.subject.id not in new),
            refused=tuple(self._discreet(guild_id, error) for error in _unread(names, report)),
        )

    async def remove(self, guild_id: int, targets: str, group: str | None = None) -> Untracked:
        """Stop watching; in every group unless one is named. History stays."""
        watched = {w.subject.id: w.subject for w in await self._store.watches.of(guild_id, group)}
        removed: dict[int, Subject] = {}
        missing: list[str] = []
        for target in targets.replace(",", " ").split():
            subject = watched.get(await self._id_of(target) or 0)
            if subject is None:
                missing.append(target)
            else:
                removed[subject.id] = subject
        await self._store.watches.remove(guild_id, list(removed), group)
        return Untracked(tuple(removed.values()), tuple(missing))

    async def _id_of(self, target: str) -> int | None:
        """What is meant, whether or not it may still be seen: anybody may stop watching."""
        pointed_at = id_in(target)
        if pointed_at is not None:
            return pointed_at
        subject = await self._store.subjects.find(parse_repository(target))
        return subject.id if subject else None

    async def listed(self, guild_id: int, group: str | None = None) -> list[Listed]:
        """What a guild watches, by name; a repository in two groups stands in both."""
        rows = [row for row in await self._portfolio.groups(guild_id) if group in (None, row[1])]
        subjects = [subject for subject, _ in rows]
        seen = await self._store.histories.seen([subject.id for subject in subjects])
        movements = await self._today(subjects)
        return [
            Listed(movement, in_group, *seen.get(subject.id, (None, None)))
            for (subject, in_group), movement in zip(rows, movements, strict=True)
        ]

    def _discreet(self, guild_id: int, error: RunError) -> RunError:
        """Leave out why a repository is hidden, unless they may see hidden ones."""
        hidden = error.refusal.kind in (Refused.NOT_FOUND, Refused.FORBIDDEN)
        if hidden and not self._portfolio.shows(guild_id, Visibility.PRIVATE):
            return RunError(error.full_name, NOT_VISIBLE)
        return error

    async def _today(self, subjects: Sequence[Subject]) -> list[Movement]:
        window = parse_window("24h", now=self._clock.now(), zone=UTC)
        return await self._deltas.between(subjects, window)


def _unread(names: Sequence[str], report: SyncReport) -> list[RunError]:
    """Why each name gave no numbers; a run that ended early has no answer for some."""
    answered = {*report.found, *(error.full_name for error in report.errors)}
    why = Refusal(Refused.ERROR, report.run.message or "not asked")
    return [*report.errors, *(RunError(name, why) for name in names if name not in answered)]
