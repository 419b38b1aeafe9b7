"""The verb track: begin and stop watching repositories, and list what is watched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from functools import partial

from bot.core.follow import EVERYTHING, USUAL, Follow, OwnerWish, Terms, parse_owner
from bot.core.groups import group_of, only
from bot.core.guild import AuditEntry
from bot.core.models import Refusal, Refused, RunError, Subject, Trigger, Wanted
from bot.core.names import parse_repository
from bot.core.rank import Movement
from bot.core.reports import Listed, SyncReport, Tracked, Untracked
from bot.core.window import parse_window
from bot.errors import UsageError
from bot.flows.collection import Collector, Listener
from bot.flows.deltas import Deltas
from bot.flows.owners import Ended, Following, Plan
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR, THIS, Portfolio, id_in
from bot.flows.ports import Clock, Store
from bot.flows.targets import NOBODY, Asked, parse_targets

MOST_FOLLOWED = 50
"""Owners that one server may follow: each is asked for before every run."""


class Track:
    def __init__(  # noqa: PLR0913  # what the verb stands on
        self,
        collector: Collector,
        portfolio: Portfolio,
        store: Store,
        deltas: Deltas,
        clock: Clock,
        *,
        following: Following,
        most: int,
        added: Callable[[Sequence[Subject]], None] = lambda _: None,
    ) -> None:
        self._collector = collector
        self._following = following
        self._portfolio = portfolio
        self._store = store
        self._deltas = deltas
        self._clock = clock
        self._most = most
        self._added = added

    async def check(
        self, guild_id: int, targets: str, group: str = DEFAULT_GROUP, terms: Terms = USUAL
    ) -> Asked:
        """What `add` would read; raises what `asked` raises, and UsageError for too many."""
        group_of(group)
        asked = parse_targets(targets, terms)
        watched = {w.subject.full_name.lower() for w in await self._store.watches.of(guild_id)}
        new = tuple(name for name in asked.names if name.lower() not in watched)
        self._require_room(guild_id, len(watched), len(watched) + len(new))
        if guild_id != OPERATOR and asked.wishes:
            await self._check_follows(guild_id, asked.wishes)
        return replace(asked, new=new)

    def _require_room(self, guild_id: int, now: int, then: int) -> None:
        """Raises UsageError where a guild that watches so many would watch too many."""
        if guild_id != OPERATOR and then > max(now, self._most):
            raise UsageError(
                f"The limit of repositories a server may watch is {self._most:,}, and this one"
                f" watches {now:,}: stop watching some, or ask whoever runs the bot to raise"
                " limits.repositories_per_guild."
            )

    async def _check_follows(self, guild_id: int, wishes: Sequence[OwnerWish]) -> None:
        followed = {follow.owner.lower() for follow in await self._following.of(guild_id)}
        asked = followed | {wish.owner.lower() for wish in wishes}
        if len(asked) > max(MOST_FOLLOWED, len(followed)):
            raise UsageError(
                f"A server may follow {MOST_FOLLOWED} owners and {len(followed)} are followed here:"
                " stop following some with track remove."
            )

    async def add(  # noqa: PLR0913  # what people say of it
        self,
        guild_id: int,
        targets: str,
        group: str = DEFAULT_GROUP,
        listener: Listener = lambda _: None,
        *,
        user_id: int = 0,
        terms: Terms = USUAL,
    ) -> Tracked:
        """Watch repositories, each with its current numbers; a rename is followed.

        Of an owner all that `terms` mean, and from now on what it has anew. Raises what `check`,
        `Following.plan` and `Collector.collect` raise. Hidden and missing ones are refused in the
        same words.
        """
        asked = await self.check(guild_id, targets, group, terms)
        group, forgotten = group_of(group), self._store.guilds.times_forgotten(guild_id)
        plans = await self._following.plan(guild_id, group, asked.wishes, asked.new, listener)
        wanted = [*map(Wanted, asked.names), *(want for plan in plans for want in plan.wanted)]
        by_name, unread = await self._read(guild_id, list(dict.fromkeys(wanted)), listener)
        found = {subject.id: subject for subject in by_name.values()}
        named = [by_name[name].id for name in asked.names if name in by_name]
        admit, followed = partial(self._admit, guild_id, forgotten), found.keys() - set(named)
        watches = self._store.watches
        new = await watches.add(guild_id, group, list(found), admit, followed=followed)
        await watches.name(guild_id, group, named)
        follows = await self._following.keep(plans, partial(self._stay, guild_id, forgotten))
        await self._following.take_back(guild_id, asked.names, group)
        added = [subject.full_name for subject in found.values() if subject.id in new]
        await self._note(guild_id, user_id, "track add", _brief(added, plans), group)
        self._added([subject for subject in found.values() if subject.id in new])
        movements = await self._today(list(found.values()))
        return Tracked(
            group=group,
            added=tuple(m for m in movements if m.subject.id in new),
            already=tuple(m for m in movements if m.subject.id not in new),
            refused=tuple(self._portfolio.discreet(guild_id, error) for error in unread),
            followed=follows,
        )

    async def _read(
        self, guild_id: int, wanted: Sequence[Wanted], listener: Listener
    ) -> tuple[Mapping[str, Subject], list[RunError]]:
        """The repositories that gave numbers, by the name asked for, and why others did not."""
        if not wanted:
            return {}, []
        report = await self._collector.collect(
            dict.fromkeys(wanted),
            Trigger.TRACK,
            listener=listener,
            welcome=lambda reading: self._portfolio.shows(guild_id, reading.visibility),
        )
        return report.found, _unread([want.full_name for want in wanted], report)

    def _admit(self, guild_id: int, forgotten: int, now: int, then: int) -> None:
        """Raises UsageError for what came to pass while GitHub was asked."""
        self._stay(guild_id, forgotten)
        self._require_room(guild_id, now, then)

    def _stay(self, guild_id: int, forgotten: int) -> None:
        """Raises UsageError where a guild was forgotten meanwhile."""
        if self._store.guilds.times_forgotten(guild_id) != forgotten:
            raise UsageError(
                "All of this server was forgotten meanwhile, so nothing is watched: to begin"
                " anew, use track add once more."
            )

    async def check_removal(
        self, guild_id: int, targets: str, group: str | None = None
    ) -> list[str]:
        """What `remove` would stop; raises InvalidName, or UsageError for what is not there."""
        named = targets.replace(",", " ").split()
        if not named:
            raise UsageError(NOBODY)
        for target in named:
            if target.endswith(EVERYTHING):
                parse_owner(target)
            elif id_in(target) is None:
                parse_repository(target)
        await self._portfolio.require_group(guild_id, group)
        return named

    async def remove(
        self, guild_id: int, targets: str, group: str | None = None, user_id: int = 0
    ) -> Untracked:
        """Stop watching; in every group unless one is named. History stays.

        Of an owner that is followed, all that the follow has brought; of a single one, so that the
        follow does not bring it back. Raises what `check_removal` raises.
        """
        parts = await self.check_removal(guild_id, targets, group)
        owners = [part for part in parts if part.endswith(EVERYTHING)]
        ended, strange = await self._unfollow(guild_id, owners, group)
        group = only(group)
        singles, missing = await self._watched_as(
            guild_id, [part for part in parts if part not in owners], group
        )
        # left out first: what is stopped halfway must not come back by the next look
        leaving_out = await self._following.leave_out(guild_id, singles.values(), group)
        await self._store.watches.remove(guild_id, list(singles), group)
        names = [one.target for one in ended.follows]
        names += [one.full_name for one in singles.values()]
        await self._note(guild_id, user_id, "track remove", names, group)
        kept = {id_: one for id_, one in ended.kept.items() if id_ not in singles}
        removed = {id_: one for id_, one in ended.removed.items() if id_ not in kept}
        return Untracked(
            removed=tuple({**removed, **singles}.values()),
            not_watched=(*strange, *missing),
            unfollowed=tuple(ended.follows),
            leaving_out=tuple(leaving_out),
            kept=tuple(kept.values()),
        )

    async def _unfollow(
        self, guild_id: int, owners: Sequence[str], group: str | None
    ) -> tuple[Ended, list[str]]:
        """What ended, and the owners nobody followed here."""
        named = None if group is None else group_of(group)
        ended, strange = Ended(), list[str]()
        for target in owners:
            one = await self._following.unfollow(guild_id, parse_owner(target), named)
            ended.add(one)
            strange += [] if one.follows else [target]
        return ended, strange

    async def _watched_as(
        self, guild_id: int, targets: Sequence[str], group: str | None
    ) -> tuple[dict[int, Subject], list[str]]:
        """The watched repositories meant, by id, and the targets that mean none.

        What may not be seen is told as it was typed: it may have a new name by now.
        """
        watched = {w.subject.id: w.subject for w in await self._store.watches.of(guild_id, group)}
        meant: dict[int, Subject] = {}
        missing: list[str] = []
        for target in targets:
            subject = watched.get(await self._id_of(target) or 0)
            if subject is None:
                missing.append(target)
            else:
                seen = self._portfolio.shows(guild_id, subject.visibility)
                meant[subject.id] = subject if seen else replace(subject, full_name=_said(target))
        return meant, missing

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

    async def follows(self, guild_id: int, group: str | None = None) -> list[Follow]:
        """The owners a guild follows."""
        return await self._following.of(guild_id, only(group))

    async def _today(self, subjects: Sequence[Subject]) -> list[Movement]:
        window = parse_window("24h", now=self._clock.now(), zone=UTC)
        return await self._deltas.between(subjects, window)


def _said(target: str) -> str:
    """The name in what somebody typed; a `reference` has none."""
    return THIS if id_in(target) is not None else parse_repository(target)


def _unread(names: Sequence[str], report: SyncReport) -> list[RunError]:
    """Why each name gave no numbers; a run that ended early has no answer for some.

    In the order of the names: in that of the answers missing ones come before private ones.
    """
    why = Refusal(Refused.ERROR, report.run.message or "not asked")
    errors = {error.full_name: error for error in report.errors}
    asked = dict.fromkeys(name for name in names if name not in report.found)
    return [errors.get(name) or RunError(name, why) for name in asked]


def _brief(added: Sequence[str], plans: Sequence[Plan]) -> list[str]:
    """For the audit: what a follow brought needs no names, as its owner stands for them."""
    brought = {want.full_name.lower() for plan in plans for want in plan.wanted}
    targets = [plan.followed.follow.target for plan in plans]
    return [*targets, *(name for name in added if name.lower() not in brought)]
