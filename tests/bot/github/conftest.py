"""A GitHub on the loopback, and retries that do not wait."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.github.connection import ATTEMPTS
from tests.standins.github import GitHubStandIn


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@pytest.fixture
async def standin() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as standin:
        yield standin
