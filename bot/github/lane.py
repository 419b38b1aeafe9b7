"""The queue of one connection: what several ask for is read once, and who waits goes first."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial

from bot.core.models import Harvest, Pause, Reading, Refusal, Wanted
from bot.github.asking import Caller, Entry, Page, key_of
from bot.github.connection import Connection
from bot.github.pages import PageReader, ask_allowance
from bot.github.sizing import LARGEST, PAGE_SIZE, PageSize
from bot.github.trip import Trip


class Lane:
    def __init__(self, github: Connection, *, concurrency: int) -> None:
        self._github, self._reader = github, PageReader(github)
        self._concurrency = concurrency
        self._sizes = {True: PageSize(PAGE_SIZE), False: PageSize(LARGEST)}  # counted or not
        self._callers: list[Caller] = []  # whose turn it is comes first
        self._entries: dict[tuple[object, bool], Entry] = {}  # queued or in flight
        self._pages: dict[Page, asyncio.Task[None]] = {}
        self._looking = asyncio.Lock()

    async def harvest(
        self, wanted: Sequence[Wanted], waiting: Callable[[Pause], None], *, urgent: bool
    ) -> AsyncGenerator[Harvest, None]:
        """Each repository's outcome once; close the generator, and what it alone wanted ends."""
        caller = Caller(waiting, urgent)
        self._callers.append(caller)
        try:
            for one in dict.fromkeys(wanted):
                self._enlist(one, caller)
            self._tell_who_is_stuck(caller)
            async for part in caller.news(self._fill):
                yield part
        finally:
            await self._leave(caller)

    # Coming and going

    def _enlist(self, one: Wanted, caller: Caller) -> None:
        entry = self._shared(one)
        if entry is None or (caller.urgent and entry.is_background):
            entry = self._entries[key_of(one), one.counted] = Entry(one)
        entry.takers.setdefault(caller, []).append(one)
        caller.owed[one] = entry
        if entry.page is None:
            caller.queue(counted=entry.asked.counted).append(entry)
        elif caller.urgent:
            entry.page.trip.hurry()

    def _shared(self, one: Wanted) -> Entry | None:
        """What somebody else has already asked for and says as much; a queued one is widened."""
        key = key_of(one)
        wide, narrow = self._entries.get((key, True)), self._entries.get((key, False))
        if wide is not None or narrow is None or not one.counted:
            return wide or narrow
        if narrow.page is not None:
            return None
        narrow.widen()
        self._entries[key, True] = self._entries.pop((key, False))
        return narrow

    def _tell_who_is_stuck(self, caller: Caller) -> None:
        """A page tells its callers when it begins to wait; this one comes later."""
        joined = any(entry.page and entry.page.trip.held for entry in caller.owed.values())
        full = bool(caller.owed) and len(self._pages) >= self._concurrency
        pause = self._github.gate.pause()
        if pause and not caller.urgent and (joined or full):
            caller.waiting(pause)

    async def _leave(self, caller: Caller) -> None:
        """Drop what nobody else wants, in flight too."""
        self._callers.remove(caller)
        for entry in caller.owed.values():
            entry.takers.pop(caller, None)
            if entry.page is None and not entry.takers:
                self._forget(entry)
        unwanted = [page for page in self._pages if not page.callers()]
        orphans = [self._pages.pop(page) for page in unwanted]
        for page, task in zip(unwanted, orphans, strict=True):
            self._forget_all(page)  # now: whoever comes next must not join what ends
            task.cancel()
        await asyncio.gather(*orphans, return_exceptions=True)

    def _drop_queued(self, caller: Caller) -> None:
        """It gets no more pages; what others read on is not waited for."""
        for one, entry in list(caller.owed.items()):
            if entry.page is None:
                del caller.owed[one]
                entry.takers.pop(caller, None)
                if not entry.takers:
                    self._forget(entry)

    def _forget_all(self, page: Page) -> None:
        for entry in page.entries.values():
            self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        key = key_of(entry.asked), entry.asked.counted
        if self._entries.get(key) is entry:
            del self._entries[key]

    # Pages

    def _fill(self) -> None:
        while page := self._cut():
            task = self._pages[page] = asyncio.create_task(self._read(page))
            task.add_done_callback(partial(self._ended, page))

    def _cut(self) -> Page | None:
        """The next page; what is urgent counts only itself, and not what is held."""
        asking = sum(page.trip.urgent and not page.trip.held for page in self._pages)
        page = self._page(urgent=True) if asking < self._concurrency else None
        if page is None and len(self._pages) < self._concurrency:
            page = self._page(urgent=False)
        return page

    def _page(self, *, urgent: bool) -> Page | None:
        """Counted or not, never both; filled up from other callers of the same urgency."""
        ready = [one for one in self._callers if one.urgent is urgent and self._is_ready(one)]
        first = next((one for one in ready if one.wants() is not None), None)
        if first is None:
            return None
        counted = bool(first.wants())
        size, entries = self._sizes[counted].now, dict[Wanted, Entry]()
        for caller in (first, *(one for one in ready if one is not first)):
            queue = caller.queue(counted=counted)
            while queue and len(entries) < size:
                entry = queue.popleft()
                if entry.waits(counted=counted):
                    entries[entry.asked] = entry
        self._callers.remove(first)
        self._callers.append(first)
        return Page(entries)

    def _is_ready(self, caller: Caller) -> bool:
        """Whether it still wants anything, and takes what it gets: pages must not pile up."""
        return caller.error is None and caller.behind < self._concurrency

    async def _read(self, page: Page) -> None:
        await self._look_first(page.trip)
        wanted = list(page.entries)
        size = self._sizes[wanted[0].counted]
        await self._reader.read(wanted, page.trip, size, partial(self._hand_out, page))

    async def _look_first(self, trip: Trip) -> None:
        """After an outage something small goes ahead, once: a page may fail of itself."""
        if not self._github.gate.host.doubtful:
            return
        async with self._looking:
            if self._github.gate.host.doubtful:
                await ask_allowance(self._github, trip)

    def _hand_out(
        self, page: Page, found: Mapping[Wanted, Reading], refused: Mapping[Wanted, Refusal]
    ) -> None:
        got = defaultdict[Caller, dict[Wanted, Reading]](dict)
        missed = defaultdict[Caller, dict[Wanted, Refusal]](dict)
        for asked, reading in found.items():
            for caller, one in self._owed(page, asked):
                got[caller][one] = reading
        for asked, refusal in refused.items():
            for caller, one in self._owed(page, asked):
                missed[caller][one] = refusal
        at = self._github.gate.clock.now()
        for caller in dict.fromkeys((*got, *missed)):
            requests, points = page.trip.settle()  # the first one's: the next finds nothing left
            caller.receive(Harvest(at, got[caller], missed[caller], requests, points))

    def _owed(self, page: Page, asked: Wanted) -> list[tuple[Caller, Wanted]]:
        """Everybody who is owed this outcome, and by which words; it is settled herewith."""
        entry = page.entries.pop(asked)
        self._forget(entry)
        owed = [(caller, one) for caller, ones in entry.takers.items() for one in ones]
        for caller, one in owed:
            del caller.owed[one]
        return owed

    def _ended(self, page: Page, task: asyncio.Task[None]) -> None:
        """Whatever ended it, those whose repositories it leaves without an outcome hear of it."""
        self._pages.pop(page, None)
        page.ended = True
        self._forget_all(page)
        if not task.cancelled() and (error := task.exception()):
            for caller in page.callers():
                self._drop_queued(caller)
                caller.fail(error, self._github.timeout)
        self._fill()
