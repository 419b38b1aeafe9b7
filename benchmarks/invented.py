"""An invented portfolio, the same every time: many quiet repositories, few that never rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random

from bot.core.metrics import (
    COMMITS,
    DISK_USAGE,
    FORKS,
    OPEN_ISSUES,
    OPEN_PRS,
    RELEASES,
    STARS,
    WATCHERS,
)

KEYS = tuple(
    metric.key
    for metric in (STARS, FORKS, WATCHERS, OPEN_ISSUES, OPEN_PRS, RELEASES, COMMITS, DISK_USAGE)
)
"""Eight: discussions are switched off nearly everywhere, so nobody counts them."""
RISING = frozenset({RELEASES.key, COMMITS.key})
FIRST_ID = 100_000_000
OWNERS = 700

Change = tuple[int, int, int]
"""The number of a repository and of a metric, both from 0, and its new value."""


@dataclass(frozen=True, slots=True)
class Size:
    """Repositories of a size: how many there are, and how often their numbers change."""

    share: float  # of all repositories
    stars: tuple[int, int]
    changes: tuple[float, ...]  # of a day's values, the share that differs from the day before


SIZES = (
    # Stars, forks and issues as measured by size of repository. The others nobody measured: open
    # PRs are taken to change a little less often than issues, commits where there is work at all,
    # disk usage on two of three such days, watchers and releases seldom. KEYS is their order.
    Size(0.40, (1, 60), (0.01, 0.07, 0.002, 0.05, 0.02, 0.002, 0.015, 0.01)),
    Size(0.30, (60, 500), (0.03, 0.07, 0.008, 0.05, 0.03, 0.005, 0.04, 0.03)),
    Size(0.11, (500, 2_000), (0.19, 0.06, 0.015, 0.04, 0.04, 0.008, 0.08, 0.05)),
    Size(0.09, (2_000, 10_000), (0.37, 0.11, 0.04, 0.07, 0.06, 0.015, 0.15, 0.10)),
    Size(0.08, (10_000, 50_000), (0.84, 0.49, 0.12, 0.25, 0.22, 0.03, 0.40, 0.25)),
    Size(0.02, (50_000, 400_000), (0.98, 0.84, 0.35, 0.42, 0.40, 0.06, 0.75, 0.50)),
)


class Invented:
    """`values` are those of today, by repository and metric; `pass_a_day` moves them on."""

    def __init__(self, repositories: int, seed: int = 7) -> None:
        self._rng = Random(seed)  # noqa: S311  # nothing here is a secret
        self.names = [f"owner-{n % OWNERS}/repository-{n}" for n in range(repositories)]
        self.values: list[list[int]] = [[] for _ in self.names]
        self._kinds = [*self._shares(repositories)]
        for size, members in self._kinds:
            for number in members:
                self.values[number] = self._first(self._rng.randint(*size.stars))

    def __len__(self) -> int:
        return len(self.names)

    def github_id(self, number: int) -> int:
        return FIRST_ID + number

    def node_id(self, number: int) -> str:
        return f"R_{FIRST_ID + number}"

    def reading(self, number: int) -> Mapping[str, int]:
        return dict(zip(KEYS, self.values[number], strict=True))

    def pass_a_day(self) -> list[Change]:
        """What changed since yesterday, in the order of the store."""
        changes = chain.from_iterable(
            self._day_of(size, members, metric)
            for size, members in self._kinds
            for metric in range(len(KEYS))
        )
        return sorted(changes)

    def _shares(self, repositories: int) -> Iterator[tuple[Size, Sequence[int]]]:
        """Sizes in no order: who is large stands anywhere in the store."""
        numbers = list(range(repositories))
        self._rng.shuffle(numbers)
        begin, share = 0, 0.0
        for size in SIZES:
            share += size.share
            end = round(repositories * share)
            yield size, numbers[begin:end]
            begin = end

    def _first(self, stars: int) -> list[int]:
        """Numbers that go with so many stars."""
        parts = (1.0, 0.16, 0.02, 0.01, 0.003, 0.005, 0.3, 4.0)
        return [round(stars * part * self._rng.uniform(0.3, 1.7)) for part in parts]

    def _day_of(self, size: Size, members: Sequence[int], metric: int) -> Iterator[Change]:
        due = int(len(members) * size.changes[metric] + self._rng.random())
        for number in self._rng.sample(members, due):
            before = self.values[number][metric]
            self.values[number][metric] = after = before + self._step(before, metric)
            yield number, metric, after

    def _step(self, before: int, metric: int) -> int:
        """Never nothing: larger where there is more, seldom a loss where it can be one."""
        step = 1 + int(self._rng.expovariate(1) * before * 0.001)
        falls = before >= step and KEYS[metric] not in RISING and self._rng.random() < 0.2
        return -step if falls else step
