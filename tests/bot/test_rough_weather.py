"""Sixty days on which GitHub fails in every way it knows: nothing is lost, nothing is invented."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, pairwise
from pathlib import Path
from random import Random

import aiohttp
import pytest
import stamina
from pydantic import SecretStr

from bot.app import App, open_app
from bot.core.delta import Delta, Status
from bot.core.events import Event, Kind, in_order
from bot.core.models import Subject
from bot.core.window import Window, parse_window
from bot.errors import RadarError
from bot.flows.deltas import Deltas
from bot.flows.portfolio import OPERATOR
from bot.github.client import GitHubClient
from bot.github.connection import ATTEMPTS
from bot.scheduler import Scheduler
from bot.settings import Collection, Settings, Storage
from bot.settings_types import SQLITE
from bot.storage.database import open_database
from tests.standins.clock import DAY, HOUR
from tests.standins.github import GitHubStandIn
from tests.standins.rough_weather import (
    MIDNIGHT,
    Answered,
    Lives,
    Trouble,
    Weather,
    Witness,
    ordain,
)  # fmt: skip
from tests.standins.stored import SqliteStore, store_on

SILENCE = 36 * HOUR
"""The longest that coverage may bridge."""
LATE = 6
"""So many times as long it sleeps while GitHub answers nobody: as a laptop does."""
LEG = 9
"""Days after which the program is started anew."""


@pytest.fixture(autouse=True)
def backoff_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=ATTEMPTS, cap=True):
        yield


@dataclass
class Story:
    """What happened, what GitHub said, and where the program keeps what it made of it."""

    seed: int
    days: int
    interval: int
    path: Path
    weather: Weather
    witness: Witness
    trouble: Trouble
    lives: Lives
    requests: int = 0

    def __repr__(self) -> str:
        return f"seed {self.seed}"

    async def live(self, github: GitHubStandIn) -> None:
        names = [repo.full_name for repo in self.lives.repos]
        while self.weather.now() < MIDNIGHT + (self.days + 2) * DAY:
            self.weather.over.clear()
            self.weather.ends = min(self.weather.at + LEG * DAY, MIDNIGHT + (self.days + 2) * DAY)
            async with self._program(github) as app:
                await app.portfolio.adopt(names, [], self.weather.now())
                names = []
                await self._leg(app)
        self.requests = len(github.requests)

    @asynccontextmanager
    async def _program(self, github: GitHubStandIn) -> AsyncIterator[App]:
        settings = Settings(
            storage=Storage(url=f"{SQLITE}{self.path.as_posix()}"),
            collection=Collection.model_validate({"interval": f"{self.interval // HOUR}h"}),
        )
        async with aiohttp.ClientSession(trace_configs=[self.trouble.tracing()]) as session:
            client = GitHubClient(
                session,
                token=SecretStr("ghp_standin"),
                api_url=github.api_url,
                clock=self.weather,
                concurrency=1,  # what fails depends on who asks first
                sleep=self.weather.sleep,
                timer=self.weather.timer,
            )
            async with open_app(settings, github=client, clock=self.weather) as app:
                yield app

    async def _leg(self, app: App) -> None:
        async def idle(seconds: float) -> None:
            await self._people(app)
            if self.weather.at + seconds >= self.weather.ends:
                self.weather.pass_(max(0, self.weather.ends - self.weather.at))
                self.weather.over.set()
                await asyncio.Event().wait()
            # in the dark it tries every 5 minutes: here it wakes late, so that the test is not
            await self.weather.sleep(seconds * (LATE if self.trouble.dark else 1))

        timer = asyncio.create_task(
            Scheduler(app.sync, app.store.runs, self.weather, self.interval, idle).run()
        )
        over = asyncio.create_task(self.weather.over.wait())
        await asyncio.wait([timer, over], return_when=asyncio.FIRST_COMPLETED)
        assert not timer.done(), "the timer outlives everything"
        timer.cancel()
        with suppress(asyncio.CancelledError):
            await timer

    async def _people(self, app: App) -> None:
        """Who knows of a new repository adds it, again until it is added."""
        for name in list(self.lives.newcomers):
            with suppress(RadarError):
                tracked = await app.track.add(OPERATOR, name)
                if tracked.added or tracked.already:
                    self.lives.newcomers.remove(name)


async def story(folder: Path, seed: int, *, days: int, repositories: int, interval: int) -> Story:
    random, weather = Random(seed), Weather()  # noqa: S311  # it plays dice
    async with GitHubStandIn() as github:
        lives, trouble = Lives(github, weather, random), Trouble(github, weather, random)
        lives.populate(repositories)
        ordain(trouble, lives, weather, random, days)
        witness = github.witness = Witness(weather)
        told = Story(seed, days, interval, folder / "radar.db", weather, witness, trouble, lives)
        await told.live(github)
    return told


# -- what has to be ----------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "repositories", "hours"), [(1, 300, 20), (2, 40, 6)])
async def test_sixty_days_of_trouble_cost_nothing_that_github_told(
    tmp_path: Path, seed: int, repositories: int, hours: int
) -> None:
    """A round takes so many hours that every day holds one at the least."""
    told = await story(tmp_path, seed, days=60, repositories=repositories, interval=hours * HOUR)
    async with open_database(told.path) as database:
        store = store_on(database)
        subjects = await known(store)
        assert not told.lives.newcomers, f"{told}: everybody was added in the end"
        assert set(subjects) == {repo.id for repo in told.lives.repos}, told
        every_day_that_could_be_read_was(told)
        await the_last_values_are_those_of_github(told, store, subjects)
        await every_observation_is_what_github_said_then(told, store, subjects)
        await events_are_told_once(told, store, subjects)
        await names_go_with_their_ids(told, store, subjects)
        await every_day_ends_with_its_newest_sample(told, store, subjects)


async def test_the_same_seed_tells_the_same_story(tmp_path: Path) -> None:
    folders = [tmp_path / "once", tmp_path / "again"]
    for folder in folders:
        folder.mkdir()
    once, again = [
        await story(folder, 5, days=8, repositories=20, interval=6 * HOUR) for folder in folders
    ]

    assert once.witness.log == again.witness.log
    assert (once.requests, once.trouble.happened, once.lives.happened) == (
        again.requests, again.trouble.happened, again.lives.happened,
    )  # fmt: skip


async def known(store: SqliteStore) -> dict[int, Subject]:
    """Every subject by GitHub's id."""
    watched = await store.subjects.watched()
    assert len(watched) == await store.subjects.count()
    return {subject.github_id or 0: subject for subject in watched}


