"""A gist that others write at the same time: nothing is lost, and nothing else is touched."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import stamina
from aiohttp import web
from pydantic import SecretStr

from bot.core.daily import Daily, Entry, content, document
from bot.errors import GitHubError, RadarError
from bot.exports.gist import ROUNDS, GistFile
from bot.exports.gist_client import GistClient
from tests.standins.bot_process import ROOT
from tests.standins.clock import HOUR, moment
from tests.standins.gists import LIMIT, Kept
from tests.standins.github import GitHubStandIn

NAME = "gtt-portfolio-radar.json"
NOON = moment("2026-07-01")
NOW = NOON + 6 * HOUR
SECRET = "ghp_standin"  # noqa: S105  # of a GitHub that does not exist
KEEP = """
import asyncio, sys
import aiohttp
from pydantic import SecretStr
from bot.core.daily import Entry, document
from bot.exports.gist import GistFile
from bot.exports.gist_client import GistClient

async def main(api_url, token, name, at, turns):
    async with aiohttp.ClientSession() as session:
        client = GistClient(session, token=SecretStr(token), api_url=api_url, timeout=20)
        for turn in range(int(turns)):
            said = int(at) + turn
            daily = document(said, [Entry(name, {"stars": turn}, None, said)])
            await GistFile(client).keep(daily, now=int(at) + 3600)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def looks_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ROUNDS, cap=True):
        yield


@pytest.fixture
async def gist(standin: GitHubStandIn) -> AsyncIterator[GistFile]:
    async with aiohttp.ClientSession() as session:
        yield GistFile(client_of(session, standin))


def client_of(session: aiohttp.ClientSession, standin: GitHubStandIn) -> GistClient:
    token = SecretStr(SECRET)
    return GistClient(session, token=token, api_url=standin.api_url, timeout=5)


def daily(at: int = NOON, **repos: int) -> Daily:
    entries = [Entry(f"o/{name}", {"stars": stars}, None, at) for name, stars in repos.items()]
    return document(at, entries)


def text(at: int = NOON, **repos: int) -> str:
    return content(daily(at, **repos)).decode()


def stars(kept: Kept) -> dict[str, int]:
    told = json.loads(kept.files[NAME])
    return {name: entry["stars"] for name, entry in told["repos"].items()}


def only(standin: GitHubStandIn) -> Kept:
    (kept,) = standin.gists.kept.values()
    return kept


