"""`repo-radar run` says in one line why it cannot be a bot, or else how to invite it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.client import PERMISSIONS
from tests.standins.bot_process import BotProcess, environment
from tests.standins.discord_api import DiscordStandIn
from tests.standins.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def refused(bot: BotProcess) -> str:
    """Start it, and return the one line with which it gives up."""
    before = len(bot.log)
    async with bot:
        assert await bot.ended() == 2, bot.log
    said = bot.log[before:]
    assert "Traceback" not in said
    (line,) = said.splitlines()
    assert line.endswith((".", "?"))
    return line


async def test_without_a_token_it_says_what_to_set_and_where_to_get_it(tmp_path: Path) -> None:
    bot = BotProcess(tmp_path, environment(tmp_path))
    line = await refused(bot)

    for said in (
        "RADAR_DISCORD__TOKEN",
        "config.yaml",
        "https://discord.com/developers/applications",
        "bot and applications.commands",
        "embed links",
        "attach files",
        str(PERMISSIONS.value),
    ):
        assert said in line
    assert not bot.database.exists()


async def test_a_wrong_token_is_told_and_never_shown(tmp_path: Path) -> None:
    async with DiscordStandIn() as discord:
        told = environment(tmp_path, discord)
        told["RADAR_DISCORD__TOKEN"] = "MTIzNDU2.secret.of-somebody"  # noqa: S105  # of nobody
        bot = BotProcess(tmp_path, told)
        line = await refused(bot)

    assert "Discord rejected the token" in line
    assert "RADAR_DISCORD__TOKEN" in line
    assert "secret" not in bot.log


async def test_a_token_that_is_no_text_for_a_header_is_told_alike(tmp_path: Path) -> None:
    async with DiscordStandIn() as discord:
        told = environment(tmp_path, discord)
        told["RADAR_DISCORD__TOKEN"] = "sécrèt\nof somebody"  # noqa: S105  # of nobody
        bot = BotProcess(tmp_path, told)
        line = await refused(bot)

    assert "token" in line
    assert "crèt" not in bot.log


async def test_discord_out_of_reach_is_told_without_a_traceback(tmp_path: Path) -> None:
    told = environment(tmp_path)
    told["RADAR_DISCORD__TOKEN"] = "MTIzNDU2.secret.of-somebody"  # noqa: S105  # of nobody
    told["RADAR_DISCORD__API_URL"] = "http://127.0.0.1:9/api/v10"  # "discard": nobody listens
    bot = BotProcess(tmp_path, told)
    async with bot:
        assert await bot.ended() == 1

    assert "Traceback" not in bot.log
    assert "Discord cannot be reached" in bot.log.splitlines()[-1]
    assert "secret" not in bot.log


async def test_a_token_revoked_later_ends_the_bot_with_the_same_words(own_stage: Stage) -> None:
    stage = own_stage
    async with stage.bot:
        await stage.bot.started(stage.discord)
        stage.discord.token = "the next one"  # noqa: S105  # opens nothing but the stand-in
        await stage.discord.drop_gateway()
        assert await stage.bot.ended() == 2

    assert "Discord rejected the token" in stage.bot.log.splitlines()[-1]


async def test_a_second_bot_on_the_same_database_says_so(stage: Stage, tmp_path: Path) -> None:
    asked = len(stage.discord.requests)

    line = await refused(BotProcess(tmp_path, stage.bot.environ))

    assert line == f"Another bot runs on {stage.bot.database}: stop that one first."
    assert len(stage.discord.requests) == asked


async def test_a_started_bot_prints_the_link_that_invites_it(stage: Stage) -> None:
    (link,) = re.findall(r"https://discord\.com/oauth2/authorize\?\S+", stage.bot.log)

    assert f"permissions={PERMISSIONS.value}" in link
    assert "scope=bot+applications.commands" in link
    assert re.search(r"client_id=\d{17,20}&", link)


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    told = environment(tmp_path) | {"RADAR_DISCORD__TOKEN": "any"}
    bot = BotProcess(tmp_path, told)
    with closing(sqlite3.connect(bot.database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    content = bot.database.read_bytes()

    line = await refused(bot)

    assert "was written by a newer Repo Radar (schema 99" in line
    assert "update Repo Radar" in line
    assert bot.database.read_bytes() == content


@pytest.mark.parametrize("place", ["file/radar.db", "folder"])
async def test_a_database_that_cannot_be_written_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    told = environment(tmp_path) | {
        "RADAR_DISCORD__TOKEN": "any",
        "RADAR_STORAGE__URL": f"sqlite:///{tmp_path / place}",
    }

    line = await refused(BotProcess(tmp_path, told))

    assert line.startswith(f"Cannot write the database {tmp_path / place}")
    assert "storage.url" in line


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    told = environment(tmp_path) | {"RADAR_DISCORD__TOKEN": "any"}
    bot = BotProcess(tmp_path, told)
    bot.database.write_text("my diary\n" * 1000)

    line = await refused(bot)

    assert "is damaged or no Repo Radar database" in line
    assert bot.database.read_text() == "my diary\n" * 1000


async def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    told = environment(tmp_path) | {"RADAR_DISCORD__TOKN": "any"}

    line = await refused(BotProcess(tmp_path, told))

    assert line == "RADAR_DISCORD__TOKN is not a setting: did you mean RADAR_DISCORD__TOKEN?"
