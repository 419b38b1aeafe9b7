"""Sending at most once: discord.py's own requests, without its own repeating of them.

After a 500, 502, 504 or 524 `HTTPClient.request` sends the same again, up to five times. Discord
may have taken the first one all the same: an enforced nonce makes the second one harmless for some
minutes, but posts in forums have none. A request's form is read anew for each try (`for params in
form`, https://github.com/Rapptz/discord.py/blob/v2.7.0/discord/http.py), so a form that refuses to
be read twice ends the request after its first try, and it still goes through discord.py's rate
limits. The wait that a 429 asks for has passed by then.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from discord.http import HTTPClient, MultipartParameters, Route

Json = dict[str, Any]


class SentAlready(Exception):
    """It went out once, and Discord's answer was an error: nobody knows what came of it."""


class _ReadOnce:
    """A form that can be sent one time."""

    def __init__(self, parts: Sequence[Json]) -> None:
        self._parts = parts
        self._read = False

    def __iter__(self) -> Iterator[Json]:
        if self._read:
            raise SentAlready
        self._read = True
        return iter(self._parts)


async def send_once(
    http: HTTPClient, route: Route, params: MultipartParameters, query: dict[str, int]
) -> Json:
    """Raises SentAlready besides what discord.py raises."""
    said, *files = params.multipart or [
        {"name": "payload_json", "value": json.dumps(params.payload)}
    ]
    # without a type of its own a lone field would not be sent as a multipart form
    form = _ReadOnce([{**said, "content_type": "application/json"}, *files])
    answer: Json = await http.request(route, files=params.files or None, form=form, params=query)
    return answer