async def test_the_first_file_makes_a_secret_gist_of_its_own(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    standin.gists.add({"notes.md": "mine"})

    await gist.keep(daily(a=1), now=NOW)

    notes, made = standin.gists.kept.values()
    assert notes.versions == [{"notes.md": "mine"}]
    assert (made.public, made.versions) == (False, [{NAME: text(a=1)}])


async def test_the_next_one_is_merged_into_it_and_the_same_again_writes_nothing(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    kept = standin.gists.add({NAME: text(NOON, a=1, b=1)})

    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)
    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert only(standin) is kept
    assert stars(kept) == {"o/a": 2, "o/b": 1}
    assert len(kept.versions) == 2


async def test_it_is_found_on_whatever_page_it_stands(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    kept = standin.gists.add({NAME: text(a=1)})
    for number in range(150):
        standin.gists.add({f"{number}.md": "x"})

    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert stars(kept) == {"o/a": 2}


async def test_of_two_that_were_made_at_once_the_older_one_gets_all(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    first = standin.gists.add({NAME: text(a=1)})
    second = standin.gists.add({NAME: text(b=2)})

    await gist.keep(daily(NOON + HOUR, c=3), now=NOW)

    assert stars(first) == {"o/a": 1, "o/b": 2, "o/c": 3}
    assert len(second.versions) == 1


async def test_a_gist_that_is_named_is_taken_also_when_it_is_still_empty(
    standin: GitHubStandIn,
) -> None:
    kept, other = standin.gists.add({NAME: "{}\n"}), standin.gists.add({NAME: text(a=9)})
    async with aiohttp.ClientSession() as session:
        await GistFile(client_of(session, standin), kept.id).keep(daily(a=1), now=NOW)

    assert (stars(kept), len(other.versions)) == ({"o/a": 1}, 1)


async def test_what_became_private_leaves_it(standin: GitHubStandIn, gist: GistFile) -> None:
    """Also what another program wrote of it meanwhile, or an older twin still holds."""
    kept = standin.gists.add({NAME: text(a=1, b=2)})
    standin.gists.add({NAME: text(b=2, c=3)})

    async def meanwhile(request: web.Request) -> None:
        if request.method == "PATCH" and len(kept.versions) == 1:
            kept.versions.append({NAME: text(NOON + 5, b=7, d=4)})

    standin.gists.before = meanwhile
    await gist.keep(daily(NOON + HOUR, a=2), now=NOW, hidden=["O/B", "o/unheard-of"])

    assert stars(kept) == {"o/a": 2, "o/c": 3, "o/d": 4}


@pytest.mark.parametrize("named", [True, False])
async def test_a_gist_that_holds_anything_else_is_not_touched(
    standin: GitHubStandIn, *, named: bool
) -> None:
    kept = standin.gists.add({NAME: text(a=1), "notes.md": "mine"})
    async with aiohttp.ClientSession() as session:
        gist = GistFile(client_of(session, standin), kept.id if named else None)
        with pytest.raises(
            GitHubError, match=r"holds something else than gtt-.* daily_file.gist_id"
        ):
            await gist.keep(daily(a=2), now=NOW)

    assert len(only(standin).versions) == 1


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ("", "broken at line 1"),
        (text(a=1)[:-9], "broken at line"),
        (text(a=1).replace('"version": 1', '"version": 2'), "update Repo Radar"),
        (text(a=1).replace(": 1\n", ': "many"\n'), "stars is"),
    ],
)
async def test_what_cannot_be_read_is_not_written(
    standin: GitHubStandIn, gist: GistFile, held: str, why: str
) -> None:
    kept = standin.gists.add({NAME: held})

    with pytest.raises(GitHubError, match=rf"stays as it is.*{why}"):
        await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert kept.versions == [{NAME: held}]


# longer than GitHub shows at once


async def test_a_long_file_is_fetched_whole(standin: GitHubStandIn, gist: GistFile) -> None:
    kept = standin.gists.add({NAME: text(a=1, b=2)})
    standin.gists.limit = 40

    await gist.keep(daily(NOON + HOUR, a=3), now=NOW)

    assert stars(kept) == {"o/a": 3, "o/b": 2}
    assert set(standin.gists.shown) == {f"Bearer {SECRET}"}  # it is the API's own host


async def test_more_than_a_megabyte_is_written_and_fetched_whole(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    many = {f"a-repository-{number}": number for number in range(20_000)}
    kept = standin.gists.add({NAME: text(a=1)})

    await gist.keep(daily(NOON + HOUR, **many), now=NOW)
    await gist.keep(daily(NOON + 2 * HOUR, **many), now=NOW)

    assert len(kept.files[NAME]) > LIMIT
    assert stars(kept) == {"o/a": 1} | {f"o/{name}": number for name, number in many.items()}
    assert standin.gists.shown


@pytest.mark.parametrize(
    "address",
    ["http://gist.githubusercontent.com/x", "https://gist.github.com.evil.example/x", "", "/raw"],
)
async def test_a_file_elsewhere_is_not_fetched_and_the_gist_not_written(
    standin: GitHubStandIn, gist: GistFile, address: str
) -> None:
    kept = standin.gists.add({NAME: text(a=1, b=2)})
    standin.gists.limit, standin.gists.raw_address = 40, address

    with pytest.raises(GitHubError, match="outside GitHub"):
        await gist.keep(daily(NOON + HOUR, a=3), now=NOW)

    assert len(kept.versions) == 1


@pytest.mark.parametrize("how", ["named", "by a redirect"])
async def test_another_host_never_sees_the_token(
    standin: GitHubStandIn, gist: GistFile, how: str
) -> None:
    kept = standin.gists.add({NAME: text(a=1, b=2)})
    standin.gists.limit = 40
    async with GitHubStandIn() as other:
        theirs = other.gists.add({NAME: text(a=1)})
        address = f"{other.api_url}/raw/{theirs.id}/{theirs.sha(1)}/{NAME}"
        standin.gists.raw_address = address if how == "named" else None
        standin.gists.raw_moved = address

        with pytest.raises(GitHubError, match=r"outside GitHub|answered 302"):
            await gist.keep(daily(NOON + HOUR, a=3), now=NOW)

        assert other.gists.shown == []
    assert len(kept.versions) == 1


# others that write at the same time


@pytest.mark.parametrize("tells_history", [True, False])
async def test_what_somebody_writes_between_reading_and_writing_is_merged(
    standin: GitHubStandIn, gist: GistFile, *, tells_history: bool
) -> None:
    """It is overwritten, found among the versions or put back by its writer, and both are there."""
    kept = standin.gists.add({NAME: text(a=1)})
    standin.gists.tells_history = tells_history
    others = iter([text(NOON + 5, b=7), text(NOON + 6, b=8)])

    async def meanwhile(request: web.Request) -> None:
        if request.method == "PATCH" and tells_history:
            kept.versions.append({NAME: next(others, kept.files[NAME])})

    async def afterwards(request: web.Request) -> None:
        if request.method == "PATCH" and not tells_history:
            kept.versions.append({NAME: next(others, kept.files[NAME])})

    standin.gists.before, standin.gists.after = meanwhile, afterwards
    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert stars(kept) == {"o/a": 2, "o/b": 8}


async def test_it_gives_up_when_others_never_leave_it_alone(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    kept = standin.gists.add({NAME: text(a=1)})

    async def always(request: web.Request) -> None:
        if request.method == "PATCH":
            kept.versions.append({NAME: text(a=1)})

    standin.gists.after = always
    with pytest.raises(GitHubError, match=r"written by others all the time.* after the next run"):
        await gist.keep(daily(NOON + HOUR, a=2), now=NOW)


async def test_a_conflict_is_looked_at_again(standin: GitHubStandIn, gist: GistFile) -> None:
    kept = standin.gists.add({NAME: text(a=1)})
    standin.gists.fail(409, method="PATCH", times=2)

    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert stars(kept) == {"o/a": 2}


async def together(standin: GitHubStandIn, *names: str, turns: int = 1) -> None:
    """Real processes, each with a repository of its own, until all have ended."""
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", KEEP, standin.api_url, SECRET, name),
            *(str(NOON + number * 60), str(turns)),
            cwd=ROOT,
        )
        for number, name in enumerate(names)
    ]
    assert [await process.wait() for process in processes] == [0] * len(names)


@pytest.mark.parametrize("tells_history", [True, False])
async def test_two_processes_that_write_at_once_are_both_in_it(
    standin: GitHubStandIn, *, tells_history: bool
) -> None:
    """Both have read before either writes, so the second write overwrites the first."""
    kept = standin.gists.add({NAME: text(NOON - HOUR, a=9, b=9)})
    standin.gists.tells_history = tells_history
    both, writes = asyncio.Barrier(2), 0

    async def one_over_the_other(request: web.Request) -> None:
        nonlocal writes
        if request.method == "PATCH":
            writes += 1
            if writes <= 2:
                await both.wait()

    standin.gists.before = one_over_the_other
    await together(standin, "o/a", "o/b")

    assert writes > 2
    assert stars(kept) == {"o/a": 0, "o/b": 0}


async def test_a_write_that_comes_when_the_other_has_long_ended_takes_it_in(
    standin: GitHubStandIn,
) -> None:
    kept = standin.gists.add({NAME: text(NOON - HOUR, c=1)})
    held, ended, patches = asyncio.Event(), asyncio.Event(), 0

    async def hold_the_first(request: web.Request) -> None:
        nonlocal patches
        if request.method == "PATCH":
            patches += 1
            if patches == 1:
                held.set()
                await ended.wait()

    standin.gists.before = hold_the_first
    slow = asyncio.create_task(together(standin, "o/slow"))
    await held.wait()
    await together(standin, "o/quick")
    ended.set()
    await slow

    assert stars(kept) == {"o/c": 1, "o/slow": 0, "o/quick": 0}


async def test_two_processes_that_both_find_no_gist_end_in_one(standin: GitHubStandIn) -> None:
    both, made = asyncio.Barrier(2), 0

    async def at_once(request: web.Request) -> None:
        nonlocal made
        if request.method == "POST":
            made += 1
            await both.wait()

    standin.gists.before = at_once
    await together(standin, "o/a", "o/b")

    assert made == 2
    assert stars(next(iter(standin.gists.kept.values()))) == {"o/a": 0, "o/b": 0}


async def test_three_processes_that_write_again_and_again_lose_nothing(
    standin: GitHubStandIn,
) -> None:
    kept = standin.gists.add({NAME: "{}"})

    await together(standin, "o/a", "o/b", "o/c", turns=4)

    assert stars(kept) == {"o/a": 3, "o/b": 3, "o/c": 3}


# what GitHub refuses

LIMITS = {"X-RateLimit-Remaining": "0"}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"status": 401}, r"rejected the token .*\(401\).* scope gist"),
        ({"status": 403}, r"forbids .*\(403\).* scope gist"),
        ({"status": 403, "headers": LIMITS}, r"rate limit .* after the next run"),
        ({"status": 429}, r"rate limit .* after the next run"),
        ({"status": 404, "method": "PATCH"}, r"may not write gists \(404\).* scope gist"),
        ({"status": 404, "part": "/gists/"}, r"no gist .*\(404\).* daily_file.gist_id"),
        ({"status": 409, "method": "PATCH", "times": 99}, "written by others all the time"),
        ({"status": 413, "method": "PATCH"}, r"does not take the daily file \(413\).* too large"),
        ({"status": 422, "method": "PATCH"}, r"does not take the daily file \(422\)"),
        ({"status": 502, "method": "PATCH", "times": 99}, r"answered 502: .*after the next run"),
        ({"status": 301}, "answered 301 about the gist: check github.api_url"),
    ],
)
async def test_what_github_refuses_is_one_sentence_without_the_secret(
    standin: GitHubStandIn, gist: GistFile, fault: dict[str, object], why: str
) -> None:
    kept = standin.gists.add({NAME: text(a=1)})
    standin.gists.fail(**fault)  # type: ignore[arg-type]

    with pytest.raises(RadarError, match=why) as refused:
        await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    said = str(refused.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert SECRET not in said + repr(refused.value) + repr(gist)
    assert kept.versions == [{NAME: text(a=1)}]


async def test_a_moment_of_trouble_is_waited_out(standin: GitHubStandIn, gist: GistFile) -> None:
    kept = standin.gists.add({NAME: text(a=1)})
    standin.gists.fail(503, times=2)
    standin.gists.fail(500, method="PATCH", times=2)

    await gist.keep(daily(NOON + HOUR, a=2), now=NOW)

    assert stars(kept) == {"o/a": 2}


async def test_a_gist_is_made_once_also_when_the_answer_is_lost(
    standin: GitHubStandIn, gist: GistFile
) -> None:
    standin.gists.fail(502, method="POST", times=99)

    with pytest.raises(GitHubError, match="502"):
        await gist.keep(daily(a=2), now=NOW)

    assert [method for method, _ in standin.gists.asked].count("POST") == 1


@pytest.mark.parametrize("token", [None, "", "gh\np"])
async def test_without_a_token_the_fix_is_told(standin: GitHubStandIn, token: str | None) -> None:
    secret = None if token is None else SecretStr(token)
    async with aiohttp.ClientSession() as session:
        client = GistClient(session, token=secret, api_url=standin.api_url, timeout=5)
        with pytest.raises(GitHubError, match=r"no usable token .* scope gist .*gist_token"):
            await GistFile(client).keep(daily(a=1), now=NOW)


async def test_no_answer_at_all_is_a_sentence() -> None:
    async with aiohttp.ClientSession() as session:
        client = GistClient(
            session, token=SecretStr(SECRET), api_url="http://127.0.0.1:1", timeout=5
        )
        with pytest.raises(GitHubError, match=r"connection to GitHub broke: .*after the next run"):
            await GistFile(client).keep(daily(a=1), now=NOW)
