"""The stages of the end-to-end tests; what the bot printed is shown when one fails."""

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from tests.standins.stage import Stage, on_stage


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One bot for all tests, each with servers and repositories of its own."""
    async with on_stage(tmp_path_factory.mktemp("bot")) as stage, stage.bot:
        await stage.bot.started(stage.discord)
        yield stage


@pytest.fixture
def stage(running: Stage) -> Generator[Stage]:
    """Everybody's bot, checked after each test."""
    yield running
    running.discord.heal()
    running.github.heal()
    running.github.release()
    running.check()


@pytest_asyncio.fixture(loop_scope="session")
async def own_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot of the test's own, not started yet."""
    async with on_stage(tmp_path_factory.mktemp("bot")) as stage:
        yield stage
        stage.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        stages = [
            used for used in getattr(item, "funcargs", {}).values() if isinstance(used, Stage)
        ]
        report.sections += [("what the bot printed", stage.bot.log) for stage in stages]
    return report
