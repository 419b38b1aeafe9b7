"""Discord's gateway: sessions that outlive their websocket, and the events a bot gets through them.

Known: HELLO, heartbeats, IDENTIFY (also sharded), READY, dispatches, RESUME with the missed events,
INVALID_SESSION, and the close codes 4004 and 4014. Compression is zlib-stream or none; who asks for
zstd-stream gets plain text, which discord.py reads as well.
"""

import asyncio
import json
import secrets
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from tests.standins.discord_messages import Json
from tests.standins.discord_world import Access, World
from tests.standins.waiting import Bell

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11
HEARTBEAT_INTERVAL_MS = 41_250

CLOSED_UNKNOWN, CLOSED_BAD_TOKEN, CLOSED_INTENTS = 4000, 4004, 4014

GUILDS_INTENT = 1 << 0
PRIVILEGED_INTENTS = (
    1 << 1 | 1 << 8 | 1 << 15
)  # members, presences, content: this bot was granted none


class Line:
    """One websocket to the bot: what is put on it leaves in order."""

    def __init__(self, socket: web.WebSocketResponse, compression: str | None) -> None:
        self._socket = socket
        self._deflate = zlib.compressobj() if compression == "zlib-stream" else None
        self._waiting: asyncio.Queue[Json] = asyncio.Queue()

    def say(self, payload: Json) -> None:
        self._waiting.put_nowait(payload)

    async def pump(self) -> None:
        with suppress(ConnectionResetError):  # the bot hung up
            while True:
                await self._send(json.dumps(await self._waiting.get()))

    async def hang_up(self, code: int, words: str = "") -> None:
        await self._socket.close(code=code, message=words.encode())

    async def _send(self, text: str) -> None:
        if self._deflate is None:
            await self._socket.send_str(text)
            return
        packed = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self._socket.send_bytes(packed)


@dataclass
class Session:
    shard: tuple[int, int]
    intents: int
    line: Line | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sent: list[Json] = field(default_factory=list)  # all of it: sequence numbers are places here

    def dispatch(self, event: str, data: Json) -> None:
        self.sent.append({"op": DISPATCH, "t": event, "s": len(self.sent) + 1, "d": data})
        if self.line:
            self.line.say(self.sent[-1])

    def sees(self, guild_id: int) -> bool:
        number, count = self.shard
        return bool(self.intents & GUILDS_INTENT) and (guild_id >> 22) % count == number


class Gateway:
    def __init__(self, world: World, access: Access, bell: Bell) -> None:
        self._world = world
        self._access = access
        self._bell = bell
        self._lines: set[Line] = set()
        self._sessions: dict[str, Session] = {}
        self.identifies = 0
        self.resumes = 0

    @property
    def connected(self) -> bool:
        return any(session.line for session in self._sessions.values())

    def dispatch(self, event: str, data: Json, guild_id: int) -> None:
        """Tell the sessions of that guild's shard; one without a line hears it on resuming."""
        for session in self._sessions.values():
            if session.sees(guild_id):
                session.dispatch(event, data)

    async def drop(self, *, resumable: bool, shard: int | None = None) -> None:
        """Cut every line, or one shard's; without `resumable` the sessions are forgotten, too."""
        cut = [one for one in self._sessions.values() if shard in (None, one.shard[0])]
        if not resumable:
            for session in cut:
                del self._sessions[session.id]
        lines = list(self._lines) if shard is None else [one.line for one in cut if one.line]
        for line in lines:
            await line.hang_up(CLOSED_UNKNOWN)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=1)
        await socket.prepare(request)
        line = Line(socket, request.query.get("compress"))
        self._lines.add(line)
        pump = asyncio.create_task(line.pump())
        line.say({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_INTERVAL_MS}})
        try:
            async for frame in socket:
                await self._hear(line, json.loads(frame.data))
        finally:
            self._forget(line)
            pump.cancel()
        return socket

    def _forget(self, line: Line) -> None:
        self._lines.discard(line)
        for session in self._sessions_on(line):
            session.line = None
        self._bell.ring()

    def _sessions_on(self, line: Line) -> Iterator[Session]:
        return (session for session in self._sessions.values() if session.line is line)

    async def _hear(self, line: Line, said: Json) -> None:
        if said["op"] == HEARTBEAT:
            line.say({"op": HEARTBEAT_ACK})
        elif said["op"] in (IDENTIFY, RESUME) and said["d"]["token"] != self._access.token:
            await line.hang_up(CLOSED_BAD_TOKEN, "Authentication failed.")
        elif said["op"] == IDENTIFY:
            await self._identify(line, said["d"])
        elif said["op"] == RESUME:
            self._resume(line, said["d"])

    async def _identify(self, line: Line, asked: Json) -> None:
        if asked["intents"] & PRIVILEGED_INTENTS:
            await line.hang_up(CLOSED_INTENTS, "Disallowed intent(s).")
            return
        number, count = asked.get("shard", (0, 1))
        session = Session((number, count), asked["intents"], line)
        guilds = [guild for guild in self._world.guilds.values() if session.sees(guild.id)]
        self._sessions[session.id] = session
        session.dispatch("READY", self._ready(session, [guild.id for guild in guilds]))
        for guild in guilds:
            became = {**guild.json(self._world.bot), "unavailable": False}  # absent: a new guild
            session.dispatch("GUILD_CREATE", became)
        self.identifies += 1
        self._bell.ring()

    def _ready(self, session: Session, guild_ids: list[int]) -> Json:
        return {
            "v": 10,
            "user": self._world.bot.json(),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": self._access.gateway_url,
            "shard": list(session.shard),
            "application": {"id": str(self._world.bot.id), "flags": 0},
        }

    def _resume(self, line: Line, asked: Json) -> None:
        session = self._sessions.get(asked["session_id"])
        if session is None:
            line.say({"op": INVALID_SESSION, "d": False})
            return
        session.line = line
        for missed in session.sent[asked["seq"] or 0 :]:
            line.say(missed)
        session.dispatch("RESUMED", {})
        self.resumes += 1
        self._bell.ring()
