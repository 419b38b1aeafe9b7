"""Days on which GitHub fails in every way it knows while its repositories live on, from one seed.

Nobody waits: whoever sleeps moves the clock, and the clock lets happen what is due.
"""

import asyncio
import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import aiohttp

from tests.standins.clock import DAY, HOUR, moment
from tests.standins.github import GitHubStandIn
from tests.standins.github_world import POINTS_AN_HOUR, Asked, Repo

MIDNIGHT = moment("2026-07-01T00:00")
PASSING = (500, 502, 503, 504, "reset", "truncate", "null_data", "rate_limited", "spent")
"""Ways in which a few requests in a row fail."""
FOREVER = 10**9


class Weather:
    """The time of a test, and what is due in it."""

    def __init__(self) -> None:
        self.at = float(MIDNIGHT)
        self.ends = self.at
        self.over = asyncio.Event()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def now(self) -> int:
        return int(self.at)

    def timer(self) -> float:
        return self.at

    @property
    def day(self) -> int:
        return (self.now() - MIDNIGHT) // DAY

    def plan(self, at: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at, next(self._numbers), happens))

    def pass_(self, seconds: float) -> None:
        until = self.at + seconds
        while self._due and self._due[0][0] <= until:
            at, _, happens = heapq.heappop(self._due)
            self.at = max(self.at, at)
            happens()
        self.at = max(self.at, until)

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class Answered:
    """What GitHub really said of a repository at one moment; no `values`: that it is not found."""

    at: int
    name: str = ""
    visibility: str = ""
    archived: bool = False
    values: Mapping[str, int] | None = None


@dataclass
class Witness:
    """Writes down every answer that left the stand-in whole, by the repository's id."""

    weather: Weather
    log: dict[int, list[Answered]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, asked: Asked, answer: Mapping[str, Any]) -> None:
        data = answer["data"]
        missing = {
            error["path"][1]
            for error in answer.get("errors", ())
            if error.get("type") == "NOT_FOUND" and error["path"][0] == "nodes"
        }
        for index, node_id in enumerate(asked.variables.get("ids", ())):
            if index in missing:
                self.log[int(node_id.removeprefix("R_"))].append(Answered(self.weather.now()))
        for node in [*data.get("nodes", ()), *data.values()]:
            if isinstance(node, dict) and "databaseId" in node:
                self.log[node["databaseId"]].append(self._answered(node))

    def _answered(self, node: Mapping[str, Any]) -> Answered:
        return Answered(
            self.weather.now(),
            node["nameWithOwner"],
            node["visibility"].lower(),
            node["isArchived"],
            _values(node),
        )


def _values(node: Mapping[str, Any]) -> dict[str, int]:
    branch = node["defaultBranchRef"]
    counted = {
        "stars": node["stargazerCount"],
        "forks": node["forkCount"],
        "watchers": node["watchers"]["totalCount"],
        "open_issues": node["issues"]["totalCount"] if node["hasIssuesEnabled"] else None,
        "open_prs": node["pullRequests"]["totalCount"],
        "releases": node["releases"]["totalCount"],
        "commits": branch and branch["target"]["history"]["totalCount"],
        "discussions": (
            node["discussions"]["totalCount"] if node["hasDiscussionsEnabled"] else None
        ),
        "disk_usage": node["diskUsage"],
    }
    return {key: value for key, value in counted.items() if value is not None}


