"""The ways in which Discord's REST API says no: status, code and words as Discord writes them."""

from enum import Enum

from tests.standins.discord_messages import Json


class Reason(Enum):
    UNAUTHORIZED = (401, 0, "401: Unauthorized")
    UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
    UNKNOWN_GUILD = (404, 10004, "Unknown Guild")
    UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
    UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
    UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
    ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
    MISSING_ACCESS = (403, 50001, "Missing Access")
    THREAD_LOCKED = (403, 160005, "Thread is locked")
    WRONG_CHANNEL_TYPE = (400, 50024, "Cannot execute action on this channel type")
    TAG_REQUIRED = (400, 40067, "A tag is required to create a forum post in this channel")
    CROSSPOSTED_ALREADY = (400, 40033, "This message has already been crossposted")
    NOT_THE_AUTHOR = (403, 50005, "Cannot edit a message authored by another user")
    EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
    MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
    EXPIRED_TOKEN = (401, 50027, "Invalid Webhook Token")
    INVALID_FORM = (400, 50035, "Invalid Form Body")
    NOT_SIMULATED = (501, 0, "501: the stand-in does not know this route")


class Refused(Exception):
    """Discord answers this request with an error."""

    def __init__(self, reason: Reason, details: list[str] | None = None) -> None:
        super().__init__(reason.name)
        self.status, self.code, self.words = reason.value
        self.details = details or []

    def json(self) -> Json:
        body: Json = {"message": self.words, "code": self.code}
        if self.details:
            problems = [{"code": "CONTRACT", "message": detail} for detail in self.details]
            body["errors"] = {"_errors": problems}
        return body
