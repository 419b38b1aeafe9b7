"""`make bench`: every figure of CONTRIBUTING.md beside its limit and its peers, in one run.

`make bench ARGS=--quick` leaves out 100,000 repositories; `ARGS="--history FILE"` imports a history
of your own.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.collecting import measure_collecting
from benchmarks.drawing import measure_chart
from benchmarks.exports import daily_file
from benchmarks.figures import Figure
from benchmarks.growth import growth
from benchmarks.histories import measure_histories
from benchmarks.imports import measure_year
from benchmarks.neighbours import all_peers
from benchmarks.plans import FULL, QUICK, TINY, Extent, Plan
from benchmarks.portfolios import HOUR, watched
from benchmarks.reading import measure_reads
from benchmarks.readme import write_table
from benchmarks.results import RESULTS, document, save
from benchmarks.running import Libraries, measure_bot, measure_libraries
from benchmarks.sizes import measure_bytes
from benchmarks.table import show
from benchmarks.timing import TIMES
from benchmarks.writing import measure_writes


def main(arguments: Sequence[str]) -> None:
    asked = _parser().parse_args(arguments)
    plan = TINY if asked.tiny else QUICK if asked.quick else FULL
    began = time.monotonic()
    with TemporaryDirectory() as folder:
        figures = asyncio.run(bench(plan, Path(folder), asked.history))
    show(figures)
    print(f"{time.monotonic() - began:.0f} s in all")
    results = document(figures, quick=plan.quick)
    if asked.out or not plan.quick:
        save(results, asked.out or RESULTS)
    if not asked.out and not plan.quick:
        write_table(results)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make bench", description="Figures beside their peers.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="two minutes, no 100,000 repositories")
    size.add_argument("--tiny", action="store_true", help="seconds: does all of it still run?")
    parser.add_argument("--history", type=Path, help="a history CSV of your own to import")
    parser.add_argument("--out", type=Path, help="where the results go as JSON")
    return parser


async def bench(plan: Plan, folder: Path, history: Path | None = None) -> list[Figure]:
    ends = int(time.time()) // 60 * 60 - HOUR  # so that a bot that starts now has nothing to do
    libraries = await measure_libraries(plan.times)
    figures: list[Figure] = []
    for extent in plan.extents:
        figures += await _measure(extent, plan, folder, ends, libraries)
    _say("imports")
    figures += await measure_histories(folder, history, plan.times)
    figures.append(await measure_year(folder, *plan.year))
    return [*figures, *growth(figures)]


async def _measure(
    extent: Extent, plan: Plan, folder: Path, ends: int, libraries: Libraries
) -> list[Figure]:
    """All that depends on how large a portfolio is."""
    _say(f"{extent.repositories:,} repositories x {extent.days} days: making them")
    portfolio = await watched(folder, extent.repositories, extent.days, ends)
    _say("  peers, diff, digest, chart, a run")
    peers = await all_peers(portfolio.day_files.folder, TIMES)
    figures = [measure_bytes(portfolio, peers), *await measure_reads(portfolio, peers)]
    figures += [*await measure_chart(portfolio, 3 * plan.times), daily_file(extent.repositories)]
    if extent.collections:
        _say("  collecting")
        figures += await measure_collecting(portfolio, extent.collections, plan.asked_singly)
    _say("  the bot")
    place = folder / f"bot-{extent.repositories}"
    figures += await measure_bot(portfolio, place, extent, plan, libraries)
    figures += await measure_writes(portfolio, peers)  # last: its days move the numbers on
    return figures


def _say(what: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
