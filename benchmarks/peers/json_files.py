"""One JSON file a day: load two, subtract, sort."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers.ranking import PREVIOUS, RANKED
from benchmarks.timing import milliseconds

Day = Mapping[str, Mapping[str, int]]


def main(folder: Path, times: int) -> None:
    days = sorted(int(file.stem) for file in folder.glob("*.json"))
    today, oldest = folder / "0.json", folder / f"{days[-1]}.json"
    names = list(load(today))
    turns = iter(range(sys.maxsize))
    told = {
        "diff": milliseconds(lambda: diff(oldest, today, names[next(turns) % len(names)]), times),
        "digest": milliseconds(lambda: digest(folder / f"{PREVIOUS}.json", today), times),
        "write": milliseconds(lambda: write(folder / "written", load(today)), times),
        "load": milliseconds(lambda: load(today), times),
        "bytes": [today.stat().st_size / len(names)],
    }
    # what reading the numbers that were to be written took is no part of writing them
    told["write"] = [max(0.0, took - min(told["load"])) for took in told["write"]]
    print(json.dumps(told))


def load(file: Path) -> Day:
    repositories: Day = json.loads(file.read_bytes())["repos"]
    return repositories


def diff(before: Path, after: Path, name: str) -> dict[str, int]:
    then, now = load(before)[name], load(after)[name]
    return {key: now[key] - then[key] for key in now}


def digest(before: Path, after: Path) -> list[tuple[int, int, str, dict[str, int]]]:
    then = load(before)
    rows = []
    for name, now in load(after).items():
        changes = {key: now[key] - then[name][key] for key in now}
        gains = [changes[key] for key in RANKED if changes[key] > 0]
        if any(changes.values()):
            rows.append((-max(gains, default=0), -sum(gains), name, changes))
    return sorted(rows, key=lambda row: row[:3])


def write(file: Path, day: Day) -> None:
    file.write_text(json.dumps({"repos": day}, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
