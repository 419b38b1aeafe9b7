"""Random histories: what imports bring, what runs bring, with outages and half answers."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st

from bot.core.models import Sample

HOUR, DAY = 3_600, 86_400
NOON = 1_767_268_800  # 12:00 UTC of 1 January 2026
KINDS = ("daily", "timed", "mixed")
KEYS = ("stars", "forks", "open_issues")
TWO_NEVER_JOIN = 36 * HOUR + 1  # from a sample to the one after the next

PATIENT = settings(deadline=None, max_examples=120)

_silences = st.one_of(
    st.sampled_from([DAY, DAY, DAY, 6 * HOUR, 36 * HOUR, 36 * HOUR + 1, 2 * DAY, 9 * DAY]),
    st.integers(60, 3 * DAY),
)
_values = st.dictionaries(st.sampled_from(KEYS), st.integers(0, 3), min_size=1)
_also_in = st.lists(st.sampled_from(KEYS), max_size=2)  # a second file tells some of it again


@st.composite
def _timelines(draw: st.DrawFn, *, apart: int, kinds: Sequence[str] = KINDS) -> list[Sample]:
    """Ascending; a sample lies at least `apart` seconds after the one before its neighbour."""
    kind = draw(st.sampled_from(kinds))
    rows: list[Sample] = []
    at, silence = NOON - 5 * HOUR, apart
    steps = draw(
        st.lists(st.tuples(_silences, _values, _also_in, st.booleans()), min_size=1, max_size=10)
    )
    for drawn, values, again, is_daily in steps:
        daily = kind == "daily" or (kind == "mixed" and is_daily)
        then = at + max(drawn, apart - silence)
        then = then + (NOON - then) % DAY if daily else then
        at, silence = then, then - at
        rows.append(Sample(at, values, daily))
        if part := {key: values[key] for key in again if key in values}:
            rows.append(Sample(at, part, daily))
    return rows


def spaced() -> st.SearchStrategy[list[Sample]]:
    """Histories that mean the same in any order: nothing lies between two that join."""
    return _timelines(apart=TWO_NEVER_JOIN)


def days() -> st.SearchStrategy[list[Sample]]:
    """Histories of one sample a day, as imports bring them."""
    return _timelines(apart=TWO_NEVER_JOIN, kinds=["daily"])


def dense() -> st.SearchStrategy[list[Sample]]:
    """Histories as runs write them, oldest first, several a day."""
    return _timelines(apart=0)


def shuffled(rows: Sequence[Sample]) -> st.SearchStrategy[list[Sample]]:
    return st.permutations(rows)


def in_chunks(rows: Sequence[Sample]) -> st.SearchStrategy[list[Sequence[Sample]]]:
    """The rows cut into files."""

    def cut(places: set[int]) -> list[Sequence[Sample]]:
        return [rows[start:end] for start, end in pairwise([0, *sorted(places), len(rows)])]

    return st.sets(st.integers(0, len(rows))).map(cut)
