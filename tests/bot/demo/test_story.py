import asyncio
import io
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from rich.console import Console

from bot.clock import SystemClock
from bot.demo.story import FURTHER, tell
from bot.errors import RadarError, StoreUnusable
from bot.flows.ports import Clock
from bot.storage.locks import held
from tests.standins.clock import SettableClock

LOSS = "\N{MINUS SIGN}"


async def told(folder: Path, clock: Clock, width: int = 160) -> str:
    output = io.StringIO()
    await tell(folder, clock, Console(file=output, width=width))
    return output.getvalue()


@pytest.fixture
async def story(tmp_path: Path) -> str:
    return await told(tmp_path / "demo", SettableClock("2026-07-01T09:30"))


def part(story: str, command: str) -> str:
    """What was shown under the heading of a command."""
    (shown,) = re.findall(rf"── repo-radar {re.escape(command)}\n(.*?)\n\n", story, re.DOTALL)
    return str(shown)


def line(shown: str, name: str) -> str:
    return next(row for row in shown.splitlines() if name in row)


async def test_the_history_comes_in_whole(story: str, tmp_path: Path) -> None:
    file = tmp_path / "demo" / "history.csv"
    rows = len(file.read_text(encoding="utf-8").splitlines()) - 1

    assert f"{rows:,} new · 0 known · 0 refused" in part(story, f"import {file}")


async def test_the_run_tells_its_figures(story: str) -> None:
    shown = part(story, "sync")

    assert "Sync done" in shown
    assert "fernhollow/bramble  gone or not visible" in shown
    assert "11 sampled · 10 changed · 1 gone · 0 failed · 3 requests · 3 points" in shown


async def test_the_digest_ranks_the_launch_first_and_the_loss_last(story: str) -> None:
    shown = part(story, "digest 7d")

    assert re.search(r" 1\.  fernhollow/mosskit +★ \d,\d{3}  \+\d,\d{3} ", shown)
    assert re.search(rf"10\.  brackwater/heronctl +★ \d,\d+  +{LOSS}2\d\d  +{LOSS}\d+\.\d %", shown)
    assert "gone: fernhollow/bramble, last seen 28 Jun" in shown
    assert "12 watched · 10 changed · 1 gone" in shown
    assert "dotfiles" not in shown  # it never changes


@pytest.mark.parametrize("time", ["00:00", "11:59", "12:00", "23:59"])
async def test_each_status_shows_at_any_time_of_day(tmp_path: Path, time: str) -> None:
    story = await told(tmp_path, SettableClock(f"2026-07-01T{time}"))

    since, approx, gone, renamed = (
        line(part(story, f"diff {name} 30d"), "Stars")
        for name in (
            "fernhollow/sporecast",
            "brackwater/tidemark",
            "fernhollow/bramble",
            "fernhollow/lichen",
        )
    )
    assert re.search(r"→ \d+  \+\d+ since 20 Jun", since)
    assert re.search(r"→ 1,\d{3}  ≈ \+\d+ \(28 May to 1 Jul\)", approx)
    assert re.fullmatch(r"Stars +1,\d{3}", gone)
    assert "Gone or not visible, last seen 28 Jun." in part(story, "diff fernhollow/bramble 30d")
    assert re.search(r"→ 3,\d{3}  \+\d+  \+\d\.\d+ %", renamed)


async def test_the_list_marks_the_archived_one(story: str) -> None:
    shown = part(story, "track list")

    assert re.search(r"ida-vance/dotfiles +★ 37 +archived · 3 forks · ", line(shown, "dotfiles"))
    assert shown.count("archived") == 1


async def test_a_renamed_repository_keeps_its_history_under_its_new_name(story: str) -> None:
    shown = part(story, "diff fernhollow/lichen 30d")

    assert shown.startswith("fernhollow/lichen-css\n")
    assert "sampled 31 May 12:00 and today 09:30 UTC" in shown
    assert "fernhollow/lichen-css" in part(story, "track list")


async def test_the_end_says_where_the_data_lies_and_what_to_type(
    story: str, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"

    assert re.search(rf"{folder}/radar\.db +\d+\.\d kB", story)
    assert re.search(rf"{folder}/history\.csv +\d+\.\d kB", story)
    assert f"RADAR_STORAGE__URL=sqlite:///{folder}/radar.db " in story
    assert "export RADAR_GITHUB__TOKEN=" in story


async def test_told_twice_it_starts_over_and_touches_its_own_files_only(tmp_path: Path) -> None:
    clock = SettableClock("2026-07-01T09:30")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")

    assert await told(tmp_path, clock) == await told(tmp_path, clock)
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


async def test_a_narrow_terminal_cuts_no_command_and_no_figure(tmp_path: Path) -> None:
    story = await told(tmp_path, SettableClock("2026-07-01T09:30"), width=80)
    cards, _, commands = story.partition("Where the data lies")

    assert "…" not in cards
    assert max(len(row) for row in cards.splitlines() if not row.startswith("──")) <= 80
    assert all(command in commands for command in FURTHER)


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file, not a folder", encoding="utf-8")

    with pytest.raises(RadarError, match=r"Cannot write the folder .*demo: type demo again in"):
        await told(tmp_path / "demo", SettableClock())


async def test_a_database_that_a_bot_works_with_is_left_alone(tmp_path: Path) -> None:
    await told(tmp_path, SettableClock())
    with held(tmp_path / "radar.db", "bot", RuntimeError()), pytest.raises(StoreUnusable):  # type: ignore[arg-type]
        await told(tmp_path, SettableClock())

    assert (tmp_path / "radar.db").is_file()


async def test_the_commands_at_the_end_work_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(Path(sys.executable).with_name("repo-radar")), "demo"])
    story = await told(Path("demo"), SystemClock())
    typed = [row for row in story.splitlines() if "RADAR_STORAGE__URL=sqlite:///demo/" in row]

    assert len(typed) == len(FURTHER)
    for command in typed:
        shell = await asyncio.create_subprocess_shell(command, stdout=PIPE, stderr=PIPE)
        output, complaint = await shell.communicate()
        assert (shell.returncode, complaint) == (0, b"")
        assert output


@pytest.mark.parametrize(
    ("called", "typed"),
    [
        ("{here}/.venv/bin/repo-radar", "  .venv/bin/repo-radar sync"),
        (".venv/bin/repo-radar", "  .venv/bin/repo-radar sync"),
        ("/opt/my tools/repo-radar", "  '/opt/my tools/repo-radar' sync"),
        ("/opt/radar/bot/__main__.py", f"  {sys.executable} -m bot sync"),
    ],
)
async def test_the_program_is_named_as_it_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, typed: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [called.format(here=Path.cwd()), "demo"])

    assert typed in (await told(Path("demo"), SettableClock())).splitlines()
