"""Run directories on a branch: one commit each, on top of what others did, or nothing at all."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.errors import GitHubError, TokenRejected
from bot.github.client import GitHubClient
from bot.github.credentials import OwnersToken
from bot.github.run_branch import ROUNDS, RunBranch
from tests.standins.clock import SettableClock
from tests.standins.git_data import WRITING, GitRepository
from tests.standins.github import GitHubStandIn

STATE = "acme/state"
FIRST, SECOND, THIRD = (f"2026-07-0{day}T12-00-00-0000000{day}" for day in (1, 2, 3))
FILES = {"portfolio.json": b'{"data": []}\n', "meta.json": b"{}\n"}
TIMEOUT = 0.3


@pytest.fixture(autouse=True)
def looks_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ROUNDS, cap=True):
        yield


@pytest.fixture
async def github() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as github:
        github.add(STATE, private=True)
        github.git.of(STATE).push({"README.md": b"ours\n", "src/main.py": b"1\n"}, "Begin")
        yield github


@pytest.fixture
def git(github: GitHubStandIn) -> GitRepository:
    return github.git.of(STATE)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def branch_of(
    session: aiohttp.ClientSession,
    github: GitHubStandIn,
    *,
    name: str = "main",
    tokens: tuple[OwnersToken, ...] = (),
    token: str | None = None,
) -> RunBranch:
    clock = SettableClock()

    async def sleep(seconds: float) -> None:
        clock.pass_(math.ceil(seconds))

    client = GitHubClient(
        session,
        token=SecretStr(token or github.token),
        tokens=tokens,
        api_url=github.api_url,
        clock=clock,
        timeout=TIMEOUT,
        sleep=sleep,
    )
    return RunBranch(client, STATE, name)


@pytest.fixture
def branch(session: aiohttp.ClientSession, github: GitHubStandIn) -> RunBranch:
    return branch_of(session, github)


def test_the_stand_in_has_the_ids_of_git(git: GitRepository) -> None:
    assert git.blob(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert git.tree(None, []) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


async def test_a_directory_is_one_commit_and_nothing_else_is_touched(
    branch: RunBranch, git: GitRepository
) -> None:
    assert (await branch.look()).directories == frozenset()

    assert await branch.add(FIRST, FILES, "Run 1: 2 repositories\n\nmore")

    assert git.log() == ["Begin", "Run 1: 2 repositories"]
    assert git.files() == {
        "README.md": b"ours\n",
        "src/main.py": b"1\n",
        f"snapshots/{FIRST}/meta.json": b"{}\n",
        f"snapshots/{FIRST}/portfolio.json": b'{"data": []}\n',
    }
    assert (await branch.look()).directories == {FIRST}
    assert await branch.read(FIRST, "meta.json") == b"{}\n"
    assert await branch.read(FIRST, "none.json") is None
    assert await branch.read(SECOND, "meta.json") is None


async def test_a_large_portfolio_goes_in_pieces(branch: RunBranch, git: GitRepository) -> None:
    large = {"portfolio.json": b"x" * 3_000_000, "meta.json": b"{}\n"}

    assert await branch.add(FIRST, large, "Run 1")

    assert git.files()[f"snapshots/{FIRST}/portfolio.json"] == large["portfolio.json"]


async def test_one_that_is_there_is_never_overwritten(
    branch: RunBranch, git: GitRepository
) -> None:
    await branch.add(FIRST, FILES, "Run 1")

    assert not await branch.add(FIRST, {"meta.json": b"other\n"}, "Run 1 again")

    assert git.log() == ["Begin", "Run 1"]
    assert git.files()[f"snapshots/{FIRST}/meta.json"] == b"{}\n"


async def test_a_branch_that_moved_meanwhile_is_built_upon(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    pushed = iter(("a.txt", "b.txt"))

    async def push(step: str) -> None:
        if step == "move" and (name := next(pushed, None)):
            git.push({name: b"theirs\n"}, f"Add {name}")

    github.git.before = push
    assert await branch.add(FIRST, FILES, "Run 1")

    assert git.log() == ["Begin", "Add a.txt", "Add b.txt", "Run 1"]
    assert {"a.txt", "b.txt", f"snapshots/{FIRST}/meta.json"} < git.files().keys()
    assert github.git.steps.count("new blob") == len(FILES)  # they are uploaded once


async def test_one_that_moves_all_the_time_is_given_up_in_one_sentence(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    async def push(step: str) -> None:
        if step == "move":
            git.push({"a.txt": str(len(git.commits)).encode()}, "Push")

    github.git.before = push
    with pytest.raises(GitHubError, match="acme/state, branch main is written by others all"):
        await branch.add(FIRST, FILES, "Run 1")

    assert github.git.steps.count("move") == ROUNDS
    assert git.directories() == []


async def test_two_bots_on_one_branch_are_both_there(
    session: aiohttp.ClientSession, github: GitHubStandIn, git: GitRepository
) -> None:
    bots = [branch_of(session, github) for _ in range(3)]
    both = asyncio.Barrier(3)
    met: set[int] = set()

    async def together(step: str) -> None:
        if step == "move" and len(met) < 3:
            met.add(len(met))
            await both.wait()

    github.git.before = together
    names = (FIRST, SECOND, THIRD)
    added = await asyncio.gather(
        *(bot.add(name, FILES, name) for bot, name in zip(bots, names, strict=True))
    )

    assert added == [True, True, True]
    assert git.directories() == [FIRST, SECOND, THIRD]
    assert sorted(git.log()) == sorted(["Begin", *names])


@pytest.mark.parametrize("step", [*WRITING[:4], "ref", "commit", "tree"])
@pytest.mark.parametrize("status", [403, 404, 409, 422, 500, "reset", "hang"])
async def test_what_fails_half_way_leaves_nothing(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository, step: str, status: int | str
) -> None:
    before = dict(git.heads)
    if (step, status) == ("ref", 404):  # that is no failure: the branch is not there
        return
    github.git.fail(step, status, times=50)

    with pytest.raises(GitHubError) as told:
        await branch.add(FIRST, FILES, "Run 1")

    assert git.heads == before
    assert len(str(told.value).splitlines()) == 1
    assert github.token not in str(told.value)
    github.git.heal()
    assert await branch.add(FIRST, FILES, "Run 1")
    assert git.log() == ["Begin", "Run 1"]


@pytest.mark.parametrize("step", [*WRITING[:4], "ref", "tree"])
@pytest.mark.parametrize("status", [500, 502, "reset", "hang", "lost"])
async def test_trouble_that_passes_is_asked_again_and_costs_nothing(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository, step: str, status: int | str
) -> None:
    github.git.fail(step, status)

    assert await branch.add(FIRST, FILES, "Run 1")

    assert git.log() == ["Begin", "Run 1"]


async def test_an_answer_that_is_lost_while_another_goes_on_top_writes_nothing_twice(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    github.git.fail("move", "lost")

    async def push(step: str) -> None:
        if step == "move" and len(git.log()) == 2:
            git.push({"a.txt": b"theirs\n"}, "Push")

    github.git.before = push
    assert await branch.add(FIRST, FILES, "Run 1")

    assert git.log() == ["Begin", "Run 1", "Push"]


async def test_a_rule_that_protects_the_branch_is_told_at_once(
    branch: RunBranch, github: GitHubStandIn
) -> None:
    github.git.fail("move", 422)

    with pytest.raises(GitHubError, match=r"does not take the commit \(422\): see that no rule"):
        await branch.add(FIRST, FILES, "Run 1")


async def test_an_old_answer_about_the_branch_is_not_taken_for_a_rule(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    """GitHub answers from copies: one may not have what was pushed a moment ago."""
    old, pushed, asked = dict(git.heads), [""], []

    async def push(step: str) -> None:
        asked.append(step)
        if asked.count("move") == 1 and step == "move":
            pushed[0] = git.push({"a.txt": b"theirs\n"}, "Push")
        elif pushed[0] and step == "ref" and asked.count("ref") == 2:
            git.heads |= old
        elif pushed[0] and step == "ref":
            git.heads["main"] = pushed[0]

    github.git.before = push
    assert await branch.add(FIRST, FILES, "Run 1")

    assert git.log() == ["Begin", "Push", "Run 1"]


async def test_a_conflict_that_passes_is_no_failure(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    github.git.fail("move", 409, times=2)

    assert await branch.add(FIRST, FILES, "Run 1")
    assert git.log() == ["Begin", "Run 1"]


async def test_a_branch_that_is_not_there_is_made_with_the_first_directory(
    session: aiohttp.ClientSession, github: GitHubStandIn, git: GitRepository
) -> None:
    branch = branch_of(session, github, name="radar/state")
    github.git.fail("new ref", "lost")

    assert await branch.add(FIRST, FILES, "Run 1")
    assert await branch.add(SECOND, FILES, "Run 2")

    assert git.log("radar/state") == ["Run 1", "Run 2"]
    assert {path.split("/")[0] for path in git.files("radar/state")} == {"snapshots"}
    assert git.log() == ["Begin"]


async def test_a_branch_that_another_one_makes_at_the_same_time_is_built_upon(
    session: aiohttp.ClientSession, github: GitHubStandIn, git: GitRepository
) -> None:
    async def push(step: str) -> None:
        if step == "new ref":
            git.push({"a.txt": b"theirs\n"}, "Push", "state")

    github.git.before = push
    assert await branch_of(session, github, name="state").add(FIRST, FILES, "Run 1")

    assert git.log("state") == ["Push", "Run 1"]


async def test_an_empty_repository_begins_with_a_commit_that_explains_it(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    git, branch = github.git.of(STATE), branch_of(session, github)
    git.heads.clear()

    assert (await branch.look()).directories == frozenset()
    assert await branch.add(FIRST, FILES, "Run 1")

    assert git.log() == ["Begin a branch for run directories", "Run 1"]
    assert git.directories() == [FIRST]
    assert b"repo-radar" in git.files()["README.md"]


async def test_what_stands_in_the_directory_before_is_not_uploaded_again(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    await branch.add(FIRST, FILES, "Run 1")
    uploaded = github.git.steps.count("new blob")

    await branch.add(SECOND, FILES | {"meta.json": b"{1}\n"}, "Run 2", like=FIRST)

    assert github.git.steps.count("new blob") == uploaded + 1
    files = git.files()
    assert files[f"snapshots/{SECOND}/portfolio.json"] == FILES["portfolio.json"]
    assert files[f"snapshots/{SECOND}/meta.json"] == b"{1}\n"


async def test_the_newest_stay_and_the_others_go_in_a_commit_of_its_own(
    branch: RunBranch, git: GitRepository
) -> None:
    for name in (FIRST, SECOND, THIRD):
        await branch.add(name, FILES, name)

    assert await branch.keep(2) == [FIRST]
    assert await branch.keep(2) == []

    assert git.directories() == [SECOND, THIRD]
    assert git.log() == ["Begin", FIRST, SECOND, THIRD, "Remove 1 old run directory"]
    then = git.commits[git.history()[-2]].tree
    assert f"snapshots/{FIRST}/meta.json" in git._below(then)  # noqa: SLF001  # the history


async def test_one_is_spared_beside_those_of_a_time_to_come(
    branch: RunBranch, git: GitRepository
) -> None:
    """A clock that was ahead must not take every directory from then on with it."""
    ahead = "2031-07-01T12-00-00-00000000"
    for name in (ahead, FIRST, SECOND):
        await branch.add(name, FILES, name)

    assert await branch.keep(1, SECOND) == [FIRST]
    assert await branch.keep(1, SECOND) == []
    assert git.directories() == [SECOND, ahead]


async def test_nothing_foreign_is_ever_removed(branch: RunBranch, git: GitRepository) -> None:
    foreign = {
        "snapshots/2026-01-01.json": b"a daily file\n",
        "snapshots/old/meta.json": b"{}\n",
        "snapshots/2026-01-01T12-00-00-0000000g/meta.json": b"no hexadecimal digit\n",
        "snapshots/2026-01-01T12-00-00-00000001/notes.txt": b"no meta.json\n",
        "snapshots/2026-01-02T12-00-00-00000001/meta.json": b"{}\n",
        "snapshots/2026-01-02T12-00-00-00000001/mine/notes.txt": b"a folder in it\n",
    }
    git.push(foreign, "Foreign")
    for name in (FIRST, SECOND):
        await branch.add(name, FILES, name)

    assert await branch.keep(1) == [FIRST]

    assert foreign.items() <= git.files().items()


async def test_a_removal_is_put_on_top_of_what_came_meanwhile(
    branch: RunBranch, github: GitHubStandIn, git: GitRepository
) -> None:
    for name in (FIRST, SECOND):
        await branch.add(name, FILES, name)
    moved = iter([THIRD])

    async def push(step: str) -> None:
        if step == "move" and (name := next(moved, None)):
            git.push({f"snapshots/{name}/{file}": o for file, o in FILES.items()}, name)

    github.git.before = push
    assert await branch.keep(1) == [FIRST, SECOND]

    assert git.directories() == [THIRD]


async def test_a_file_called_snapshots_is_left_alone(branch: RunBranch, git: GitRepository) -> None:
    git.push({"snapshots": b"mine\n"}, "Mine")

    with pytest.raises(GitHubError, match="snapshots in acme/state, branch main is a file"):
        await branch.add(FIRST, FILES, "Run 1")

    assert git.files()["snapshots"] == b"mine\n"


async def test_the_token_for_its_owner_asks(
    session: aiohttp.ClientSession, github: GitHubStandIn
) -> None:
    mine = (OwnersToken(SecretStr(github.token), ("acme",)),)

    assert await branch_of(session, github, tokens=mine, token="ghp_other").look()  # noqa: S106
    with pytest.raises(TokenRejected):
        await branch_of(session, github, token="ghp_other").look()  # noqa: S106


@pytest.mark.parametrize("private", [True, False])
async def test_whether_others_may_read_it_is_looked_at(
    branch: RunBranch, github: GitHubStandIn, *, private: bool
) -> None:
    github.set(STATE, private=private)

    assert (await branch.look()).is_open is not private


async def test_answers_that_are_none_are_refused(branch: RunBranch, github: GitHubStandIn) -> None:
    for body in ("[]", "{", '{"private": "yes"}'):
        github.rest.faults[f"/repos/{STATE}"] = body
        with pytest.raises(GitHubError, match="could not be read: check"):
            await branch.look()
