"""Faults a test orders in advance: the next matching requests go wrong in the way it says."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.standins.discord_messages import Json


@dataclass
class Fault:
    method: str
    pattern: str  # "/channels/*/messages": a star is one part of the path
    status: int
    times: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False  # done all the same, and only the answer is lost

    def matches(self, method: str, path: str) -> bool:
        asked, known = path.split("/"), self.pattern.split("/")
        if method != self.method or len(asked) != len(known):
            return False
        return all(fnmatchcase(part, shape) for part, shape in zip(asked, known, strict=True))


class Faults:
    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def fail(  # noqa: PLR0913  # what a fault is
        self,
        method: str,
        pattern: str,
        *,
        status: int,
        times: int = 1,
        carried_out: bool = False,
        code: int = 0,
    ) -> None:
        body = {"message": f"{status}: ordered by the test", "code": code}
        self._ordered.append(Fault(method, pattern, status, times, body, carried_out=carried_out))

    def limit(
        self,
        method: str,
        pattern: str,
        retry_after: float,
        *,
        times: int = 1,
        is_global: bool = False,
    ) -> None:
        body = {
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": is_global,
        }
        headers = {
            "Retry-After": str(max(1, round(retry_after))),
            "Via": "1.1 google",  # discord.py takes a 429 without it for a ban by Cloudflare
            "X-RateLimit-Scope": "global" if is_global else "user",
        }
        self._ordered.append(Fault(method, pattern, 429, times, body, headers))

    def heal(self) -> None:
        """Forget every fault that is left."""
        self._ordered.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that waits for this request, and count it."""
        for fault in self._ordered:
            if fault.times and fault.matches(method, path):
                fault.times -= 1
                return fault
        return None
