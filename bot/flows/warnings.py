"""What a guild has to know before it asks: a digest that is paused, a token that ends."""

from bot.core.guild import Guild
from bot.errors import GitHubError, NotPosted, TokenRejected
from bot.flows.allowance import Allowances
from bot.flows.ports import Clock, Guilds, Speaker, Warnings

DAY = 86_400
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
    """Looks now and then whether GitHub's token still holds, and warns every guild in time."""

    def __init__(
        self, allowances: Allowances, guilds: Guilds, warnings: Warnings, clock: Clock
    ) -> None:
        self._allowances = allowances
        self._guilds = guilds
        self._warnings = warnings
        self._clock = clock
        self._told: str | None = ""  # None: all is well; "": nobody has looked yet

    async def look(self) -> None:
        """An outage of GitHub says nothing about the token."""
        try:
            ends = (await self._allowances.ask()).token_expires_at
        except TokenRejected as error:
            await self._tell(REJECTED, str(error))
        except GitHubError:
            return
        else:
            await self._tell(*_ending(ends, self._clock.now()))

    async def _tell(self, kind: str | None, sentence: str = "") -> None:
        """Once a change: thousands of guilds are not written to every hour.

        One guild's trouble is not another's; who could not be told has another turn in an hour.
        """
        if kind == self._told:
            return
        failure: Exception | None = None
        for guild in await self._members():
            try:
                await self._tell_one(guild.id, kind, sentence)
            except Exception as error:  # noqa: BLE001  # raised again when all others are told
                failure = error
        if failure is not None:
            raise failure
        self._told = kind

    async def _tell_one(self, guild_id: int, kind: str | None, sentence: str) -> None:
        for other in _outdated_by(kind):
            await self._warnings.clear(guild_id, other)
        if kind is not None:
            await self._warnings.warn(guild_id, kind, sentence)

    async def _members(self) -> list[Guild]:
        return [guild for guild in await self._guilds.known() if guild.left_at is None]


def days_left(ends: int, now: int) -> str:
    days = max(0, ends - now) // DAY
    return f"{days} {'day' if days == 1 else 'days'}"


def _kind(days: int) -> str:
    return f"token ends {days}"


def _ending(ends: int | None, now: int) -> tuple[str | None, str]:
    days = next((days for days in STEPS if ends is not None and ends - now <= days * DAY), None)
    if ends is None or days is None:
        return None, ""
    return _kind(days), (
        f"The GitHub token of this bot ends in {days_left(ends, now)}: whoever runs the bot has to"
        " make a new one and set RADAR_GITHUB__TOKEN, or the numbers stop."
    )


def _outdated_by(kind: str | None) -> list[str]:
    """Warnings whose cause is gone: a token that ends soon is not rejected, and is not new."""
    endings = [_kind(days) for days in STEPS]
    if kind is None:
        return [REJECTED, *endings]
    return [] if kind == REJECTED else [REJECTED]
