"""The verb post: every due digest once, whatever crashes, late within 12 hours, else folded.

A post is written as due, then as being sent, then sent to Discord, then written as sent. So after a
crash it may or may not stand in the channel: it is searched there before it is sent again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.digest import Digest
from bot.core.guild import (
    ATTEMPT_SECONDS,
    BY_HAND,
    ITSELF,
    SETTLE,
    AuditEntry,
    DigestSettings,
    Post,
    PostState,
)
from bot.core.reports import ScheduledDigest
from bot.core.schedule import Plan, dues_between, next_due, previous_due
from bot.core.window import between
from bot.errors import NotPosted, PostDropped, Unpostable
from bot.flows.composing import Composing
from bot.flows.guild_settings import PAUSED
from bot.flows.ports import Clock, Guilds, Outbox, Poster, Warnings

CATCH_UP = 12 * 3600
"""A digest missed by more seconds than this is folded into the next one."""
FORGOTTEN = 14 * 86_400
"""A digest settled so long after the last post is a new one: nothing of the gap is made up for."""
MOST_FOLDED = 31
"""Missed digests that are written down one by one; the window covers older ones all the same."""
SEARCH_SECONDS = 90
"""Of an attempt so much may be spent on searching for the one before."""
BLIND = 8
"""Searches that failed one after another, over some twenty minutes: more are no use when late."""
LOST = "digest lost: {group}"
NOT_TAKEN = (
    "Discord did not take the last digest of the group {group} for 12 hours. The next one covers"
    " its time, too. If that is not posted either, /status may tell why."
)
NOT_FOUND = (
    "Whether the last digest of the group {group} was posted cannot be found out: Discord did not"
    " let me look for 12 hours. The next one covers its time again."
)
FIRST_PAUSE, LONGEST_PAUSE = SETTLE, 900
"""Seconds between two attempts; each pause is twice the one before."""


class _Unseen(NotPosted):
    """The search failed: whether the post stands in its channel is unknown."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """A post that Discord did not take."""

    until: int
    failures: int
    blind: int = 0  # searches that failed, the last ones one after another


class Posting:
    def __init__(  # noqa: PLR0913  # what it asks of the world, by name
        self,
        *,
        guilds: Guilds,
        outbox: Outbox,
        composing: Composing,
        poster: Poster,
        warnings: Warnings,
        clock: Clock,
    ) -> None:
        self._guilds = guilds
        self._outbox = outbox
        self._composing = composing
        self._poster = poster
        self._warnings = warnings
        self._clock = clock
        self._dues: dict[Plan, tuple[int, int]] = {}  # the due times around now
        self._written: dict[tuple[int, str], int] = {}  # the newest due time in the outbox
        self._pauses: dict[int, _Pause] = {}  # by post

    async def active(self) -> list[DigestSettings]:
        """What is posted, of all guilds that are members."""
        return [digest for digest in await self._guilds.digests() if digest.paused is None]

    async def paused(self) -> list[DigestSettings]:
        """What the bot itself does not post until somebody mends its cause."""
        return [one for one in await self._guilds.digests() if one.paused not in (None, BY_HAND)]

    async def warn(self, paused: DigestSettings) -> None:
        """Say so, once; asked again and again, as whoever is to hear it may be out of reach."""
        digest = await self._settings_of(paused.guild_id, paused.group)
        if digest is None or digest.paused in (None, BY_HAND):
            return
        sentence = f"The digest of the group {digest.group} is paused. {digest.paused}"
        kind = PAUSED.format(group=digest.group)
        await self._warnings.warn(digest.guild_id, kind, sentence)
        if await self._settings_of(digest.guild_id, digest.group) != digest:
            await self._warnings.clear(digest.guild_id, kind)  # mended while it was said

    async def enqueue(self, digest: DigestSettings) -> None:
        """Write down what became due; of several missed ones only the newest can be posted."""
        key = digest.guild_id, digest.group
        due, _ = self._around(digest.plan)
        if due <= max(digest.since, self._written.get(key, 0)):
            return
        last = await self._outbox.newest(*key)
        if last is not None and last.due_at < due and not await self._is_over(last):
            return
        after = max(digest.since, last.due_at if last else 0)
        start = await self._covers_from(digest)
        for missed in dues_between(digest.plan, after, due)[-MOST_FOLDED:]:
            post = await self._outbox.put(digest, missed, start)
            if missed < due or self._is_late(post):
                await self._outbox.overtake(post.id)
        self._written[key] = due

    async def ready(self) -> list[Post]:
        """What can be delivered now, oldest first."""
        now = self._clock.now()
        posts = await self._outbox.open()
        still = {post.id for post in posts}
        self._pauses = {id_: pause for id_, pause in self._pauses.items() if id_ in still}
        return [p for p in posts if p.id not in self._pauses or self._pauses[p.id].until <= now]

    async def deliver(self, post: Post) -> None:
        """Bring a post one step on: to its end, or to a pause before the next attempt.

        It must be as the outbox has it now, and delivered by nobody else meanwhile.
        """
        digest = await self._settings_of(post.guild_id, post.group)
        if digest is None or digest.paused is not None:
            return
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await self._step(post, digest)
        except Unpostable as error:
            await self._give_up(digest, str(error))
        except _Unseen:
            self._pause(post, unseen=True)
            if self._is_late(post) and self._pauses[post.id].blind >= BLIND:
                await self._lose(post, NOT_FOUND)
        except (NotPosted, TimeoutError):
            self._pause(post)
        except PostDropped:
            return  # removed in the same moment
        except Exception:
            self._pause(post)
            raise

    def wait(self, active: Sequence[DigestSettings]) -> int:
        """Seconds until anything is due or tried again."""
        now = self._clock.now()
        moments = [self._around(digest.plan)[1] for digest in active]
        moments += [pause.until for pause in self._pauses.values() if pause.until > now]
        return max(0, min(moments, default=now + LONGEST_PAUSE) - now)

    def _around(self, plan: Plan) -> tuple[int, int]:
        """The last due time up to now and the next one; thousands of guilds share few plans."""
        now = self._clock.now()
        known = self._dues.get(plan)
        if known is None or not known[0] <= now < known[1]:
            known = self._dues[plan] = previous_due(plan, now + 1), next_due(plan, now)
        return known

    async def _is_over(self, last: Post) -> bool:
        """Make room for a newer post; one that may stand in the channel has to be found first."""
        if last.state is PostState.DUE:
            return await self._outbox.overtake(last.id)
        return last.state is not PostState.SENDING

    async def _covers_from(self, digest: DigestSettings) -> int:
        """Where the last posted one ended, so that no growth is told twice or never."""
        covered = await self._outbox.covered_until(digest.guild_id, digest.group)
        if covered is not None and covered + FORGOTTEN > digest.since:
            return covered
        return previous_due(digest.plan, next_due(digest.plan, digest.since))

    def _is_late(self, post: Post) -> bool:
        return self._clock.now() - post.due_at > CATCH_UP

    async def _settings_of(self, guild_id: int, group: str) -> DigestSettings | None:
        digests = await self._guilds.digests(guild_id)
        return next((digest for digest in digests if digest.group == group), None)

    async def _step(self, post: Post, digest: DigestSettings) -> None:
        found = await self._find(post, digest) if post.state is PostState.SENDING else None
        if found is not None:
            await self._sent(post, digest, found)
        elif self._is_late(post) and post.id in self._pauses:
            await self._lose(post, NOT_TAKEN)
        elif self._is_late(post) or self._around(digest.plan)[0] > max(post.due_at, digest.since):
            await self._outbox.finish(post.id, PostState.FOLDED)
        elif self._clock.now() < (post.attempted_at or 0) + SETTLE:
            self._pauses[post.id] = _Pause((post.attempted_at or 0) + SETTLE, 0)
        else:
            await self._send(post, digest)

    async def _find(self, post: Post, digest: DigestSettings) -> int | None:
        try:
            async with asyncio.timeout(SEARCH_SECONDS):
                return await self._poster.find(post)
        except Unpostable:
            if post.channel_id == digest.channel_id:
                raise
            return None  # the channel it was meant for is gone, and replaced
        except (NotPosted, TimeoutError) as error:
            raise _Unseen(str(error)) from error

    async def _send(self, post: Post, digest: DigestSettings) -> None:
        moved = await self._composing.moved(digest, between(post.covers_from, post.due_at))
        if digest.skip_empty and not moved.listed:
            state = PostState.HELD if moved.ranked else PostState.SKIPPED
            await self._outbox.finish(post.id, state)
            return
        report = await self._report(post, digest, moved)
        begun = await self._outbox.begin(post.id, self._clock.now(), digest.channel_id)
        await self._sent(begun, digest, await self._poster.send(begun, report))

    async def _report(self, post: Post, digest: DigestSettings, moved: Digest) -> ScheduledDigest:
        times = post.covers_from, post.due_at
        folded, held = [
            await self._outbox.passed_over(post.guild_id, post.group, state, *times)
            for state in (PostState.FOLDED, PostState.HELD)
        ]
        return await self._composing.telling(digest, moved, folded, held)

    async def _sent(self, post: Post, digest: DigestSettings, message_id: int) -> None:
        if digest.publish:
            await self._poster.publish(post, message_id)
        await self._outbox.finish(post.id, PostState.SENT, message_id)
        await self._warnings.clear(post.guild_id, LOST.format(group=post.group))

    async def _lose(self, post: Post, sentence: str) -> None:
        """Fold what was tried in vain: it is sent no more, and the next one covers it."""
        await self._outbox.finish(post.id, PostState.FOLDED)
        kind, told = LOST.format(group=post.group), sentence.format(group=post.group)
        await self._warnings.warn(post.guild_id, kind, told)

    async def _give_up(self, tried: DigestSettings, reason: str) -> None:
        """Pause it until somebody mends its cause; the post stays open for that long."""
        detail = f"paused by the bot: group {tried.group}. {reason}"
        noted = AuditEntry(self._clock.now(), tried.guild_id, ITSELF, "settings digest", detail)
        await self._guilds.give_up(tried, reason, noted)

    def _pause(self, post: Post, *, unseen: bool = False) -> None:
        before = self._pauses.get(post.id, _Pause(0, 0))
        length = min(FIRST_PAUSE * 2**before.failures, LONGEST_PAUSE)
        blind = before.blind + 1 if unseen else 0
        self._pauses[post.id] = _Pause(self._clock.now() + length, before.failures + 1, blind)
