import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from bot import log

HIDDEN = "ghp_never-to-be-seen"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    names = (None, "discord", "aiosqlite")
    loggers = [logging.getLogger(name) for name in names]
    levels, handlers = [one.level for one in loggers], loggers[0].handlers
    yield
    structlog.reset_defaults()
    loggers[0].handlers = handlers
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == "", "stdout belongs to answers"
    return [json.loads(line) for line in err.splitlines()]


def fail(reason: str) -> None:
    raise RuntimeError(reason)


def test_a_line_is_json_with_its_moment_in_utc(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json", [])
    structlog.get_logger("bot.app").info("started", guilds=3)

    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "started", "guilds": 3, "level": "info", "logger": "bot.app"}


def test_a_line_is_plain_text_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text", [])
    structlog.get_logger("bot.app").info("started", guilds=3)

    said = capsys.readouterr().err
    assert "started" in said
    assert "guilds=3" in said
    assert "\x1b" not in said


def test_libraries_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json", [])
    logging.getLogger("aiohttp.client").warning("slow: %s s", 9)

    (line,) = lines(capsys)
    assert line["event"] == "slow: 9 s"
    assert line["logger"] == "aiohttp.client"
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", ["ours.debug", "ours.info", "discord.debug", "discord.info", "discord.warning"]),
        ("info", ["ours.info", "discord.warning"]),
        ("error", []),
    ],
)
def test_discord_is_calmer_than_we_are_unless_debugging(
    capsys: pytest.CaptureFixture[str], level: str, heard: list[str]
) -> None:
    log.configure(level, "json", [])
    ours, discord = structlog.get_logger("bot"), logging.getLogger("discord.gateway")
    ours.debug("ours.debug")
    ours.info("ours.info")
    discord.debug("discord.debug")
    discord.info("discord.info")
    discord.warning("discord.warning")

    assert [line["event"] for line in lines(capsys)] == heard


def test_debugging_does_not_show_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("debug", "json", [])
    logging.getLogger("aiosqlite").debug("executing SELECT 1")

    assert lines(capsys) == []


@pytest.mark.parametrize("fmt", ["text", "json"])
def test_a_secret_is_hidden_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], fmt: str
) -> None:
    log.configure("info", fmt, [SecretStr(HIDDEN)])
    ours = structlog.get_logger("bot")
    ours.info(f"asked with {HIDDEN}", url=f"https://{HIDDEN}@host", headers=[{HIDDEN: (HIDDEN,)}])
    logging.getLogger("aiohttp").warning("sent %s", HIDDEN)
    try:
        fail(HIDDEN)
    except RuntimeError:
        ours.exception("failed")
        logging.getLogger("aiohttp").exception("failed, too")

    said = capsys.readouterr().err
    assert HIDDEN not in said
    assert said.count("RuntimeError: ***") == 2
    assert "asked with ***" in said
    assert "sent ***" in said
    assert "https://***@host" in said


def test_a_traceback_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text", [])
    try:
        fail(HIDDEN)
    except RuntimeError:
        structlog.get_logger("bot").exception("failed")

    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.count(HIDDEN) == 1, "the message alone"


def test_a_secret_is_hidden_in_json_spelling_too(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json", [SecretStr('pä"ss')])
    structlog.get_logger("bot").info("sent", value='pä"ss')

    (line,) = lines(capsys)
    assert line["value"] == "***"


def test_a_secret_within_another_hides_neither_half(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json", [SecretStr("abc"), SecretStr("abcdef")])
    structlog.get_logger("bot").info("abcdef abc")

    (line,) = lines(capsys)
    assert line["event"] == "*** ***"


def test_an_empty_secret_hides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "json", [SecretStr("")])
    structlog.get_logger("bot").info("all there")

    (line,) = lines(capsys)
    assert line["event"] == "all there"


def test_configuring_again_replaces_the_first_time(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text", [])
    log.configure("info", "json", [])
    structlog.get_logger("bot").info("once")

    assert len(lines(capsys)) == 1
