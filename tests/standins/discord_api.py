"""A small Discord on 127.0.0.1: the bot logs in to it as to the real one, tests act as people.

    async with DiscordStandIn() as discord:
        guild = discord.add_guild("Acme", channels=["general", "reports"])
        alice = discord.add_user("alice")
        discord.join(guild, alice, manage=True)
        ...  # start the bot with discord.token, discord.api_url and discord.gateway_url
        await discord.commands_registered("diff")
        answer = await discord.slash(guild, "general", alice, "diff", repo="a/b", window="30d")
        assert "+12" in answer.text

Not simulated: direct messages, voice, reactions, webhooks of channels, select menus, rate limits
other than ordered ones. An unknown route
answers 501 and is kept in `unknown_routes`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.standins.discord_answers import Answer, Asker, Choice, NoAnswer
from tests.standins.discord_channels import Channels
from tests.standins.discord_commands import CannotAsk, Commands
from tests.standins.discord_faults import Faults
from tests.standins.discord_gateway import Gateway
from tests.standins.discord_login import Login
from tests.standins.discord_messages import Json, Message
from tests.standins.discord_people import People
from tests.standins.discord_replies import Replies
from tests.standins.discord_rest import PREFIX, Call, Rest
from tests.standins.discord_threads import Threads, thread_of
from tests.standins.discord_world import (
    PUBLIC_THREAD,
    THREADS,
    Access,
    Channel,
    Guild,
    Member,
    Permission,
    Role,
    User,
    World,
)
from tests.standins.waiting import Bell, NotSeen, Seen

__all__ = [
    "Answer",
    "CannotAsk",
    "Choice",
    "DiscordStandIn",
    "Message",
    "NoAnswer",
    "NotSeen",
    "Permission",
]

TOKEN = "MTIz.stand-in.token"  # noqa: S105  opens nothing but this stand-in
GATEWAY_PATH = "/gateway"


class DiscordStandIn:
    def __init__(self, *, patience: float = 15.0) -> None:
        """Make it, closed; `patience` is how many seconds a test waits for anything."""
        self._bell = bell = Bell(patience)
        self._world = world = World()
        self._access = Access(TOKEN)
        self._faults = Faults()
        self._gateway = Gateway(world, self._access, bell)
        self._commands = Commands(world, bell)
        self._replies = Replies(world, bell)
        self._channels = Channels(world, bell)
        talk = (self._channels, Threads(world, bell), self._replies)
        desks = (Login(world, self._access), self._commands, *talk)
        routes = [route for desk in desks for route in desk.routes()]
        self._rest = Rest(routes, self._access, self._faults)
        self._people = People(world, self._gateway, self._commands, self._replies, bell)
        self.api_url = ""  # known once it listens

    async def __aenter__(self) -> Self:
        app = self._rest.app()
        app.router.add_get(GATEWAY_PATH, self._gateway.serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}{PREFIX}"
        self._access.gateway_url = f"ws://{host}:{port}{GATEWAY_PATH}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._gateway.drop(resumable=True)
        await self._runner.cleanup()

    # What the bot is told

    @property
    def token(self) -> str:
        return self._access.token

    @token.setter
    def token(self, token: str) -> None:
        """Revoke the old token: what the bot asks with it from now on is refused."""
        self._access.token = token

    @property
    def gateway_url(self) -> str:
        return self._access.gateway_url

    # The world

    def add_guild(
        self, name: str, channels: Iterable[str] = ("general",), *, back: bool = False
    ) -> Guild:
        """Let the bot join a guild; with `back` one of which it was a member before an outage."""
        guild = self._world.found_guild(name, list(channels))
        outage = {"unavailable": False} if back else {}
        self._gateway.dispatch("GUILD_CREATE", guild.json(self._world.bot) | outage, guild.id)
        return guild

    def invite(self, guild: Guild) -> None:
        """Let the bot join a guild again."""
        self._world.guilds[guild.id] = guild
        self._gateway.dispatch("GUILD_CREATE", guild.json(self._world.bot), guild.id)

    def lose(self, guild: Guild) -> None:
        """Discord has an outage there: the guild is unavailable, and the bot still a member."""
        event = {"id": str(guild.id), "unavailable": True}
        self._gateway.dispatch("GUILD_DELETE", event, guild.id)

    def add_channel(self, guild: Guild, name: str, kind: int, **more: object) -> Channel:
        """A channel of another kind, with what its kind has: a forum's tags, a thread's parent."""
        channel = Channel(self._world.mint(), guild.id, name, kind, more=dict(more))
        guild.channels.append(channel)
        event = "THREAD_CREATE" if kind in THREADS else "CHANNEL_CREATE"
        self._gateway.dispatch(event, channel.json(), guild.id)
        return channel

    def add_thread(self, guild: Guild, name: str, under: str) -> Channel:
        """Let the guild's owner open a thread under a channel."""
        more = thread_of(guild.channel(under), guild.owner.id)
        return self.add_channel(guild, name, PUBLIC_THREAD, **more)

    def archive(self, guild: Guild, thread: Channel) -> None:
        """Put a thread away, as Discord does after some silence."""
        now = datetime.now(UTC).isoformat()
        thread.more["thread_metadata"] |= {"archived": True, "archive_timestamp": now}
        self._gateway.dispatch("THREAD_UPDATE", thread.json(), guild.id)

    def posts(self, forum: Channel) -> list[Channel]:
        """Return a forum's posts, oldest first."""
        channels = self._world.guild_of(forum).channels
        return [one for one in channels if one.parent_id == forum.id]

    def forget_nonces(self, *, forget: bool = True) -> None:
        """From now on the same nonce sends a second message, as after some minutes."""
        self._channels.remembers_nonces = not forget

    def remove_guild(self, guild: Guild, *, unheard: bool = False) -> None:
        """Throw the bot out of a guild; `unheard` is while its session is lost."""
        del self._world.guilds[guild.id]
        if unheard:
            return
        self._gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild.id)

    def add_user(self, name: str) -> User:
        return User(self._world.mint(), name)

    def join(self, guild: Guild, user: User, *, manage: bool = False) -> None:
        """Make someone a member; `manage` gives the permission Manage Server."""
        guild.members[user.id] = Member(user, [guild.managers] if manage else [])

    def add_role(self, guild: Guild, name: str) -> Role:
        role = Role(self._world.mint(), name)
        guild.more_roles.append(role)
        event = {"guild_id": str(guild.id), "role": role.json()}
        self._gateway.dispatch("GUILD_ROLE_CREATE", event, guild.id)
        return role

    def deny(self, guild: Guild, channel: str, denied: Permission) -> None:
        """Take permissions in one channel from the bot; `Permission.NONE` gives them back."""
        place = guild.channel(channel)
        place.denied[guild.bot_role.id] = denied
        self._gateway.dispatch("CHANNEL_UPDATE", place.json(), guild.id)

    def delete_channel(self, guild: Guild, channel: str) -> None:
        place = guild.channel(channel)
        guild.channels.remove(place)
        self._gateway.dispatch("CHANNEL_DELETE", place.json(), guild.id)

    # People

    async def slash(
        self, guild: Guild, channel: str, user: User, line: str, /, **options: object
    ) -> Answer:
        """Use a command, such as "diff" or "track add", and wait for its final answer."""
        asker = Asker(guild, guild.channel(channel), user)
        return await self._people.slash(asker, line, options)

    async def autocomplete(  # noqa: PLR0913, PLR0917  where, who, and what was typed: all of it is the question
        self,
        guild: Guild,
        channel: str,
        user: User,
        line: str,
        option: str,
        typed: str,
        /,
        **filled: object,
    ) -> list[Choice]:
        """Type into an option and return what is offered; `filled` are the options before it."""
        asker = Asker(guild, guild.channel(channel), user)
        return await self._people.autocomplete(asker, line, (option, typed), filled)

    async def click(self, shown: Answer | Message, button: str, user: User) -> Answer:
        """Press a button, named by its label or custom_id, and wait for what comes of it."""
        return await self._people.click(shown, button, user)

    async def submit(self, opened: Answer, *typed: str) -> Answer:
        """Fill in a form that was opened, field by field, and wait for what comes of it."""
        return await self._people.submit(opened, typed)

    def grow_old(self, message: Message, days: float) -> None:
        """Let a message have been sent that much earlier: its id tells when."""
        message.id -= round(days * 86_400_000) << 22

    def let_pass(self, seconds: float) -> None:
        """Let interactions grow older: 3 s are too late for a callback, 15 min for an edit."""
        self._replies.let_pass(seconds)

    # What the bot did

    @property
    def requests(self) -> list[Call]:
        return self._rest.calls

    @property
    def unknown_routes(self) -> list[str]:
        return self._rest.unknown_routes

    @property
    def violations(self) -> list[str]:
        return self._rest.violations

    @property
    def commands(self) -> dict[str, Json]:
        """The global commands by name, as Discord keeps them."""
        return self._commands.everywhere()

    @property
    def command_registrations(self) -> int:
        return self._commands.registrations

    @property
    def identifies(self) -> int:
        return self._gateway.identifies

    @property
    def resumes(self) -> int:
        return self._gateway.resumes

    def messages(self, channel: str, guild: Guild | None = None) -> list[Message]:
        """Return what everybody reads in a channel, oldest first."""
        guilds = [guild] if guild else list(self._world.guilds.values())
        places = [place for one in guilds for place in one.channels if place.name == channel]
        if len(places) != 1:
            raise LookupError(f"{len(places)} channels are called #{channel}")
        return [said for said in places[0].messages if not said.deleted and not said.loading]

    async def until(self, look: Callable[[], Seen], what: str) -> Seen:
        """Wait until `look` sees something, and return that."""
        return await self._bell.until(look, what)

    async def ready(self) -> None:
        await self.until(lambda: self._gateway.connected, "the bot to log in")

    async def commands_registered(self, *names: str) -> None:
        wanted = set(names)
        await self.until(lambda: wanted <= self._commands.names(), f"the commands {names}")

    # What goes wrong

    async def drop_gateway(self, *, resumable: bool = True, shard: int | None = None) -> None:
        """Cut the bot's connection, or one shard's; without `resumable` it identifies anew."""
        await self._gateway.drop(resumable=resumable, shard=shard)

    def fail(  # noqa: PLR0913  # what a fault is
        self,
        method: str,
        path: str,
        *,
        status: int,
        times: int = 1,
        carried_out: bool = False,
        code: int = 0,
    ) -> None:
        """Answer matching requests with an error: fail("POST", "/channels/*/messages", status=500).

        With `carried_out` the request has its effect and only the answer is lost. `code` is one of
        Discord's own; 0 is what a proxy's answer has.
        """
        self._faults.fail(
            method, path, status=status, times=times, carried_out=carried_out, code=code
        )

    def heal(self) -> None:
        """Forget every fault that is left."""
        self._faults.heal()

    def limit(
        self,
        method: str,
        path: str,
        retry_after: float,
        *,
        times: int = 1,
        is_global: bool = False,
    ) -> None:
        """Answer matching requests with 429."""
        self._faults.limit(method, path, retry_after, times=times, is_global=is_global)
