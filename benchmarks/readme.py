"""README's table, out of the results: `make bench` writes it, a test compares it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import RESULTS, Machine
from benchmarks.table import how_often, noted
from benchmarks.timing import TIMES

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
Results = Mapping[str, Any]


def table_of(results: Results) -> str:
    """A row a figure, a column a size."""
    figures = results["figures"]
    sizes = sorted({one["repositories"] for one in figures if one["key"] == "digest"})
    keys = list(dict.fromkeys(one["key"] for one in figures))
    heads = ["what", "target", *(f"{size:,}" for size in sizes), "JSON file a day"]
    rows = [_row([one for one in figures if one["key"] == key], sizes) for key in keys]
    machine = Machine(**results["machine"])
    told = (
        f"Measured on {results['date']}: {machine}. Times and memory are medians of {TIMES}"
        " measurements or more, where it does not say of how many; repositories across."
    )
    return "\n".join([told, "", _line(heads), _line(["---"] * len(heads)), *map(_line, rows)])


def _row(found: Sequence[Results], sizes: Sequence[int]) -> list[str]:
    """Of one figure; its target is that of the size which section 10 speaks of, or the last."""
    by_size = {one["repositories"]: one for one in found}
    main = by_size.get(10_000, found[-1])
    cells = [_cell(by_size.get(size)) for size in sizes]
    if not by_size.keys() & set(sizes):
        cells[0] = _cell(main)  # of a portfolio of its own
    peer = main["peers"].get("JSON file a day")
    theirs = f"{peer['median']:.3g} {main['unit']}" if isinstance(peer, dict) else ""
    return [main["what"], main["target"], *cells, theirs]


def _cell(one: Results | None) -> str:
    if one is None:
        return ""
    figure = one["figure"]
    often = how_often(figure["count"], one["unit"]) if figure else ""
    missed = "misses" if str(one["verdict"]).startswith("MISSES") else ""
    return f"{one['measured']}{noted(often, missed)}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def written_table(text: str) -> str:
    """What stands in a README."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def write_table(results: Results) -> None:
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}\n{table_of(results)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    write_table(json.loads(source.read_text("utf-8")))
