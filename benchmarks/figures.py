"""What was measured: one row a figure, with its target, its limit and its peers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.timing import Spread

REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Peer:
    """Another way to do the same work, measured in the same run."""

    name: str
    figure: Spread | None
    trouble: str = ""  # why it has no figure, or what its figure leaves out


@dataclass(frozen=True, slots=True)
class Figure:
    key: str
    what: str
    repositories: int
    unit: str
    measured: Spread | None
    target: float | None = None  # None: reported, not judged
    at_least: bool = False  # the target is the least it may be, else the most
    limit: Spread | None = None  # what the machine does with nothing of ours around it
    limit_is: str = ""
    peers: Sequence[Peer] = ()
    series: Sequence[float] = ()  # what the spread was taken from, where its course tells something
    ratios: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ratios", dict(self._ratios()))

    @property
    def verdict(self) -> str:
        """In words, whether it holds."""
        if self.measured is None:
            return "not measured"
        if self.target is None:
            return REPORTED
        if self._holds(self.measured.median, self.target):
            return "holds"
        return f"MISSES {self._by_how_much(self.measured.median, self.target)}"

    def _by_how_much(self, measured: float, target: float) -> str:
        if not target or not measured:
            return f"by {abs(measured - target):.3g}"
        apart = target / measured if self.at_least else measured / target
        if apart < 2:
            return f"by {apart - 1:.0%}" if apart >= 1.01 else "by less than 1%"
        return f"{apart:,.0f} times" if apart >= 10 else f"{apart:.2g} times"

    def _holds(self, measured: float, target: float) -> bool:
        return measured >= target if self.at_least else measured <= target

    def _ratios(self) -> Sequence[tuple[str, float]]:
        """How many times our figure each of the others is."""
        others = [(peer.name, peer.figure) for peer in self.peers]
        if self.limit is not None:
            others = [(f"limit: {self.limit_is}", self.limit), *others]
        ours = self.measured.median if self.measured else 0.0
        return [(name, other.median / ours) for name, other in others if other and ours]


def ratio(  # noqa: PLR0913  # a figure that is made of two others
    key: str,
    what: str,
    repositories: int,
    target: float | None,
    *,
    theirs: Spread | None,
    ours: Spread | None,
) -> Figure:
    """How many times theirs is ours; low and high as the two spreads allow."""
    told = None
    if theirs and ours and ours.low:
        count = min(theirs.count, ours.count)
        low, high = theirs.low / ours.high, theirs.high / ours.low
        told = Spread(theirs.median / ours.median, low, high, count)
    return Figure(key, what, repositories, "x", told, target, at_least=True)
