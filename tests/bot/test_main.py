import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BOT_AND_ITS_MODULES = """
import atexit, sys
atexit.register(lambda: print(*sys.modules))
sys.argv = ["repo-radar", "run"]
import bot.notify.poster, cogs.admin, cogs.charts, cogs.collection, cogs.exporting, cogs.membership
import cogs.metrics, cogs.posted, cogs.replies, cogs.reporting, cogs.settings, cogs.snapshots
from bot.__main__ import main
main()
"""


def environment(**told: str) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **told}


def test_the_bot_keeps_nothing_in_memory_that_it_may_never_need(tmp_path: Path) -> None:
    """All of it would stay for as long as the bot does, which is weeks."""
    command = [sys.executable, "-W", "ignore", "-c", BOT_AND_ITS_MODULES]
    ended = subprocess.run(  # noqa: S603  # our own interpreter and modules
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    loaded = set(ended.stdout.split())

    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("No Discord token is set")
    assert loaded >= {"bot.app", "bot.client", "bot.serving", "discord"}
    assert loaded & {"bot.cli", "bot.console", "bot.demo", "typer"} == set()
    assert loaded & {"cryptography", "jwt", "resvg_py", "yaml"} == set()


def test_a_bot_that_is_interrupted_while_it_starts_ends_without_a_traceback(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    os.mkfifo(config)
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # opening it waits until the bot reads its settings, which never come
    with started as bot, config.open("wb"):
        bot.send_signal(signal.SIGINT)
        said = bot.communicate(timeout=30)

    assert (bot.returncode, said) == (130, (b"", b""))
