"""The verb settings: what a guild settles about its zone, its warnings and its digests."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.groups import group_of
from bot.core.guild import BY_HAND, AuditEntry, DigestSettings, Guild, plan_of
from bot.core.rank import RANKINGS
from bot.core.schedule import Every, Plan, next_due
from bot.core.settled import Scheduled, Settled
from bot.core.zones import zone_named, zones_like
from bot.errors import UsageError
from bot.flows.portfolio import DEFAULT_GROUP, Portfolio
from bot.flows.ports import Clock, Guilds

LARGEST_TOP = 25
MOST_DIGESTS = 25
NOBODY = 0
"""A role that nobody has, to wish for no mention."""
PAUSED = "digest paused: {group}"
"""The warning that is due again once a digest runs again."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and where."""

    guild_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a digest; None keeps what is, or takes the default."""

    group: str = DEFAULT_GROUP
    channel_id: int | None = None
    time: str | None = None
    every: str | None = None
    zone: str | None = None
    by: str | None = None
    top: int | None = None
    minimum: int | None = None
    skip_empty: bool | None = None
    mention_role_id: int | None = None  # NOBODY takes it away
    publish: bool | None = None


class GuildSettings:
    """Every change leaves an audit row: who, and what."""

    def __init__(self, guilds: Guilds, portfolio: Portfolio, clock: Clock) -> None:
        self._guilds = guilds
        self._portfolio = portfolio
        self._clock = clock

    async def zone(self, guild_id: int) -> ZoneInfo:
        """The clock on this guild's wall."""
        return ZoneInfo((await self._guilds.get(guild_id)).zone)

    async def show(self, guild_id: int) -> Settled:
        digests = [await self._scheduled(one) for one in await self._guilds.digests(guild_id)]
        return Settled(await self._guilds.get(guild_id), tuple(digests))

    async def set_zone(self, actor: Actor, zone: str) -> Settled:
        """Digests on the guild's old zone move along; those with a zone of their own stay.

        Raises UsageError for a zone nobody knows.
        """
        named = parse_zone(zone)
        await self._guilds.set_zone(actor.guild_id, named, self._clock.now())
        await self._note(actor, "settings timezone", named)
        return await self.show(actor.guild_id)

    async def set_alerts(self, actor: Actor, channel_id: int | None) -> Guild:
        """Where warnings go; None: to the digest's channel."""
        await self._guilds.set_alerts(actor.guild_id, channel_id)
        await self._note(actor, "settings alerts", str(channel_id or "the digest's channel"))
        return await self._guilds.get(actor.guild_id)

    async def draft(self, guild_id: int, wish: Wish) -> DigestSettings:
        """The digest as it would be; nothing is written. Raises UsageError for what is wrong."""
        group = group_of(wish.group)
        known = await self._find(guild_id, group)
        if known is None and len(await self._guilds.digests(guild_id)) >= MOST_DIGESTS:
            raise UsageError(f"A server has at most {MOST_DIGESTS} digests: remove one first.")
        channel_id = wish.channel_id or (known.channel_id if known else None)
        if channel_id is None or (wish.time is None and known is None):
            raise UsageError(
                "Name the channel and the time: /settings digest channel:#reports time:09:00."
            )
        plan = _plan(wish, known, (await self._guilds.get(guild_id)).zone)
        fresh = known or DigestSettings(guild_id, group, channel_id, plan, self._clock.now())
        goes_on = fresh.plan == plan and fresh.paused is None  # nothing that is due is dropped
        since = fresh.since if goes_on else self._clock.now()
        asked = replace(fresh, channel_id=channel_id, plan=plan, since=since, paused=None)
        return _checked(_with(asked, wish))

    async def sample(self, guild_id: int, wish: Wish) -> DigestSettings:
        """The digest to try: the one that is set with what is wished for, or a new one."""
        known = await self._find(guild_id, group_of(wish.group))
        time = wish.time if known or wish.time else "09:00"
        return await self.draft(guild_id, replace(wish, time=time))

    async def set_digest(self, actor: Actor, digest: DigestSettings) -> Scheduled:
        """Post it from now on; a paused one is resumed."""
        before = await self._find(actor.guild_id, digest.group)
        await self._guilds.save_digest(digest)
        await self._guilds.clear(actor.guild_id, PAUSED.format(group=digest.group))
        changed = f"set: group {digest.group}: {_difference(before, digest)}"
        await self._note(actor, "settings digest", changed)
        return await self._scheduled(digest)

    async def digest(self, guild_id: int, group: str) -> DigestSettings:
        """Raises UsageError where the group has none."""
        known = await self._find(guild_id, group_of(group))
        if known is not None:
            return known
        groups = [digest.group for digest in await self._guilds.digests(guild_id)]
        if not groups:
            raise UsageError(
                "No digest is set here yet: /settings digest channel:#reports time:09:00."
            )
        raise UsageError(f"The group {group} has no digest: choose from {', '.join(groups)}.")

    async def pause(self, actor: Actor, group: str) -> Scheduled:
        digest = replace(await self.digest(actor.guild_id, group), paused=BY_HAND)
        await self._guilds.halt_digest(actor.guild_id, digest.group, BY_HAND)
        await self._note(actor, "settings digest", f"paused: group {digest.group}")
        return await self._scheduled(digest)

    async def resume(self, actor: Actor, group: str) -> Scheduled:
        """Due times that passed meanwhile are not made up for."""
        known = await self.digest(actor.guild_id, group)
        digest = replace(known, paused=None, since=self._clock.now())
        await self._guilds.resume_digest(actor.guild_id, digest.group, digest.since)
        await self._guilds.clear(actor.guild_id, PAUSED.format(group=digest.group))
        await self._note(actor, "settings digest", f"resumed: group {digest.group}")
        return await self._scheduled(digest)

    async def remove(self, actor: Actor, group: str) -> DigestSettings:
        digest = await self.digest(actor.guild_id, group)
        await self._guilds.remove_digest(actor.guild_id, digest.group)
        await self._guilds.clear(actor.guild_id, PAUSED.format(group=digest.group))
        await self._note(actor, "settings digest", f"removed: group {digest.group}")
        return digest

    async def forget(self, guild_id: int) -> None:
        """Delete all of it at once, the audit too: nothing says it was ever here."""
        await self._guilds.forget(guild_id)

    async def _find(self, guild_id: int, group: str) -> DigestSettings | None:
        digests = await self._guilds.digests(guild_id)
        return next((one for one in digests if one.group == group), None)

    async def _scheduled(self, digest: DigestSettings) -> Scheduled:
        watched = await self._portfolio.repositories(digest.guild_id, digest.group)
        due = None if digest.paused else next_due(digest.plan, self._clock.now())
        return Scheduled(digest, due, len(watched))

    async def _note(self, actor: Actor, action: str, detail: str) -> None:
        entry = AuditEntry(self._clock.now(), actor.guild_id, actor.user_id, action, detail)
        await self._guilds.audit(entry)


