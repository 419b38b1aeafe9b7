"""The timers: what is due is begun in its time, and nothing that fails ends them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bot.core.follow import Follow, Owned
from bot.core.guild import DigestSettings, Post, PostState
from bot.core.models import Run, RunStatus, Trigger, Visibility, Wanted
from bot.core.reports import SyncReport
from bot.core.schedule import Every, Plan
from bot.errors import GitHubError, StoreUnusable
from bot.flows.lookout import Outlook
from bot.flows.rounds import RETRY
from bot.scheduler import (
    AT_ONCE,
    BUSY_REST,
    LONGEST_REST,
    SHORTEST_REST,
    DigestTimer,
    Scheduler,
)
from tests.standins.clock import HOUR, SettableClock

PLAN = Plan(540, Every.DAY, "UTC")


class Over(BaseException):
    """The test has seen enough."""


def post(id_: int) -> Post:
    return Post(id_, 10 + id_, "all", 0, 0, 1, PostState.DUE)


@dataclass
class FakePosting:
    """Delivers until it is told otherwise; `hanging` are posts that never come to an end."""

    open: list[Post] = field(default_factory=list)
    failing: set[int] = field(default_factory=set)
    hanging: set[int] = field(default_factory=set)
    broken_guilds: set[int] = field(default_factory=set)
    delivered: list[int] = field(default_factory=list)
    enqueued: list[int] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    most_at_once: int = 0
    guilds: Sequence[int] = (11,)
    looks: int = 0
    fails: int = 0
    now: int = 0

    paused_guilds: Sequence[int] = ()
    deaf_guilds: set[int] = field(default_factory=set)
    warned: list[int] = field(default_factory=list)

    async def paused(self) -> list[DigestSettings]:
        return [DigestSettings(guild, "all", 1, PLAN, 0) for guild in self.paused_guilds]

    async def warn(self, digest: DigestSettings) -> None:
        if digest.guild_id in self.deaf_guilds:
            raise ConnectionError("no answer")
        self.warned.append(digest.guild_id)

    async def active(self) -> list[DigestSettings]:
        self.looks += 1
        if self.fails:
            self.fails -= 1
            raise OSError("disk")
        return [DigestSettings(guild, "all", 1, PLAN, 0) for guild in self.guilds]

    async def enqueue(self, digest: DigestSettings) -> None:
        if digest.guild_id in self.broken_guilds:
            raise ValueError("a broken row")
        self.enqueued.append(digest.guild_id)

    async def ready(self) -> list[Post]:
        return list(self.open)

    async def deliver(self, post: Post) -> None:
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            await asyncio.sleep(0)
            if post.id in self.failing:
                raise ValueError("a bug")
            if post.id in self.hanging:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.append(post.id)
            raise
        finally:
            self.now -= 1
        self.open.remove(post)
        self.delivered.append(post.id)

    def wait(self, active: Sequence[DigestSettings]) -> int:
        assert active
        return 20


@dataclass
class FakeRefresh:
    runs: int = 0
    error: Exception | None = None
    hangs: bool = False
    rest: int = 1000

    async def run(self, _active: Sequence[DigestSettings]) -> None:
        self.runs += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

    def wait(self, _active: Sequence[DigestSettings]) -> int:
        return self.rest


@dataclass
class Sleeper:
    """Sleeps are over at once, but everybody else has a turn; ends the test after some."""

    times: int
    slept: list[float] = field(default_factory=list)
    meanwhile: Callable[[int], object] = lambda _: None

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.meanwhile(len(self.slept))
        if len(self.slept) >= self.times:
            raise Over
        for _ in range(200):
            await asyncio.sleep(0)


async def run(
    posting: FakePosting, refresh: FakeRefresh | None = None, *, times: int = 3
) -> list[float]:
    sleeper = Sleeper(times)
    refresh = refresh or FakeRefresh()
    timer = DigestTimer(posting, refresh, lambda: True, sleeper)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await timer.run()
    return sleeper.slept


async def test_nothing_is_posted_before_discord_is_there() -> None:
    posting, ready = FakePosting([post(1)]), False
    sleeper = Sleeper(4)

    def is_ready() -> bool:
        return ready

    def become_ready(slept: int) -> None:
        nonlocal ready
        ready = slept >= 2
        assert posting.looks <= max(0, slept - 2)

    sleeper.meanwhile = become_ready
    timer = DigestTimer(posting, FakeRefresh(), is_ready, sleeper)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await timer.run()

    assert sleeper.slept[:2] == [SHORTEST_REST, SHORTEST_REST]
    assert posting.delivered == [1]


async def test_wakes_for_what_comes_next() -> None:
    posting = FakePosting()

    assert await run(posting) == [20, 20, 20]
    assert posting.enqueued == [11, 11, 11]
    assert LONGEST_REST > 20


async def test_looks_more_often_while_something_is_under_way() -> None:
    posting = FakePosting([post(1)], hanging={1})

    assert await run(posting) == [BUSY_REST] * 3


async def test_a_refresh_is_begun_when_it_is_time() -> None:
    refresh = FakeRefresh()
    await run(FakePosting(), refresh)
    assert refresh.runs == 0
    refresh.rest = 0
    await run(FakePosting(), refresh)
    assert refresh.runs == 2, "the third look ends the test"


async def test_one_guilds_trouble_is_not_anothers(capsys: pytest.CaptureFixture[str]) -> None:
    posting = FakePosting(
        [post(n) for n in range(1, 6)],
        failing={2},
        hanging={1},
        broken_guilds={11},
        guilds=(11, 12),
    )
    await run(posting, times=4)

    assert sorted(posting.delivered) == [3, 4, 5]
    assert posting.enqueued == [12] * 4
    assert "a bug" in capsys.readouterr().out


async def test_every_look_warns_of_what_is_paused(capsys: pytest.CaptureFixture[str]) -> None:
    posting = FakePosting(paused_guilds=(31, 32, 33), deaf_guilds={32})
    await run(posting, times=3)

    assert posting.warned == [31, 33, 31, 33]
    assert "no answer" in capsys.readouterr().out


async def test_no_post_is_delivered_twice_at_the_same_time() -> None:
    posting = FakePosting([post(1)], hanging={1})
    await run(posting, times=5)

    assert posting.most_at_once == 1
    assert posting.cancelled == [1]


async def test_some_are_delivered_at_the_same_time() -> None:
    posting = FakePosting([post(n) for n in range(100)])
    await run(posting)

    assert posting.most_at_once == AT_ONCE
    assert len(posting.delivered) == 100


async def test_a_failing_refresh_delays_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    posting, refresh = (
        FakePosting([post(1)]),
        FakeRefresh(error=GitHubError("GitHub is down."), rest=0),
    )
    await run(posting, refresh)

    assert posting.delivered == [1]
    assert "GitHub is down." in capsys.readouterr().out
    assert refresh.runs > 1


async def test_a_refresh_that_hangs_keeps_none_after_it_waiting() -> None:
    refresh = FakeRefresh(hangs=True, rest=0)
    await run(FakePosting(), refresh, times=4)

    assert refresh.runs > 1


async def test_the_timer_outlives_a_store_that_fails() -> None:
    posting = FakePosting([post(1)], fails=2)
    slept = await run(posting, times=4)

    assert slept[:2] == [LONGEST_REST, LONGEST_REST]
    assert posting.delivered == [1]


# -- collections -----------------------------------------------------------------------------------


@dataclass
class FakeSync:
    clock: SettableClock
    errors: list[Exception] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    new: list[list[Wanted]] = field(default_factory=list)

    async def everything(self, trigger: Trigger, *, new: Sequence[Wanted] = ()) -> SyncReport:
        if self.errors:
            raise self.errors.pop(0)
        self.new.append(list(new))
        self.runs.append(Run("x", trigger, RunStatus.OK, self.clock.now()))
        return SyncReport(self.runs[-1], ())

    async def newest(self, _trigger: Trigger) -> Run | None:
        return self.runs[-1] if self.runs else None


def made(clock: SettableClock, status: RunStatus, ago: int, **more: object) -> FakeSync:
    """The last run, begun so long ago and over after ten minutes."""
    began_at = clock.now() - ago
    run = Run("x", Trigger.SCHEDULE, status, began_at, began_at + 600, **more)  # type: ignore[arg-type]
    return FakeSync(clock, runs=[run])


@pytest.mark.parametrize(
    ("status", "more", "due_in"),
    [
        (RunStatus.OK, {}, HOUR - 700),
        (RunStatus.PARTIAL, {}, HOUR - 700),
        (RunStatus.PARTIAL, {"message": "GitHub's limit ends at 15:00."}, RETRY - 100),
        (RunStatus.FAILED, {"message": "The token was revoked."}, RETRY - 100),
        (RunStatus.FAILED, {}, RETRY - 100),
        (RunStatus.STOPPED, {}, 0),
        (RunStatus.RUNNING, {}, 0),
    ],
)
async def test_what_was_cut_short_is_soon_made_again(
    clock: SettableClock, status: RunStatus, more: dict[str, object], due_in: int
) -> None:
    sync = made(clock, status, ago=700, **more)
    scheduler = Scheduler(sync, sync, clock, HOUR)  # type: ignore[arg-type]  # fakes

    assert await scheduler.due_in() == due_in


async def test_a_round_is_due_an_interval_after_it_began(clock: SettableClock) -> None:
    sync = made(clock, RunStatus.OK, ago=700, round_at=clock.now() - 1500)
    scheduler = Scheduler(sync, sync, clock, HOUR)  # type: ignore[arg-type]  # fakes

    assert await scheduler.due_in() == HOUR - 1500


@pytest.mark.parametrize(
    ("message", "soon"), [(None, HOUR - 600), ("The token was revoked.", RETRY)]
)
async def test_what_ended_a_run_may_be_mended_by_a_restart(
    clock: SettableClock, message: str | None, soon: int
) -> None:
    sync = made(clock, RunStatus.PARTIAL, ago=600, wanted=6, sampled=2, failed=4, message=message)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(slept) == 2:
            raise Over
        slept.append(seconds)
        clock.pass_(round(seconds))

    scheduler = Scheduler(sync, sync, clock, HOUR, sleep)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await scheduler.run()

    assert slept == [soon, HOUR]


async def test_collects_every_interval_whatever_fails(clock: SettableClock) -> None:
    sync, sleeper = FakeSync(clock, [GitHubError("down"), ValueError("a bug")]), Sleeper(6)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.pass_(round(seconds))
        await sleeper(seconds)

    scheduler = Scheduler(sync, sync, clock, HOUR, sleep)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await scheduler.run()

    assert slept == [0, RETRY, 0, RETRY, 0, HOUR]
    assert len(sync.runs) == 1


async def test_each_run_that_ends_is_told_of_and_no_other(clock: SettableClock) -> None:
    sync, told = FakeSync(clock, [GitHubError("down")]), list[int]()
    scheduler = Scheduler(
        sync,
        sync,
        clock,
        HOUR,
        Sleeper(4),
        collected=lambda: told.append(len(sync.runs)),  # type: ignore[arg-type]  # fakes
    )
    with pytest.raises(Over):
        await scheduler.run()

    assert told == [1]


@dataclass
class FakeLookout:
    """Finds one repository, or fails; counts what was kept."""

    error: Exception | None = None
    kept: int = 0

    async def look(self) -> Outlook:
        if self.error is not None:
            raise self.error
        owned = Owned("acme/new", 7, "R_7", Visibility.PUBLIC)
        failed = {"zeta": GitHubError("GitHub does not tell what zeta owns.")}
        return Outlook([(Follow(11, "all", "acme"), [owned])], failed)

    async def keep(self) -> None:
        self.kept += 1


@pytest.mark.parametrize(
    ("error", "new"),
    [
        (None, [Wanted("acme/new", "R_7")]),
        (ValueError("a bug"), []),
        (StoreUnusable("The disk is full."), []),
    ],
)
async def test_what_is_new_is_sampled_along_and_looking_never_costs_the_run(
    clock: SettableClock, error: Exception | None, new: list[Wanted]
) -> None:
    sync, lookout = FakeSync(clock), FakeLookout(error)
    scheduler = Scheduler(sync, sync, clock, HOUR, Sleeper(2), lookout=lookout)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await scheduler.run()

    assert sync.new == [new]
    assert lookout.kept == 1


async def test_what_is_new_is_kept_for_a_run_that_ends_well(clock: SettableClock) -> None:
    sync, lookout = FakeSync(clock, [GitHubError("down")]), FakeLookout()
    scheduler = Scheduler(sync, sync, clock, HOUR, Sleeper(2), lookout=lookout)  # type: ignore[arg-type]  # fakes
    with pytest.raises(Over):
        await scheduler.run()

    assert (sync.runs, lookout.kept) == ([], 0)
