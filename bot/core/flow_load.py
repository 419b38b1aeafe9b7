"""The work that is open on GitHub right now, told apart by state and by label: the flow load."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.snapshots import Data

METRIC = "flow_load"
"""The name under which it is kept by week."""


class State(StrEnum):
    """What a piece of open work waits for."""

    ISSUE = "Open issue"
    DRAFT = "Draft"
    WAITING = "Waiting for review"
    APPROVED = "Approved"
    CHANGES = "Changes requested"
    UNTOLD = "Not told apart"  # more pull requests than are looked at one by one


@dataclass(frozen=True, slots=True)
class RepositoryLoad:
    """Of one repository."""

    states: Mapping[State, int]
    labels: Mapping[str, int] = field(default_factory=dict)  # open issues; one may have several


def flow_load(loads: Iterable[RepositoryLoad], *, unread: int = 0) -> Data:
    """Of a portfolio, as it is kept; `unread` repositories GitHub did not show."""
    states: Counter[str] = Counter(dict.fromkeys(State, 0))
    labels: Counter[str] = Counter()
    repositories = 0
    for load in loads:
        states.update(load.states)
        labels.update(load.labels)
        repositories += 1
    if not states[State.UNTOLD]:
        del states[State.UNTOLD]
    return {
        "wip_count": states.total(),
        "by_status": {str(state): count for state, count in states.items()},
        "by_issue_type": dict(labels),
        "repositories": repositories,
        "unread": unread,
    }
