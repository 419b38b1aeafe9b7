"""Looking for what is new at the owners that are followed, before a run samples everything."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.core.follow import EVERYTHING, Estate, Follow, Holdings, Owned
from bot.core.guild import AuditEntry
from bot.core.models import Refusal, Refused, RunError, Subject, Wanted
from bot.core.names import few
from bot.core.reports import SyncReport
from bot.errors import GitHubError, UnknownOwner, UsageError
from bot.flows.owner_ports import Owners
from bot.flows.owners import Following, wants
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Store, Warnings

REST = 3600
"""Seconds between two looks of the timer."""
AT_ONCE = 4
"""Owners that are asked about at the same time."""
NAMED = 10
"""Repositories that the audit names of those that a look brought: an owner may have thousands."""
TOLD = "follow {group} {owner}"
"""The warning that is due again once its cause is another."""


@dataclass(slots=True)
class Outlook:
    """What a look found; it is watched once a run has read it."""

    new: list[tuple[Follow, list[Owned]]] = field(default_factory=list)
    failed: dict[str, GitHubError] = field(default_factory=dict)  # by the owner asked about

    @property
    def wanted(self) -> list[Wanted]:
        """Each once, however many guilds follow its owner."""
        return list(dict.fromkeys(want for _, owned in self.new for want, _ in wants(owned)))


class Lookout:
    def __init__(  # noqa: PLR0913  # what looking stands on
        self,
        owners: Owners,
        following: Following,
        store: Store,
        portfolio: Portfolio,
        *,
        clock: Clock,
        warnings: Warnings | None = None,
    ) -> None:
        self._owners = owners
        self.following = following
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._warnings = warnings
        self._looked_at: int | None = None
        self._outlook = Outlook()

    def warning(self, warnings: Warnings) -> "Lookout":
        """The same, telling guilds what is not watched and why."""
        return Lookout(
            self._owners,
            self.following,
            self._store,
            self._portfolio,
            clock=self._clock,
            warnings=warnings,
        )

    async def look(self, guild_id: int | None = None) -> Outlook:
        """Ask what every owner has that any guild follows, or that one guild does.

        Each owner is asked once, and one that fails costs no other. Within an hour the answer is
        what is left of the last one.
        """
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < REST:
            return self._outlook
        self._looked_at, self._outlook = now, Outlook()
        by_owner: dict[str, list[Follow]] = {}
        for follow in await self._store.follows.of(guild_id):
            by_owner.setdefault(follow.owner.lower(), []).append(follow)
        visit = _Visit(self._outlook)
        await asyncio.gather(*(self._owner(follows, visit) for follows in by_owner.values()))
        return self._outlook

    async def keep(self) -> None:
        """Watch what a run has read of the last look; what it has not is found by the next one."""
        outlook, self._outlook = self._outlook, Outlook()
        for follow, owned in outlook.new:
            await self._watch(follow, owned)

    async def around(
        self, sample: Callable[[Sequence[Wanted]], Awaitable[SyncReport]], guild_id: int
    ) -> SyncReport:
        """Sample with what is new at the owners that a guild follows.

        Raises what `sample` raises, or why no owner could be asked where nothing is watched yet.
        """
        outlook = await self.look(guild_id)
        try:
            report = await sample(outlook.wanted)
        except UsageError as error:
            raise next(iter(outlook.failed.values()), error) from None
        await self.keep()
        failed = tuple(
            RunError(f"{owner}{EVERYTHING}", Refusal(Refused.ERROR, str(why)))
            for owner, why in outlook.failed.items()
        )
        return replace(report, errors=(*report.errors, *failed))

    async def _owner(self, follows: Sequence[Follow], visit: "_Visit") -> None:
        owner = follows[0].owner
        async with visit.turns:
            try:
                estate = await self._owners.repositories(owner)
            except UnknownOwner as error:
                await self._note(follows, str(error))
                return
            except GitHubError as error:
                visit.outlook.failed[owner] = error  # its token's, maybe: others have their own
                return
        for follow in follows:
            await self._compare(follow, estate, visit)

    async def _compare(self, follow: Follow, estate: Estate, visit: "_Visit") -> None:
        if (holdings := visit.holdings.get(follow.guild_id)) is None:
            read = await self.following.holdings(follow.guild_id)
            holdings = visit.holdings.setdefault(follow.guild_id, read)  # another owner's was first
        sifted = self.following.sifted(follow, estate)
        new, beyond = holdings.take(follow.group, sifted.taken)
        if new:
            visit.outlook.new.append((follow, new))
        await self._note([follow], self.following.trouble(follow, estate, beyond))

    async def _note(self, follows: Iterable[Follow], trouble: str | None) -> None:
        """Write down and tell what is new about it; the same is told once."""
        for follow in follows:
            if follow.trouble == trouble:
                continue
            there = await self._store.follows.note(follow, trouble)
            if not there or self._warnings is None:
                continue
            kind = TOLD.format(group=follow.group, owner=follow.owner)
            await self._warnings.clear(follow.guild_id, kind)
            if trouble is not None:
                await self._warnings.warn(follow.guild_id, kind, trouble)

    async def _watch(self, follow: Follow, owned: Sequence[Owned]) -> None:
        """As much as there is room for now: the run took its time.

        What somebody stopped following meanwhile stays away.
        """
        still = await self._store.follows.of(follow.guild_id, follow.group)
        now = next((one for one in still if one.owner == follow.owner), None)
        if now is None:
            return
        subjects = await self._read(now, owned)
        holdings = await self.following.holdings(now.guild_id)
        fits, beyond = holdings.take(now.group, [one for one in owned if one.github_id in subjects])
        ids = [subjects[one.github_id].id for one in fits]
        try:
            new = await self._store.watches.add(
                now.guild_id,
                now.group,
                ids,
                partial(_require_room, holdings.most),
                followed=ids,
                owner=now.owner,
            )
        except UsageError:  # others were added since: the next look finds what still fits
            new, beyond = set(), fits
        if beyond:
            estate = Estate(now.owner, tuple(owned))
            await self._note([now], self.following.trouble(now, estate, beyond))
        await self._audit(now, [one for one in subjects.values() if one.id in new])

    async def _read(self, follow: Follow, owned: Sequence[Owned]) -> dict[int, Subject]:
        """What a run has read of these and the guild may see, by GitHub's id.

        By now another repository may have the name.
        """
        covers = follow.covering()
        return {
            one.github_id: subject
            for one in owned
            if covers(one.full_name)
            and (subject := await self._store.subjects.find(one.full_name))
            and subject.github_id == one.github_id
            and self._portfolio.shows(follow.guild_id, subject.visibility)
        }

    async def _audit(self, follow: Follow, added: Sequence[Subject]) -> None:
        if added:
            names = few([one.full_name for one in added], NAMED)
            detail = f"followed {follow.target}: added {names} in {follow.group}"
            entry = AuditEntry(self._clock.now(), follow.guild_id, 0, "follow", detail)
            await self._store.guilds.audit(entry)


def _require_room(most: int | None, now: int, then: int) -> None:
    """Raises UsageError where a guild that watches so many would watch too many."""
    if most is not None and then > max(now, most):
        raise UsageError(f"A server may watch {most:,} repositories.")


@dataclass(slots=True)
class _Visit:
    """One look under way."""

    outlook: Outlook
    holdings: dict[int, Holdings] = field(default_factory=dict)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
