"""An invented portfolio and what 120 days did to it; the same for everybody at the same moment."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

DAYS = 120
RHYTHM = (1.15, 1.25, 1.2, 1.15, 1.0, 0.6, 0.65)
"""Monday to Sunday: people star at their desks."""
LAUNCH = (212, 861, 534, 247, 138, 96)
"""Stars on the days after a front page somewhere."""
WAVE = (12, 64, 131, 47, 18, 7, 3, 1)
"""Stars taken back on the days after a change of licence, while nobody new comes."""

Values = Mapping[str, int]
Draw = Callable[[float], int]


@dataclass(frozen=True, slots=True)
class Plot:
    """How one repository fares; days are counted back from today."""

    full_name: str
    stars: int  # on the first day
    pace: float  # stars a day
    issues: int  # open ones, about
    prs: int
    former_name: str | None = None  # until today
    launched: int | None = None
    left: int | None = None  # when people began to leave
    unread: range = range(0)  # days on which nobody wrote its numbers down
    vanished: bool = False  # GitHub does not show it today
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """What was written down of it, and what GitHub says today."""

    full_name: str
    known_as: str  # its name while it was written down
    github_id: int
    days: Mapping[date, Values]  # up to yesterday
    today: Values | None  # None: GitHub does not show it
    archived: bool


PLOTS = (  # stars on the first day and a day, issues, PRs
    Plot("brackwater/siltstream", 17_240, 24, 412, 58),
    Plot("brackwater/reedbase", 6_180, 9.5, 187, 23),
    Plot("brackwater/heronctl", 2_090, 2.4, 61, 9, left=7),
    Plot("brackwater/tidemark", 1_310, 3.1, 44, 6, unread=range(26, 34)),
    Plot("brackwater/silt-py", 402, 0.9, 19, 4),
    Plot("fernhollow/mosskit", 588, 1.6, 27, 5, launched=5),
    Plot("fernhollow/lichen-css", 3_020, 5.2, 73, 11, former_name="fernhollow/lichen"),
    Plot("fernhollow/sporecast", 24, 6.5, 8, 2, unread=range(12, DAYS + 1)),
    Plot("fernhollow/bramble", 940, 0.8, 33, 3, unread=range(3), vanished=True),
    Plot("fernhollow/thistle-auth", 1_120, 1.9, 38, 7),
    Plot("ida-vance/pocket-orrery", 86, 0.5, 4, 1),
    Plot("ida-vance/dotfiles", 37, 0, 0, 0, archived=True),
)


def portfolio(now: int) -> tuple[Repository, ...]:
    """The repositories as they stand at `now` (UTC seconds), with the days before."""
    today = datetime.fromtimestamp(now, UTC).date()
    return tuple(_live(plot, number, today) for number, plot in enumerate(PLOTS))


def history(repositories: Sequence[Repository]) -> Iterator[tuple[date, str, Values]]:
    """Everything written down, day by day, as a collector writes it."""
    for day in sorted({day for repository in repositories for day in repository.days}):
        for repository in repositories:
            if day in repository.days:
                yield day, repository.known_as, repository.days[day]


def _live(plot: Plot, number: int, today: date) -> Repository:
    lived = {ago: values for ago, values in _life(plot, today) if ago not in plot.unread}
    now = None if plot.vanished else lived[0]
    return Repository(
        full_name=plot.full_name,
        known_as=plot.former_name or plot.full_name,
        github_id=618_033_900 + 1_597 * number,
        days={today - timedelta(days=ago): values for ago, values in lived.items() if ago},
        today=now,
        archived=plot.archived,
    )


def _life(plot: Plot, today: date) -> Iterator[tuple[int, Values]]:
    """Its numbers from 120 days ago to today, 0 days ago."""
    rng = Random(plot.full_name)  # noqa: S311  # seeded by name: nothing here is a secret
    work = Random(f"{plot.full_name}, its own people")  # noqa: S311
    values = _first(plot, rng)
    for ago in range(DAYS, -1, -1):
        weekday = (today - timedelta(days=ago)).weekday()
        done = _done(plot, values, _draw(work, RHYTHM[weekday]))
        values = {**_next(plot, values, ago, _draw(rng, RHYTHM[weekday])), **done}
        yield ago, values


def _first(plot: Plot, rng: Random) -> Values:
    return {
        "stars": plot.stars,
        "forks": round(plot.stars * rng.uniform(0.07, 0.12)),
        "watchers": round(plot.stars**0.72 * rng.uniform(0.4, 0.6)),
        "open_issues": plot.issues,
        "open_prs": plot.prs,
        "releases": 3 * plot.prs,
        "commits": 140 * plot.prs + 61,
        "discussions": plot.issues // 2,
        "disk_usage": 2_600 * plot.prs + 480,
    }


def _draw(rng: Random, rhythm: float) -> Draw:
    """Numbers around their mean: good days and bad ones, and fewer at weekends."""
    return lambda mean: int(mean * rhythm * rng.lognormvariate(0, 0.35) + rng.random())


def _next(plot: Plot, values: Values, ago: int, draw: Draw) -> Values:
    if (lost := _of(WAVE, plot.left, ago)) is not None:
        return _left_by(values, lost, draw)
    gained = draw(plot.pace * (1.2 - 0.4 * ago / DAYS)) + draw(_of(LAUNCH, plot.launched, ago) or 0)
    return {
        "stars": values["stars"] + gained - draw(0.12 * plot.pace),
        "forks": values["forks"] + draw(0.08 * gained),
        "watchers": values["watchers"] + draw(0.015 * gained) - draw(0.01 * plot.pace),
        "open_issues": _flow(values["open_issues"], plot.issues, 0.03 * gained, draw),
        "open_prs": _flow(values["open_prs"], plot.prs, 0.006 * gained, draw),
    }


def _done(plot: Plot, values: Values, draw: Draw) -> Values:
    """What its own people do in a day, also while others leave."""
    commits = draw(0.3 * plot.prs) if plot.prs else 0
    return {
        "releases": values["releases"] + draw(0.02 * commits),
        "commits": values["commits"] + commits,
        "discussions": values["discussions"] + draw(0.03 * commits),
        "disk_usage": values["disk_usage"] + 18 * commits,
    }


def _left_by(values: Values, lost: int, draw: Draw) -> Values:
    """A day on which people only leave."""
    stars, forks, watchers = values["stars"], values["forks"], values["watchers"]
    fewer = {
        "stars": stars - lost,
        "forks": forks - draw(0.04 * lost),
        "watchers": watchers - draw(0.06 * lost),
    }
    return {**values, **fewer}


def _flow(open_now: int, usual: int, more: float, draw: Draw) -> int:
    """Some are opened, some are closed, and the more there are, the more are closed."""
    if not usual:
        return open_now
    opened = draw(0.03 * usual + more)
    return max(0, open_now + opened - draw(0.03 * usual * (open_now / usual) ** 2))


def _of(course: Sequence[int], began: int | None, ago: int) -> int | None:
    """What a course of days has for one of them."""
    place = -1 if began is None else began - ago
    return course[place] if 0 <= place < len(course) else None
