"""Whose repositories, and who may see them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.core.events import Event, in_public
from bot.core.groups import ALL, only, unknown
from bot.core.models import NOT_VISIBLE, Refused, RunError, Scope, Subject, Visibility
from bot.core.names import parse_repository
from bot.core.tokens import owners_of
from bot.errors import UnknownRepository
from bot.flows.ports import Subjects, Watches

OPERATOR = 0
"""The guild id of the operator's own portfolio, which the command line speaks of."""
DEFAULT_GROUP = ALL
REFERENCE = "id:"
THIS = "this repository"


class Portfolio:
    """Private repositories, and those nobody has asked GitHub about yet, are denied by default.

    Only the operator, and the guilds that the operator lists, see them.
    """

    def __init__(
        self, subjects: Subjects, watches: Watches, private_guilds: Collection[int]
    ) -> None:
        self._subjects = subjects
        self._watches = watches
        self._may_see_private = frozenset({OPERATOR, *private_guilds})

    def shows(self, guild_id: int, visibility: Visibility) -> bool:
        return visibility is Visibility.PUBLIC or guild_id in self._may_see_private

    def discreet(self, guild_id: int, error: RunError) -> RunError:
        """Leave out why a repository is hidden, unless the guild may see hidden ones."""
        hidden = error.refusal.kind in (Refused.NOT_FOUND, Refused.FORBIDDEN, Refused.SSO)
        if hidden and not self.shows(guild_id, Visibility.PRIVATE):
            return RunError(error.full_name, NOT_VISIBLE)
        return error

    async def repositories(self, guild_id: int, group: str | None = None) -> list[Subject]:
        """What a guild watches and may see, by name, each once; the group `all` is all of it."""
        watches = await self._watches.of(guild_id, only(group))
        once = {watch.subject.id: watch.subject for watch in watches}
        return [subject for subject in once.values() if self.shows(guild_id, subject.visibility)]

    def scope(self, guild_id: int, group: str | None, *, published: bool = False) -> Scope:
        """The same to a store; what is published leaves the guild: public repositories only."""
        hidden = not published and self.shows(guild_id, Visibility.PRIVATE)
        return Scope(guild_id, only(group), hidden)

    async def some(self, scope: Scope, subject_ids: Iterable[int]) -> list[Subject]:
        """Those of these ids that are meant, by name."""
        return await self._watches.some(scope, subject_ids)

    async def owners(self, guild_id: int) -> set[str]:
        """Who owns what a guild watches: also what GitHub was not asked about yet."""
        watched = [watch.subject for watch in await self._watches.of(guild_id)]
        return owners_of(
            subject
            for subject in watched
            if subject.visibility is Visibility.UNKNOWN or self.shows(guild_id, subject.visibility)
        )

    async def require_group(self, guild_id: int, group: str | None) -> None:
        """Raises UsageError, naming those there are, for one in which nothing is watched.

        Where nothing is watched at all that is what has to be told.
        """
        wanted = only(group)
        names = sorted({watch.group for watch in await self._watches.of(guild_id)})
        if wanted is not None and names and wanted not in names:
            raise unknown(wanted, names)

    async def groups(self, guild_id: int, group: str | None = None) -> list[tuple[Subject, str]]:
        """The same with the groups, a row for each."""
        return [
            (watch.subject, watch.group)
            for watch in await self._watches.of(guild_id, only(group))
            if self.shows(guild_id, watch.subject.visibility)
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
        return {subject_id: in_public(events) for subject_id, events in found.items()}

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
            watched = await self.repositories(guild_id)
            subject = next((one for one in watched if one.id == pointed_at), None)
        else:
            name = parse_repository(text)
            subject = await self._subjects.find(name)
        if subject is None or not self.shows(guild_id, subject.visibility):
            raise _unknown(name)
        return subject

    async def pointed_at(self, guild_id: int, subject_id: int) -> Subject:
        """The repository of a button that the guild was given: it need not be watched.

        Raises UnknownRepository in the words of `find` where it is no longer visible.
        """
        subject = await self._subjects.get(subject_id)
        if subject is None or not self.shows(guild_id, subject.visibility):
            raise _unknown(THIS)
        return subject

    async def adopt(self, repositories: Sequence[str], guilds: Sequence[int], at: int) -> None:
        """Let the operator and these guilds watch the operator's own list; twice is once."""
        if not repositories:
            return
        ids = [subject.id for subject in await self._subjects.ensure(repositories, at)]
        for guild_id in (OPERATOR, *guilds):
            await self._watches.add(guild_id, DEFAULT_GROUP, ids)


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
