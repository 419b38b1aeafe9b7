"""The desk where a bot asks who it is and where the gateway is."""

from tests.standins.discord_messages import Json
from tests.standins.discord_rest import Call, Route
from tests.standins.discord_world import Access, World

STARTS_A_DAY = 1_000
DAY_MS = 86_400_000


class Login:
    def __init__(self, world: World, access: Access) -> None:
        self._world = world
        self._access = access

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/gateway", lambda _: {"url": self._access.gateway_url}, public=True),
            Route("GET", "/gateway/bot", self._gateway),
            Route("GET", "/users/@me", self._me),
            Route("GET", "/oauth2/applications/@me", self._application),
            Route("GET", "/applications/@me", self._application),
        ]

    def _gateway(self, _call: Call) -> Json:
        return {
            "url": self._access.gateway_url,
            "shards": 1,
            "session_start_limit": {
                "total": STARTS_A_DAY,
                "remaining": STARTS_A_DAY,
                "reset_after": DAY_MS,
                "max_concurrency": 1,
            },
        }

    def _me(self, _call: Call) -> Json:
        own = {"mfa_enabled": False, "verified": True, "locale": "en-US"}
        return {**self._world.bot.json(), **own}

    def _application(self, _call: Call) -> Json:
        bot = self._world.bot
        return {
            "id": str(bot.id),
            "name": bot.name,
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": self._world.bot_owner.json(),
        }
