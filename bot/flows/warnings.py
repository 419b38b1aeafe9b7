"""What a guild has to know before it asks: a digest that is paused, a token that ends."""

from bot.core.guild import Guild
from bot.core.models import Allowance
from bot.core.tokens import DAY, days_left, serving, setting
from bot.errors import NotPosted
from bot.flows.allowance import Allowances
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Guilds, Speaker, Warnings

STEPS = (1, 3, 14)
"""Days before the end of the token at which a guild is warned."""
REJECTED = "token rejected"


class GuildWarnings:
    """Each once: to the alerts channel, else to a digest's; else only `/status` tells."""

    def __init__(self, guilds: Guilds, speaker: Speaker, clock: Clock) -> None:
        self._guilds = guilds
        self._speaker = speaker
        self._clock = clock
        self._telling: set[tuple[int, str]] = set()

    async def warn(self, guild_id: int, kind: str, sentence: str) -> None:
        """Noted as told once it is said: a kill in between tells it twice rather than never.

        Raises NotPosted when it may be told later.
        """
        key = guild_id, kind
        if key in self._telling:
            return
        self._telling.add(key)
        try:
            if not await self._guilds.is_told(*key):
                await self._say(guild_id, sentence)
                await self._guilds.tell_once(*key, self._clock.now())
        finally:
            self._telling.discard(key)

    async def clear(self, guild_id: int, kind: str) -> None:
        await self._guilds.clear(guild_id, kind)

    async def _say(self, guild_id: int, sentence: str) -> None:
        """To the first channel that takes it; raises what the last one did if none does."""
        failure: NotPosted | None = None
        for channel_id in await self._channels(guild_id):
            try:
                if await self._speaker.say(channel_id, sentence):
                    return
            except NotPosted as error:
                failure = error
        if failure is not None:
            raise failure

    async def _channels(self, guild_id: int) -> list[int]:
        """Where to try, best first: a paused digest's channel is likely the one that is gone."""
        alerts = (await self._guilds.get(guild_id)).alerts_channel_id
        digests = await self._guilds.digests(guild_id)
        digests.sort(key=lambda digest: digest.paused is not None)
        found = [alerts, *(digest.channel_id for digest in digests)]
        return list(dict.fromkeys(channel_id for channel_id in found if channel_id is not None))


class TokenWatch:
    """Looks now and then whether GitHub's tokens still hold, and warns in time whom it concerns.

    A guild is concerned when it watches a repository that the token reads.
    """

    def __init__(
        self,
        allowances: Allowances,
        guilds: Guilds,
        portfolio: Portfolio,
        warnings: Warnings,
        clock: Clock,
    ) -> None:
        self._allowances = allowances
        self._guilds = guilds
        self._portfolio = portfolio
        self._warnings = warnings
        self._clock = clock
        self._told: dict[str, str | None] = {}  # of a token's name; None: all is well with it

    async def look(self) -> None:
        """An outage of GitHub says nothing about a token.

        One guild's trouble is not another's, nor is one token's; who could not be told has another
        turn in an hour.
        """
        allowances = await self._allowances.ask()
        failures: list[Exception] = []
        for one in allowances:
            if one.configured and (one.refused or one.trouble is None):
                failures += await self._tell(allowances, one)
        if failures:
            raise failures[-1]

    async def _tell(self, allowances: list[Allowance], one: Allowance) -> list[Exception]:
        """Once a change: thousands of guilds are not written to every hour."""
        kind, sentence = _warning(one, self._clock.now())
        if one.name in self._told and self._told[one.name] == kind:
            return []
        failures: list[Exception] = []
        for guild in await self._concerned(allowances, one):
            try:
                await self._tell_one(guild.id, one, kind, sentence)
            except Exception as error:  # noqa: BLE001  # raised when all others are told
                failures.append(error)
        if not failures:
            self._told[one.name] = kind
        return failures

    async def _tell_one(
        self, guild_id: int, one: Allowance, kind: str | None, sentence: str
    ) -> None:
        for other in _outdated_by(kind):
            await self._warnings.clear(guild_id, _of(one, other))
        if kind is not None:
            await self._warnings.warn(guild_id, _of(one, kind), sentence)

    async def _concerned(self, allowances: list[Allowance], one: Allowance) -> list[Guild]:
        found = []
        for guild in await self._guilds.known():
            owners = await self._portfolio.owners(guild.id) if guild.left_at is None else set()
            if owners and one in serving(allowances, owners):
                found.append(guild)
        return found


def _of(one: Allowance, kind: str) -> str:
    """A warning's name; of the default token as it was when there was only that."""
    return f"{kind}: {one.name}" if one.owners else kind


def _kind(days: int) -> str:
    return f"token ends {days}"


def _warning(one: Allowance, now: int) -> tuple[str | None, str]:
    if one.refused:
        return REJECTED, one.trouble or ""
    ends = one.token_expires_at
    days = next((days for days in STEPS if ends is not None and ends - now <= days * DAY), None)
    if ends is None or days is None:
        return None, ""
    return _kind(days), (
        f"The GitHub {one.name} of this bot ends in {days_left(ends, now)}: whoever runs the bot"
        f" has to make a new one and set {setting(one)}, or the numbers stop."
    )


def _outdated_by(kind: str | None) -> list[str]:
    """Warnings whose cause is gone: a token that ends soon is not rejected, and is not new."""
    endings = [_kind(days) for days in STEPS]
    if kind is None:
        return [REJECTED, *endings]
    return [] if kind == REJECTED else [REJECTED]
