"""Suggestions: the guild's own, and what is chosen can be read back when one types on."""

import pytest

from bot.core.metrics import METRICS
from bot.core.rank import RANKINGS
from bot.flows.portfolio import reference
from cogs import arguments
from cogs.arguments import METRIC_CHOICES, MOST, NAME, RANKING_CHOICES
from tests.conftest import Flows
from tests.standins.harvests import ScriptedGitHub

HERE, THERE = 11, 12
LONG = [f"organisation-{n}/{'repository-' * 3}{n}" for n in range(1, 6)]


@pytest.fixture(autouse=True)
async def watched(flows: Flows, github: ScriptedGitHub) -> None:
    for name in ("a/b", "c/d", *LONG):
        github.add(name, stars=1)
    await flows.track.add(HERE, " ".join(["a/b", "c/d", *LONG]))


async def meant(flows: Flows, text: str) -> list[str]:
    return [(await flows.portfolio.find(HERE, name)).full_name for name in text.split()]


async def test_the_last_of_several_names_is_offered(flows: Flows) -> None:
    (choice,) = await arguments.watched_last(flows.portfolio, HERE, "A/B, c/")

    assert choice.name == "A/B c/d"
    assert await meant(flows, choice.value) == ["a/b", "c/d"]
    offered = await arguments.watched_last(flows.portfolio, HERE, "a/b a")
    assert "a/b a/b" not in [one.name for one in offered], "each once"
    assert await arguments.watched_last(flows.portfolio, THERE, "a/b c") == []


async def test_five_long_names_are_offered_one_after_the_other(flows: Flows) -> None:
    """The name of a choice stands in the box, and one types on after it."""
    shown = ""
    for number, name in enumerate(LONG, start=1):
        typed = f"{shown} {name[:16]}".strip()
        (choice,) = await arguments.watched_last(flows.portfolio, HERE, typed)
        assert max(len(choice.name), len(choice.value)) <= 100
        assert choice.name.endswith(name)
        for text in (choice.name, choice.value):
            assert await meant(flows, text) == LONG[:number]
        shown = choice.name


async def test_a_chosen_reference_is_not_offered_again(flows: Flows) -> None:
    first = await flows.portfolio.find(HERE, "a/b")

    offered = await arguments.watched_last(flows.portfolio, HERE, f"{reference(first)} ")

    assert len(offered) == len(LONG) + 1
    assert all(choice.name.startswith(f"{reference(first)} ") for choice in offered)


def test_every_metric_and_ranking_can_be_chosen() -> None:
    assert [choice.value for choice in METRIC_CHOICES] == list(METRICS)
    assert [choice.value for choice in RANKING_CHOICES] == list(RANKINGS)
    for choices in (METRIC_CHOICES, RANKING_CHOICES):
        assert len(choices) <= MOST
        assert all(0 < len(choice.name) <= NAME for choice in choices)
        assert len({choice.name for choice in choices}) == len(choices)
