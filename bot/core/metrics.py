"""The registry: every number Repo Radar knows, declared once."""

from dataclasses import dataclass
from enum import StrEnum


class Good(StrEnum):
    """The direction that is good news: it colours a change, it never hides one."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a subject; every value is an integer gauge (it may fall)."""

    key: str  # in the store, in JSON answers, in `by=`, as a column of the history CSV
    label: str  # in a heading: "Open PRs"
    one: str  # in a sentence: "1 PR"
    many: str  # in a sentence: "3 PRs"
    good: Good
    daily_json: str  # its name in the daily portfolio file
    ranks_any: bool = True  # may it lead a digest that is ranked by `any`?


STARS = Metric("stars", "Stars", "star", "stars", Good.UP, "stars")
FORKS = Metric("forks", "Forks", "fork", "forks", Good.UP, "forks")
WATCHERS = Metric("watchers", "Watchers", "watcher", "watchers", Good.UP, "watchers")
OPEN_ISSUES = Metric("open_issues", "Open issues", "issue", "issues", Good.NEITHER, "openIssues")
OPEN_PRS = Metric("open_prs", "Open PRs", "PR", "PRs", Good.NEITHER, "openPRs")

METRICS: dict[str, Metric] = {
    metric.key: metric for metric in (STARS, FORKS, WATCHERS, OPEN_ISSUES, OPEN_PRS)
}
"""Every metric by key, in the order in which people see them."""

COUNTED = frozenset({WATCHERS.key, OPEN_ISSUES.key, OPEN_PRS.key})
"""Those GitHub counts anew whenever it is asked; the others it has at hand."""
