"""Whose repositories, and who may see them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.core.events import Event, Kind, in_order, in_public
from bot.core.follow import nothing_found
from bot.core.groups import ALL, only, unknown
from bot.core.models import NOT_VISIBLE, WITHHELD, Refused, RunError, Scope, Subject, Visibility
from bot.core.names import parse_repository
from bot.errors import UnknownRepository, UsageError
from bot.flows.owner_ports import Follows
from bot.flows.ports import Subjects, Watches

OPERATOR = 0
"""The guild id of the operator's own portfolio, which the command line speaks of."""
DEFAULT_GROUP = ALL
REFERENCE = "id:"
THIS = "this repository"


class Portfolio:
    """Private repositories, and those nobody has asked GitHub about yet, are denied by default.

    Only the operator, and the guilds that the operator lists, see them. To all others one that
    GitHub forbids to read is gone: whether it is still there is not their business.
    """

    def __init__(
        self,
        subjects: Subjects,
        watches: Watches,
        follows: Follows,
        private_guilds: Collection[int],
    ) -> None:
        self._subjects = subjects
        self._watches = watches
        self._follows = follows
        self._may_see_private = frozenset({OPERATOR, *private_guilds})

    def shows(self, guild_id: int, visibility: Visibility) -> bool:
        return visibility is Visibility.PUBLIC or guild_id in self._may_see_private

    def discreet(self, guild_id: int, error: RunError) -> RunError:
        """Leave out why a repository is hidden, unless the guild may see hidden ones."""
        hidden = error.refusal.kind in {Refused.NOT_FOUND, *WITHHELD}
        if hidden and not self.shows(guild_id, Visibility.PRIVATE):
            return RunError(error.full_name, NOT_VISIBLE)
        return error

    def seen(self, guild_id: int, subject: Subject) -> Subject | None:
        """A repository as a guild sees it; None: it does not."""
        if not self.shows(guild_id, subject.visibility):
            return None
        return subject if self.shows(guild_id, Visibility.PRIVATE) else subject.hidden

    async def repositories(self, guild_id: int, group: str | None = None) -> list[Subject]:
        """What a guild watches and may see, by name, each once; the group `all` is all of it."""
        watches = await self._watches.of(guild_id, only(group))
        once = {watch.subject.id: watch.subject for watch in watches}
        return [seen for one in once.values() if (seen := self.seen(guild_id, one))]

    def scope(self, guild_id: int, group: str | None, *, published: bool = False) -> Scope:
        """The same to a store; what is published leaves the guild: public repositories only."""
        hidden = not published and self.shows(guild_id, Visibility.PRIVATE)
        return Scope(guild_id, only(group), hidden)

    async def some(self, scope: Scope, subject_ids: Iterable[int]) -> list[Subject]:
        """Those of these ids that are meant, by name."""
        meant = await self._watches.some(scope, subject_ids)
        return meant if scope.hidden else [subject.hidden for subject in meant]

    async def owners(self, guild_id: int) -> set[str]:
        """Who owns what a guild watches: also what GitHub was not asked about yet."""
        return await self._watches.owners(self.scope(guild_id, None))

    async def require_group(self, guild_id: int, group: str | None) -> None:
        """Raises UsageError, naming those there are, for one that is not.

        Where there is none at all that nothing is watched is what has to be told.
        """
        wanted, names = only(group), await self.group_names(guild_id)
        if wanted is not None and names and wanted not in names:
            raise unknown(wanted, names)

    async def nothing(self, guild_id: int, group: str | None = None) -> UsageError:
        """What to raise where there is nothing to show: a follow alone has no numbers.

        Raises UsageError for a group that is not there.
        """
        await self.require_group(guild_id, group)
        return UsageError(nothing_found(await self._follows.of(guild_id, only(group))))

    async def group_names(self, guild_id: int) -> list[str]:
        """The groups in which something is watched, or an owner followed who may have nothing."""
        watched = await self._watches.groups(guild_id)
        return sorted(watched | {follow.group for follow in await self._follows.of(guild_id)})

    async def groups(self, guild_id: int, group: str | None = None) -> list[tuple[Subject, str]]:
        """What a guild watches and may see, with the groups, a row for each."""
        return [
            (seen, watch.group)
            for watch in await self._watches.of(guild_id, only(group))
            if (seen := self.seen(guild_id, watch.subject))
        ]

    async def events(
        self, guild_id: int, subjects: Sequence[Subject], since: int | None = None
    ) -> Mapping[int, Sequence[Event]]:
        """What happened to those that a guild may see, as far as it may know, in order.

        Of a whole portfolio only those are looked up to whom something happened `since` then.
        Who may not see private ones hears nothing of what a repository was while it was private.
        """
        found = await self._subjects.events([subject.id for subject in subjects], since)
        if self.shows(guild_id, Visibility.PRIVATE):
            return found
        return {
            one.id: self.told(guild_id, one, found.get(one.id, ()))
            for one in subjects
            if one.id in found or one.forbidden_at is not None
        }

    def told(self, guild_id: int, subject: Subject, events: Sequence[Event]) -> Sequence[Event]:
        """Of all that happened to one that a guild may see, in order, what it may know."""
        if self.shows(guild_id, Visibility.PRIVATE):
            return events
        if subject.forbidden_at is None:
            return in_public(events)
        return in_public(in_order([*events, Event(subject.forbidden_at, Kind.GONE)]))

    async def met(self, since: int) -> set[int]:
        """Ids, also of what others watch, of those to whom anything happened since then."""
        return await self._subjects.met(since)

    async def find(self, guild_id: int, text: str) -> Subject:
        """The repository someone names, or points at by `reference`.

        Hidden and unknown ones get the same words, and a reference reaches only what the guild
        watches: ids can be guessed. Raises InvalidName or UnknownRepository.
        """
        pointed_at = id_in(text)
        if pointed_at is not None:
            name = THIS
            watched = await self.some(self.scope(guild_id, None), [pointed_at])
            subject = watched[0] if watched else None
        else:
            name = parse_repository(text)
            subject = await self._subjects.find(name)
        seen = subject and self.seen(guild_id, subject)
        if seen is None:
            raise _unknown(name)
        return seen

    async def pointed_at(self, guild_id: int, subject_id: int) -> Subject:
        """The repository of a button that the guild was given: it need not be watched.

        Raises UnknownRepository in the words of `find` where it is no longer visible.
        """
        subject = await self._subjects.get(subject_id)
        seen = subject and self.seen(guild_id, subject)
        if seen is None:
            raise _unknown(THIS)
        return seen

    async def adopt(self, repositories: Sequence[str], guilds: Sequence[int], at: int) -> None:
        """Let the operator and these guilds watch the operator's own list; twice is once."""
        if not repositories:
            return
        ids = [subject.id for subject in await self._subjects.ensure(repositories, at)]
        for guild_id in (OPERATOR, *guilds):
            await self._watches.add(guild_id, DEFAULT_GROUP, ids)
            await self._watches.name(guild_id, DEFAULT_GROUP, ids)


def _unknown(name: str) -> UnknownRepository:
    return UnknownRepository(
        f"Nothing is known of {name}: check its spelling, or start with track add."
    )


def reference(subject: Subject) -> str:
    """What a choice or a button carries: full names are longer than Discord's 100 characters."""
    return f"{REFERENCE}{subject.id}"


def id_in(text: str) -> int | None:
    """The id of a `reference`, 0 (nobody's) of a broken one; None for anything else."""
    if not text.startswith(REFERENCE):
        return None
    digits = re.fullmatch(r"[0-9]{1,18}", text.removeprefix(REFERENCE))
    return int(digits[0]) if digits else 0
