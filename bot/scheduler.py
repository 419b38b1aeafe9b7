"""When things happen by themselves: a collection every interval, and every digest in its time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count

import structlog

from bot.core.guild import Post
from bot.core.models import RunStatus, Trigger, Wanted
from bot.errors import RadarError
from bot.flows.lookout import Lookout
from bot.flows.ports import Clock, Runs
from bot.flows.posting import Posting
from bot.flows.refreshing import Refresh
from bot.flows.rounds import RETRY, due_after
from bot.flows.sync import Sync

LONGEST_REST = 30.0
"""Seconds between two looks at the digests: settings may have changed meanwhile."""
BUSY_REST = 2.0
"""The same while something is under way: its end may let something else begin."""
ENDLESS = {"warnings"}
"""Under way at every look; nothing begins when it ends."""
SHORTEST_REST = 0.5
"""Seconds between two looks at the least, and until asking again whether Discord is there."""
AT_ONCE = 16
"""Digests posted at the same time: Discord allows 50 requests a second in all."""

log = structlog.get_logger(__name__)


class Scheduler:
    """Outlives any failure of a collection, and remembers the last one across restarts."""

    def __init__(  # noqa: PLR0913  # what a timer stands on
        self,
        sync: Sync,
        runs: Runs,
        clock: Clock,
        interval: int,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        *,
        lookout: Lookout | None = None,
        collected: Callable[[], None] = lambda: None,
    ) -> None:
        self._sync = sync
        self._collected = collected
        self._lookout = lookout
        self._runs = runs
        self._clock = clock
        self._interval = interval
        self._sleep = sleep
        self._restarted = True

    async def run(self) -> None:
        """Collect whenever it is due, until cancelled."""
        while True:
            try:
                await self._sleep(await self.due_in())
                await self._collect()
            except Exception as error:  # a timer that dies once is dead for good
                log.warning("collection failed", reason=_reason(error), exc_info=_unexpected(error))
                await self._sleep(min(RETRY, self._interval))

    async def due_in(self) -> int:
        """Seconds until the next collection: 0 when it is late, or was never made.

        One still marked as running was killed: nobody else makes the timer's runs. What ended one
        before its time may be mended by a restart, as a new token does: it is tried soon.
        """
        last = await self._runs.newest(Trigger.SCHEDULE)
        if last is None:
            return 0
        if last.status is RunStatus.RUNNING:
            last = replace(last, status=RunStatus.STOPPED)
        due_at = due_after(last, self._interval)
        if self._restarted and last.message is not None and last.finished_at is not None:
            due_at = min(due_at, last.finished_at + min(RETRY, self._interval))
        return max(0, due_at - self._clock.now())

    async def _collect(self) -> None:
        self._restarted = False
        run = (await self._sync.everything(Trigger.SCHEDULE, new=await self._found())).run
        log.info(
            "collected",
            status=run.status,
            sampled=run.sampled,
            changed=run.changed,
            failed=run.failed,
            requests=run.requests,
            points=run.points,
        )
        if self._lookout is not None:
            await self._lookout.keep()
        self._collected()

    async def _found(self) -> Sequence[Wanted]:
        """What is new at the owners that are followed; the run goes on without, if need be."""
        if self._lookout is None:
            return ()
        try:
            outlook = await self._lookout.look()
        except Exception as error:  # nobody's numbers wait for what is new
            log.warning("look failed", reason=_reason(error), exc_info=_unexpected(error))
            return ()
        for owner, why in outlook.failed.items():
            log.warning("owner not listed", owner=owner, reason=_reason(why))
        return outlook.wanted


class DigestTimer:
    """Begins what is due, and waits for none of it: one guild's trouble is not another's."""

    def __init__(
        self,
        posting: Posting,
        refresh: Refresh,
        ready: Callable[[], bool],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._posting = posting
        self._refresh = refresh
        self._ready = ready
        self._sleep = sleep
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._looks = count()
        self._underway: dict[Hashable, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Post whatever is due once Discord is there, until cancelled."""
        try:
            while True:
                rest = await self._look() if self._ready() else 0.0
                await self._sleep(max(SHORTEST_REST, rest))
        finally:
            tasks = list(self._underway.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> float:
        """Begin all that is due; returns seconds until more is."""
        try:
            busy = set(self._underway)  # before the outbox is read: what ends now was read too soon
            active = await self._posting.active()
            for digest in active:
                await self._survive(partial(self._posting.enqueue, digest), digest.guild_id)
            for post in await self._posting.ready():
                if post.id not in busy:
                    self._begin(post.id, self._deliver(post))
            if "warnings" not in busy:
                self._begin("warnings", self._warn())
            if not self._refresh.wait(active):
                # beside those under way: what is due next waits for none that GitHub lets wait
                refreshing = self._survive(partial(self._refresh.run, active))
                self._begin(("refresh", next(self._looks)), refreshing)
            longest = BUSY_REST if self._underway.keys() - ENDLESS else LONGEST_REST
            return min(longest, self._posting.wait(active), self._refresh.wait(active))
        except Exception as error:  # a timer that dies once is dead for good
            log.warning("digests failed", reason=_reason(error), exc_info=_unexpected(error))
            return LONGEST_REST

    async def _warn(self) -> None:
        """Warn of every digest that the bot paused; of most of them everybody knows already."""
        for digest in await self._posting.paused():
            await self._survive(partial(self._posting.warn, digest), digest.guild_id)

    def _begin(self, key: Hashable, work: Coroutine[None, None, None]) -> None:
        task = self._underway[key] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._underway.pop(key))

    async def _deliver(self, post: Post) -> None:
        async with self._turns:
            await self._survive(partial(self._posting.deliver, post), post.guild_id)

    async def _survive(
        self, work: Callable[[], Awaitable[None]], guild_id: int | None = None
    ) -> None:
        try:
            await work()
        except Exception as error:  # nobody else's digest waits for this one's
            log.warning(
                "digest failed", guild=guild_id, reason=_reason(error), exc_info=_unexpected(error)
            )


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RadarError) else repr(error)


def _unexpected(error: Exception) -> Exception | None:
    return None if isinstance(error, RadarError) else error
