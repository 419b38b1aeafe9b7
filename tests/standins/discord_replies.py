"""The desk for replies to interactions: the callback in three seconds, edits, follow-ups."""

import time

from tests.standins.discord_answers import COMPONENT, Answer, Choice
from tests.standins.discord_channels import checked
from tests.standins.discord_errors import Reason, Refused
from tests.standins.discord_messages import Content, Json, Message, MessageFlag
from tests.standins.discord_rest import Call, Route
from tests.standins.discord_world import World
from tests.standins.waiting import Bell

REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
CALLBACK_WITHIN = 3.0  # seconds
TOKEN_LASTS = 15 * 60.0
ORIGINAL = "@original"


class Replies:
    def __init__(self, world: World, bell: Bell) -> None:
        self._world = world
        self._bell = bell
        self._asked: dict[str, Answer] = {}
        self._passed = 0.0
        self._steps = {
            REPLY: self._reply,
            DEFER: self._defer,
            DEFER_UPDATE: self._defer_update,
            UPDATE: self._update,
            CHOICES: self._offer,
            MODAL: self._open,
        }

    def routes(self) -> list[Route]:
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        webhook = "/webhooks/{webhook_id}/{webhook_token}"
        routes = [
            Route("POST", callback, self._callback, public=True),
            Route("POST", webhook, self._follow_up, public=True),
        ]
        for one in (f"{webhook}/messages/{ORIGINAL}", f"{webhook}/messages/{{message_id}}"):
            routes += [
                Route("GET", one, lambda call: self._find(call).json(), public=True),
                Route("PATCH", one, self._edit, public=True),
                Route("DELETE", one, self._delete, public=True),
            ]
        return routes

    def now(self) -> float:
        return time.monotonic() + self._passed

    def let_pass(self, seconds: float) -> None:
        self._passed += seconds

    def expect(self, answer: Answer) -> None:
        self._asked[answer.token] = answer

    def _callback(self, call: Call) -> Json | None:
        answer = self._asked.get(call.ids["interaction_token"])
        if answer is None or answer.interaction_id != call.id("interaction_id"):
            raise Refused(Reason.UNKNOWN_INTERACTION)
        if answer.acknowledged_after is not None:
            raise Refused(Reason.ALREADY_ACKNOWLEDGED)
        self._refuse_late(answer)
        self._steps[call.body["type"]](answer, call)
        answer.acknowledged_after = self.now() - answer.asked_at
        self._bell.ring()
        wanted = call.query.get("with_response") in ("1", "true")
        return _receipt(answer, call.body["type"]) if wanted else None

    def _refuse_late(self, answer: Answer) -> None:
        waited = self.now() - answer.asked_at
        if waited > CALLBACK_WITHIN:
            answer.failure = f"the first answer came after {waited:.1f} s"
            self._bell.ring()
            raise Refused(Reason.UNKNOWN_INTERACTION)

    def _reply(self, answer: Answer, call: Call) -> None:
        data = call.body.get("data") or {}
        content = checked(Content().revised(data, call.files, self._world.mint))
        answer.original = self._add(answer, content, _flags(data))
        answer.said = True

    def _defer(self, answer: Answer, call: Call) -> None:
        flags = _flags(call.body.get("data") or {}) | MessageFlag.LOADING
        answer.original = self._add(answer, Content(), flags)
        answer.deferred = True

    def _defer_update(self, answer: Answer, _call: Call) -> None:
        answer.deferred = True

    def _update(self, answer: Answer, call: Call) -> None:
        if answer.original is None:
            raise Refused(Reason.INVALID_FORM, ["only a component can update its message"])
        self._say(answer, answer.original, call.body.get("data") or {}, call)

    def _offer(self, answer: Answer, call: Call) -> None:
        choices = call.body["data"].get("choices") or []
        answer.choices = [Choice(choice["name"], choice["value"]) for choice in choices]
        answer.said = True

    def _open(self, answer: Answer, call: Call) -> None:
        answer.modal = call.body["data"]
        answer.said = True

    def _follow_up(self, call: Call) -> Json:
        """Add a message; after a deferral the first one takes the place of the loading message."""
        answer = self._answer(call)
        original = answer.original
        if original and original.loading and not original.deleted:
            self._say(answer, original, call.body, call)
            return original.json()
        content = checked(Content().revised(call.body, call.files, self._world.mint))
        message = self._add(answer, content, _flags(call.body))
        answer.said = True
        self._bell.ring()
        return message.json()

    def _edit(self, call: Call) -> Json:
        message = self._find(call)
        self._say(self._answer(call), message, call.body, call)
        return message.json()

    def _delete(self, call: Call) -> None:
        self._find(call).deleted = True
        self._bell.ring()

    def _answer(self, call: Call) -> Answer:
        answer = self._asked.get(call.ids["webhook_token"])
        own = call.id("webhook_id") == self._world.bot.id
        if answer is None or not own or answer.acknowledged_after is None:
            raise Refused(Reason.UNKNOWN_WEBHOOK)
        if self.now() - answer.asked_at > TOKEN_LASTS:
            raise Refused(Reason.EXPIRED_TOKEN)
        return answer

    def _find(self, call: Call) -> Message:
        answer = self._answer(call)
        found = answer.original
        if "message_id" in call.ids:
            wanted = call.id("message_id")
            found = next((said for said in answer.all_messages if said.id == wanted), None)
        if found is None or found.deleted:
            raise Refused(Reason.UNKNOWN_MESSAGE)
        return found

    def _say(self, answer: Answer, message: Message, payload: Json, call: Call) -> None:
        message.say(checked(message.content.revised(payload, call.files, self._world.mint)))
        answer.said = True
        answer.edits.append(message.text)
        self._bell.ring()

    def _add(self, answer: Answer, content: Content, flags: MessageFlag) -> Message:
        message = Message(
            id=self._world.mint(),
            channel_id=answer.asker.channel.id,
            guild_id=answer.asker.guild.id,
            author=self._world.bot.json(),
            content=content,
            flags=flags,
            interaction_metadata=_origin(answer),
        )
        answer.all_messages.append(message)
        if not message.ephemeral:
            answer.asker.channel.messages.append(message)
        return message


def _flags(data: Json) -> MessageFlag:
    return MessageFlag(data.get("flags") or 0)


def _origin(answer: Answer) -> Json:
    origin = {
        "id": str(answer.interaction_id),
        "type": answer.kind,
        "user": answer.asker.user.json(),
        "authorizing_integration_owners": {"0": str(answer.asker.guild.id)},
    }
    if answer.kind == COMPONENT and answer.original:
        origin["interacted_message_id"] = str(answer.original.id)
    return origin


def _receipt(answer: Answer, step: int) -> Json:
    """Return what `with_response` asks for."""
    interaction: Json = {"id": str(answer.interaction_id), "type": answer.kind}
    receipt: Json = {"interaction": interaction}
    if answer.original and step in (REPLY, DEFER, DEFER_UPDATE, UPDATE):
        interaction["response_message_id"] = str(answer.original.id)
        interaction["response_message_loading"] = answer.original.loading
        interaction["response_message_ephemeral"] = answer.original.ephemeral
        receipt["resource"] = {"type": step, "message": answer.original.json()}
    return receipt
