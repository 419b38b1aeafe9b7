"""The verb traffic: asked for once a day where the token may push, and shown where private is."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from bot.core.coverage import DAY
from bot.core.models import Refusal, Subject, Visibility
from bot.core.names import few
from bot.core.traffic import COUNTERS, Capture, TrafficReport, tally, whole_days
from bot.core.window import Window
from bot.errors import GitHubError, RateLimited, TokenMissing, TokenRejected
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, GitHub, TrafficLog

MOST = 500
"""Repositories asked about in one look, four core points each of the hour's 5,000."""
IN_TROUBLE = 3
"""Repositories in a row without any answer after which it is GitHub that is down."""
NAMED = 3
FIX = (
    "cannot be read: the token needs the repository permission Administration: read (fine-grained)"
    " or the scope repo (classic)."
)


class Traffic:
    """GitHub shows traffic to those who may push: so it is as private as a private repository."""

    def __init__(self, github: GitHub, log: TrafficLog, portfolio: Portfolio, clock: Clock) -> None:
        self._github = github
        self._log = log
        self._portfolio = portfolio
        self._clock = clock

    async def look(self) -> int:
        """Ask about every repository that was not asked about today; returns how many answered.

        What fails stays due: the next look, an hour later, asks again. GitHub remembers 14 days,
        so that a day is lost only after 13 without an answer.
        """
        answered = silent = 0
        shut = set[str]()  # owners whose token gets no answer now; `/status` says why
        async with aclosing(self._due(shut)) as due:
            async for subject in due:
                try:
                    heard = await self._ask(subject)
                except (TokenMissing, TokenRejected, RateLimited):
                    shut.add(_owner(subject))
                    continue
                answered += heard
                silent = 0 if heard else silent + 1
                if silent == IN_TROUBLE:
                    break
        return answered

    async def over(self, guild_id: int, subject: Subject, window: Window) -> TrafficReport | None:
        """Of one whose traffic was ever read.

        None: this guild may not see it, or the window has no whole day.
        """
        asked = whole_days(window)
        if not asked or not self._shown(guild_id):
            return None
        days = await self._log.days(subject.id, asked.start - len(asked), asked[-1])
        return TrafficReport(
            first_day=asked[0],
            last_day=asked[-1],
            tallies=tuple(tally(one, days[one.visit], asked) for one in COUNTERS),
            popular=await self._log.popular(subject.id, window.end // DAY),
        )

    async def problems(self, guild_id: int, watched: Sequence[Subject]) -> list[str]:
        """One sentence for all repositories whose traffic the token lacks the permission for."""
        if not self._shown(guild_id):
            return []
        # without the scope a classic token is told 404: GitHub shows the repository all the same
        visible = [subject.id for subject in watched if subject.gone_at is None]
        lacking = await self._log.refused(visible)
        names = [subject.full_name for subject in watched if subject.id in lacking]
        if not names:
            return []
        return [f"Traffic of {few(names, NAMED)} {FIX}"]

    async def _due(self, shut: Collection[str]) -> AsyncGenerator[Subject]:
        """Each that is due, but those of owners shut by then: they make room for others."""
        met = set[int]()
        asked, today = 0, self._today()
        while fresh := [
            one for one in await self._log.due(today, MOST + len(met)) if one.id not in met
        ]:
            for subject in fresh:
                met.add(subject.id)
                if _owner(subject) in shut:
                    continue
                if asked == MOST:
                    return
                asked += 1
                yield subject

    def _shown(self, guild_id: int) -> bool:
        return self._portfolio.shows(guild_id, Visibility.PRIVATE)

    def _today(self) -> int:
        return self._clock.now() // DAY

    async def _ask(self, subject: Subject) -> bool:
        """Whether GitHub said anything, be it no."""
        today = self._today()  # before the question: a day that ends meanwhile was not over
        try:
            answer = await self._github.traffic(subject.full_name, today)
        except (TokenMissing, TokenRejected, RateLimited):
            raise
        except GitHubError:
            return False  # this one's trouble: the others are asked all the same
        match answer:
            case Refusal():
                await self._log.refuse(subject.id, today, answer.kind)
            case Capture():
                await self._log.keep(subject.id, answer)
                return not answer.empty
        return True


def _owner(subject: Subject) -> str:
    return subject.full_name.partition("/")[0].lower()
