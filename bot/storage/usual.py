"""What a run mostly brings: repositories seen not long ago, as they were but for some numbers.

Nothing can contradict such an answer and nothing follows it. So all of a page are compared with the
newest values and written in a few statements, five times as fast as merging each with its history.
Whatever is not as usual, in any way, is left to `sampling.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.core.history import MetricSet, read_together
from bot.core.metrics import STARS
from bot.core.models import Reading, Subject
from bot.storage.database import Row, Transaction, among, ids, listed
from bot.storage.last_changes import note_changes
from bot.storage.merging import OBSERVE, RENEW, metric_ids, metric_set_ids
from bot.storage.subjects import COLUMNS, whole
from bot.storage.traffic import note_access

Answer = tuple[Subject, Reading]
Change = tuple[int, int, int, int]
"""As in `observations`."""
# With the spans that a sample may join and those after it: others do not matter to it.
KNOWN = f"""
SELECT {COLUMNS}, c.metric_set_id, c.until FROM subjects s
JOIN coverage c ON c.subject_id = s.id AND c.until >= $2 WHERE {among("s.id", 1)}
"""
# A row a repository: one a value takes twice as long.
NEWEST = f"""
SELECT subject_id, {listed("metric_id")}, {listed("value")} FROM latest
WHERE {among("subject_id", 1)} GROUP BY subject_id
"""
OF_RUNS = (False, False)
"""Neither daily nor imported."""
EXTEND = f"""
UPDATE coverage SET until = $2
WHERE metric_set_id = $3 AND until >= $4 AND {among("subject_id", 1)}
"""


class Newest(NamedTuple):
    """The newest value of each metric of a repository, as text in the same order."""

    metric_ids: str
    values: str


NOTHING = Newest("", "")


@dataclass(frozen=True, slots=True)
class Known:
    """What usual answers are compared with, by the ids of a page's repositories."""

    spans: Mapping[int, Sequence[Row]]
    newest: Mapping[int, Newest]
    metrics: Mapping[str, int]
    sets: Mapping[MetricSet, int]


@dataclass(slots=True)
class Usual:
    """The usual answers of a page, and what there is to write."""

    readings: dict[int, Reading] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    by_how_much: dict[int, dict[str, int]] = field(default_factory=dict)  # of everybody
    sampled: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # by set
    others: list[Answer] = field(default_factory=list)


async def keep_usual(
    transaction: Transaction, at: int, found: Sequence[Answer], within: int
) -> tuple[int, Sequence[Answer]]:
    """Write the usual answers; returns how many of them changed, and all the others."""
    if not found:
        return 0, ()
    listing = {subject.id for subject, _ in found}
    if len(listing) < len(found) or len({reading.github_id for _, reading in found}) < len(found):
        return 0, found  # somebody answers twice: the second answer has to see the first one
    usual = _sorted_out(found, at, await _known(transaction, listing, at - within))
    await note_access(transaction, usual.readings)
    await transaction.run_many(OBSERVE, usual.changes)
    await transaction.run_many(RENEW, usual.changes)
    await note_changes(transaction, at, usual.by_how_much)
    for set_id, sampled in usual.sampled.items():
        await transaction.run(EXTEND, ids(sampled), at, set_id, at - within)
    return sum(map(bool, usual.by_how_much.values())), usual.others


async def _known(transaction: Transaction, listing: Collection[int], since: int) -> Known:
    spans: dict[int, list[Row]] = defaultdict(list)
    for row in await transaction.rows(KNOWN, ids(listing), since):
        spans[whole(row[0])].append(row)
    newest = {
        whole(id_): Newest(str(metrics), str(values))
        for id_, metrics, values in await transaction.rows(NEWEST, ids(listing))
    }
    metrics, sets = await metric_ids(transaction), await metric_set_ids(transaction)
    return Known(spans, newest, metrics, sets)


def _sorted_out(found: Sequence[Answer], at: int, known: Known) -> Usual:
    usual = Usual()
    for answer in found:
        id_, reading = answer[0].id, answer[1]
        set_id = _read_again(id_, reading, at, known)
        if set_id is None:
            usual.others.append(answer)
            continue
        usual.readings[id_] = reading
        usual.sampled[set_id].append(id_)
        changes = _changes(id_, reading, known)
        usual.by_how_much[id_] = changes
        usual.changes += [(id_, known.metrics[key], at, reading.values[key]) for key in changes]
    usual.changes.sort()
    return usual


def _read_again(id_: int, reading: Reading, at: int, known: Known) -> int | None:
    """The id of what was read of whom we know just so, for the first time since not long ago."""
    spans = known.spans.get(id_, ())
    set_id = known.sets.get(read_together(tuple(reading.values), *OF_RUNS))
    joined = [span for span in spans if span[-2] == set_id]
    if len(joined) != 1 or any(whole(span[-1]) >= at for span in spans):
        return None
    return set_id if STARS.key in reading.values and _is_known(reading, joined[0]) else None


def _is_known(reading: Reading, row: Row) -> bool:
    _, full_name, visibility, github_id, node_id, gone_at, archived, forbidden_at, *_ = row
    return (
        gone_at is None
        and forbidden_at is None
        and github_id == reading.github_id
        and full_name == reading.full_name
        and node_id == reading.node_id
        and visibility == reading.visibility
        and reading.archived in (None, archived)
    )


def _changes(id_: int, reading: Reading, known: Known) -> dict[str, int]:
    """By how much numbers differ from the newest ones: there are such, as all were read before."""
    newest = known.newest.get(id_, NOTHING)
    held = dict(zip(newest.metric_ids.split(","), newest.values.split(","), strict=True))
    return {
        key: value - int(before)
        for key, value in reading.values.items()
        if (before := held[str(known.metrics[key])]) != str(value)
    }
