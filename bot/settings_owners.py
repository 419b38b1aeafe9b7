"""How an owner to follow may be written in the settings; a refusal is its own fix."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.core.follow import EVERYTHING, OwnerWish, Terms, parse_owner, parse_patterns
from bot.errors import RadarError

KEYS = ("owner", "include", "exclude", "forks", "archived")
_FORM = "write acme/*, or a mapping of owner, include, exclude, forks and archived"


def _owner(written: object) -> OwnerWish:
    """Read `acme/*`, or a mapping whose owner is `acme` or `acme/*`."""
    match written:
        case OwnerWish():
            return written
        case str():
            return OwnerWish(_login(written))
        case {"owner": str() as owner, **others}:
            return OwnerWish(_login(owner.removesuffix(EVERYTHING) + EVERYTHING), _terms(others))
    raise ValueError(_FORM)


def _login(target: str) -> str:
    try:
        return parse_owner(target)
    except RadarError:
        raise ValueError("write an owner as acme/*") from None


def _terms(written: Mapping[Any, Any]) -> Terms:
    for key in written:
        if key not in KEYS:
            raise ValueError(f"{key} is none of its keys: {_FORM}")
    return Terms(
        include=_patterns(written, "include"),
        exclude=_patterns(written, "exclude"),
        forks=_switch(written, "forks"),
        archived=_switch(written, "archived"),
    )


def _patterns(written: Mapping[Any, Any], key: str) -> tuple[str, ...]:
    """A text with spaces or commas between the patterns, or a list of them."""
    value = written.get(key) or ""
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError(f"write {key} as names or patterns, such as tools-*")
    try:
        return parse_patterns(" ".join(parts))
    except RadarError as error:
        raise ValueError(f"{key}: {str(error).rstrip('.')}") from None


def _switch(written: Mapping[Any, Any], key: str) -> bool:
    value = written.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"write {key} as true or false")  # noqa: TRY004  # pydantic's own kind
    return value


Owner = Annotated[OwnerWish, BeforeValidator(_owner)]
