"""The figures for programs: one JSON document."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.table import ordered, target_of, told

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class Machine:
    """Its class: figures of another one are other figures."""

    cores: int
    python: str
    system: str

    def __str__(self) -> str:
        return f"{self.cores} cores, Python {self.python}, {self.system}"


def machine() -> Machine:
    return Machine(
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


def document(figures: Sequence[Figure], *, quick: bool) -> dict[str, object]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": asdict(machine()),
        "quick": quick,
        "figures": [_entry(figure) for figure in ordered(figures)],
    }


def save(results: Mapping[str, object], path: Path) -> None:
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(figure: Figure) -> dict[str, object]:
    return {
        "key": figure.key,
        "repositories": figure.repositories,
        "what": figure.what,
        "verdict": figure.verdict,
        "ratios": {name: _short(times) for name, times in figure.ratios.items()},
        "measured": told(figure.measured, figure.unit),
        "target": target_of(figure),
        "unit": figure.unit,
        "figure": _rounded(figure.measured),
        "limit": _rounded(figure.limit),
        "peers": {peer.name: _rounded(peer.figure) or peer.trouble for peer in figure.peers},
        "series": [_short(one) for one in figure.series],
    }


def _rounded(spread: object) -> dict[str, float] | None:
    if spread is None:
        return None
    return {name: _short(value) for name, value in asdict(spread).items()}  # type: ignore[call-overload]


def _short(value: float) -> float:
    """Four digits tell more than a machine repeats."""
    return float(f"{value:.4g}")
