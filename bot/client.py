"""The Discord client: loads the cogs, registers the commands, tells people what went wrong."""

from collections.abc import Sequence
from secrets import token_hex

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands
from pydantic import SecretStr
from yarl import URL

from bot.core.rights import INVITED
from bot.errors import NotPosted, RadarError, SettingsError
from bot.failures import sentence_of
from bot.registration import agree
from bot.render.discord import sentence as as_content
from bot.settings import Discord, Settings

PERMISSIONS = discord.Permissions(**dict.fromkeys(INVITED, True))
SCOPES = ("bot", "applications.commands")
RESET_IT = (
    "reset it on the page Bot of https://discord.com/developers/applications and set"
    " RADAR_DISCORD__TOKEN."
)
SERVER_ERROR = 500
"""The first status by which a server says that the fault is its own."""
TOKEN_REVOKED = 4004
"""How Discord's gateway closes a connection whose token no longer holds."""

log = structlog.get_logger(__name__)


def token_of(settings: Settings) -> SecretStr:
    """The bot's token; raises SettingsError that says where to get one."""
    token = settings.discord.token
    if token is not None:
        text = token.get_secret_value().strip()
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(f"The Discord token holds characters that no token has: {RESET_IT}")
        return token
    rights = ", ".join(name.replace("_", " ") for name in INVITED)
    raise SettingsError(
        "No Discord token is set: make an application at https://discord.com/developers/applications,"
        " reset the token on its page Bot, and set RADAR_DISCORD__TOKEN (or discord.token in"
        f" config.yaml). Invite it with the scopes {' and '.join(SCOPES)} and the permissions"
        f" {rights} (number {PERMISSIONS.value}); the whole link is printed at the first start."
    )


class RadarBot(commands.AutoShardedBot):
    """Slash commands only: no prefix, no privileged intents."""

    def __init__(self, cogs: Sequence[commands.Cog], settings: Discord) -> None:
        super().__init__(
            command_prefix=(),
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            enable_debug_events=True,  # for READY as it came: cogs/membership.py
            shard_count=settings.shard_count,
            shard_ids=settings.shard_ids and list(settings.shard_ids),  # type: ignore[arg-type]  # may be None
        )
        self._radar_cogs = cogs
        if settings.gateway_url is not None:
            self._stay_behind(URL(settings.gateway_url))

    async def serve(self, token: SecretStr) -> None:
        """Log in and stay connected until cancelled; raises RadarError where Discord refuses."""
        async with self:
            try:
                await self.start(token.get_secret_value())
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                raise refusal(error) from None  # discord.py's own error may quote the token

    def has_been_ready(self) -> bool:
        """Is every guild known? What is written goes over HTTP: no shard has to be there for it."""
        return self.is_ready() and not self.is_closed()

    def connected(self) -> bool:
        """Is any shard's connection open? One that breaks mends itself: a restart costs all."""
        return not self.is_closed() and any(not one.is_closed() for one in self.shards.values())

    async def setup_hook(self) -> None:
        for cog in self._radar_cogs:
            await self.add_cog(cog)
        await self._register()
        link = discord.utils.oauth_url(
            self.application_id or 0, permissions=PERMISSIONS, scopes=SCOPES
        )
        log.info("invite the bot with this link", link=link)

    async def say(self, channel_id: int, sentence: str) -> bool:
        """Write a sentence to a channel; False where Discord will not have it.

        Raises NotPosted where nobody knows: it may be taken later, or it was and no answer came.
        """
        place = self.get_partial_messageable(channel_id)
        try:
            await place.send(as_content(sentence), suppress_embeds=True)
        except discord.HTTPException as error:
            if error.status < SERVER_ERROR:  # gone, forbidden, a forum, a locked thread
                return False
            raise NotPosted(f"Discord answered {error.status}.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NotPosted(f"Discord did not answer ({type(error).__name__}).") from None
        return True

    async def on_ready(self) -> None:
        log.info("ready", guilds=len(self.guilds), shards=self.shard_count)

    async def _register(self) -> None:
        """Register the commands only if Discord has others: it counts registrations."""
        ours = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        theirs = await self.http.get_global_commands(self.application_id or 0)
        if agree(ours, theirs):
            return
        await self.tree.sync()
        log.info("commands registered", commands=len(ours))

    def _stay_behind(self, proxy: URL) -> None:
        """Connect to the proxy whatever address Discord names: at the start, and to resume."""
        connect = self.http.ws_connect

        async def connect_there(url: str, *, compress: int = 0) -> object:
            return await connect(str(proxy.with_query(URL(url).query)), compress=compress)

        self.http.ws_connect = connect_there  # type: ignore[method-assign,assignment]  # no hook


def refusal(error: Exception) -> RadarError:
    """Why the bot is not connected to Discord, and what to do."""
    revoked = isinstance(error, discord.ConnectionClosed) and error.code == TOKEN_REVOKED
    if revoked or isinstance(error, discord.LoginFailure):
        return SettingsError(f"Discord rejected the token (401): {RESET_IT}")
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return RadarError(
        f"Discord cannot be reached ({reason}): check the network and"
        " https://discordstatus.com, then start again."
    )


class Tree(app_commands.CommandTree[RadarBot]):
    """The one place where what a command raised becomes a sentence."""

    async def on_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Expected errors say what to do; others get an id that also stands in the log."""
        sentence = sentence_of(error)
        if sentence is None:
            id_ = token_hex(4)
            log.error("command failed", id=id_, command=_name(interaction), exc_info=error)
            sentence = f"Something went wrong here (id {id_}): the log of the bot says more."
        try:
            await _tell(interaction, sentence)
        except discord.HTTPException as failure:
            log.warning("could not tell", command=_name(interaction), reason=str(failure))


async def _tell(interaction: discord.Interaction, sentence: str) -> None:
    """Ephemerally, and instead of a deferred answer if one waits already."""
    safe = as_content(sentence)
    if not interaction.response.is_done():
        await interaction.response.send_message(safe, ephemeral=True)
        return
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.delete_original_response()
    await interaction.followup.send(safe, ephemeral=True)


def _name(interaction: discord.Interaction) -> str:
    return interaction.command.qualified_name if interaction.command else "?"
