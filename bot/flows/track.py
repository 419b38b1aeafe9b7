"""The verb track: begin and stop watching repositories, and list what is watched."""

from collections.abc import Callable, Sequence
from datetime import UTC

from bot.core.guild import AuditEntry
from bot.core.models import Refusal, Refused, RunError, Subject, Trigger, Wanted
from bot.core.names import parse_repositories, parse_repository
from bot.core.rank import Movement
from bot.core.reports import Listed, SyncReport, Tracked, Untracked
from bot.core.window import parse_window
from bot.errors import UsageError
from bot.flows.collection import Collector, Listener
from bot.flows.deltas import Deltas
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR, Portfolio, id_in
from bot.flows.ports import Clock, Store


class Track:
    def __init__(  # noqa: PLR0913  # what the verb stands on
        self,
        collector: Collector,
        portfolio: Portfolio,
        store: Store,
        deltas: Deltas,
        clock: Clock,
        *,
        most: int,
        added: Callable[[Sequence[Subject]], None] = lambda _: None,
    ) -> None:
        self._collector = collector
        self._portfolio = portfolio
        self._store = store
        self._deltas = deltas
        self._clock = clock
        self._most = most
        self._added = added

    def names(self, targets: str) -> list[str]:
        """The repositories someone typed; raises InvalidName or UsageError."""
        if "/*" in targets:
            raise UsageError("owner/* cannot be followed yet: name each repository as owner/name.")
        names = parse_repositories(targets)
        if not names:
            raise UsageError("No repository was named: write owner/name, or several with spaces.")
        return names

    async def check(self, guild_id: int, targets: str) -> list[str]:
        """What `add` would read; raises what `names` raises, and UsageError for too many."""
        names = self.names(targets)
        watched = {w.subject.full_name.lower() for w in await self._store.watches.of(guild_id)}
        new = {name.lower() for name in names} - watched
        if guild_id != OPERATOR and new and len(watched) + len(new) > self._most:
            raise UsageError(
                f"A server may watch {self._most:,} repositories and {len(watched):,} are watched"
                " here: stop watching some, or ask whoever runs the bot to raise"
                " limits.repositories_per_guild."
            )
        return names

    async def add(
        self,
        guild_id: int,
        targets: str,
        group: str = DEFAULT_GROUP,
        listener: Listener = lambda _: None,
        user_id: int = 0,
    ) -> Tracked:
        """Watch repositories, each with its current numbers; a rename is followed.

        Raises what `check` and `Collector.collect` raise. Hidden and missing ones are refused in
        the same words.
        """
        names = await self.check(guild_id, targets)
        report = await self._collector.collect(
            dict.fromkeys(map(Wanted, names)),
            Trigger.TRACK,
            listener=listener,
            welcome=lambda reading: self._portfolio.shows(guild_id, reading.visibility),
        )
        found = list(report.found.values())
        new = await self._store.watches.add(guild_id, group, [subject.id for subject in found])
        added = [subject.full_name for subject in found if subject.id in new]
        await self._note(guild_id, user_id, "track add", added, group)
        self._added([subject for subject in found if subject.id in new])
        movements = await self._today(list({subject.id: subject for subject in found}.values()))
        return Tracked(
            group=group,
            added=tuple(m for m in movements if m.subject.id in new),
            already=tuple(m for m in movements if m.subject.id not in new),
            refused=tuple(
                self._portfolio.discreet(guild_id, error) for error in _unread(names, report)
            ),
        )

    async def remove(
        self, guild_id: int, targets: str, group: str | None = None, user_id: int = 0
    ) -> Untracked:
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
        names = [subject.full_name for subject in removed.values()]
        await self._note(guild_id, user_id, "track remove", names, group)
        return Untracked(tuple(removed.values()), tuple(missing))

    async def _note(
        self, guild_id: int, user_id: int, action: str, names: Sequence[str], group: str | None
    ) -> None:
        """Who changed what; nothing changed is nothing to note."""
        if names:
            detail = ", ".join(dict.fromkeys(names)) + (f" in {group}" if group else "")
            entry = AuditEntry(self._clock.now(), guild_id, user_id, action, detail)
            await self._store.guilds.audit(entry)

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

    async def _today(self, subjects: Sequence[Subject]) -> list[Movement]:
        window = parse_window("24h", now=self._clock.now(), zone=UTC)
        return await self._deltas.between(subjects, window)


def _unread(names: Sequence[str], report: SyncReport) -> list[RunError]:
    """Why each name gave no numbers; a run that ended early has no answer for some."""
    answered = {*report.found, *(error.full_name for error in report.errors)}
    why = Refusal(Refused.ERROR, report.run.message or "not asked")
    return [*report.errors, *(RunError(name, why) for name in names if name not in answered)]
