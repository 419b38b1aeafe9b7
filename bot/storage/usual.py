"""What a run mostly brings: repositories seen not long ago, as they were but for some numbers.

Nothing can contradict such an answer and nothing follows it. So all of a page are compared with the
newest values and written in a few statements, seven times as fast as merging each with its history.
Whatever is not as usual, in any way, is left to `sampling.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from bot.core.history import MetricSet, read_together
from bot.core.metrics import STARS
from bot.core.models import Reading, Subject
from bot.storage.database import Transaction
from bot.storage.dialect import Row, among, ids, in_order, numbers
from bot.storage.last_changes import forget_stale, note_changes
from bot.storage.merging import OBSERVE, RENEW, metric_ids, metric_set_ids
from bot.storage.subjects import whole
from bot.storage.traffic import note_access

Answer = tuple[Subject, Reading]
# With the spans that a sample may join and those after it: others do not matter to it.
KNOWN = f"""
SELECT s.id, s.full_name, s.visibility, s.github_id, s.node_id, s.archived, c.metric_set_id, c.until
FROM subjects s JOIN coverage c ON c.subject_id = s.id AND c.until >= $2
WHERE {among("s.id", 1)} AND s.gone_at IS NULL AND s.forbidden_at IS NULL
"""
# One text for all of them: a row a repository took twice as long, a row a value four times. The
# plus keeps SQLite from seeking each value by itself, which took twice as long, too.
NEWEST = in_order(
    "value",
    f"latest WHERE {among('subject_id', 1)} AND {among('+metric_id', 2)}",
    "subject_id, metric_id",
)
OF_RUNS = (False, False)
"""Neither daily nor imported."""
EXTEND = f"""
UPDATE coverage SET until = $2
WHERE metric_set_id = $3 AND until >= $4 AND {among("subject_id", 1)}
"""


class Change(NamedTuple):
    """A number that is not what it was."""

    subject_id: int
    metric_id: int
    metric: str
    value: int
    by: int


class Read(NamedTuple):
    """What was read of a repository: the set's id, and its metrics in the order of their ids."""

    set_id: int
    metrics: Sequence[str]
    metric_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Known:
    """What answers are compared with."""

    spans: Mapping[int, Sequence[Row]]  # rows of KNOWN, by repository
    metrics: Mapping[str, int]
    sets: Mapping[MetricSet, int]

    def read(self, metrics: tuple[str, ...]) -> Read | None:
        """None: these were never read together."""
        set_id = self.sets.get(read_together(metrics, *OF_RUNS))
        if set_id is None:
            return None
        metric_ids = sorted((self.metrics[metric], metric) for metric in metrics)
        return Read(set_id, [name for _, name in metric_ids], [id_ for id_, _ in metric_ids])


async def keep_usual(
    transaction: Transaction, at: int, found: Sequence[Answer], within: int
) -> tuple[int, Sequence[Answer]]:
    """Write the usual answers; returns how many of them changed, and all the others."""
    if not found or _answers_twice(found):
        return 0, found
    changes: list[Change] = []
    kept: dict[int, Reading] = {}
    await forget_stale(transaction, [subject.id for subject, _ in found])
    for read, answers in await _usual(transaction, at, found, within):
        newest = await _newest(transaction, read, answers)
        if len(newest) < len(answers) * len(read.metrics):
            continue  # the store lacks a number that it says was read
        changes += _changes(read, answers, newest)
        kept |= {subject.id: reading for subject, reading in answers}
        listing = ids(subject.id for subject, _ in answers)
        await transaction.run(EXTEND, listing, at, read.set_id, at - within)
    await note_access(transaction, kept)
    changed = await _write(transaction, at, kept, changes)
    return changed, [answer for answer in found if answer[0].id not in kept]


async def _write(
    transaction: Transaction, at: int, kept: Iterable[int], changes: Sequence[Change]
) -> int:
    """All but how far their spans reach; returns how many repositories changed."""
    rows = sorted((one.subject_id, one.metric_id, at, one.value) for one in changes)
    await transaction.run_many(OBSERVE, rows)
    await transaction.run_many(RENEW, rows)
    of_each: dict[int, dict[str, int]] = defaultdict(dict)
    for one in changes:
        of_each[one.subject_id][one.metric] = one.by
    await note_changes(transaction, at, kept, of_each)
    return len(of_each)


def _answers_twice(found: Sequence[Answer]) -> bool:
    """Does anybody? The second answer has to see the first one."""
    subjects = {subject.id for subject, _ in found}
    return len(subjects) < len(found) or len({reading.github_id for _, reading in found}) < len(
        found
    )


async def _usual(
    transaction: Transaction, at: int, found: Sequence[Answer], within: int
) -> list[tuple[Read, list[Answer]]]:
    """Who was read again for the first time since not long ago, by what was read; each by id."""
    known = await _known(transaction, found, at - within)
    alike: dict[tuple[str, ...], list[Answer]] = defaultdict(list)
    for answer in sorted(found, key=lambda answer: answer[0].id):
        alike[tuple(answer[1].values)].append(answer)
    usual = []
    for metrics, answers in alike.items():
        read = known.read(metrics)
        if read is None or STARS.key not in metrics:
            continue
        again = [one for one in answers if _is_usual(one, known.spans, read.set_id, at)]
        if again:
            usual.append((read, again))
    return usual


async def _known(transaction: Transaction, found: Sequence[Answer], since: int) -> Known:
    spans: dict[int, list[Row]] = defaultdict(list)
    for row in await transaction.rows(KNOWN, ids(subject.id for subject, _ in found), since):
        spans[whole(row[0])].append(row)
    return Known(spans, await metric_ids(transaction), await metric_set_ids(transaction))


def _is_usual(answer: Answer, spans: Mapping[int, Sequence[Row]], set_id: int, at: int) -> bool:
    """Is it of whom we know just so, and joins it one span, with none after it?"""
    subject, reading = answer
    joined = 0
    for *_, archived, of_set, until in (mine := spans.get(subject.id, ())):
        if whole(until) >= at or reading.archived not in (None, archived):
            return False
        joined += of_set == set_id
    return joined == 1 and mine[0][1:5] == (
        reading.full_name,
        reading.visibility,
        reading.github_id,
        reading.node_id,
    )


async def _newest(transaction: Transaction, read: Read, answers: Sequence[Answer]) -> Sequence[int]:
    """The newest values of all, by repository and metric."""
    listing = ids(subject.id for subject, _ in answers)
    ((text,),) = await transaction.rows(NEWEST, listing, ids(read.metric_ids))
    return numbers(text)


def _changes(read: Read, answers: Sequence[Answer], newest: Sequence[int]) -> list[Change]:
    """The numbers that differ from the newest ones."""
    metrics = list(zip(read.metric_ids, read.metrics, strict=True))
    places = product([subject.id for subject, _ in answers], metrics)
    told = [reading.values[metric] for _, reading in answers for metric in read.metrics]
    return [
        Change(id_, *metric, value, value - before)
        for (id_, metric), before, value in zip(places, newest, told, strict=True)
        if value != before
    ]
