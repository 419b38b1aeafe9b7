"""kill -9 at random moments around posting: every due digest stands in its channel exactly once.

`python -m tests.e2e.soak --kills 200` (or `make soak`) prints a line and fails if that is not so.
Half of the kills happen while Discord remembers nonces, half while it does not; half of the twenty
servers have text channels, half have forums.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.guild import PostState
from bot.flows.ports import Outbox
from tests.standins.discord_world import FORUM_CHANNEL, Channel
from tests.standins.due import due_now
from tests.standins.stage import Stage, on_stage
from tests.standins.waiting import NotSeen

GUILDS = 20
FAULTY = 0.25
"""How often one of the sends of a round is taken, but answered 500."""
LONGEST_DELAY = 0.05
"""Seconds from a send to the kill at the most: about what a send takes."""
LAST_ROUND = 120.0
"""Seconds in which all that is open has to be posted once nobody kills the bot any more."""


@dataclass
class Tally:
    kills: int = 0
    due: int = 0
    posted: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    """How often each was: by world (ids of two may be the same), channel and group."""

    @property
    def once(self) -> int:
        return sum(times == 1 for times in self.posted.values())

    @property
    def twice(self) -> int:
        return sum(times > 1 for times in self.posted.values())

    @property
    def lost(self) -> int:
        return self.due - len(self.posted)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.kills + other.kills, self.due + other.due, self.posted + other.posted)

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.due:,} digests due: {self.once:,} posted once,"
            f" {self.twice} twice, {self.lost} lost"
        )


class Soak:
    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self._stage = stage
        self._rng = rng
        self._channels = [self._channel(number) for number in range(GUILDS)]
        self._tally = Tally()

    async def run(self, kills: int) -> Tally:
        for number in range(kills):
            await self._settle(f"r{number}")
            await self._kill()
        await self._settle("last")
        async with self._stage.bot:
            await self._all_sent()
        for channel in self._channels:
            for title in self._titles(channel):
                group = title.removeprefix("Daily digest of ").split(" ")[0]
                self._tally.posted[str(self._stage.folder), channel.id, group] += 1
        return self._tally

    def _channel(self, number: int) -> Channel:
        guild = self._stage.discord.add_guild(f"Soak {number}", back=True)
        if number % 2:
            return self._stage.discord.add_channel(guild, "forum", FORUM_CHANNEL)
        return guild.channel("general")

    def _titles(self, channel: Channel) -> list[str]:
        """Of all digests in a channel."""
        if channel.kind == FORUM_CHANNEL:
            said = [post.messages[0] for post in self._stage.discord.posts(channel)]
        else:
            said = channel.messages
        return [message.embeds[0]["title"] for message in said]

    async def _settle(self, group: str) -> None:
        """Another digest for everybody, due now; those that are through are taken away."""
        async with self._stage.flows() as app:
            guilds, outbox = app.store.guilds, app.store.outbox
            for digest in await guilds.digests():
                newest = await outbox.newest(digest.guild_id, digest.group)
                if newest is not None and newest.state is PostState.SENT:
                    await guilds.remove_digest(digest.guild_id, digest.group)
            for channel in self._channels:
                await guilds.save_digest(due_now(channel, group))
        self._tally.due += len(self._channels)

    async def _kill(self) -> None:
        discord = self._stage.discord
        if self._rng.random() < FAULTY:
            route = self._rng.choice(("messages", "threads"))
            discord.fail("POST", f"/channels/*/{route}", status=500, carried_out=True)
        discord.requests.clear()
        sends = self._rng.randint(1, GUILDS)
        async with self._stage.bot:
            with suppress(NotSeen):  # fewer were left to send
                await discord.until(lambda: self._sends() >= sends, "a send")
            await asyncio.sleep(self._rng.uniform(0, LONGEST_DELAY))
            await self._stage.bot.kill()
        self._tally.kills += 1

    def _sends(self) -> int:
        return sum(call.method == "POST" for call in self._stage.discord.requests)

    async def _all_sent(self) -> None:
        async with asyncio.timeout(LAST_ROUND), self._stage.flows() as app:
            while not await self._is_through(app.store.outbox):  # noqa: ASYNC110  # nothing rings
                await asyncio.sleep(0.2)

    async def _is_through(self, outbox: Outbox) -> bool:
        """Is the last round in the outbox, and nothing open in it?"""
        newest = [await outbox.newest(one.guild_id, "last") for one in self._channels]
        return None not in newest and not await outbox.open()


async def soak(folder: Path, kills: int, rng: random.Random, *, nonces: bool) -> Tally:
    async with on_stage(folder) as stage:
        stage.discord.forget_nonces(forget=not nonces)
        tally = await Soak(stage, rng).run(kills)
        stage.check()
    return tally


async def both(folder: Path, kills: int, seed: int) -> Tally:
    """With nonces and without, side by side."""
    folders = [folder / "nonces", folder / "none"]
    for one in folders:
        one.mkdir()
    first, second = await asyncio.gather(
        soak(folders[0], kills // 2, random.Random(seed), nonces=True),  # noqa: S311  # no secret
        soak(folders[1], kills - kills // 2, random.Random(seed + 1), nonces=False),  # noqa: S311
    )
    return first + second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = random.randrange(10**6) if asked.seed is None else asked.seed  # noqa: S311  # no secret
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        tally = asyncio.run(both(Path(folder), asked.kills, seed))
    print(f"{tally}, in {time.monotonic() - began:.0f} s (seed {seed})")  # noqa: T201  # the answer
    sys.exit(0 if tally.once == tally.due else 1)


if __name__ == "__main__":
    main()