def _plan(wish: Wish, known: DigestSettings | None, zone: str) -> Plan:
    """What is not wished for stays as it is."""
    before = known.plan if known else Plan(0, Every.DAY, zone)
    zone = before.zone if wish.zone is None else parse_zone(wish.zone)
    try:
        every = before.every if wish.every is None else Every(wish.every)
    except ValueError:
        raise UsageError(f"A digest comes every {_listed(Every)}.") from None
    if wish.time is None:
        return Plan(before.minute, every, zone)
    try:
        return plan_of(wish.time, every, zone)
    except ValueError:
        raise UsageError("Write the time as HH:MM on a 24-hour clock, such as 09:00.") from None


def parse_zone(text: str) -> str:
    """The zone somebody means; raises UsageError for one nobody knows."""
    zone = zone_named(text)
    if zone is not None:
        return zone
    near = zones_like(text[:100], 3)
    meant = f"did you mean {_listed(near)}?" if near else "choose one from the list, such as"
    raise UsageError(
        f'"{text[:40]}" is not a time zone: {meant}' + ("" if near else " Europe/Berlin.")
    )


def _with(digest: DigestSettings, wish: Wish) -> DigestSettings:
    wished: dict[str, Any] = {
        "by": wish.by,
        "top": wish.top,
        "minimum": wish.minimum,
        "skip_empty": wish.skip_empty,
        "mention_role_id": wish.mention_role_id,
        "publish": wish.publish,
    }
    settled = replace(digest, **{name: what for name, what in wished.items() if what is not None})
    return replace(settled, mention_role_id=settled.mention_role_id or None)


def _checked(digest: DigestSettings) -> DigestSettings:
    if digest.by not in RANKINGS:
        raise UsageError(f"Nothing is ranked by {digest.by!r}: take one of {_listed(RANKINGS)}.")
    if not 1 <= digest.top <= LARGEST_TOP:
        raise UsageError(f"A digest lists 1 to {LARGEST_TOP} repositories.")
    if digest.minimum < 0:
        raise UsageError("The smallest change to list is 0 or more.")
    return digest


def _facts(digest: DigestSettings) -> dict[str, str]:
    """All that can be settled, in words for the audit."""
    plan = digest.plan
    return {
        "channel": str(digest.channel_id),
        "time": f"{plan.minute // 60:02}:{plan.minute % 60:02}",
        "every": plan.every,
        "zone": plan.zone,
        "by": digest.by,
        "top": str(digest.top),
        "minimum": str(digest.minimum),
        "skip_empty": "yes" if digest.skip_empty else "no",
        "mention": str(digest.mention_role_id or "nobody"),
        "publish": "yes" if digest.publish else "no",
        "paused": digest.paused or "no",
    }


def _difference(before: DigestSettings | None, after: DigestSettings) -> str:
    """What changed, from what to what; all of one that is new."""
    was = _facts(before) if before else {}
    told = [
        f"{name} {was[name]} → {value}" if before else f"{name} {value}"
        for name, value in _facts(after).items()
        if was.get(name) != value
    ]
    return ", ".join(told) or "nothing changed"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
