"""People who use the bot: what they type and click becomes the interaction Discord sends."""

import secrets
from collections.abc import Iterable, Mapping, Sequence

from tests.standins.discord_answers import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    SUBMIT,
    Answer,
    Asker,
    Choice,
)
from tests.standins.discord_commands import (
    SUBCOMMAND,
    CannotAsk,
    Commands,
    check_rights,
    descend,
    fill,
    written,
)
from tests.standins.discord_gateway import Gateway
from tests.standins.discord_messages import Json, Message, buttons, every_component
from tests.standins.discord_replies import Replies
from tests.standins.discord_world import Channel, Permission, Role, User, World
from tests.standins.waiting import Bell

LINK_BUTTON = 5
TEXT_INPUT, LABEL = 4, 18
LARGEST_UPLOAD = 10 * 2**20


class People:
    def __init__(
        self, world: World, gateway: Gateway, commands: Commands, replies: Replies, bell: Bell
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._commands = commands
        self._replies = replies
        self._bell = bell

    async def slash(self, asker: Asker, line: str, options: Mapping[str, object]) -> Answer:
        command, words = self._pick(asker, line)
        data = _command_data(command, words, fill(descend(command, words), options))
        data["resolved"] = _resolved(asker, options.values())
        return await self._ask(asker, COMMAND, {"data": data}).finished()

    async def autocomplete(
        self, asker: Asker, line: str, typed: tuple[str, str], options: Mapping[str, object]
    ) -> list[Choice]:
        """Return what Discord offers for (option, text); other options may still be empty."""
        command, words = self._pick(asker, line)
        known = {option["name"]: option for option in descend(command, words).get("options", [])}
        name, text = typed
        if not known.get(name, {}).get("autocomplete"):
            raise CannotAsk(f"/{line} does not complete {name!r}")
        filled = [
            {"name": other, "type": known[other]["type"], "value": written(value)}
            for other, value in options.items()
        ]
        focused = {"name": name, "type": known[name]["type"], "value": text, "focused": True}
        data = _command_data(command, words, [*filled, focused])
        answer = await self._ask(asker, AUTOCOMPLETE, {"data": data}).finished()
        return answer.choices or []

    async def click(self, shown: Answer | Message, button: str, user: User) -> Answer:
        message, part = _find_button(shown, button)
        if message.ephemeral and isinstance(shown, Answer) and shown.asker.user != user:
            raise CannotAsk(f"{user.name} does not see that message")
        channel = self._world.channels()[message.channel_id]
        asker = Asker(self._world.guild_of(channel), channel, user)
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"]}
        event = {"data": data, "message": message.json()}
        return await self._ask(asker, COMPONENT, event, about=message).finished()

    async def submit(self, opened: Answer, typed: Sequence[str]) -> Answer:
        """Only who opened a form sees it."""
        if opened.modal is None:
            raise CannotAsk("no form was opened")
        fields = list(every_component(opened.modal["components"]))
        inputs = [part for part in fields if part["type"] == TEXT_INPUT]
        filled = [
            {"type": LABEL, "id": 2 * number + 1, "component": _typed(part, text, 2 * number + 2)}
            for number, (part, text) in enumerate(zip(inputs, typed, strict=True))
        ]
        data = {"custom_id": opened.modal["custom_id"], "components": filled}
        return await self._ask(opened.asker, SUBMIT, {"data": data}).finished()

    def _pick(self, asker: Asker, line: str) -> tuple[Json, list[str]]:
        """Find the command of a line such as "track add", if this member sees it there."""
        name, *words = line.split()
        command = self._commands.in_guild(asker.guild.id).get(name)
        if command is None:
            raise CannotAsk(f"no command /{name} is registered")
        check_rights(command, asker.guild.permissions_of(asker.user, asker.channel))
        return command, words

    def _ask(self, asker: Asker, kind: int, event: Json, about: Message | None = None) -> Answer:
        """Send the interaction; `about` is the message that a component sits on."""
        if not self._gateway.connected:
            raise CannotAsk("the bot is not connected")
        token = secrets.token_urlsafe(32)
        answer = Answer(asker, self._world.mint(), token, kind, self._replies.now(), self._bell)
        if about is not None:
            answer.original = about
            answer.all_messages.append(about)
        self._replies.expect(answer)
        sent = {**self._envelope(answer), **event}
        self._gateway.dispatch("INTERACTION_CREATE", sent, asker.guild.id)
        return answer

    def _envelope(self, answer: Answer) -> Json:
        guild, channel, user = answer.asker
        held = guild.permissions_of(user, channel)
        return {
            "id": str(answer.interaction_id),
            "application_id": str(self._world.bot.id),
            "type": answer.kind,
            "token": answer.token,
            "version": 1,
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "locale": "en-US",
            "channel_id": str(channel.id),
            "channel": {**channel.json(), "permissions": _number(held)},
            "member": {**guild.members[user.id].json(), "permissions": _number(held)},
            "app_permissions": _number(guild.permissions_of(self._world.bot, channel)),
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id)},
            "context": 0,
            "attachment_size_limit": LARGEST_UPLOAD,
        }


def _typed(field: Json, text: str, number: int) -> Json:
    shortest, longest = field.get("min_length") or 0, field.get("max_length") or 4000
    if not shortest <= len(text) <= longest or (field.get("required", True) and not text):
        raise CannotAsk(f"the form does not take {text!r}")
    return {"type": TEXT_INPUT, "id": number, "custom_id": field["custom_id"], "value": text}


def _number(permission: Permission) -> str:
    return str(int(permission))


def _command_data(command: Json, words: list[str], options: list[Json]) -> Json:
    """Wrap options into their subcommand, that into its group."""
    for depth, word in enumerate(reversed(words)):
        options = [{"name": word, "type": SUBCOMMAND + depth, "options": options}]
    return {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "options": options,
    }


def _resolved(asker: Asker, values: Iterable[object]) -> Json:
    """Spell out the people, roles and channels that options name by their id."""
    resolved: Json = {"users": {}, "members": {}, "roles": {}, "channels": {}}
    for value in values:
        if isinstance(value, User):
            resolved["users"][str(value.id)] = value.json()
            resolved["members"][str(value.id)] = asker.guild.members[value.id].json()
        elif isinstance(value, Role):
            resolved["roles"][str(value.id)] = value.json()
        elif isinstance(value, Channel):
            resolved["channels"][str(value.id)] = {
                **value.json(),
                "permissions": _number(asker.guild.permissions_of(asker.user, value)),
            }
    return resolved


def _find_button(shown: Answer | Message, button: str) -> tuple[Message, Json]:
    """Find a button by its label or custom_id, if it can be pressed."""
    messages = shown.messages if isinstance(shown, Answer) else [shown]
    found = [(message, part) for message in messages for part in buttons(message)]
    for message, part in found:
        if button in (part.get("label"), part.get("custom_id")):
            if part.get("disabled") or part["style"] == LINK_BUTTON:
                raise CannotAsk(f"the button {button!r} sends nothing")
            return message, part
    raise CannotAsk(f"no button {button!r}, only {[part.get('label') for _, part in found]}")
