"""Run directories while the bot runs: whatever fails, the timer goes on."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from structlog.testing import capture_logs

from bot.flows.run_directories import Filed
from bot.run_filing import RunDirectoryTimer


@dataclass
class Scripted:
    """Directories that are due as often as there are answers."""

    answers: list[Filed | Exception]
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        if not self.answers:
            self.over.set()
            await asyncio.Event().wait()

    async def write(self) -> Filed:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def logged(*answers: Filed | Exception) -> list[tuple[str, str]]:
    directories = Scripted(list(answers))
    with capture_logs() as logs:
        task = asyncio.create_task(RunDirectoryTimer(directories).run())
        await directories.over.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return [(one["log_level"], one["event"]) for one in logs]


async def test_it_tells_what_it_wrote_removed_and_warns_of() -> None:
    filed = Filed(written=["a", "b"], removed=["c"], troubles=["Failed."], warnings=["Open."])

    assert await logged(filed) == [
        ("info", "run directory written"),
        ("info", "run directory written"),
        ("info", "run directories removed"),
        ("warning", "run directories"),
        ("warning", "run directory not written"),
    ]


async def test_what_nobody_expected_does_not_end_it() -> None:
    assert await logged(ZeroDivisionError(), Filed(written=["a"])) == [
        ("warning", "run directory not written"),
        ("info", "run directory written"),
    ]
