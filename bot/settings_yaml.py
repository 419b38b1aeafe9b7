"""A settings file in YAML: read into plain values, or refused in one sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.errors import SettingsError


def parsed(content: bytes, path: Path, example: str) -> Mapping[Any, Any]:
    try:
        _refuse_doubles(yaml.compose(content, yaml.SafeLoader), path)
        written = yaml.safe_load(content)
    except yaml.MarkedYAMLError as error:  # not chained: it quotes the line, maybe a secret
        mark = error.problem_mark or error.context_mark
        spot = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        fix = "look there and just above for a wrong indentation, colon or quote"
        raise SettingsError(f"{path}{spot}, is not YAML ({error.problem}): {fix}.") from None
    except (yaml.YAMLError, ValueError) as error:  # bytes that are not text, an impossible date
        reason = str(error).splitlines()[0]
        raise SettingsError(f"{path} is not YAML ({reason}): compare it with {example}.") from None
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise SettingsError(f"{path} holds no settings: write sections and keys as in {example}.")
    return written


def _refuse_doubles(node: yaml.Node | None, path: Path) -> None:
    """Refuse a key written twice: YAML would keep the last and drop the first without a word."""
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)
        if name in seen:
            spot = f"{path}, line {key.start_mark.line + 1}"
            raise SettingsError(f"{spot}, has {name} a second time: join the two.")
        seen.add(name)
        _refuse_doubles(value, path)
