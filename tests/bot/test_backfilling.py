"""The backfill in the background: it survives any failure and wakes at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC
from pathlib import Path

import pytest

from bot.app import open_app
from bot.backfilling import BackfillTimer
from bot.core.models import Trigger
from bot.errors import GitHubError
from bot.flows.backfill import AGAIN_FAILED, Backfill
from bot.flows.star_ports import Stars
from bot.settings import Settings
from tests.conftest import Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.star_histories import ScriptedStars
from tests.standins.stored import SqliteStore

HERE = 11


@asynccontextmanager
async def running(
    backfill: Backfill, *, retry: float = 3600, idle: float = 3600
) -> AsyncIterator[None]:
    """The timer, which rests for an hour unless it is woken."""
    task = asyncio.create_task(BackfillTimer(backfill, idle=idle, retry=retry).run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def known(flows: Flows, name: str) -> None:
    """Wait until a diff of it reaches back."""
    async with asyncio.timeout(5):
        while True:
            report = await flows.diff.report(HERE, name, "7d", UTC)
            if report.deltas[0].reconstructed:
                return
            await asyncio.sleep(0)


async def test_what_is_added_has_a_past_at_once(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    github.add("o/site", stars=9)
    starlight.give("o/site", d3=2)
    async with running(flows.backfill):
        await asyncio.sleep(0)
        await flows.track.add(HERE, "o/site")

        await known(flows, "o/site")


@pytest.mark.parametrize("trouble", [GitHubError("It is down."), ValueError("a mistake")])
async def test_it_outlives_any_failure(  # noqa: PLR0913, PLR0917  # its fixtures
    flows: Flows,
    github: ScriptedGitHub,
    starlight: ScriptedStars,
    clock: SettableClock,
    store: SqliteStore,
    trouble: Exception,
) -> None:
    github.add("o/site", stars=9)
    starlight.give("o/site", d3=2)
    starlight.answers["o/site"] = [trouble, trouble]
    await flows.track.add(HERE, "o/site")

    class Rests(Backfill):
        async def rest(self, seconds: float) -> None:
            await super().rest(seconds)
            if len(starlight.asked) < 3:
                clock.pass_(AGAIN_FAILED)

    backfill = Rests(Stars(starlight, store.stars), flows.portfolio, clock, pace=0)
    async with running(backfill, retry=0, idle=0):
        await known(flows, "o/site")

    assert starlight.asked == [("o/site", 1)] * 3


async def test_after_a_failure_something_new_wakes_it(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    github.add("o/site", stars=9)
    github.add("o/new", stars=9)
    starlight.give("o/new", d3=2)
    starlight.answers["o/site"] = [GitHubError("It is down.")]
    await flows.track.add(HERE, "o/site")

    async with running(flows.backfill):
        while not starlight.asked:  # noqa: ASYNC110 - a fake has no event
            await asyncio.sleep(0)
        await flows.track.add(HERE, "o/new")

        await known(flows, "o/new")


@pytest.mark.parametrize(("token", "asked"), [(None, []), ("a", [("o/a", 1)])])
async def test_without_a_token_its_requests_are_left_to_samples(
    tmp_path: Path,
    github: ScriptedGitHub,
    starlight: ScriptedStars,
    token: str | None,
    asked: list[tuple[str, int]],
) -> None:
    """The program as it is built: what the settings name is sampled, then history is read."""
    github.add("o/a", stars=1)
    starlight.give("o/a", d10=1)
    settings = Settings.model_validate(
        {
            "github": {"token": token},
            "storage": {"url": f"sqlite:///{tmp_path}/built.db"},
            "portfolio": {"repositories": ["o/a"]},
        }
    )
    async with open_app(settings, github=github, history=starlight) as app:
        await app.sync.everything(Trigger.SCHEDULE)

        await app.backfill.round()

    assert starlight.asked == asked
