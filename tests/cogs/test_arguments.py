"""What Discord offers to choose from: within its limits, and all of what the program takes."""

from bot.core.metrics import METRICS
from bot.core.rank import RANKINGS
from cogs.arguments import METRIC_CHOICES, MOST, NAME, RANKING_CHOICES


def test_every_metric_and_ranking_can_be_chosen() -> None:
    assert [choice.value for choice in METRIC_CHOICES] == list(METRICS)
    assert [choice.value for choice in RANKING_CHOICES] == list(RANKINGS)
    for choices in (METRIC_CHOICES, RANKING_CHOICES):
        assert len(choices) <= MOST
        assert all(0 < len(choice.name) <= NAME for choice in choices)
        assert len({choice.name for choice in choices}) == len(choices)
