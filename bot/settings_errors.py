"""Turns pydantic's refusals into sentences: the key, where and what was written, the fix."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bot.settings_sources import Found

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LIST = "write a list, or its items with commas between them"
_PARTS = {"token", "owners"}
_FIXES = {
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "literal_error": "write {expected}",
    "missing": "write it, too",
    "extra_forbidden": "write only what config.example.yaml shows",
    "string_type": "write text, in quotes",
    "string_too_short": "write it, too",
    "too_short": "write at least one",
    "tuple_type": _LIST,
    "value_error": "{error}",  # our own types say their fix themselves
}


def sentences(
    error: ValidationError, found: Mapping[str, Found], secrets: Collection[str]
) -> list[str]:
    """Say one sentence for each value that was refused; a secret's value stays out of it."""
    return [_sentence(refused, found, secrets) for refused in error.errors(include_url=False)]


def _sentence(refused: "ErrorDetails", found: Mapping[str, Found], secrets: Collection[str]) -> str:
    section, name, *item = refused["loc"]
    key = f"{section}.{name}"
    place = f" {found[key].place}" if key in found else ""
    if key in secrets:
        return f"{key}{place} cannot be used{_where(item)}: {_fix(refused)}."
    if item:
        return f"{key}{place} holds {refused['input']!r}: {_fix(refused)}."
    written = found[key].value if key in found else refused["input"]
    return f"{key}{place} is {written!r}: {_fix(refused)}."


def _where(item: Collection[int | str]) -> str:
    """Name the part of a list of secrets; a name that is none of ours may be a secret itself."""
    named = [
        f"item {part + 1}" if isinstance(part, int) else part
        for part in item
        if isinstance(part, int) or part in _PARTS
    ]
    return f" ({', '.join(named)})" if named else ""


def _fix(refused: "ErrorDetails") -> str:
    if refused["type"] not in _FIXES:
        return refused["msg"]
    return _FIXES[refused["type"]].format_map(refused.get("ctx", {}))
