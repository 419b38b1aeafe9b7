"""Housekeeping: every hour, whatever fails."""

import asyncio

import pytest

from bot.housekeeping import HOUR, Housekeeping


class Enough(BaseException):
    """Ends a loop that has no end."""


async def test_one_job_that_fails_costs_no_other_and_comes_again() -> None:
    done: list[str] = []
    slept: list[float] = []

    async def broken() -> None:
        done.append("broken")
        raise RuntimeError

    async def sound() -> None:
        done.append("sound")

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise Enough
        await asyncio.sleep(0)

    jobs = {"broken": broken, "sound": sound}
    with pytest.raises(Enough):
        await Housekeeping(jobs, lambda: bool(slept), sleep).run()

    assert slept == [1.0, HOUR, HOUR]
    assert done == ["broken", "sound"] * 2
