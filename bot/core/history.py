"""Merging upward: samples of one subject, in any order, into observations and coverage."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import merge
from operator import attrgetter
from typing import NamedTuple

from bot.core.coverage import DAY, JOIN, Span, join
from bot.core.delta import Series
from bot.core.models import Sample

AT = attrgetter("at")


class Observation(NamedTuple):
    """A value from one moment on, until the next observation."""

    at: int
    value: int


class MetricSet(NamedTuple):
    """What is read together: the metrics of a run's query or an import's columns."""

    metrics: tuple[str, ...]  # sorted
    daily: bool = False  # a file that names only days
    imported: bool = False  # a file with times; kept apart from runs, so that neither bridges both


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of one sample."""

    new: bool  # something was not known before
    refused: Mapping[str, tuple[int, int]]  # metric -> (value known then, value offered)


ALL_NEW, NOTHING_NEW = Merged(new=True, refused={}), Merged(new=False, refused={})


@dataclass(slots=True)
class History:
    """All that is known of one subject, or enough of it for the samples to be added.

    Enough is: all coverage, and of each metric the newest observation of all and those around the
    samples, from the last at or before the oldest sample to the first after the newest one.
    `added` and `dropped` are what the store has to do.
    """

    observations: dict[str, list[Observation]] = field(default_factory=dict)  # ascending
    coverage: dict[MetricSet, tuple[Span, ...]] = field(default_factory=dict)  # ascending
    added: dict[tuple[str, int], int] = field(default_factory=dict)  # (metric, at) -> value
    dropped: set[tuple[str, int]] = field(default_factory=set)  # (metric, at)

    def add(self, sample: Sample, *, within: int = JOIN, imported: bool = False) -> Merged:
        """Fill gaps only: inside a span an equal value is known, a different one refused.

        Any order of samples gives the same history, as long as none lies between two others of
        its own kind (runs, days, files with times) that are at most `within` seconds apart.
        """
        if not sample.values:
            return NOTHING_NEW
        if max([spans[-1].until for spans in self.coverage.values()], default=-1) < sample.at:
            return self._append(sample, within, imported=imported)
        self._begin_anew(sample.values)
        looked = self._looked(sample.at)
        known = {
            key: self._value(key, sample.at) if key in looked else None for key in sample.values
        }
        refused = {
            key: (held, sample.values[key])
            for key, held in known.items()
            if held is not None and held != sample.values[key]
        }
        for key, held in known.items():
            if held is None:
                self._fill(key, sample.at, sample.values[key])
        new = None in known.values()
        accepted = sample.values.keys() - refused.keys()
        if accepted and (new or not refused):
            self._cover(_read_of(sample, accepted, imported=imported), sample, within)
        return Merged(new=new, refused=refused)

    def add_all(self, samples: Iterable[Sample], *, imported: bool = False) -> list[Merged]:
        """Add samples, oldest first; what is told again day after day is added at once.

        Of a year of files that is most of it, and takes a fifth of the time.
        """
        merged: list[Merged] = []
        for told in _told_again(samples):
            first = self.add(told[0], imported=imported)
            if first is ALL_NEW and len(told) > 1:
                self._lengthen(told[0], told[-1].at, imported=imported)
                merged += [first] * len(told)
            else:
                merged += [first, *(self.add(again, imported=imported) for again in told[1:])]
        return merged

    def _lengthen(self, newest: Sample, until: int, *, imported: bool) -> None:
        """Let the span that ends with the newest sample end later: nothing is known of then."""
        read = _read_of(newest, newest.values, imported=imported)
        *older, last = self.coverage[read]
        self.coverage[read] = (*older, last._replace(until=until))

    def _append(self, sample: Sample, within: int, *, imported: bool) -> Merged:
        """Add what is newer than all that is known: nothing can contradict it, nothing follows.

        Most samples are; going through all spans for each metric of each took five times as long.
        """
        read = _read_of(sample, sample.values, imported=imported)
        if read not in self.coverage:
            self._begin_anew(sample.values)
        for key, value in sample.values.items():
            seen = self.observations.get(key)
            if not seen or seen[-1].value != value:
                self._write(key, sample.at, value)
        self._cover(read, sample, within)
        return ALL_NEW

    def _cover(self, read: MetricSet, sample: Sample, within: int) -> None:
        spans = self.coverage.get(read, ())
        self.coverage[read] = join(spans, sample.at, daily=sample.daily, within=within)

    def _begin_anew(self, metrics: Iterable[str]) -> None:
        """Drop values that no sample stands for: a clean-up left them as the last that were known.

        Beside a sample they would tell of a time of which nothing is known any more.
        """
        for key in metrics:
            if self.observations.get(key) and not self.spans(key):
                for seen in tuple(self.observations[key]):
                    self._drop(key, seen.at)

    def spans(self, metric: str) -> list[Span]:
        """When a metric was sampled, by whichever set."""
        return [s for read, spans in self.coverage.items() if metric in read.metrics for s in spans]

    def series(self, metric: str, start: int, end: int) -> Series:
        """What a window from `start` to `end` needs of a metric (the whole history is known)."""
        first = next((seen.value for seen in self.observations.get(metric, [])), None)
        before, after = self._value(metric, start), self._value(metric, end)
        return Series(before, after, first, self.spans(metric))

    def samples(self) -> Iterator[Sample]:
        """Samples that add up to this history, oldest first: at least one a day of coverage."""
        sets = [self._samples(read, spans) for read, spans in self.coverage.items()]
        return merge(*sets, key=AT)  # one set after the other would refuse what lies between

    def _samples(self, read: MetricSet, spans: Sequence[Span]) -> Iterator[Sample]:
        for span in spans:
            for at in self._moments(read, span):
                values = {key: self._value(key, at) for key in read.metrics}
                known = {key: value for key, value in values.items() if value is not None}
                yield Sample(at, known, read.daily)

    def _moments(self, read: MetricSet, span: Span) -> list[int]:
        steps = range(span.since, span.until, DAY)
        if read.daily:  # changes at other times of day were read by other sets
            return [*steps, span.until]
        changes = {
            seen.at
            for key in read.metrics
            for seen in self.observations.get(key, [])
            if span.since <= seen.at <= span.until
        }
        return sorted({*changes, *steps, span.until})

    def _value(self, metric: str, at: int) -> int | None:
        seen = newest(self.observations.get(metric, []), at)
        return None if seen is None else seen.value

    def _looked(self, at: int) -> set[str]:
        """The metrics that were sampled through a moment."""
        return {
            key
            for read, spans in self.coverage.items()
            if any(span.since <= at <= span.until for span in spans)
            for key in read.metrics
        }

    def _fill(self, metric: str, at: int, value: int) -> None:
        """Write what changed, and keep what the next sample said where it now is a change."""
        held = self._value(metric, at)
        following = min((s.since for s in self.spans(metric) if s.since > at), default=None)
        if value == held:
            return
        self._write(metric, at, value)
        if following is None:
            return
        then = self._value_written_at(metric, following)
        if then == value:
            self._drop(metric, following)
        elif then is None and held is not None:
            self._write(metric, following, held)

    def _value_written_at(self, metric: str, at: int) -> int | None:
        seen = newest(self.observations[metric], at)
        return seen.value if seen is not None and seen.at == at else None

    def _write(self, metric: str, at: int, value: int) -> None:
        insort(self.observations.setdefault(metric, []), Observation(at, value), key=AT)
        self.added[metric, at] = value
        self.dropped.discard((metric, at))

    def _drop(self, metric: str, at: int) -> None:
        seen = self.observations[metric]
        del seen[bisect_left(seen, at, key=AT)]
        self.dropped.add((metric, at))
        self.added.pop((metric, at), None)


def _told_again(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Samples in a row that say the same, each soon enough after the one before."""
    told: list[Sample] = []
    for sample in samples:
        if told:
            at, values, daily = told[-1]
            if values != sample.values or daily != sample.daily or not at < sample.at <= at + JOIN:
                yield told
                told = []
        told.append(sample)
    if told:
        yield told


@lru_cache(maxsize=256)
def read_together(metrics: tuple[str, ...], daily: bool, imported: bool) -> MetricSet:  # noqa: FBT001  # a cached function is called by place
    return MetricSet(tuple(sorted(metrics)), daily, imported)


def _read_of(sample: Sample, metrics: Iterable[str], *, imported: bool) -> MetricSet:
    return read_together(tuple(metrics), sample.daily, imported and not sample.daily)


def newest(seen: Sequence[Observation], at: int) -> Observation | None:
    """The last of ascending observations at or before a moment."""
    index = bisect_right(seen, at, key=AT)
    return seen[index - 1] if index else None
