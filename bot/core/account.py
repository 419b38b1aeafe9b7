"""All that is to be told of one repository over a window, as it was kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.delta import Series
from bot.core.events import Event


@dataclass(frozen=True, slots=True)
class Account:
    series: Mapping[str, Series]  # by metric, in the registry's order
    events: Sequence[Event]  # all there are, in order
    visited: bool  # was any traffic of it ever read?
