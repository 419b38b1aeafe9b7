"""GitHub's git data API: the few requests about one repository, and what a no of each means.

https://docs.github.com/en/rest/git answers 409 for a repository without any commit, and 422 where
a ref does not take a commit that is not on top of its own.
"""

import asyncio
import base64
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar
from urllib.parse import quote

import msgspec

from bot.errors import GitHubError, TokenRejected
from bot.github.client import GitHubClient
from bot.github.connection import Connection
from bot.github.reply import Unreadable, decode
from bot.github.trip import Trip
from bot.github.wire import Answer, Unanswered

T = TypeVar("T")
Sha = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40,64}$")]
FILE = "100644"
LATER = "the run directory is written after the next run"
_MOST = msgspec.Meta(max_length=100_000)  # GitHub lists no more of a tree
_README = """\
# Run directories

Each folder of `snapshots` holds what Repo Radar knew of a portfolio after one run. `repo-radar
verify` checks a clone of this repository byte by byte, `repo-radar restore` reads it back.
"""


class Nothing(Exception):
    """The repository has no commit yet."""


class _Repository(msgspec.Struct):
    visibility: str = "unknown"
    private: bool = False


class _Object(msgspec.Struct):
    sha: Sha


class _Ref(msgspec.Struct):
    object: _Object


class _Commit(msgspec.Struct):
    tree: _Object


class Entry(msgspec.Struct):
    """One line of a tree; to be written, `sha` None takes the path away."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096)]
    sha: Sha | None
    mode: str = FILE
    type: Literal["blob", "tree", "commit"] = "blob"


class _Tree(msgspec.Struct):
    tree: Annotated[list[Entry], _MOST]
    truncated: bool = False


class _Blob(msgspec.Struct):
    content: str
    encoding: Literal["base64"]


def _blob(octets: bytes) -> bytes:
    told = {"content": base64.b64encode(octets).decode(), "encoding": "base64"}
    return msgspec.json.encode(told)


class GitData:
    def __init__(self, github: GitHubClient, repository: str) -> None:
        self._github, self._repository = github, repository

    async def is_private(self) -> bool:
        """Internal ones are read by all of an enterprise: no."""
        answer = await self._ask("GET", "")
        told = self._read(answer, _Repository)
        return told.private and told.visibility == "private"

    async def tip(self, branch: str) -> str | None:
        """The newest commit; None where there is no such branch. Raises Nothing."""
        answer = await self._ask("GET", f"/git/ref/heads/{quote(branch)}", also=(404, 409))
        if answer.status == HTTPStatus.CONFLICT:
            if b"empty" not in answer.body.lower():  # it is being made, or out of reach
                raise self._refusal(answer.status)
            raise Nothing
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return self._read(answer, _Ref).object.sha

    async def tree_of(self, commit: str) -> str:
        return self._read(await self._ask("GET", f"/git/commits/{commit}"), _Commit).tree.sha

    async def tree(self, sha: str) -> list[Entry]:
        told = self._read(await self._ask("GET", f"/git/trees/{sha}"), _Tree)
        if told.truncated:
            raise GitHubError(
                f"{self._repository} has too many run directories to be listed: set"
                " snapshots.retain_last, or name another branch."
            )
        return told.tree

    async def blob(self, sha: str) -> bytes:
        told = self._read(await self._ask("GET", f"/git/blobs/{sha}"), _Blob)
        try:
            return base64.b64decode(told.content)
        except ValueError:
            raise self._unreadable() from None

    async def make_blob(self, octets: bytes) -> str:
        body = await asyncio.to_thread(_blob, octets)  # it may have 25 MB
        return self._read(await self._ask("POST", "/git/blobs", body), _Object).sha

    async def make_tree(self, base: str | None, entries: Iterable[Entry]) -> str:
        told: dict[str, object] = {"tree": [msgspec.to_builtins(entry) for entry in entries]}
        if base is not None:
            told["base_tree"] = base
        return self._read(await self._ask("POST", "/git/trees", told), _Object).sha

    async def make_commit(self, message: str, tree: str, parent: str | None) -> str:
        told = {"message": message, "tree": tree, "parents": [parent] if parent else []}
        return self._read(await self._ask("POST", "/git/commits", told), _Object).sha

    async def move(self, branch: str, commit: str) -> int:
        """Let the branch end with a commit on top of its own; returns 200, 404, 409 or 422.

        409 where it is on top no more: what GitHub says of the branch itself may be older.
        """
        told = {"sha": commit, "force": False}
        path = f"/git/refs/heads/{quote(branch)}"
        answer = await self._ask("PATCH", path, told, also=(404, 409, 422))
        refused = answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
        behind = refused and b"fast forward" in answer.body.lower()
        return HTTPStatus.CONFLICT if behind else answer.status

    async def make_branch(self, branch: str, commit: str) -> int:
        """Returns 201, or 409 or 422: there is one by now, or there can be none of that name."""
        told = {"ref": f"refs/heads/{branch}", "sha": commit}
        return (await self._ask("POST", "/git/refs", told, also=(409, 422))).status

    async def begin(self, branch: str) -> None:
        """Give an empty repository its first commit: the git data API has no way to."""
        content = base64.b64encode(_README.encode()).decode()
        told = {"message": "Begin a branch for run directories", "content": content}
        # 422: somebody else was quicker, and the file is there
        path = "/contents/README.md"
        await self._ask("PUT", path, {**told, "branch": branch}, also=(409, 422))

    async def _ask(
        self,
        method: str,
        path: str,
        told: Mapping[str, object] | bytes | None = None,
        *,
        also: tuple[int, ...] = (),
    ) -> Answer:
        """An answer that is one, or whose status is expected."""
        connection = await self._connection()
        body = told if told is None or isinstance(told, bytes) else msgspec.json.encode(told)
        try:
            answer = await connection.send(
                method, f"/repos/{self._repository}{path}", Trip(lambda _: None), body
            )
        except Unanswered as trouble:
            raise GitHubError(
                f"{self._repository} could not be written, as {trouble}: {LATER}."
            ) from None
        if answer.status in (HTTPStatus.OK, HTTPStatus.CREATED, *also):
            return answer
        raise self._refusal(answer.status)

    async def _connection(self) -> Connection:
        return await self._github.connection_of(self._repository.partition("/")[0])

    def _refusal(self, status: int) -> GitHubError:
        name = self._repository
        match status:
            case HTTPStatus.FORBIDDEN:
                return TokenRejected(
                    f"GitHub forbids the token to write to {name} (403): give it contents: write"
                    " there (classic: repo), and see that the repository is not archived."
                )
            case HTTPStatus.NOT_FOUND:
                return GitHubError(
                    f"There is no repository {name} that the token may write to (404): check"
                    " snapshots.repo_path, and give the token contents: write there."
                )
            case HTTPStatus.CONFLICT:
                return GitHubError(f"{name} takes no commits just now (409): {LATER}.")
            case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return GitHubError(
                    f"The run directory is too large for {name} (413): watch less, or set"
                    " snapshots.enabled to false."
                )
        return GitHubError(f"GitHub answered {status} about {name}: {LATER}.")

    def _read(self, answer: Answer, kind: type[T]) -> T:
        try:
            return decode(answer.body, kind)
        except Unreadable:
            raise self._unreadable() from None

    def _unreadable(self) -> GitHubError:
        return GitHubError(
            f"GitHub's answer about {self._repository} could not be read: check github.api_url."
        )
