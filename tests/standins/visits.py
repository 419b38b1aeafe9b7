"""Traffic in memory for the flows: what GitHub has counted, and how it keeps it to itself."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.models import Refusal
from bot.core.traffic import REMEMBERED, Capture, Days, Popular, Ranking, Visit, days_read

Counted = Mapping[int, tuple[int, int]]
"""By UTC day since 1970: total and uniques."""


@dataclass(slots=True)
class ScriptedVisits:
    views: dict[str, dict[int, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    clones: dict[str, dict[int, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    referrers: dict[str, list[Popular]] = field(default_factory=dict)
    paths: dict[str, list[Popular]] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    raises: dict[str, Exception] = field(default_factory=dict)
    silent: dict[str, set[Visit | Ranking]] = field(default_factory=dict)  # parts not answered
    asked: list[str] = field(default_factory=list)

    def answer(self, full_name: str, on: int) -> Capture | Refusal:
        self.asked.append(full_name)
        if error := self.raises.get(full_name):
            raise error
        if refusal := self.refusals.get(full_name):
            return refusal
        days = {
            Visit.VIEWS: _remembered(self.views[full_name], on),
            Visit.CLONES: _remembered(self.clones[full_name], on),
        }
        popular = {
            Ranking.REFERRERS: self.referrers.get(full_name, []),
            Ranking.PATHS: self.paths.get(full_name, []),
        }
        silent = self.silent.get(full_name, set())
        return Capture(
            on,
            {visit: known for visit, known in days.items() if visit not in silent},
            {ranking: known for ranking, known in popular.items() if ranking not in silent},
        )


def _remembered(counted: Counted, on: int) -> Days:
    """As GitHub has it: 14 days, today's among them, without those on which nobody came."""
    entries = [(day, *counts) for day, counts in counted.items() if on - REMEMBERED < day <= on]
    return days_read([entry for entry in entries if entry[1]], on)
