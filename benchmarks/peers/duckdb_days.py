"""DuckDB with a row for each repository and day, on disk."""

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.peers.ranking import PREVIOUS, RANKED
from benchmarks.timing import milliseconds


def main(folder: Path, times: int) -> None:
    ages = sorted((int(file.stem) for file in folder.glob("*.csv")), reverse=True)
    database = folder / "days.duckdb"
    database.unlink(missing_ok=True)
    fill(database, folder, ages)
    with duckdb.connect(str(database)) as connection:
        names = [
            name for (name,) in connection.sql("SELECT name FROM days WHERE ago = 0").fetchall()
        ]
        keys = [name for name, *_ in connection.sql("DESCRIBE days").fetchall()][2:]
        one, every = one_of(keys), all_of(keys)
        turns = iter(range(sys.maxsize))

        def diff() -> object:
            name = names[next(turns) % len(names)]
            return connection.execute(one, [name, ages[0]]).fetchall()

        told = {
            "diff": milliseconds(diff, times),
            "digest": milliseconds(lambda: connection.execute(every).fetchall(), times),
            "write": milliseconds(lambda: connection.execute(insertion(folder, 0, -1)), times),
            "bytes": [database.stat().st_size / len(names) / len(ages)],
        }
    print(json.dumps(told))


def fill(database: Path, folder: Path, ages: list[int]) -> None:
    """Oldest first, as days come; closed and opened again, so that all is in the file."""
    with duckdb.connect(str(database)) as connection:
        source = f"read_csv('{folder / '0.csv'}')"
        connection.execute(f"CREATE TABLE days AS SELECT 0 AS ago, * FROM {source} LIMIT 0")
        for ago in ages:
            connection.execute(insertion(folder, ago, ago))


def insertion(folder: Path, file: int, ago: int) -> str:
    return f"INSERT INTO days SELECT {ago}, * FROM read_csv('{folder / str(file)}.csv')"


def one_of(keys: list[str]) -> str:
    changes = ", ".join(f"a.{key} - b.{key}" for key in keys)
    return (
        f"SELECT {changes} FROM days a, days b"
        " WHERE a.name = $1 AND b.name = $1 AND a.ago = 0 AND b.ago = $2"
    )


def all_of(keys: list[str]) -> str:
    changes = ", ".join(f"a.{key} - b.{key} AS {key}" for key in keys)
    most = f"greatest({', '.join(RANKED)})"
    together = " + ".join(f"greatest({key}, 0)" for key in RANKED)
    moved = " OR ".join(f"{key} <> 0" for key in keys)
    return (
        f"WITH moved AS (SELECT a.name, {changes} FROM days a JOIN days b ON a.name = b.name"
        f" WHERE a.ago = 0 AND b.ago = {PREVIOUS})"
        f" SELECT * FROM moved WHERE {moved} ORDER BY {most} DESC, {together} DESC, name"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
