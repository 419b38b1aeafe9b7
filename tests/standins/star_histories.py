"""A star history in memory for the flows: weeks from a dict, and no where it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.coverage import DAY
from bot.core.models import Pause, Refusal, Refused
from bot.core.retained import WEEKS_A_PAGE, StarPage
from tests.standins.clock import SettableClock

MISSING = Refusal(Refused.NOT_FOUND, "gone or not visible to this token")


@dataclass(slots=True)
class ScriptedStars:
    clock: SettableClock
    given: dict[str, dict[int, int]] = field(default_factory=dict)  # name -> day -> stars
    answers: dict[str, list[Refusal | Exception | None]] = field(default_factory=dict)  # first
    asked: list[tuple[str, int]] = field(default_factory=list)
    pauses: dict[str, Pause] = field(default_factory=dict)  # before the page
    urgent: list[str] = field(default_factory=list)

    @property
    def today(self) -> int:
        return self.clock.now() // DAY

    def give(self, name: str, **days_ago: int) -> None:
        """`d30=4`: four stars thirty days ago."""
        self.given[name] = {self.today - int(ago[1:]): stars for ago, stars in days_ago.items()}

    async def page(
        self,
        full_name: str,
        number: int,
        *,
        waiting: Callable[[Pause], None] = lambda _: None,
        urgent: bool = False,
    ) -> StarPage | Refusal | None:
        self.asked.append((full_name, number))
        self.urgent += [full_name] if urgent else []
        if pause := self.pauses.get(full_name):
            waiting(pause)
        if first := self.answers.get(full_name):
            answer = first.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        if full_name not in self.given:
            return MISSING
        return self._weeks(self.given[full_name], number)

    def _weeks(self, given: dict[int, int], number: int) -> StarPage:
        """Weeks end with tomorrow, so that today lies in the newest."""
        end = self.today + 1 - (number - 1) * 7 * WEEKS_A_PAGE
        oldest = min(given, default=self.today)
        weeks = min(WEEKS_A_PAGE, -(-(end - oldest) // 7))
        since = end - 7 * weeks
        days = {day: stars for day, stars in given.items() if since <= day < end}
        return StarPage(days, since, end, last=since <= oldest)