def readings(told: Story, github_id: int) -> dict[int, Answered]:
    """What GitHub said of one, by when; of several answers of one second the last one."""
    return {one.at: one for one in told.witness.log[github_id] if one.values is not None}


def every_day_that_could_be_read_was(told: Story) -> None:
    """By what GitHub could, not by what it was asked: who was gone may be found a day later."""
    dark = told.trouble.dark_days
    checked = 0
    for repo in told.lives.repos:
        seen = readings(told, repo.id)
        read = {(at - MIDNIGHT) // DAY for at in seen}
        unseen = told.lives.unseen[repo.id] | dark
        days = range(min(read) + 1, told.days + 2)
        could = {day for day in days if not {day - 1, day} & unseen}
        assert could <= read, f"{told}: {repo.full_name} was not read on {sorted(could - read)}"
        checked += len(could)
    assert checked > len(told.lives.repos) * told.days // 2, "most days are such days"


async def the_last_values_are_those_of_github(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    kept = await newest(store)
    for repo in told.lives.repos:
        latest = kept[repo.id]
        seen = readings(told, repo.id)
        last = seen[max(seen)].values or {}
        assert {key: latest[key] for key in last} == dict(last), f"{told}: {repo}"
        gone = repo.deleted or repo.id in told.lives.lost
        assert (subjects[repo.id].gone_at is not None) is gone, f"{told}: {repo}"
        if not gone and not repo.forbidden:
            truth = repo.answer()
            assert (last["stars"], last["forks"]) == (truth["stargazerCount"], truth["forkCount"])
            assert latest["stars"] == repo.stars
            assert last["open_prs"] == repo.open_prs
            assert last.get("commits") == repo.commits
            assert subjects[repo.id].full_name == repo.full_name


async def newest(store: SqliteStore) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for github_id, key, value in await store.database.rows(
        "SELECT s.github_id, m.key, l.value FROM latest l JOIN subjects s ON s.id = l.subject_id"
        " JOIN metrics m ON m.id = l.metric_id"
    ):
        found.setdefault(whole(github_id), {})[str(key)] = whole(value)
    return found


async def every_observation_is_what_github_said_then(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    """And what it said then is what the observations tell of that moment."""
    kept: dict[tuple[int, str], dict[int, int]] = {}
    for id_, key, at, value in await store.database.rows(
        "SELECT o.subject_id, m.key, o.at, o.value FROM observations o"
        " JOIN metrics m ON m.id = o.metric_id ORDER BY o.at"
    ):
        kept.setdefault((whole(id_), str(key)), {})[whole(at)] = whole(value)
    for repo in told.lives.repos:
        truths: dict[str, dict[int, int]] = {}
        for at, answer in readings(told, repo.id).items():
            for key, value in (answer.values or {}).items():
                truths.setdefault(key, {})[at] = value
        for key, truth in truths.items():
            changes = kept.pop((subjects[repo.id].id, key))
            assert changes.items() <= truth.items(), f"{told}: {repo.full_name} {key}"
            times = sorted(changes)
            for at, value in truth.items():
                then = changes[times[bisect_right(times, at) - 1]]
                assert then == value, f"{told}: {repo.full_name} {key} at {at}"
    assert not kept, f"{told}: of nobody, or of what nobody ever said"
    await nothing_is_covered_that_was_not_read(told, store, subjects)


async def nothing_is_covered_that_was_not_read(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    spans: dict[int, list[tuple[int, int]]] = {}
    for id_, since, until in await store.database.rows(
        "SELECT subject_id, since, until FROM coverage"
    ):
        spans.setdefault(whole(id_), []).append((whole(since), whole(until)))
    for repo in told.lives.repos:
        times = sorted(readings(told, repo.id))
        covered = spans.pop(subjects[repo.id].id)
        for since, until in covered:
            inside = [at for at in times if since <= at <= until]
            assert {since, until} <= set(inside), f"{told}: {repo.full_name}"
            silences = [after - before for before, after in pairwise(inside)]
            assert max(silences, default=0) <= SILENCE, f"{told}: {repo.full_name}"
        for at in times:
            assert any(since <= at <= until for since, until in covered), f"{told}: {repo}"
    assert not spans


async def events_are_told_once(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    kept = await store.subjects.events([subject.id for subject in subjects.values()])
    for github_id, subject in subjects.items():
        expected = in_order(list(happened(told.witness.log[github_id])))
        assert kept.get(subject.id, []) == expected, f"{told}: {subject.full_name}"
    kinds = {event.kind for events in kept.values() for event in events}
    assert kinds == set(Kind), f"{told}: all of it happened"


def happened(log: Sequence[Answered]) -> Iterator[Event]:
    """What an attentive reader of GitHub's answers would tell."""
    last, gone = log[0], False
    for one in log[1:]:
        if one.values is None:
            if not gone:
                yield Event(one.at, Kind.GONE)
            gone = True
            continue
        if gone:
            yield Event(one.at, Kind.BACK)
        if one.visibility != last.visibility:
            yield Event(one.at, Kind(one.visibility))
        if one.archived != last.archived:
            yield Event(one.at, Kind.ARCHIVED if one.archived else Kind.UNARCHIVED)
        if one.name != last.name:
            same = one.name.partition("/")[0] == last.name.partition("/")[0]
            detail = last.name if last.visibility == "public" else ""
            yield Event(one.at, Kind.RENAMED if same else Kind.TRANSFERRED, detail)
        last, gone = one, False


async def names_go_with_their_ids(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    """A series goes on under its id, whatever it is called; who takes a name takes nothing else."""
    for repo in told.lives.repos:
        names = [one.name for one in told.witness.log[repo.id] if one.name]
        rows = await store.database.rows(
            "SELECT name FROM subject_names WHERE subject_id = $1 ORDER BY since, until",
            subjects[repo.id].id,
        )
        borne = [name for name, _ in groupby(names)]
        assert [str(name) for (name,) in rows] == [name.lower() for name in borne], f"{told}"
        if not repo.deleted and not repo.forbidden and repo.id not in told.lives.lost:
            found = await store.subjects.find(repo.full_name)
            assert found == subjects[repo.id], f"{told}: {repo.full_name}"


async def every_day_ends_with_its_newest_sample(
    told: Story, store: SqliteStore, subjects: dict[int, Subject]
) -> None:
    """What people are told of a day: exact where both of its ends were sampled."""
    deltas, exact = Deltas(store.histories, told.interval, store.stars), 0
    for day in range(told.days + 2):
        date = datetime.fromtimestamp(MIDNIGHT + day * DAY, UTC).date()
        window = parse_window(f"{date}..{date}", now=told.weather.now(), zone=UTC)
        moved = await deltas.between(list(subjects.values()), window)
        for github_id, movement in zip(subjects, moved, strict=True):
            stars = {
                at: one.values["stars"]
                for at, one in readings(told, github_id).items()
                if one.values is not None and at <= window.end
            }
            where = f"{told}: {movement.subject.full_name} on {date}"
            delta = movement.delta("stars")
            if not stars:
                assert delta is None, where
                continue
            assert delta is not None, where
            assert delta.after == stars[max(stars)], where
            exact += is_exact(delta, stars, window, where)
    assert exact > len(subjects) * told.days // 2, "most days are known exactly"


def is_exact(delta: Delta, stars: dict[int, int], window: Window, where: str) -> bool:
    before = [at for at in stars if at <= window.start]
    fresh = before and max(before) > window.start - DAY and max(stars) > window.end - DAY
    if not fresh or delta.status is Status.GONE or min(stars) == max(stars):
        return False
    assert delta.status is Status.EXACT, where
    assert delta.change == stars[max(stars)] - stars[max(before)], where
    return True


def whole(value: object) -> int:
    assert isinstance(value, int)
    return value