class Trouble:
    """What goes wrong with GitHub as a whole, or with some requests to it."""

    def __init__(self, github: GitHubStandIn, weather: Weather, random: Random) -> None:
        self._github, self._weather, self._random = github, weather, random
        self._token = github.token
        self.dark_days: set[int] = set()  # on which GitHub answered nobody for hours
        self.dark = False  # it answers nobody now
        self.late = 0  # requests in a row that will not be answered in time
        github.limits.now, github.limits.work = weather.timer, weather.pass_
        self.happened: dict[str, int] = defaultdict(int)

    def new_points(self) -> None:
        """Every hour: the points are new."""
        self._github.world.points_left = POINTS_AN_HOUR
        self._github.world.resets_at = self._weather.now() // HOUR * HOUR + HOUR

    def passing(self) -> None:
        """A few requests fail: the next ones, or those for one repository."""
        how = self._random.choice((*PASSING, "secondary", "late"))
        self.happened[str(how)] += 1
        spent = how in ("rate_limited", "spent")  # that is until the next hour
        times = 1 if spent else self._random.randint(1, 5)
        if how == "late":
            self.late += times
            return
        retry_after = self._random.choice((None, 30, 90)) if how == "secondary" else None
        self._github.fail(how, times=times, retry_after=retry_after, match=self._some())

    def slow(self) -> None:
        """For some hours pages above some size fail, in one of two ways."""
        self.happened["slow"] += 1
        limits, most = self._github.limits, self._random.randint(8, 60)
        limits.seconds_a_repository = self._random.choice((0.02, 0.09, 0.16))
        if self._random.random() < 0.5:
            limits.too_slow_above = most
        else:
            limits.too_much_above = most
        self._weather.plan(self._weather.at + self._random.randint(2, 9) * HOUR, self.quick)

    def quick(self) -> None:
        limits = self._github.limits
        limits.too_slow_above = limits.too_much_above = None
        limits.seconds_a_repository = 0.01

    def outage(self) -> None:
        """Nobody is answered for hours."""
        self.happened["outage"] += 1
        self.dark_days.add(self._weather.day)
        self.dark = True
        how = self._random.choice((503, "reset", "null_data"))
        self._github.fail(how, times=FOREVER)

    def revoke(self) -> None:
        """The token is no good, from noon to noon."""
        self.happened["revoked"] += 1
        self.dark_days |= {self._weather.day, self._weather.day + 1}
        self.dark = True
        self._github.revoke_token()
        self._weather.plan(self._weather.at + DAY, self.renew)

    def renew(self) -> None:
        self._github.token = self._token
        self.dark = False

    def heal(self) -> None:
        """Every midnight: what was ordered and has not happened is forgotten."""
        self._github.heal()
        self.late, self.dark = 0, not self._github.token

    async def on_request(self, *_: object) -> None:
        """The hook of aiohttp: the time that the client gives an answer is over, at once."""
        if self.late:
            self.late -= 1
            self._weather.pass_(20)
            raise TimeoutError

    def tracing(self) -> aiohttp.TraceConfig:
        tracing = aiohttp.TraceConfig()
        tracing.on_request_start.append(self.on_request)
        return tracing

    def _some(self) -> str:
        if self._random.random() < 0.4:
            return ""
        repo = self._random.choice(sorted(self._github.world.names.values(), key=lambda r: r.id))
        return f'"{repo.node_id}"'


