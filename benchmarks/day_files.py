"""The same numbers as a user without a database keeps them: a CSV and a JSON file a day."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.invented import KEYS, Invented
from benchmarks.peers.ranking import PREVIOUS


@dataclass(frozen=True, slots=True)
class DayFiles:
    """Named after how many days ago it was; JSON only of the days that are compared."""

    folder: Path
    oldest: int

    def keep(self, ago: int, invented: Invented) -> None:
        if ago > self.oldest:
            return
        self.folder.mkdir(exist_ok=True)
        with (self.folder / f"{ago}.csv").open("w", encoding="utf-8", newline="") as opened:
            table = csv.writer(opened, lineterminator="\n")
            table.writerow(("name", *KEYS))
            named = zip(invented.names, invented.values, strict=True)
            table.writerows((name, *values) for name, values in named)
        if ago in (0, PREVIOUS, self.oldest):
            repos = {name: invented.reading(n) for n, name in enumerate(invented.names)}
            (self.folder / f"{ago}.json").write_text(json.dumps({"repos": repos}, indent=2))
