"""Following owners: what a guild watches of them now, and what it leaves out."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.core.follow import Estate, Follow, Followed, Holdings, Owned, OwnerWish, Sifted, sift
from bot.core.models import Subject, Wanted
from bot.core.reports import Progress
from bot.flows.collection import Listener
from bot.flows.owner_ports import Owners
from bot.flows.portfolio import DEFAULT_GROUP, OPERATOR, Portfolio
from bot.flows.ports import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """What following an owner would bring; nothing is written yet."""

    followed: Followed
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of ending a follow, as far as the guild may see it: subjects by id."""

    follows: list[Follow] = field(default_factory=list)
    removed: dict[int, Subject] = field(default_factory=dict)
    kept: dict[int, Subject] = field(default_factory=dict)  # somebody named them

    def add(self, other: "Ended") -> None:
        self.follows.extend(other.follows)
        self.removed.update(other.removed)
        self.kept.update(other.kept)


class Following:
    def __init__(self, owners: Owners, store: Store, portfolio: Portfolio, *, most: int) -> None:
        self._owners = owners
        self._store = store
        self._portfolio = portfolio
        self._most = most

    async def of(self, guild_id: int, group: str | None = None) -> list[Follow]:
        return await self._store.follows.of(guild_id, group)

    async def adopt(self, wishes: Sequence[OwnerWish], guilds: Sequence[int]) -> None:
        """Let the operator and these guilds follow the operator's own list; twice is once.

        What somebody stopped watching by its name stays left out.
        """
        for guild_id in (OPERATOR, *guilds) if wishes else ():
            known = {one.owner.lower(): one for one in await self.of(guild_id, DEFAULT_GROUP)}
            for wish in wishes:
                old = known.get(wish.owner.lower())
                fresh = _adopted(guild_id, wish, old)
                if fresh != old:
                    await self._store.follows.save(fresh)

    async def holdings(self, guild_id: int) -> Holdings:
        """What a guild watches, and how much more it may."""
        most = None if guild_id == OPERATOR else self._most
        return Holdings.of(await self._store.watches.of(guild_id), most)

    async def plan(
        self,
        guild_id: int,
        group: str,
        wishes: Sequence[OwnerWish],
        names: Collection[str],
        listener: Listener,
    ) -> list[Plan]:
        """Ask GitHub what each owner has; `names` are watched beside them and need room, too.

        Raises UnknownOwner, and what `Owners.repositories` raises.
        """
        holdings = await self.holdings(guild_id)
        holdings.promise(names)
        plans = []
        for wish in wishes:
            estate = await self._owners.repositories(
                wish.owner,
                waiting=lambda pause: listener(Progress(0, None, pause)),
                found=lambda number: listener(Progress(number, None)),
                urgent=True,
            )
            follow = Follow(guild_id, group, estate.owner, wish.terms)
            plans.append(self._planned(follow, estate, holdings))
        return plans

    def _planned(self, follow: Follow, estate: Estate, holdings: Holdings) -> Plan:
        sifted = self.sifted(follow, estate)
        _, beyond = holdings.take(follow.group, sifted.taken)
        left = {one.github_id for one in beyond}
        follow = replace(follow, trouble=self.trouble(follow, estate, beyond))
        wanted = [w for w, one in wants(sifted.taken) if one.github_id not in left]
        return Plan(Followed(follow, sifted, len(beyond)), tuple(wanted))

    def sifted(self, follow: Follow, estate: Estate) -> Sifted:
        """What of it is meant; what the guild may not see does not count anywhere."""
        shown = [
            one
            for one in estate.repositories
            if self._portfolio.shows(follow.guild_id, one.visibility)
        ]
        return sift(follow.terms, shown)

    def trouble(self, follow: Follow, estate: Estate, beyond: Sequence[Owned]) -> str | None:
        """Why not all of it is watched, with the way out; without numbers, as it is told once."""
        if beyond:
            return (
                f"Not all of {follow.target} fits: a server may watch {self._most:,} repositories."
                " Follow it with include or exclude, stop watching some, or ask whoever runs the"
                " bot to raise limits.repositories_per_guild."
            )
        if not estate.whole:
            return (
                f"Not all of {follow.target} was listed: it has more repositories than are read of"
                " one owner. Name those that are missing as owner/name."
            )
        return None

    async def keep(self, plans: Iterable[Plan], admit: Callable[[], None]) -> tuple[Followed, ...]:
        """Follow from now on; one that was followed already takes the new terms.

        Raises what `admit` raises, which is asked under the lock.
        """
        kept = [plan.followed for plan in plans]
        for one in kept:
            await self._store.follows.save(one.follow, admit)
        return tuple(kept)

    async def unfollow(self, guild_id: int, owner: str, group: str | None) -> Ended:
        """Stop following, and watching in the same groups what that brought.

        What somebody named stays. The group `all` is the default one here, as it is to who begins
        to follow; where that follows nobody of this name, it is every group. None: every group.
        """
        remove, watches = self._store.follows.remove, self._store.watches
        before = await watches.of(guild_id)
        follows = await remove(guild_id, owner, group)
        if group == DEFAULT_GROUP and not follows:
            follows = await remove(guild_id, owner)
        ended = Ended(follows)
        left = {(one.group, one.subject.id) for one in await watches.of(guild_id)}
        groups = {follow.group for follow in follows}
        for one in before:
            if one.group in groups and self._portfolio.shows(guild_id, one.subject.visibility):
                if (one.group, one.subject.id) not in left:
                    ended.removed[one.subject.id] = one.subject
                elif not one.followed and follows[0].owns(one.subject.full_name):
                    ended.kept[one.subject.id] = one.subject
        return ended

    async def leave_out(
        self, guild_id: int, subjects: Iterable[Subject], group: str | None
    ) -> list[Follow]:
        """Let the follows that would bring these back leave them out; returns those follows."""
        changed: dict[tuple[str, str], Follow] = {}
        follows = {(one.group, one.owner): one for one in await self.of(guild_id, group)}
        for subject in subjects:
            for key, follow in follows.items():
                now = changed.get(key, follow)
                if now.covering()(subject.full_name):
                    terms = now.terms.without(_name(subject.full_name))
                    changed[key] = replace(now, terms=terms)
        for follow in changed.values():
            await self._store.follows.change(follow)
        return list(changed.values())

    async def take_back(self, guild_id: int, full_names: Iterable[str], group: str) -> None:
        """Whoever names a repository wants it: a follow that left it out does so no longer."""
        names = [name.lower() for name in full_names]
        for follow in await self.of(guild_id, group) if names else ():
            terms = follow.terms
            for name in names:
                if name.startswith(f"{follow.owner.lower()}/"):
                    terms = terms.with_again(_name(name))
            if terms != follow.terms:
                await self._store.follows.change(replace(follow, terms=terms))


def wants(owned: Iterable[Owned]) -> list[tuple[Wanted, Owned]]:
    """Each as a run asks for it."""
    return [(Wanted(one.full_name, one.node_id), one) for one in owned]


def _adopted(guild_id: int, wish: OwnerWish, old: Follow | None) -> Follow:
    if old is None:
        return Follow(guild_id, DEFAULT_GROUP, wish.owner, wish.terms)
    terms = wish.terms
    for name in old.terms.plainly_excluded:
        terms = terms.without(name)
    return replace(old, terms=terms)


def _name(full_name: str) -> str:
    return full_name.partition("/")[2]
