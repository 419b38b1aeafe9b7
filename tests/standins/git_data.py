"""Git repositories of the GitHub stand-in: real objects, refs that only move forward, and faults.

As GitHub has it: 409 for a repository without a commit, 422 for a ref that would not be fast
forwarded, for one that is there already, and for a path that is to go and is not there.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from aiohttp import web

from tests.standins.github_world import World

Json = dict[str, Any]
Line = tuple[str, str, str]  # mode, type, sha
STEPS = {
    ("GET", "ref"): "ref", ("GET", "commits"): "commit", ("GET", "trees"): "tree",
    ("GET", "blobs"): "blob", ("POST", "blobs"): "new blob", ("POST", "trees"): "new tree",
    ("POST", "commits"): "new commit", ("PATCH", "refs"): "move", ("POST", "refs"): "new ref",
    ("PUT", "contents"): "begin",
}  # fmt: skip
WRITING = [step for (method, _), step in STEPS.items() if method != "GET" and step != "begin"]


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


async def _nothing(_step: str) -> None:
    pass


@dataclass
class Commit:
    tree: str
    parents: list[str]
    message: str


@dataclass
class GitRepository:
    """Objects by their real ids."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, dict[str, Line]] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)

    def files(self, branch: str = "main") -> dict[str, bytes]:
        """All that is on a branch now, by path."""
        return self._below(self.commits[self.heads[branch]].tree) if branch in self.heads else {}

    def directories(self, branch: str = "main") -> list[str]:
        parts = [path.split("/") for path in self.files(branch)]
        return sorted({part[1] for part in parts if part[0] == "snapshots" and len(part) == 3})

    def log(self, branch: str = "main") -> list[str]:
        """First lines of all commits, the oldest first."""
        return [self.commits[sha].message.split("\n")[0] for sha in self.history(branch)]

    def history(self, branch: str = "main") -> list[str]:
        found, sha = [], self.heads.get(branch)
        while sha is not None:
            found.append(sha)
            sha = next(iter(self.commits[sha].parents), None)
        return found[::-1]

    def push(self, files: Mapping[str, bytes], message: str, branch: str = "main") -> str:
        """As somebody else does with git itself."""
        base = self.heads.get(branch)
        tree = self.commits[base].tree if base else None
        entries = [{"path": p, "mode": "100644", "type": "blob", "sha": self.blob(o)}
                   for p, o in files.items()]  # fmt: skip
        made = self.commit(self.tree(tree, entries), [base] if base else [], message)
        self.heads[branch] = made
        return made

    def blob(self, octets: bytes) -> str:
        return self._keep(self.blobs, "blob", octets, octets)

    def commit(self, tree: str, parents: list[str], message: str) -> str:
        if tree not in self.trees or any(one not in self.commits for one in parents):
            raise Refused(422, "Tree SHA does not exist")
        lines = [f"tree {tree}", *(f"parent {one}" for one in parents), "", message]
        made = Commit(tree, parents, message)
        return self._keep(self.commits, "commit", "\n".join(lines).encode(), made)

    def tree(self, base: str | None, entries: list[Json]) -> str:
        if base is not None and base not in self.trees:
            raise Refused(422, "base_tree is not a valid tree oid")
        root = dict(self.trees[base]) if base else {}
        for entry in entries:
            root = self._with(root, entry["path"].split("/"), entry)
        return self._tree(root)

    def move(self, branch: str, sha: str, *, force: bool) -> None:
        if branch not in self.heads:
            raise Refused(422, "Reference does not exist")
        if sha not in self.commits:
            raise Refused(422, "Object does not exist")
        if not force and self.heads[branch] not in self._ancestors(sha):
            raise Refused(422, "Update is not a fast forward")
        self.heads[branch] = sha

    def _ancestors(self, sha: str) -> set[str]:
        found, ahead = set(), [sha]
        while ahead:
            found.add(one := ahead.pop())
            ahead += self.commits[one].parents
        return found

    def _with(self, tree: dict[str, Line], path: list[str], entry: Json) -> dict[str, Line]:
        name, *rest = path
        changed = dict(tree)
        if rest:
            mode, kind, sha = tree.get(name, ("040000", "tree", ""))
            assert kind == "tree", "the bot never replaces a file by a folder"
            below = self._with(self.trees.get(sha, {}), rest, entry)
            if below:
                changed[name] = (mode, kind, self._tree(below))
            else:
                changed.pop(name)
        elif entry["sha"] is None:
            if name not in tree:
                raise Refused(422, "GitRPC::BadObjectState")
            changed.pop(name)
        else:
            if entry["sha"] not in (self.blobs if entry["type"] == "blob" else self.trees):
                raise Refused(422, f"tree.sha {entry['sha']} is not a valid blob")
            changed[name] = (entry["mode"], entry["type"], entry["sha"])
        return changed

    def _tree(self, lines: dict[str, Line]) -> str:
        ordered = sorted(lines.items(), key=lambda one: one[0] + "/" * (one[1][1] == "tree"))
        octets = b"".join(
            f"{mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(sha)
            for name, (mode, _, sha) in ordered
        )
        return self._keep(self.trees, "tree", octets, dict(ordered))

    @staticmethod
    def _keep(kept: dict[str, Any], kind: str, octets: bytes, one: object) -> str:
        sha = sha1(f"{kind} {len(octets)}\0".encode() + octets).hexdigest()  # noqa: S324  # git's
        kept[sha] = one
        return sha

    def _below(self, tree: str, above: str = "") -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name, (_, kind, sha) in self.trees[tree].items():
            path = f"{above}{name}"
            found |= {path: self.blobs[sha]} if kind == "blob" else self._below(sha, f"{path}/")
        return found


