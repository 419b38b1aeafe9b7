"""What SQLite writes otherwise than other engines: placeholders, lists of values, texts of them."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache

Value = int | str | None
Row = tuple[Value, ...]


@lru_cache(maxsize=256)
def placed(sql: str) -> str:
    """Portable SQL as SQLite takes it."""
    return re.sub(r"\$(\d+)", r"?\1", sql)


def among(column: str, number: int) -> str:
    """SQL that holds where `column` is one of the values given as argument `number` by `ids()`."""
    return f"{column} IN (SELECT value FROM {each(number)})"


def each(number: int) -> str:
    """SQL for a table whose column `value` has the values given as argument by `ids()`."""
    return f"json_each(${number})"


def ids(values: Iterable[int | str]) -> str:
    """The argument for `among` and `each`."""
    return json.dumps(list(values))


def in_order(column: str, source: str, order: str) -> str:
    """SQL for a column of whole numbers as one text, for `numbers()`.

    SQLite keeps the order of what it groups from: "restriction 16" on flattening, in select.c.
    """
    return f"SELECT group_concat({column}) FROM (SELECT {column} FROM {source} ORDER BY {order}) n"


def numbers(text: Value) -> list[int]:
    """Read what `in_order` gives."""
    found: list[int] = json.loads(f"[{text or ''}]")
    return found


def collected(column: str, condition: str) -> str:
    """SQL for what the rows that meet a condition have in a column, for `each_collected`."""
    return f"json_group_array({column}) FILTER (WHERE {condition})"


def each_collected(table: str, column: str) -> str:
    """SQL for a table whose column `value` has what was collected in the one row of another."""
    return f"{table}, json_each({table}.{column})"
