"""A GitHub on the loopback."""

from collections.abc import AsyncIterator

import pytest

from tests.standins.github import GitHubStandIn


@pytest.fixture
async def standin() -> AsyncIterator[GitHubStandIn]:
    async with GitHubStandIn() as standin:
        yield standin
