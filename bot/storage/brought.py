"""What files tell besides samples: when they were collected, and who was gone by then."""

from collections.abc import Collection, Mapping

from bot.core.models import Subject, Trigger
from bot.storage.database import Database, Transaction
from bot.storage.subjects import maybe

# A run that has sampled since knows more than the file does.
NEWEST_FILE = """
SELECT max(f.collected_at) FROM daily_files f WHERE f.collected_at >= $1 AND f.collected_at <= $2
AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.cause <> $3 AND r.started_at >= f.collected_at
 AND r.started_at <= $2)
"""


async def newest_file(database: Database, since: int, until: int) -> int | None:
    ((at,),) = await database.rows(NEWEST_FILE, since, until, Trigger.IMPORT)
    return maybe(at)


async def note_files(transaction: Transaction, collected: Collection[int]) -> None:
    await transaction.run_many(
        "INSERT INTO daily_files (collected_at) VALUES ($1) ON CONFLICT (collected_at) DO NOTHING",
        [(at,) for at in sorted(collected)],
    )


async def note_gone(
    transaction: Transaction,
    known: Collection[Subject],
    seen: Mapping[int, int],
    gone: Mapping[int, Collection[int]],
) -> None:
    """Let those that GitHub never answered for be gone since the first file said so.

    `seen` is when each was sampled last, `gone` the moments at which files had it as gone: those
    before its last sample are over.
    """
    for subject in known:
        if subject.github_id is not None:
            continue
        last = seen.get(subject.id, 0)
        moments = {at for at in (subject.gone_at, *gone.get(subject.id, ())) if at is not None}
        gone_at = min((at for at in moments if at >= last), default=None)
        if gone_at != subject.gone_at:
            await transaction.run(
                "UPDATE subjects SET gone_at = $1 WHERE id = $2", gone_at, subject.id
            )
