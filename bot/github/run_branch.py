"""A branch of run directories: each added in one commit, on top of what others added meanwhile.

Nothing counts before the branch moves, and it moves once: what breaks off before that leaves
objects that nobody sees, and GitHub clears away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from http import HTTPStatus
from typing import TypeVar

import stamina

from bot.core.run_directory import FOLDER, META, NAME, Ground
from bot.errors import GitHubError
from bot.github.client import GitHubClient
from bot.github.git_data import LATER, Entry, GitData, Nothing

T = TypeVar("T")
ROUNDS = 8
"""Times that a commit is put on top of what was added meanwhile."""
MOST_REMOVED = 100
"""Directories that go in one commit: each takes a question what is in it."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_TAKEN = (HTTPStatus.OK, HTTPStatus.CREATED)


class _Moved(Exception):
    """Somebody else was quicker: look again."""


@dataclass(frozen=True, slots=True)
class _Tip:
    """The branch as it was found."""

    commit: str | None = None  # None: there is no branch
    tree: str | None = None
    directories: Mapping[str, str] = field(default_factory=dict)  # name -> its tree
    begun: bool = True  # False: the repository has no commit at all


@dataclass(slots=True)
class _Adding:
    """A directory on its way."""

    directory: str
    files: Mapping[str, bytes]
    message: str
    like: str | None
    private_only: bool
    entries: Sequence[Entry] = ()  # once its files are there
    tries: int = 0


class RunBranch:
    def __init__(self, github: GitHubClient, repository: str, branch: str) -> None:
        self._git, self._repository, self._branch = GitData(github, repository), repository, branch

    @property
    def label(self) -> str:
        return f"{self._repository}, branch {self._branch}"

    async def look(self) -> Ground:
        private = await self._git.is_private()
        return Ground(frozenset((await self._tip()).directories), is_open=not private)

    async def read(self, directory: str, file: str) -> bytes | None:
        """None where there is none."""
        tree = (await self._tip()).directories.get(directory)
        files = {} if tree is None else await self._files(tree)
        return await self._git.blob(files[file]) if file in files else None

    async def add(
        self,
        directory: str,
        files: Mapping[str, bytes],
        message: str,
        like: str | None = None,
        *,
        private_only: bool = False,
    ) -> bool:
        """Add all of it in one commit, on top of whatever is there by then, or nothing.

        What stands in the directory `like` already is referenced. False: it is there. What is for
        a private repository only goes to none that was made public since it was looked at.
        """
        adding = _Adding(directory, files, message, like, private_only)
        return await self._on_top(lambda: self._add(adding))

    async def keep(self, newest: int, spared: str = "") -> Sequence[str]:
        """Take away all but the newest, in a commit of its own; returns what went.

        Only what is called as run directories are, and is one; the history stays. One is spared in
        any case: a clock that was ahead has left names that sort behind all others for long.
        """
        return await self._on_top(lambda: self._keep(newest, spared))

    async def _on_top(self, once: Callable[[], Awaitable[T]]) -> T:
        again = stamina.AsyncRetryingCaller(
            attempts=ROUNDS, timeout=None, wait_initial=_FIRST_WAIT, wait_max=_LONGEST_WAIT
        )
        try:
            return await again(_Moved, once)
        except _Moved:
            raise GitHubError(f"{self.label} is written by others all the time: {LATER}.") from None

    async def _add(self, adding: _Adding) -> bool:
        adding.tries += 1
        tip = await self._tip()
        if adding.directory in tip.directories:
            return adding.tries > 1  # then an answer was lost, and the branch had moved
        if not tip.begun:
            await self._git.begin(self._branch)
            raise _Moved
        if not adding.entries:
            await self._guard(adding)
            adding.entries = await self._upload(adding, tip)
        await self._commit(tip, adding.entries, adding.message, adding)
        return True

    async def _guard(self, adding: _Adding) -> None:
        """Last before something leaves: uploads take their time, and so do other tries."""
        if adding.private_only and not await self._git.is_private():
            raise GitHubError(
                f"{self.label} can be read by others since just now: {adding.directory} was not"
                " written there, and is after the next run, with public repositories only."
            )

    async def _upload(self, adding: _Adding, tip: _Tip) -> list[Entry]:
        like = None if adding.like is None else tip.directories.get(adding.like)
        known = set() if like is None else set((await self._files(like)).values())
        entries = []
        for name, octets in adding.files.items():
            id_ = await asyncio.to_thread(_id_of, octets)  # it may have 25 MB
            sha = id_ if id_ in known else await self._git.make_blob(octets)
            entries.append(Entry(f"{FOLDER}/{adding.directory}/{name}", sha))
        return entries

    async def _keep(self, newest: int, spared: str) -> Sequence[str]:
        tip = await self._tip()
        gone: dict[str, list[Entry]] = {}
        old = [name for name in sorted(tip.directories)[:-newest] if name != spared]
        for name in old[:MOST_REMOVED]:
            listed = await self._git.tree(tip.directories[name])
            if any(one.path == META for one in listed) and all(o.type == "blob" for o in listed):
                path = f"{FOLDER}/{name}"
                gone[name] = [Entry(f"{path}/{one.path}", None, one.mode) for one in listed]
        if gone:
            what = "run directory" if len(gone) == 1 else "run directories"
            message = f"Remove {len(gone)} old {what}\n\nThe newest {newest} are kept."
            await self._commit(tip, [entry for taken in gone.values() for entry in taken], message)
        return list(gone)

    async def _commit(
        self, tip: _Tip, entries: Sequence[Entry], message: str, adding: _Adding | None = None
    ) -> None:
        """Raises _Moved where the branch is no longer as it was found."""
        tree = await self._git.make_tree(tip.tree, entries)
        commit = await self._git.make_commit(message, tree, tip.commit)
        if adding is not None:
            await self._guard(adding)
        if tip.commit is None:
            status = await self._git.make_branch(self._branch, commit)
        else:
            status = await self._git.move(self._branch, commit)
        if status in _TAKEN:
            return
        now = await self._git.tip(self._branch)
        if now == commit:  # the answer that said so was lost
            return
        if now == tip.commit and status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise GitHubError(
                f"{self.label} does not take the commit (422): see that no rule protects it, and"
                " that snapshots.branch is a name for one."
            )
        raise _Moved

    async def _tip(self) -> _Tip:
        try:
            commit = await self._git.tip(self._branch)
        except Nothing:
            return _Tip(begun=False)
        if commit is None:
            return _Tip()
        tree = await self._git.tree_of(commit)
        folder = next((one for one in await self._git.tree(tree) if one.path == FOLDER), None)
        if folder is None or folder.sha is None:
            return _Tip(commit, tree)
        if folder.type != "tree":
            raise GitHubError(
                f"{FOLDER} in {self.label} is a file, and was left as it is: name another branch."
            )
        found = {
            one.path: one.sha
            for one in await self._git.tree(folder.sha)
            if one.sha is not None and NAME.fullmatch(one.path)
        }
        return _Tip(commit, tree, found)

    async def _files(self, tree: str) -> dict[str, str]:
        listed = await self._git.tree(tree)
        return {one.path: one.sha for one in listed if one.type == "blob" and one.sha is not None}


def _id_of(octets: bytes) -> str:
    """The id that git gives to a file, by which it is referenced."""
    return sha1(b"blob %d\0" % len(octets) + octets, usedforsecurity=False).hexdigest()
