"""The registry: every number Repo Radar knows, declared once."""

from dataclasses import dataclass
from enum import StrEnum


class Good(StrEnum):
    """The direction that is good news: it colours a change, it never hides one."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Unit(StrEnum):
    """What a value counts, and so how it is told."""

    COUNT = "count"
    KILOBYTES = "kilobytes"  # of 1,000 bytes; told as a size
    THOUSANDTHS = "thousandths"  # of what need not be whole: 3,500 is told as 3.5


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a subject; every value is an integer gauge (it may fall)."""

    key: str  # in the store, in JSON answers, in `by=`, as a column of the history CSV
    label: str  # in a heading: "Open PRs"
    one: str  # in a sentence: "1 PR"
    many: str  # in a sentence: "3 PRs"
    good: Good
    daily_json: str | None  # its name in the daily portfolio file; None: that format has none
    ranks_any: bool = True  # may it lead a digest ranked by `any`? The others are told in short
    unit: Unit = Unit.COUNT


STARS = Metric("stars", "Stars", "star", "stars", Good.UP, "stars")
FORKS = Metric("forks", "Forks", "fork", "forks", Good.UP, "forks")
WATCHERS = Metric("watchers", "Watchers", "watcher", "watchers", Good.UP, "watchers")
OPEN_ISSUES = Metric("open_issues", "Open issues", "issue", "issues", Good.NEITHER, "openIssues")
OPEN_PRS = Metric("open_prs", "Open PRs", "PR", "PRs", Good.NEITHER, "openPRs")
RELEASES = Metric("releases", "Releases", "release", "releases", Good.UP, None, ranks_any=False)
COMMITS = Metric("commits", "Commits", "commit", "commits", Good.UP, None, ranks_any=False)
DISCUSSIONS = Metric(
    "discussions", "Discussions", "discussion", "discussions", Good.UP, None, ranks_any=False
)
DISK_USAGE = Metric(
    "disk_usage", "Disk usage", "disk usage", "disk usage", Good.NEITHER, None,
    ranks_any=False, unit=Unit.KILOBYTES,
)  # fmt: skip

METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        *(STARS, FORKS, WATCHERS, OPEN_ISSUES, OPEN_PRS),
        *(RELEASES, COMMITS, DISCUSSIONS, DISK_USAGE),
    )
}
"""Every metric by key, in the order in which people see them."""

COUNTED = frozenset(
    metric.key for metric in (WATCHERS, OPEN_ISSUES, OPEN_PRS, RELEASES, COMMITS, DISCUSSIONS)
)
"""Those GitHub counts anew whenever it is asked; the others it has at hand."""
