"""Migrations: numbered SQL files, forward only."""

from collections.abc import Iterator
from pathlib import Path

import aiosqlite

from bot.core.groups import spelled

MIGRATIONS = Path(__file__).parent / "migrations"
APPLICATION_ID = 0x52414452
"""`RADR`, in the header of every database of ours."""


async def migrate(connection: aiosqlite.Connection) -> None:
    """Apply every NNNN_name.sql newer than the file's user_version, each with its number.

    They may call `group_name`, the program's rule for what SQLite's `lower` and `trim` cannot.
    """
    await connection.create_function("group_name", 1, spelled, deterministic=True)
    for number, script in _scripts():
        if number <= await pragma(connection, "user_version"):
            continue  # without the lock: whoever only reads must not wait for a writer
        await connection.execute("BEGIN IMMEDIATE")
        try:
            if number > await pragma(connection, "user_version"):  # again: two may start at once
                await _apply(connection, script.read_text(encoding="utf-8"), number)
        except BaseException:
            await connection.rollback()
            raise
        await connection.commit()


def newest_schema() -> int:
    """The number of the last migration this program knows."""
    return _scripts()[-1][0]


def _scripts() -> list[tuple[int, Path]]:
    return sorted((int(script.name[:4]), script) for script in MIGRATIONS.glob("*.sql"))


async def _apply(connection: aiosqlite.Connection, script: str, number: int) -> None:
    for statement in _statements(script):
        await connection.execute(statement)
    await connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    await connection.execute(f"PRAGMA user_version={number}")


async def pragma(connection: aiosqlite.Connection, name: str) -> int:
    """A number that SQLite keeps, as `user_version`."""
    ((value,),) = await connection.execute_fetchall(f"PRAGMA {name}")
    return int(value)


def _statements(script: str) -> Iterator[str]:
    """Without comments and indentation: SQLite keeps every statement in the file as it came."""
    lines = (line.strip() for line in script.splitlines())
    code = "\n".join(line for line in lines if not line.startswith("--"))
    return (statement.strip() for statement in code.split(";") if statement.strip())
