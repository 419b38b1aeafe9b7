"""Keeping what a page of a run brought: the usual answers at once, each of the others with care."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from bot.core.models import Page, Reading, Sample
from bot.storage.database import Transaction
from bot.storage.histories import load, merge_into
from bot.storage.merging import Merger
from bot.storage.subjects import absorb, identify
from bot.storage.traffic import note_access
from bot.storage.usual import Answer, keep_usual

log = structlog.get_logger(__name__)


def joined(pages: Iterable[Page]) -> list[Page]:
    """The same in fewer pages: those of one moment are one, as long as it makes no difference.

    It would where somebody appears twice, or answers after another was refused: of a page, answers
    are kept before refusals.
    """
    fewer: list[Page] = []
    named: set[int] = set()
    for page in pages:
        who = _named(page)
        last = fewer[-1] if fewer else None
        if last and last.at == page.at and not last.refused and named.isdisjoint(who):
            found = [*last.found, *page.found]
            fewer[-1] = replace(page, found=found)
            named |= who
        else:
            fewer.append(page)
            named = who
    return fewer


def _named(page: Page) -> set[int]:
    """Ids of who appears in it, ours and, below zero, GitHub's."""
    ours = {subject.id for subject, _ in (*page.found, *page.refused)}
    return ours | {-reading.github_id for _, reading in page.found}


async def sample(transaction: Transaction, at: int, found: Sequence[Answer], within: int) -> int:
    """Write who answered and what; returns how many repositories changed."""
    changed, others = await keep_usual(transaction, at, found, within)
    return changed + await merge_each(transaction, at, others, within)


async def merge_each(
    transaction: Transaction, at: int, found: Sequence[Answer], within: int
) -> int:
    """What `sample` does, for whoever answered: new, renamed, back, late or after a gap.

    Returns how many repositories changed.
    """
    if not found:
        return 0
    readings: dict[int, Reading] = {}
    for subject, reading in found:
        now, absorbed = await identify(transaction, subject, reading, at)
        for id_ in sorted(absorbed):
            await merge_into(transaction, now.id, id_)
            await absorb(transaction, now.id, id_, at)
        readings[now.id] = reading
    await note_access(transaction, readings)
    merger = Merger(await load(transaction, dict.fromkeys(readings, at), at))
    known = {id_: set(history.observations) for id_, history in merger.histories.items()}
    for id_, reading in readings.items():
        merged = merger.add(id_, Sample(at, reading.values), within=within)
        if merged.refused:  # another run was answered later and kept it sooner, or a clock was off
            log.info("reading is older than one kept", repository=reading.full_name, at=at)
    await merger.save(transaction)
    return sum(
        any(key in known[id_] for key, _ in history.added)
        for id_, history in merger.histories.items()
    )
