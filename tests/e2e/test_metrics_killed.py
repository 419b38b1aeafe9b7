"""200 rapid saves from several tasks, and `kill -9` among them: nothing that was kept is lost."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from bot.core.snapshots import parse_document
from bot.exports.weekly_file import WeeklyFile
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.storage.database import open_database
from bot.storage.metric_snapshots import MetricSnapshots
from tests.standins import metric_keeper
from tests.standins.clock import SettableClock

ROOT = Path(__file__).parents[2]
SAVES = 200


async def kept(folder: Path, first: int, kill_after: int | None) -> list[int]:
    """What a keeper said it kept, until it was killed or done."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, metric_keeper.__file__,
        str(folder / "radar.db"), str(folder / "out.json"), str(first), str(SAVES),
        env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[int] = []
    async for line in process.stdout:
        said.append(int(line))
        if len(said) == kill_after:
            process.kill()
            break
    said += [int(line) for line in (await process.stdout.read()).splitlines() if line.isdigit()]
    with suppress(ProcessLookupError):
        await process.wait()
    assert (process.returncode == 0) == (kill_after is None)
    return said


def look(file: Path) -> dict[str, dict[str, dict[str, int]]]:
    """The file as it stands right after a kill; it need not be there yet."""
    if not file.exists():
        return {}
    text = file.read_text("utf-8")
    parse_document(text)
    found: dict[str, dict[str, dict[str, int]]] = json.loads(text)
    return found


@pytest.mark.parametrize("steps", [(1, 30, 31, 40), (7, 50, 2, 60)])
async def test_a_kill_loses_no_value_and_leaves_no_half_file(
    tmp_path: Path, steps: tuple[int, ...]
) -> None:
    said: set[int] = set()
    for step in steps:
        first = min(set(range(SAVES)) - said)
        said |= set(await kept(tmp_path, first, step))
        assert look(tmp_path / "out.json") is not None

        async with open_database(tmp_path / "radar.db") as database:
            metrics = MetricsSnapshots(MetricSnapshots(database), WeeklyFile(), SettableClock())
            for number in said:
                data = await metrics.get_metric_snapshot(*metric_keeper.place(number))
                assert data is not None, f"{number} was kept, and is lost"
                assert data["value"] == number
    await kept(tmp_path, 0, None)

    found = look(tmp_path / "out.json")
    values = {data["value"] for metrics_ in found.values() for data in metrics_.values()}
    assert values == set(range(SAVES))
