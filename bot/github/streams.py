"""Several streams of answers as one: what goes wrong in one does not cost the others."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.core.models import Harvest, Refusal, Refused
from bot.errors import GitHubError, TokenMissing, TokenRejected

_Stream = AsyncGenerator[Harvest, None]
_Task = asyncio.Task[Harvest | None]
UNSURE = Refusal(Refused.ERROR, "not visible to the default token, and the App cannot be asked")


async def merged(streams: Sequence[_Stream], troubles: Iterable[GitHubError] = ()) -> _Stream:
    """Yield the parts of all as they arrive; raise their errors when all have ended."""
    met = list(troubles)
    running = {asyncio.create_task(_next(stream)): stream for stream in streams}
    try:
        while running:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for part in _arrived(done, running, met):
                yield part
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for stream in streams:
            await stream.aclose()
    if met:
        raise _joined(met)


async def doubted(stream: _Stream) -> _Stream:
    """Take "not found" for no answer: another token may see it, and nobody knows."""
    async with aclosing(stream) as parts:
        async for part in parts:
            refused = {
                one: UNSURE if why.kind is Refused.NOT_FOUND else why
                for one, why in part.refused.items()
            }
            yield replace(part, refused=refused)


def _arrived(
    done: Iterable[_Task], running: dict[_Task, _Stream], met: list[GitHubError]
) -> Iterator[Harvest]:
    """Hand over what came, and ask on where something did."""
    for task in done:
        stream = running.pop(task)
        part = _part(task, met)
        if part is not None:
            running[asyncio.create_task(_next(stream))] = stream
            yield part


async def _next(stream: _Stream) -> Harvest | None:
    return await anext(stream, None)


def _part(task: _Task, met: list[GitHubError]) -> Harvest | None:
    try:
        return task.result()
    except GitHubError as error:
        met.append(error)
        return None


def _joined(met: Sequence[GitHubError]) -> GitHubError:
    """One is raised as it is; of several, each is told once.

    What time may mend comes first, and names the kind: else what it cost would not be asked for
    again before somebody mends a token that another part needs.
    """
    if len(met) == 1:
        return met[0]
    ordered = sorted(met, key=lambda error: isinstance(error, TokenMissing | TokenRejected))
    return type(ordered[0])(" ".join(dict.fromkeys(map(str, ordered))))
