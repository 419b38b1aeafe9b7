"""The verb track: begin and stop watching repositories, and list what is watched."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial

from bot.core.groups import group_of, only
from bot.core.guild import AuditEntry
from bot.core.models import Refusal, Refused, RunError, Subject, Trigger, Wanted
from bot.core.names import parse_repositories, parse_repository
from bot.core.rank import Movement
from bot.core.reports import Listed, SyncReport, Tracked, Untracked
from bot.core.window import parse_window
from bot.errors import UsageError
from bot.flows.collection import Collector, Listener
from bot.flows.deltas import Deltas
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR, THIS, Portfolio, id_in
from bot.flows.ports import Clock, Store

NOBODY = "No repository was named: write owner/name, or several with spaces."


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
    ) -> None:
        self._collector = collector
        self._portfolio = portfolio
        self._store = store
        self._deltas = deltas
        self._clock = clock
        self._most = most

    def names(self, targets: str) -> list[str]:
        """The repositories someone typed; raises InvalidName or UsageError."""
        if "/*" in targets:
            raise UsageError("owner/* cannot be followed yet: name each repository as owner/name.")
        names = parse_repositories(targets)
        if not names:
            raise UsageError(NOBODY)
        return names

    async def check(self, guild_id: int, targets: str, group: str = DEFAULT_GROUP) -> list[str]:
        """What `add` would read; raises what `names` raises, and UsageError for too many."""
        group_of(group)
        names = self.names(targets)
        watched = {w.subject.full_name.lower() for w in await self._store.watches.of(guild_id)}
        new = {name.lower() for name in names} - watched
        self._require_room(guild_id, len(watched), len(watched) + len(new))
        return names

    def _require_room(self, guild_id: int, now: int, then: int) -> None:
        """Raises UsageError where a guild that watches so many would watch too many."""
        if guild_id != OPERATOR and then > max(now, self._most):
            raise UsageError(
                f"The limit of repositories a server may watch is {self._most:,}, and this one"
                f" watches {now:,}: stop watching some, or ask whoever runs the bot to raise"
                " limits.repositories_per_guild."
            )

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
        names = await self.check(guild_id, targets, group)
        forgotten = self._store.guilds.times_forgotten(guild_id)
        report = await self._collector.collect(
            dict.fromkeys(map(Wanted, names)),
            Trigger.TRACK,
            listener=listener,
            welcome=lambda reading: self._portfolio.shows(guild_id, reading.visibility),
        )
        found = list(report.found.values())
        admit = partial(self._admit, guild_id, forgotten)
        group = group_of(group)
        new = await self._store.watches.add(guild_id, group, [one.id for one in found], admit)
        added = [subject.full_name for subject in found if subject.id in new]
        await self._note(guild_id, user_id, "track add", added, group)
        movements = await self._today(list({subject.id: subject for subject in found}.values()))
        return Tracked(
            group=group,
            added=tuple(m for m in movements if m.subject.id in new),
            already=tuple(m for m in movements if m.subject.id not in new),
            refused=tuple(
                self._portfolio.discreet(guild_id, error) for error in _unread(names, report)
            ),
        )

    def _admit(self, guild_id: int, forgotten: int, now: int, then: int) -> None:
        """Raises UsageError for what came to pass while GitHub was asked."""
        if self._store.guilds.times_forgotten(guild_id) != forgotten:
            raise UsageError(
                "All of this server was forgotten meanwhile, so nothing is watched: to begin"
                " anew, use track add once more."
            )
        self._require_room(guild_id, now, then)

    async def check_removal(
        self, guild_id: int, targets: str, group: str | None = None
    ) -> list[str]:
        """What `remove` would stop; raises InvalidName, or UsageError for what is not there."""
        named = targets.replace(",", " ").split()
        if not named:
            raise UsageError(NOBODY)
        for target in named:
            if id_in(target) is None:
                parse_repository(target)
        await self._portfolio.require_group(guild_id, group)
        return named

    async def remove(
        self, guild_id: int, targets: str, group: str | None = None, user_id: int = 0
    ) -> Untracked:
        """Stop watching; in every group unless one is named. History stays.

        Raises what `check_removal` raises. What may not be seen is told as it was typed: it may
        have a new name by now.
        """
        named, group = await self.check_removal(guild_id, targets, group), only(group)
        watched = {w.subject.id: w.subject for w in await self._store.watches.of(guild_id, group)}
        removed: dict[int, Subject] = {}
        missing: list[str] = []
        for target in named:
            subject = watched.get(await self._id_of(target) or 0)
            if subject is None:
                missing.append(target)
            elif subject.id not in removed:
                seen = self._portfolio.shows(guild_id, subject.visibility)
                removed[subject.id] = subject if seen else replace(subject, full_name=_said(target))
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
        """What a guild watches, by name; a repository in two groups stands in both.

        Raises UsageError for a group that is not there.
        """
        await self._portfolio.require_group(guild_id, group)
        rows = await self._portfolio.groups(guild_id, group)
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


def _said(target: str) -> str:
    """The name in what somebody typed; a `reference` has none."""
    return THIS if id_in(target) is not None else parse_repository(target)


def _unread(names: Sequence[str], report: SyncReport) -> list[RunError]:
    """Why each name gave no numbers; a run that ended early has no answer for some."""
    answered = {*report.found, *(error.full_name for error in report.errors)}
    why = Refusal(Refused.ERROR, report.run.message or "not asked")
    return [*report.errors, *(RunError(name, why) for name in names if name not in answered)]
