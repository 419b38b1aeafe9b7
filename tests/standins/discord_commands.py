"""The commands the bot registered, and what a person may type into them."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.standins.discord_messages import Json
from tests.standins.discord_rest import Call, Route
from tests.standins.discord_world import Channel, Permission, Role, User, World
from tests.standins.waiting import Bell

SUBCOMMAND, GROUP, BOOLEAN, CHANNEL = 1, 2, 5, 7
GLOBAL = 0  # where a guild's id would stand

TYPES: dict[int, tuple[str, tuple[type, ...]]] = {
    3: ("text", (str,)),
    4: ("a whole number", (int,)),
    BOOLEAN: ("yes or no", (bool,)),
    6: ("a user", (User,)),
    CHANNEL: ("a channel", (Channel,)),
    8: ("a role", (Role,)),
    9: ("a user or a role", (User, Role)),
    10: ("a number", (int, float)),
}


class CannotAsk(AssertionError):
    """Discord's client would not have let this person send this."""


class Commands:
    """The desk for `/applications/…/commands`."""

    def __init__(self, world: World, bell: Bell) -> None:
        self._world = world
        self._bell = bell
        self._registered: dict[int, dict[str, Json]] = {GLOBAL: {}}
        self.registrations = 0  # PUTs: a list set as a whole

    def routes(self) -> list[Route]:
        own = "/applications/{application_id}"
        return [
            route
            for path in (f"{own}/commands", f"{own}/guilds/{{guild_id}}/commands")
            for route in (
                Route("GET", path, self._list),
                Route("PUT", path, self._replace),
                Route("POST", path, self._upsert),
            )
        ]

    def everywhere(self) -> dict[str, Json]:
        return self._registered[GLOBAL]

    def in_guild(self, guild_id: int) -> dict[str, Json]:
        return {**self._registered[GLOBAL], **self._registered.get(guild_id, {})}

    def names(self) -> set[str]:
        return {name for scope in self._registered.values() for name in scope}

    def _scope(self, call: Call) -> int:
        return call.id("guild_id") if "guild_id" in call.ids else GLOBAL

    def _list(self, call: Call) -> list[Json]:
        return list(self._registered.get(self._scope(call), {}).values())

    def _replace(self, call: Call) -> list[Json]:
        known = self._registered.get(self._scope(call), {})
        kept = {sent["name"]: self._stored(sent, known.get(sent["name"])) for sent in call.body}
        self._registered[self._scope(call)] = kept
        self.registrations += 1
        self._bell.ring()
        return list(kept.values())

    def _upsert(self, call: Call) -> Json:
        scope = self._registered.setdefault(self._scope(call), {})
        name = call.body["name"]
        scope[name] = self._stored(call.body, scope.get(name))
        self._bell.ring()
        return scope[name]

    def _stored(self, sent: Json, before: Json | None) -> Json:
        """Keep a command's id for as long as its name stays."""
        needed = sent.get("default_member_permissions")
        return {
            "type": 1,
            "description": "",
            "nsfw": False,
            "contexts": None,
            **lean(sent),
            "integration_types": sent.get("integration_types") or [0],
            "id": before["id"] if before else str(self._world.mint()),
            "application_id": str(self._world.bot.id),
            "version": str(self._world.mint()),
            "default_member_permissions": None if needed is None else str(needed),
        }


def lean(sent: Json) -> Json:
    """Leave out what says nothing, at every depth: Discord does not send it back either."""
    kept = {key: said for key, said in sent.items() if said or (said == 0 and said is not False)}
    if options := kept.get("options"):
        kept["options"] = [lean(option) for option in options]
    return kept


def check_rights(command: Json, held: Permission) -> None:
    """Refuse what a server hides from this member; 0 leaves a command to administrators."""
    needed = command["default_member_permissions"]
    if needed is None or Permission.ADMINISTRATOR in held:
        return
    if int(needed) == 0 or Permission(int(needed)) & ~held:
        raise CannotAsk(f"/{command['name']} needs the permissions {needed}")


def descend(command: Json, words: list[str]) -> Json:
    """Return the subcommand that "track add" means, which holds the options."""
    place = command
    for word in words:
        branches = {option["name"]: option for option in place.get("options", [])}
        if word not in branches or branches[word]["type"] not in (SUBCOMMAND, GROUP):
            raise CannotAsk(f"/{command['name']} has no subcommand {word!r}")
        place = branches[word]
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in place.get("options", [])):
        raise CannotAsk(f"/{place['name']} needs a subcommand")
    return place


def fill(place: Json, given: Mapping[str, object]) -> list[Json]:
    """Return the options as the interaction carries them, or refuse as Discord's client does."""
    known = {option["name"]: option for option in place.get("options", [])}
    if unknown := given.keys() - known.keys():
        raise CannotAsk(f"/{place['name']} has no option {', '.join(sorted(unknown))}")
    missing = [name for name, option in known.items() if option.get("required")]
    if missing := [name for name in missing if name not in given]:
        raise CannotAsk(f"/{place['name']} requires {', '.join(missing)}")
    for name, value in given.items():
        _check_type(known[name], value)
        _check_bounds(known[name], value)
    return [
        {"name": name, "type": known[name]["type"], "value": written(value)}
        for name, value in given.items()
    ]


def written(value: object) -> object:
    return str(value.id) if isinstance(value, User | Role | Channel) else value


def _check_type(option: Json, value: object) -> None:
    if option["type"] not in TYPES:
        raise CannotAsk(f"the stand-in cannot give {option['name']} (type {option['type']})")
    words, types = TYPES[option["type"]]
    number_for_bool = isinstance(value, bool) and option["type"] != BOOLEAN
    if not isinstance(value, types) or number_for_bool:
        raise CannotAsk(f"{option['name']} takes {words}, not {value!r}")
    kinds = option.get("channel_types")
    if isinstance(value, Channel) and kinds and value.kind not in kinds:
        raise CannotAsk(f"{option['name']} takes channels of the types {kinds}")


def _check_bounds(option: Json, value: Any) -> None:  # noqa: ANN401  its type was checked
    choices = [choice["value"] for choice in option.get("choices", [])]
    if choices and value not in choices:
        raise CannotAsk(f"{option['name']} offers {choices}, not {value!r}")
    measured = len(value) if isinstance(value, str) else value
    unit = "length" if isinstance(value, str) else "value"
    for bound, outside in _bounds(option, unit):
        if outside(measured):
            raise CannotAsk(f"{option['name']}: {value!r} is outside {bound}")


def _bounds(option: Json, unit: str) -> Iterator[tuple[str, Any]]:
    lowest, highest = option.get(f"min_{unit}"), option.get(f"max_{unit}")
    if lowest is not None:
        yield f"min_{unit} {lowest}", lambda size: size < lowest
    if highest is not None:
        yield f"max_{unit} {highest}", lambda size: size > highest
