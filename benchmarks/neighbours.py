"""Asks the peers: each is a process, and one that cannot run says so instead of a figure."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Peer
from benchmarks.timing import spread

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-bench"
PATIENCE = 120
"""Seconds after which a peer is given up."""
JSON_FILES, PANDAS, DUCKDB = "JSON file a day", "pandas", "DuckDB"
PROGRAMS = {JSON_FILES: "json_files", PANDAS: "pandas_csv", DUCKDB: "duckdb_days"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a peer measured, or why it did not."""

    samples: Mapping[str, Sequence[float]]
    trouble: str = ""

    def peer(self, name: str, what: str) -> Peer:
        samples = self.samples.get(what)
        return Peer(name, spread(samples) if samples else None, self.trouble)


def python_of_peers() -> str:
    """Their own environment where it is there; else ours, which lacks most of what they need."""
    for place in ("bin/python", "Scripts/python.exe"):
        if (ENVIRONMENT / place).exists():
            return str(ENVIRONMENT / place)
    return sys.executable


async def all_peers(folder: Path, times: int) -> dict[str, Told]:
    """One after the other: they are timed."""
    arguments = (str(folder), str(times))
    return {name: await ask(program, *arguments) for name, program in PROGRAMS.items()}


async def ask(program: str, *arguments: str) -> Told:
    """Run a peer and read what it prints."""
    process = await asyncio.create_subprocess_exec(
        *(python_of_peers(), "-m", f"benchmarks.peers.{program}", *arguments),
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, complained = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return Told({}, f"not done after {PATIENCE} s")
    if process.returncode:
        return Told({}, _last_line(complained))
    return Told(json.loads(said))


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1][:120] if lines else "ended without a word"
