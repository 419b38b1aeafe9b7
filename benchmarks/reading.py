"""A diff and a digest of all, as flows from the window's text to the report."""

import gc
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC

from benchmarks.figures import Figure, ratio
from benchmarks.neighbours import JSON_FILES, Told
from benchmarks.portfolios import HOUR, Watched, growing, of_many
from benchmarks.timing import TIMES, Spread, awaited, milliseconds, p99, spread
from bot.app import App
from bot.core.digest import EVERYTHING, Listing
from bot.flows.portfolio import OPERATOR
from bot.render.cards import TOP

DIFFS = 400
"""Of different repositories, each time."""
DAY_WINDOW = "1d"
FIRST_PAGE = Listing(most=TOP)
"""What /digest shows."""

# The least that answers: what is newest, and one seek for what was before where it changed since.
EACH = """
SELECT l.subject_id, l.metric_id, l.value, (SELECT o.value FROM observations o
 WHERE o.subject_id = l.subject_id AND o.metric_id = l.metric_id AND o.at <= ?1
 ORDER BY o.at DESC LIMIT 1) FROM latest l WHERE l.changed_at > ?1
"""
ONE = f"{EACH} AND l.subject_id = ?2"
# The same of all, ranked by the largest gain: one row a repository where it changed once since, one
# seek a number of the others. Less than a digest tells, which counts and breaks ties, too.
RANKED = """
SELECT t.subject_id, t.most FROM last_changes t WHERE t.changed_at > ?1 AND t.before_at <= ?1
UNION ALL
SELECT l.subject_id, max(l.value - (SELECT o.value FROM observations o
 WHERE o.subject_id = l.subject_id AND o.metric_id = l.metric_id AND o.at <= ?1
 ORDER BY o.at DESC LIMIT 1))
FROM last_changes t JOIN latest l ON l.subject_id = t.subject_id
WHERE t.before_at > ?1 AND l.changed_at > ?1 GROUP BY l.subject_id
ORDER BY 2 DESC LIMIT 10
"""
RAW = "raw SQL"


async def measure_reads(watched: Watched, peers: Mapping[str, Told]) -> list[Figure]:
    gc.collect()
    gc.freeze()  # what is ours costs no flow a thing
    async with watched.opened() as app:
        diffs = [await _diffs(app, watched) for _ in range(TIMES)]
        digests = await _digests(app, DAY_WINDOW, FIRST_PAGE)
        every = await _digests(app, DAY_WINDOW, EVERYTHING)
        month = await _digests(app, watched.window, FIRST_PAGE)
    gc.unfreeze()
    return [
        *_of_diff(watched, diffs, peers),
        *_of_digest(watched, spread(digests), peers),
        Figure(
            "digest_every", "the same, every row of it", watched.size, "ms", spread(every),
            limit=_raw(watched, EACH, 1), limit_is=RAW,
        ),
        Figure(
            "digest_month", f"the first {TOP} of all over {watched.window}", watched.size, "ms",
            spread(month), limit=_raw(watched, RANKED, watched.day_files.oldest), limit_is=RAW,
        ),
    ]  # fmt: skip


async def _diffs(app: App, watched: Watched) -> list[float]:
    names = watched.invented.names

    async def diff(turn: int) -> object:
        name = names[turn * 7919 % len(names)]
        return await app.diff.report(OPERATOR, name, watched.window, UTC)

    await diff(0)
    return await awaited(diff, DIFFS)


async def _digests(app: App, window: str, listing: Listing) -> list[float]:
    async def digest(_: int) -> object:
        return await app.digests.report(OPERATOR, window, UTC, listing)

    await digest(0)
    return await awaited(digest, TIMES)


def _of_diff(
    watched: Watched, diffs: Sequence[Sequence[float]], peers: Mapping[str, Told]
) -> list[Figure]:
    limit = _raw_diffs(watched)
    theirs = [told.peer(name, "diff") for name, told in peers.items()]
    halves = spread([spread(series).median for series in diffs])
    tails = spread([p99(series) for series in diffs])
    files, size = peers[JSON_FILES].peer(JSON_FILES, "diff").figure, watched.size
    return [
        ratio(
            "diff_ratio", "diff, times faster than JSON files", size, of_many(size, 100),
            theirs=files, ours=halves,
        ),
        ratio(
            "diff_query_ratio", "diff, its query alone", size, of_many(size, 1_000),
            theirs=files, ours=limit,
        ),
        Figure(
            "diff_p50", f"diff over {watched.window}, p50", size, "ms", halves, 0.15,
            limit=limit, limit_is=RAW, peers=theirs,
        ),
        Figure("diff_p99", f"diff over {watched.window}, p99", size, "ms", tails, 0.5),
    ]  # fmt: skip


def _of_digest(watched: Watched, ours: Spread, peers: Mapping[str, Told]) -> list[Figure]:
    limit = _raw(watched, RANKED, 1)
    theirs = [told.peer(name, "digest") for name, told in peers.items()]
    files = peers[JSON_FILES].peer(JSON_FILES, "digest").figure
    size = watched.size
    return [
        ratio(
            "digest_ratio", "digest, times faster than JSON files", size, of_many(size, 3),
            theirs=files, ours=ours,
        ),
        ratio(
            "digest_query_ratio", "digest, its query alone", size, of_many(size, 5),
            theirs=files, ours=limit,
        ),
        Figure(
            "digest", f"ranked digest of all, a day, the first {TOP}", size, "ms", ours,
            growing(size, 12), limit=limit, limit_is=RAW, peers=theirs,
        ),
    ]  # fmt: skip


def _raw_diffs(watched: Watched) -> Spread:
    start = watched.now - watched.day_files.oldest * 24 * HOUR
    with closing(sqlite3.connect(watched.database)) as connection:
        turns = iter(range(DIFFS * TIMES * 2))

        def diff() -> object:
            subject = next(turns) * 7919 % watched.size + 1
            return connection.execute(ONE, (start, subject)).fetchall()

        series = [milliseconds(diff, DIFFS) for _ in range(TIMES)]
    return spread([spread(one).median for one in series])


def _raw(watched: Watched, sql: str, days: int) -> Spread:
    start = watched.now - days * 24 * HOUR
    with closing(sqlite3.connect(watched.database)) as connection:
        connection.execute("PRAGMA cache_size=-16000")
        return spread(milliseconds(lambda: connection.execute(sql, (start,)).fetchall()))
