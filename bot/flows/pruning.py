"""What is not kept for ever: posts that are long over, and who changed what over a year ago."""

from collections.abc import Awaitable, Callable

from bot.flows.ports import Clock, Guilds, Outbox

DAY = 86_400
POSTS_KEPT, AUDIT_KEPT = 90 * DAY, 365 * DAY
AT_ONCE = 500
"""Rows deleted in one transaction: nobody waits long for the one writer."""


class Pruning:
    def __init__(self, outbox: Outbox, guilds: Guilds, clock: Clock) -> None:
        self._outbox = outbox
        self._guilds = guilds
        self._clock = clock

    async def prune(self) -> int:
        """Returns how many rows were deleted."""
        now = self._clock.now()
        posts = await _all(self._outbox.prune, now - POSTS_KEPT)
        return posts + await _all(self._guilds.prune_audit, now - AUDIT_KEPT)


async def _all(prune: Callable[[int, int], Awaitable[int]], before: int) -> int:
    gone = 0
    while last := await prune(before, AT_ONCE):
        gone += last
    return gone