@dataclass
class Fault:
    step: str
    status: int | str
    times: int


class GitDataStandIn:
    def __init__(self) -> None:
        self.steps: list[str] = []  # what was asked for, in order
        self.before: Callable[[str], Awaitable[None]] = _nothing  # a step takes effect
        self._faults: list[Fault] = []
        self._repositories: dict[str, GitRepository] = {}

    def of(self, full_name: str) -> GitRepository:
        return self._repositories.setdefault(full_name.lower(), GitRepository())

    def fail(self, step: str, status: int | str, times: int = 1) -> None:
        """Answer so instead; "reset" breaks off before, "lost" after the step took effect.

        "hang" does not answer.
        """
        self._faults.append(Fault(step, status, times))

    def heal(self) -> None:
        self._faults.clear()

    def serve(
        self, app: web.Application, world: World, admits: Callable[[web.Request], bool]
    ) -> None:
        async def answer(request: web.Request) -> web.Response:
            step = STEPS[request.method, request.match_info["what"]]
            self.steps.append(step)
            if not admits(request):
                return _no(401, "Bad credentials")
            repo = world.names.get("{owner}/{name}".format(**request.match_info).lower())
            if repo is None or repo.deleted:
                return _no(404, "Not Found")
            return await self._answer(request, step, self.of(repo.full_name))

        for method, path in (
            ("GET", r"git/{what:ref|commits|trees|blobs}/{part:.+}"),
            ("POST", "git/{what:blobs|trees|commits|refs}"),
            ("PATCH", "git/{what:refs}/{part:.+}"),
            ("PUT", "{what:contents}/{part:.+}"),
        ):
            app.router.add_route(method, f"/repos/{{owner}}/{{name}}/{path}", answer)

    async def _answer(self, request: web.Request, step: str, git: GitRepository) -> web.Response:
        await self.before(step)
        fault = next((one for one in self._faults if one.step == step and one.times), None)
        if fault is not None:
            fault.times -= 1
            if fault.status == "hang":
                await asyncio.Event().wait()
            if fault.status != "lost":
                return self._break(request) if fault.status == "reset" else _no(fault.status, "no")
        told = await request.json() if request.can_read_body else {}
        try:
            status, body = self._done(step, request.match_info.get("part", ""), told, git)
        except Refused as no:
            return _no(no.status, no.message)
        if fault is not None:
            return self._break(request)
        return web.json_response(body, status=status)

    @staticmethod
    def _break(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _done(  # noqa: PLR0911  # one a step
        self, step: str, part: str, told: Json, git: GitRepository
    ) -> tuple[int, Json]:
        if step == "begin":
            return self._begun(part, told, git)
        if not git.heads:
            raise Refused(409, "Git Repository is empty.")
        if step in ("ref", "commit", "tree", "blob"):
            return 200, self._found(step, part, git)
        match step:
            case "new blob":
                assert told["encoding"] == "base64"
                return 201, {"sha": git.blob(base64.b64decode(told["content"]))}
            case "new tree":
                return 201, {"sha": git.tree(told.get("base_tree"), told["tree"])}
            case "new commit":
                return 201, {"sha": git.commit(told["tree"], told["parents"], told["message"])}
            case "new ref":
                return 201, self._new_ref(told, git)
        assert told["force"] is False, "history is never rewritten"
        git.move(part.removeprefix("heads/"), told["sha"], force=False)
        return 200, {"object": {"sha": told["sha"]}}

    @staticmethod
    def _new_ref(told: Json, git: GitRepository) -> Json:
        branch = told["ref"].removeprefix("refs/heads/")
        if branch in git.heads:
            raise Refused(422, "Reference already exists")
        git.heads[branch] = told["sha"]
        return {"object": {"sha": told["sha"]}}

    @staticmethod
    def _found(step: str, part: str, git: GitRepository) -> Json:
        try:
            match step:
                case "ref":
                    return {"object": {"sha": git.heads[part.removeprefix("heads/")]}}
                case "commit":
                    return {"sha": part, "tree": {"sha": git.commits[part].tree}}
                case "tree":
                    lines = [{"path": path, "mode": mode, "type": kind, "sha": sha}
                             for path, (mode, kind, sha) in git.trees[part].items()]  # fmt: skip
                    return {"sha": part, "tree": lines, "truncated": False}
            content = base64.encodebytes(git.blobs[part]).decode()  # in lines, as GitHub has it
        except KeyError:
            raise Refused(404, "Not Found") from None
        return {"sha": part, "content": content, "encoding": "base64"}

    @staticmethod
    def _begun(path: str, told: Json, git: GitRepository) -> tuple[int, Json]:
        branch = told["branch"]
        if git.heads and branch not in git.heads:
            raise Refused(404, f"Branch {branch} not found")
        if path in git.files(branch):
            raise Refused(422, '"sha" wasn\'t supplied.')
        git.push({path: base64.b64decode(told["content"])}, told["message"], branch)
        return 201, {}


def _no(status: int | str, message: str) -> web.Response:
    return web.Response(
        status=int(status), text=json.dumps({"message": message}), content_type="application/json"
    )
