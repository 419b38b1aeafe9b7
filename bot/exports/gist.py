"""The daily portfolio file in a gist of its own, which others may write at the same time."""

from collections.abc import Collection
from dataclasses import dataclass, field

import stamina

from bot.core.daily import Daily, content, merge, without
from bot.errors import GitHubError
from bot.exports.daily_json import read_daily
from bot.exports.gist_client import Conflict, GistClient
from bot.exports.gist_replies import LATER, File, Gist
from bot.exports.values import Unusable

ROUNDS = 12
"""Times that one document is looked for in the gist, and written again where it is not there."""
CALM = 3
"""Times in a row that it has to be found where GitHub does not tell who wrote in between."""
_FIRST_WAIT, _LONGEST_WAIT, _JITTER = 0.2, 5.0, 0.6


class _Unsettled(Exception):
    """Look again."""


@dataclass(slots=True)
class _Task:
    """What is to be in a gist; it grows by what others wrote and somebody overwrote."""

    gist_id: str
    name: str
    now: int
    daily: Daily
    hidden: Collection[str]  # what is not to be in it
    seen: str | None = None  # the version up to which all is in `daily`
    wrote: bool = False
    calm: int = field(default=0)


class GistFile:
    """`gtt-portfolio-<login>.json`, alone in its gist."""

    def __init__(self, client: GistClient, gist_id: str | None = None) -> None:
        self._client = client
        self._gist_id = gist_id

    async def keep(self, daily: Daily, *, now: int, hidden: Collection[str] = ()) -> None:
        """Merge a document into the gist, until both sides are in it, and no `hidden` one.

        Raises GitHubError where the gist cannot be read or written, or is not for this alone.
        """
        name = f"gtt-portfolio-{await self._client.login()}.json"
        first, *others = await self._ids(name, daily)
        for gist_id in others:  # two programs that found none made one each
            twin = await self._document(await self._client.get(gist_id), name, now)
            daily = merge(daily, twin) if twin else daily
        await self._settle(_Task(first, name, now, daily, hidden))

    async def _ids(self, name: str, daily: Daily) -> list[str]:
        """The gist that counts first."""
        if self._gist_id is not None:
            return [self._gist_id]
        found = await self._found(name)
        if not found:
            try:
                made = await self._client.make(name, content(daily).decode())
            except Conflict:
                raise GitHubError(f"GitHub makes no gist just now (409): {LATER}.") from None
            found = {made.id: made} | await self._found(name)
        return sorted(found, key=lambda gist_id: (found[gist_id].created_at, gist_id))

    async def _found(self, name: str) -> dict[str, Gist]:
        named = [gist for gist in await self._client.mine() if name in gist.files]
        own = {gist.id: gist for gist in named if _is_dedicated(gist, name)}
        if named and not own:
            raise _shared(named[0], name)
        return own

    async def _settle(self, task: _Task) -> None:
        """Gists know no conditional write: what is written is looked for afterwards."""
        rounds = stamina.retry_context(
            on=_Unsettled,
            attempts=ROUNDS,
            timeout=None,
            wait_initial=_FIRST_WAIT,
            wait_max=_LONGEST_WAIT,
            wait_jitter=_JITTER,
        )
        try:
            async for attempt in rounds:
                with attempt:
                    await self._round(task)
        except _Unsettled:
            raise GitHubError(
                f"The gist {task.gist_id} is written by others all the time: {LATER}."
            ) from None

    async def _round(self, task: _Task) -> None:
        """Return when all is in the gist and stays there; else write what is missing."""
        gist = await self._client.get(task.gist_id)
        there = await self._document(gist, task.name, task.now)
        await self._overwritten(task, gist)
        if there is not None:
            task.daily = merge(task.daily, there)
        task.daily = without(task.daily, task.hidden)
        if task.daily == there:
            task.calm += 1
            if gist.history or not task.wrote or task.calm == CALM:
                return
            raise _Unsettled
        task.calm, task.wrote = 0, True
        try:
            await self._client.change(task.gist_id, task.name, content(task.daily).decode())
        except Conflict:
            raise _Unsettled from None
        raise _Unsettled

    async def _overwritten(self, task: _Task, gist: Gist) -> None:
        """Take in what was written since the last look, and is not the newest any more."""
        versions = [one.version for one in gist.history]
        if task.seen is not None:
            known = versions.index(task.seen) if task.seen in versions else len(versions)
            for version in versions[1:known]:
                older = await self._client.get(task.gist_id, version)
                lost = await self._document(older, task.name, task.now)
                task.daily = merge(task.daily, lost) if lost else task.daily
        task.seen = versions[0] if versions else None

    async def _document(self, gist: Gist, name: str, now: int) -> Daily | None:
        """What a gist holds; None where it holds `{}`, as somebody may have made it by hand."""
        if not _is_dedicated(gist, name):
            raise _shared(gist, name)
        octets = await self._octets(gist.files[name])
        if octets.strip() == b"{}":
            return None
        try:
            return read_daily(octets, now=now)
        except Unusable as error:
            raise GitHubError(
                f"The gist {gist.id} stays as it is, as it cannot be merged with:"
                f" {str(error)[:-1]}. Mend it by hand."
            ) from error

    async def _octets(self, file: File) -> bytes:
        """GitHub cuts what is longer than 1 MB."""
        if file.truncated or file.content is None:
            return await self._client.raw(file.raw_url)
        return file.content.encode("utf-8", "surrogatepass")


def _is_dedicated(gist: Gist, name: str) -> bool:
    return set(gist.files) == {name} and not gist.truncated


def _shared(gist: Gist, name: str) -> GitHubError:
    return GitHubError(
        f"The gist {gist.id} holds something else than {name} alone, so it was not touched: name"
        " another one in daily_file.gist_id."
    )
