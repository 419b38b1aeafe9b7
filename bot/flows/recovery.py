"""Digests that paused by themselves go on once their channel is mended: nobody has to ask."""

from typing import Protocol

from bot.core.guild import BY_HAND, ITSELF, REFUSED, AuditEntry, DigestSettings
from bot.errors import NotPosted
from bot.flows.guild_settings import PAUSED
from bot.flows.ports import Clock, Guilds, Warnings

RESUMED = "digest resumed: {group}"
REST = 86_400
"""Seconds before a digest is resumed again: what a look cannot see may pause it each time."""


class Places(Protocol):
    async def check(self, guild_id: int, channel_id: int) -> None:
        """Raises NotPosted where a digest could not be posted now. Sends nothing."""
        ...


class Recovery:
    def __init__(self, guilds: Guilds, places: Places, warnings: Warnings, clock: Clock) -> None:
        self._guilds = guilds
        self._places = places
        self._warnings = warnings
        self._clock = clock
        self._resumed: dict[tuple[int, str], int] = {}  # when, by digest

    async def look(self) -> None:
        """Resume what can be posted again; raises what one of them met when all had their turn.

        Due times that were missed meanwhile are made up for as after a downtime.
        """
        now = self._clock.now()
        self._resumed = {key: at for key, at in self._resumed.items() if now - at < REST}
        failure: Exception | None = None
        for digest in await self._guilds.digests():
            try:
                if self._may_recover(digest) and await self._is_mended(digest):
                    await self._resume(digest)
            except Exception as error:  # noqa: BLE001  # raised again when all had their turn
                failure = error
        if failure is not None:
            raise failure

    def _may_recover(self, digest: DigestSettings) -> bool:
        """What a person paused a person resumes, and what Discord refused, too."""
        paused = digest.paused
        if paused is None or paused == BY_HAND or paused.startswith(REFUSED):
            return False
        return (digest.guild_id, digest.group) not in self._resumed

    async def _is_mended(self, digest: DigestSettings) -> bool:
        try:
            await self._places.check(digest.guild_id, digest.channel_id)
        except NotPosted:
            return False
        return True

    async def _resume(self, digest: DigestSettings) -> None:
        guild_id, group, now = digest.guild_id, digest.group, self._clock.now()
        if not await self._guilds.recover_digest(guild_id, group, digest.paused or ""):
            return  # somebody was quicker
        self._resumed[guild_id, group] = now
        detail = f"resumed by the bot: group {group}. Its channel is mended."
        await self._guilds.audit(AuditEntry(now, guild_id, ITSELF, "settings digest", detail))
        await self._warnings.clear(guild_id, PAUSED.format(group=group))
        kind = RESUMED.format(group=group)
        sentence = f"The digest of the group {group} runs again: I may post in its channel."
        await self._warnings.warn(guild_id, kind, sentence)
        await self._warnings.clear(guild_id, kind)
