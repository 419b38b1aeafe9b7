"""Whether the commands that Discord has are the ones we would register."""

from collections.abc import Mapping, Sequence

COMPARED = (
    "type",
    "name",
    "description",
    "required",
    "autocomplete",
    "choices",
    "value",
    "channel_types",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "default_member_permissions",
    "contexts",
    "nsfw",
)
"""What we decide; the rest of Discord's objects (ids, versions, localisations) is its own."""


def agree(ours: Sequence[Mapping[str, object]], theirs: Sequence[Mapping[str, object]]) -> bool:
    """Compare commands, whatever their order; an absent key is a false, empty or null one."""
    return _by_name(ours) == _by_name(theirs)


def _by_name(commands: Sequence[Mapping[str, object]]) -> dict[object, object]:
    return {(command.get("type", 1), command["name"]): _decided(command) for command in commands}


def _decided(command: Mapping[str, object]) -> dict[str, object]:
    """The part of a command or an option that we decide; options keep their order."""
    kept = {key: _plain(command[key]) for key in COMPARED if command.get(key)}
    options = command.get("options")
    if isinstance(options, Sequence) and options:
        kept["options"] = [_decided(option) for option in options if isinstance(option, Mapping)]
    return kept


def _plain(value: object) -> object:
    """Discord takes numbers and gives some of them back as text (permissions)."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_decided(item) if isinstance(item, Mapping) else item for item in value]
    return str(value)
