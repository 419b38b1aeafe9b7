"""One request over the network: what comes back is bounded, and quotes nothing in logs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from bot.github.wire import LARGEST, SLOWEST, Answer, Unanswered, Wire, patience


@asynccontextmanager
async def answering(body: bytes, *, packed: bool = False) -> AsyncIterator[URL]:
    """A server that says the same to everybody, packed where it is told so."""

    async def answer(_: web.Request) -> web.Response:
        response = web.Response(body=body)
        if packed:
            response.enable_compression(web.ContentCoding.gzip)
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield URL(f"http://{host}:{port}/")
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "seconds"), [(None, 20), (b"a question", 20), (b"x" * (SLOWEST * 4), 24)]
)
def test_what_is_large_takes_its_time(body: bytes | None, seconds: int) -> None:
    assert patience(20, body) == seconds


async def asked(url: URL) -> Answer:
    async with aiohttp.ClientSession() as session:
        return await Wire(session, timeout=10).exchange("GET", url, {}, None)


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_without_end_is_no_answer(packed: bool) -> None:  # noqa: FBT001
    async with answering(b"0" * (LARGEST + 1), packed=packed) as url:
        with pytest.raises(Unanswered, match="larger than any it gives"):
            await asked(url)


async def test_an_answer_in_many_pieces_is_whole() -> None:
    body = bytes(range(256)) * 4_000
    async with answering(body) as url:
        answer = await asked(url)

    assert (answer.status, answer.body) == (200, body)


def test_an_answer_never_shows_what_it_holds() -> None:
    answer = Answer(201, {"set-cookie": "ghs_secret"}, b'{"token": "ghs_secret"}')

    assert repr(answer) == "Answer(status=201)"