class Lives:
    """What becomes of the repositories."""

    def __init__(self, github: GitHubStandIn, weather: Weather, random: Random) -> None:
        self._github, self._weather, self._random = github, weather, random
        self.repos: list[Repo] = []
        self.lost: set[int] = set()  # deleted, and another one bears the name: never back
        self.given_up: list[str] = []  # names that nobody bears
        self.newcomers: list[str] = []  # names that a person will add
        self.unseen: dict[int, set[int]] = defaultdict(set)  # days on which one could not be read
        self.happened: dict[str, int] = defaultdict(int)
        self._ids, self._words = count(1_001), count(1)

    def populate(self, number: int) -> None:
        for _ in range(number):
            self._add(f"owner{self._random.randrange(20)}/repo{next(self._words)}")

    def grow(self) -> None:
        """Every day, and some of them twice."""
        for repo in self.repos:
            if self._random.random() < 0.85:
                self._change(repo)

    def happen(self) -> None:
        """Something to one of them."""
        deeds = (
            self.rename, self.rename, self.transfer, self.delete, self.restore, self.restore,
            self.private, self.hide, self.forbid, self.heavy, self.archive, self.issues,
            self.empty, self.reuse, self.broken,
        )  # fmt: skip
        deed = self._random.choice(deeds)
        repo = self._random.choice([one for one in self.repos if one.id not in self.lost])
        self.happened[deed.__name__] += 1
        deed(repo)
        self.note_unseen()

    def note_unseen(self) -> None:
        """At every midnight, and after every deed."""
        for repo in self.repos:
            if repo.deleted or repo.forbidden:
                self.unseen[repo.id].add(self._weather.day)

    def rename(self, repo: Repo) -> None:
        if not repo.deleted:
            self._move(repo, repo.full_name.partition("/")[0])

    def transfer(self, repo: Repo) -> None:
        if not repo.deleted:
            self._move(repo, f"owner{self._random.randrange(20)}")

    def _move(self, repo: Repo, owner: str) -> None:
        free = [name for name in self.given_up if name.startswith(f"{owner}/")]
        taken_up = self._random.choice(free) if free and self._random.random() < 0.5 else None
        if taken_up:
            self.given_up.remove(taken_up)
        self.given_up.append(repo.full_name)
        self._github.rename(repo.full_name, taken_up or f"{owner}/repo{next(self._words)}")

    def delete(self, repo: Repo) -> None:
        repo.deleted = True

    def hide(self, repo: Repo) -> None:
        """Private and out of the token's sight: GitHub says the same as of a deleted one."""
        repo.deleted = True
        self._later(lambda: self._bring_back(repo), 3)

    def restore(self, _: Repo) -> None:
        gone = [repo for repo in self.repos if repo.deleted and repo.id not in self.lost]
        if gone:
            self._bring_back(self._random.choice(gone))

    def _bring_back(self, repo: Repo) -> None:
        repo.deleted = repo.id in self.lost

    def private(self, repo: Repo) -> None:
        repo.private = True
        self._later(lambda: setattr(repo, "private", False), 4)

    def forbid(self, repo: Repo) -> None:
        repo.forbidden = True
        self._later(lambda: setattr(repo, "forbidden", False), 2)

    def heavy(self, repo: Repo) -> None:
        repo.too_heavy = True
        self._later(lambda: setattr(repo, "too_heavy", False), 2)

    def archive(self, repo: Repo) -> None:
        repo.archived = True
        self._later(lambda: setattr(repo, "archived", False), 4)

    def issues(self, repo: Repo) -> None:
        repo.issues_enabled = not repo.issues_enabled

    def empty(self, repo: Repo) -> None:
        repo.commits = None if repo.commits else 1

    def broken(self, repo: Repo) -> None:
        """Every request for it fails until midnight, whoever else it is for."""
        self.unseen[repo.id].add(self._weather.day)
        how = self._random.choice((502, 504, "null_data"))
        self._github.fail(how, times=FOREVER, match=f'"{repo.node_id}"')

    def break_one(self) -> None:
        """One is broken all day long: the others are read on that day, too."""
        self.broken(self._random.choice(self.repos))

    def reuse(self, repo: Repo) -> None:
        """Another repository takes the name of one that is deleted, or was renamed."""
        if self.given_up and self._random.random() < 0.5:
            name = self.given_up.pop()
        else:
            name, repo.deleted = repo.full_name, True
            self.lost.add(repo.id)
        self._add(name)
        self.newcomers.append(name)

    def _add(self, name: str) -> None:
        numbers = {key: self._random.randrange(2_000) for key in ("stars", "forks", "commits")}
        self.repos.append(self._github.add(name, id=next(self._ids), **numbers))

    def _later(self, deed: Callable[[], object], days: int) -> None:
        at = self._weather.at + self._random.randint(HOUR, days * DAY)
        self._weather.plan(at, lambda: deed() and None)

    def _change(self, repo: Repo) -> None:
        random = self._random
        repo.stars = max(0, repo.stars + random.randint(-3, 20))
        repo.forks = max(0, repo.forks + random.choice((0, 0, 1, -1)))
        repo.watchers = max(0, repo.watchers + random.choice((0, 1, -1)))
        repo.open_issues = max(0, repo.open_issues + random.randint(-2, 2))
        repo.open_prs = max(0, repo.open_prs + random.choice((0, 0, 1, -1)))
        repo.releases += random.random() < 0.03
        repo.disk_usage += random.choice((0, 0, 7))
        if repo.commits is not None:
            repo.commits += random.randint(0, 9)


def ordain(trouble: Trouble, lives: Lives, weather: Weather, random: Random, days: int) -> None:
    """Plan the days: all of it, then two without trouble, so that what can be read is read."""
    for hour in range((days + 3) * 24):
        weather.plan(MIDNIGHT + hour * HOUR, trouble.new_points)
    for day in range(days):
        midnight = MIDNIGHT + day * DAY
        weather.plan(midnight, trouble.heal)
        weather.plan(midnight, lives.note_unseen)
        weather.plan(midnight + random.randrange(DAY), lives.grow)
        for _ in range(random.randint(2, 6)):
            weather.plan(midnight + random.randrange(DAY), trouble.passing)
        for _ in range(random.randint(2, 6) if day else 0):  # first let their ids be known
            weather.plan(midnight + random.randrange(DAY), lives.happen)
        if random.random() < 0.3:
            weather.plan(midnight + random.randrange(DAY), trouble.slow)
        if day % 7 == 3:
            weather.plan(midnight, lives.break_one)
        if day % 15 == 7:
            weather.plan(midnight + random.randrange(6 * HOUR, 20 * HOUR), trouble.outage)
    weather.plan(MIDNIGHT + days // 2 * DAY + DAY // 2, trouble.revoke)
    for calm in (trouble.heal, trouble.quick, trouble.renew, lives.note_unseen):
        weather.plan(MIDNIGHT + days * DAY, calm)
