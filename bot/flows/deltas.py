"""What moved: the store's series through the delta engine, for one repository or many."""

from collections.abc import Sequence

from bot.core.delta import measure
from bot.core.models import Subject
from bot.core.rank import Movement
from bot.core.window import Window
from bot.flows.ports import Histories

FRESH = 6 * 3600
"""A sample stands for a moment after it for this long, or for one collection interval (seconds)."""


class Deltas:
    def __init__(self, histories: Histories, interval: int) -> None:
        self._histories = histories
        self._fresh = max(FRESH, interval)

    async def between(self, subjects: Sequence[Subject], window: Window) -> list[Movement]:
        """One movement a subject, in their order; without deltas where nothing was known yet."""
        series = await self._histories.series([subject.id for subject in subjects], window)
        return [
            Movement(
                subject,
                tuple(
                    delta
                    for key, known in series[subject.id].items()
                    if (
                        delta := measure(
                            key, known, window, fresh=self._fresh, gone_at=subject.gone_at
                        )
                    )
                ),
            )
            for subject in subjects
        ]
