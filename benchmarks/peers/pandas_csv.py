"""One CSV a day, read and subtracted by pandas."""

import json
import sys
from pathlib import Path

import pandas as pd

from benchmarks.peers.ranking import PREVIOUS, RANKED
from benchmarks.timing import milliseconds


def main(folder: Path, times: int) -> None:
    days = sorted(int(file.stem) for file in folder.glob("*.csv"))
    today, oldest = folder / "0.csv", folder / f"{days[-1]}.csv"
    frame = load(today)
    names = list(frame.index)
    turns = iter(range(sys.maxsize))
    told = {
        "diff": milliseconds(lambda: diff(oldest, today, names[next(turns) % len(names)]), times),
        "digest": milliseconds(lambda: digest(folder / f"{PREVIOUS}.csv", today), times),
        "write": milliseconds(lambda: frame.to_csv(folder / "written"), times),
        "bytes": [today.stat().st_size / len(names)],
    }
    print(json.dumps(told))


def load(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, index_col="name")


def diff(before: Path, after: Path, name: str) -> pd.Series:
    return load(after).loc[name] - load(before).loc[name]


def digest(before: Path, after: Path) -> pd.DataFrame:
    changes = load(after) - load(before)
    changes = changes[(changes != 0).any(axis=1)]
    gains = changes[list(RANKED)].clip(lower=0)
    changes = changes.assign(most=gains.max(axis=1), together=gains.sum(axis=1)).reset_index()
    return changes.sort_values(["most", "together", "name"], ascending=[False, False, True])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
