"""What Discord says about its own API, held against what the bot sends.

The description is Discord's OpenAPI file in `../shared/contracts`, beside the repository. Without
it bodies are not checked against schemas; the limits it leaves out are checked all the same.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.standins.discord_messages import Content, Json, every_component

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT.parent / "shared" / "contracts" / "discord-openapi.json.gz"
URI = "urn:discord"

EMBED_CHARACTERS = 6_000
V2_CHARACTERS = 4_000
V2_COMPONENTS = 40


def available() -> bool:
    return DESCRIPTION.is_file()


def broken_schema(method: str, route: str, body: object) -> str | None:
    """Tell what is wrong with a request's body, by Discord's own description of the route."""
    validator = _validator(method, route) if available() else None
    error = next(validator.iter_errors(body), None) if validator else None
    if error is None:
        return None
    cause = _cause(error)
    return f"{method} {route}: {_place(cause)}: {cause.message[:300]}"


def broken_limits(content: Content) -> Iterator[str]:
    """Tell which limits a message breaks that the description leaves out."""
    size = sum(_characters(embed) for embed in content.embeds)
    if size > EMBED_CHARACTERS:
        yield f"{size} characters in embeds, at most {EMBED_CHARACTERS}"
    parts = list(every_component(list(content.components)))
    texts = sum(len(part.get("content", "")) for part in parts)
    if len(parts) > V2_COMPONENTS or texts > V2_CHARACTERS:
        yield f"{len(parts)} components with {texts} characters of text"
    for custom_id, uses in Counter(part.get("custom_id") for part in parts).items():
        if custom_id is not None and uses > 1:
            yield f"custom_id {custom_id!r} used {uses} times"
    attached = {attachment.file.name for attachment in content.attachments}
    for name in _attachments_named_in([*content.embeds, *content.components]):
        if name not in attached:
            yield f"attachment://{name} is not attached"


def _cause(error: ValidationError) -> ValidationError:
    """Descend into unions by the branch that was meant, the one whose `type` fits."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    for branch in branches.values():
        if not any(_names_another_type(inner) for inner in branch):
            return _cause(branch[0])
    return error


def _names_another_type(inner: ValidationError) -> bool:
    wrong_number = inner.validator == "enum" and list(inner.path) == ["type"]
    wrong_kind = inner.validator == "type" and not inner.path
    return wrong_number or wrong_kind


def _place(error: ValidationError) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return "$" + "".join(steps)


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description")]
    texts += [embed.get("author", {}).get("name"), embed.get("footer", {}).get("text")]
    texts += [field[key] for field in embed.get("fields", []) for key in ("name", "value")]
    return sum(len(text or "") for text in texts)


def _attachments_named_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _attachments_named_in(item)
    elif isinstance(value, str) and value.startswith("attachment://"):
        yield value.removeprefix("attachment://")


@cache
def _description() -> Json:
    with gzip.open(DESCRIPTION) as file:
        described: Json = json.load(file)
    # Discord accepts ids as integers, too, and discord.py sends some so
    described["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
    return described


@cache
def _registry() -> Registry[Any]:
    described = DRAFT202012.create_resource(_description())
    registry: Registry[Any] = Registry().with_resource(URI, described)
    return registry


@cache
def _validator(method: str, route: str) -> Draft202012Validator | None:
    """Return None for a route whose requests have no body."""
    operation = _description()["paths"].get(route, {}).get(method.lower(), {})
    if "application/json" not in operation.get("requestBody", {}).get("content", {}):
        return None
    steps = ["paths", route, method.lower(), "requestBody", "content", "application/json", "schema"]
    pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
    return Draft202012Validator({"$ref": f"{URI}#/{pointer}"}, registry=_registry())
