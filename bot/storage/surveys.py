"""A portfolio over a window, looked through in the store: who has to be measured, and who not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.chart import MOST_LINES
from bot.core.coverage import last_noon
from bot.core.digest import NAMED, NOBODY, Listing, Survey
from bot.core.metrics import METRICS, STARS
from bot.core.models import Scope, Visibility
from bot.core.rank import ANY, PERCENT, PERCENT_FROM
from bot.core.window import Window
from bot.storage.database import Database
from bot.storage.dialect import Row, among, collected, each_collected, ids
from bot.storage.subjects import whole

ALL_ROWS = 2**62
"""More than there are."""
# The arguments of all parts, which `survey` gives in this order:
# $1 and $2 the window's start and end, $3 the guild, $4 its group, $5 whether all groups are meant,
# $6 whether private ones are shown, $7 what a set of metrics with stars looks like, $8 the last
# noon of the window, $9 the metrics that make a repository changed, $10 those that it is ranked by,
# $11 the one that is drawn, $12 the least change that is listed, how many are wanted of $13 rows,
# $14 lines of the chart, $15 names of who is gone, and what `last_changes` tells of this ranking:
# $16 who did not change, $17 by how much the others did, $18 in stars alone.
WATCHED = "SELECT w.subject_id FROM watches w WHERE w.guild_id = $3 AND (w.watch_group = $4 OR $5)"
STARRY = "c.metric_set_id IN (SELECT m.id FROM metric_sets m WHERE ',' || m.metrics || ',' LIKE $7)"
TIMED = "c.metric_set_id IN (SELECT m.id FROM metric_sets m WHERE m.daily = 0)"
# Of a span that began by the window's end, as `Span.newest_sample` has it.
NEWEST = f"""
CASE WHEN c.until <= $2 THEN c.until WHEN {TIMED} THEN $2
 WHEN c.since < $8 THEN $8 ELSE c.since END
"""
# Sure is, while it is not gone, whose stars were sampled before the window and in it: without a new
# value it is unchanged, with one it changed by the difference, and no stars of it are rebuilt. Of
# most that are sure `last_changes` tells which: who did not change, and who did so once.
SAME, ONCE, SURE, GONE, UNKNOWN, DOUBTFUL = range(6)
WENT = "s.gone_at <= $2 OR (s.forbidden_at <= $2 AND NOT $6)"
STANDING = f"""
CASE WHEN t.since IS NULL OR t.since > $1 OR t.until <= $1 THEN {UNKNOWN}
 WHEN {WENT} THEN {GONE} WHEN $16 AND t.changed_at <= $1 THEN {SAME}
 WHEN $17 AND t.before_at <= $1 AND t.changed_at <= $2 THEN {ONCE} ELSE {SURE} END
"""
# All are counted in one go, and only those looked at again of whom there is more to tell.
WHOLE = f"""
SELECT count(*) AS watched, {collected("m.id", f"m.standing = {ONCE}")} AS once,
 {collected("m.id", f"m.standing > {ONCE}")} AS others,
 max(CASE WHEN m.since <= $2 THEN CASE WHEN m.until <= $2 THEN m.until ELSE $2 END END) AS newest
FROM (SELECT s.id, t.since, t.until, {STANDING} AS standing
 FROM subjects s LEFT JOIN last_changes t ON t.subject_id = s.id
 WHERE (s.visibility = '{Visibility.PUBLIC}' OR $6) AND s.id IN ({WATCHED})) m
"""
OTHERS = f"""
SELECT s.id, lower(s.full_name) AS name, {STANDING} AS standing
FROM {each_collected("whole", "others")} e JOIN subjects s ON s.id = e.value
LEFT JOIN last_changes t ON t.subject_id = s.id
"""
LOOKED_UP = f"""
SELECT p.id, p.name, max({NEWEST}) AS newest,
 CASE WHEN EXISTS (SELECT 1 FROM subjects s WHERE s.id = p.id AND ({WENT})) THEN {GONE}
 WHEN min(CASE WHEN {STARRY} THEN c.since END) <= $1
  AND max(CASE WHEN {STARRY} THEN {NEWEST} END) > $1 THEN {SURE} ELSE {DOUBTFUL} END AS standing
FROM others p LEFT JOIN coverage c ON c.subject_id = p.id AND c.since <= $2
WHERE p.standing = {UNKNOWN} GROUP BY p.id, p.name
"""
PORTFOLIO = """
SELECT p.id, p.name, p.standing, NULL AS newest FROM others p
UNION ALL SELECT u.id, u.name, u.standing, u.newest FROM looked_up u
"""
# Each number that changed after the window's start, of who is sure: its value at the window's end
# and at its start, or the oldest one where it was first sampled later. One seek each.
VALUES = """
SELECT o.value FROM observations o
WHERE o.subject_id = l.subject_id AND o.metric_id = l.metric_id
"""
STEPS = f"""
SELECT l.subject_id, p.name, CASE WHEN {among("m.key", 10)} THEN 1 ELSE 0 END AS decides,
 CASE WHEN m.key = $11 THEN 1 ELSE 0 END AS is_drawn,
 CASE WHEN l.changed_at <= $2 THEN l.value
  ELSE ({VALUES} AND o.at <= $2 ORDER BY o.at DESC LIMIT 1) END AS later,
 coalesce(({VALUES} AND o.at <= $1 ORDER BY o.at DESC LIMIT 1), ({VALUES} ORDER BY o.at LIMIT 1))
  AS earlier
FROM (SELECT s.id, s.name FROM portfolio s WHERE s.standing = {SURE}) p
JOIN latest l ON l.subject_id = p.id JOIN metrics m ON m.id = l.metric_id
WHERE l.changed_at > $1 AND {among("m.key", 9)}
"""
# What `bot/core/rank.py` decides by, as far as it takes to find whom it puts first.
CHANGE = "t.later - t.earlier"
GROWTH = f"""
CASE WHEN t.earlier >= {PERCENT_FROM}
 THEN CAST({CHANGE} AS DOUBLE PRECISION) / t.earlier * 100 END
"""
# A row a repository that changed, `most` and `total` as `weigh` has them. They are NULL where only
# others than the deciding numbers changed: it has no place in the ranking.
MOVED = f"""
SELECT d.subject_id AS id, d.name,
 CASE WHEN max(d.score) > 0 THEN max(d.score) ELSE min(d.score) END AS most,
 CASE WHEN max(d.score) > 0 THEN sum(CASE WHEN d.score > 0 THEN d.score END)
  ELSE sum(d.score) END AS total,
 max(d.size) AS largest, max(d.is_drawn) AS is_drawn
FROM (SELECT t.subject_id, t.name, t.is_drawn, CASE WHEN t.decides = 1 THEN {{score}} END AS score,
  CASE WHEN t.decides = 1 THEN abs({CHANGE}) END AS size
 FROM steps t WHERE t.later <> t.earlier) d GROUP BY d.subject_id, d.name
UNION ALL
SELECT s.id, lower(s.full_name), CASE WHEN NOT $18 THEN t.most WHEN t.stars <> 0 THEN t.stars END,
 CASE WHEN $18 THEN t.stars ELSE t.total END, NULL, CASE WHEN t.stars <> 0 THEN 1 ELSE 0 END
FROM {each_collected("whole", "once")} e JOIN last_changes t ON t.subject_id = e.value
JOIN subjects s ON s.id = e.value
"""
# `{size}` is what a minimum speaks of: the change itself, also where growth in percent decides.
LARGE_ENOUGH = "abs(i.{size}) >= $12"
FIRST = """
ORDER BY CASE WHEN i.most > 0 THEN 0 ELSE 1 END, abs(i.most) DESC, abs(i.total) DESC, i.name, i.id
"""
SURVEY = f"""
WITH whole AS MATERIALIZED ({WHOLE}), others AS MATERIALIZED ({OTHERS}),
 looked_up AS MATERIALIZED ({LOOKED_UP}), portfolio AS NOT MATERIALIZED ({PORTFOLIO}),
 steps AS MATERIALIZED ({STEPS}), moved AS MATERIALIZED ({MOVED})
SELECT 'all' AS told, w.watched AS one, w.newest AS two, NULL AS three FROM whole w
UNION ALL SELECT 'moved', count(*), count(i.most), count(CASE WHEN {LARGE_ENOUGH} THEN i.most END)
 FROM moved i
UNION ALL SELECT 'shown', f.id, NULL, NULL
 FROM (SELECT i.id FROM moved i WHERE {LARGE_ENOUGH} {FIRST} LIMIT $13) f
UNION ALL SELECT 'shown', f.id, NULL, NULL
 FROM (SELECT i.id FROM moved i WHERE {LARGE_ENOUGH} AND i.is_drawn = 1 {FIRST} LIMIT $14) f
UNION ALL SELECT 'unlike', count(CASE WHEN p.standing = {GONE} THEN 1 END), max(p.newest), NULL
 FROM portfolio p
UNION ALL SELECT 'shown', f.id, NULL, NULL
 FROM (SELECT p.id FROM portfolio p WHERE p.standing = {GONE} ORDER BY p.name, p.id LIMIT $15) f
UNION ALL SELECT 'doubtful', p.id, NULL, NULL FROM portfolio p WHERE p.standing = {DOUBTFUL}
"""
BY_CHANGE = SURVEY.format(score=CHANGE, size="most")
BY_GROWTH = SURVEY.format(score=GROWTH, size="largest")


async def survey(database: Database, scope: Scope, window: Window, listing: Listing) -> Survey:
    """One statement, so that all of it is of one moment."""
    anything = [metric.key for metric in METRICS.values() if metric.ranks_any]
    deciding = {ANY: anything, PERCENT: [STARS.key]}.get(listing.by, [listing.by])
    rows = await database.rows(
        BY_GROWTH if listing.by == PERCENT else BY_CHANGE,
        window.start, window.end, scope.guild_id, scope.group, scope.group is None, scope.hidden,
        f"%,{STARS.key},%", last_noon(window.end), ids({*anything, *deciding}), ids(deciding),
        listing.drawn.key, listing.minimum, ALL_ROWS if listing.most is None else listing.most,
        MOST_LINES, NAMED,
        {*anything}.issuperset(deciding), listing.by in (ANY, STARS.key), listing.by == STARS.key,
    )  # fmt: skip
    told: dict[str, list[Row]] = defaultdict(list)
    for kind, *numbers in rows:
        told[str(kind)].append(tuple(numbers))
    return _survey_of(told)


def _survey_of(told: Mapping[str, Sequence[Row]]) -> Survey:
    ((watched, newest, _),), ((changed, ranked, listed),) = told["all"], told["moved"]
    ((gone, newest_looked_up, _),) = told["unlike"]
    doubtful = frozenset(whole(row[0]) for row in told["doubtful"])
    sure = whole(watched) - len(doubtful)
    unchanged = sure - whole(gone) - whole(changed)
    times = [whole(at) for at in (newest, newest_looked_up) if at is not None]
    return Survey(
        replace(
            NOBODY, watched=sure, changed=whole(changed), unchanged=unchanged, gone=whole(gone)
        ),
        ranked=whole(ranked),
        listed=whole(listed),
        sampled_at=max(times, default=None),
        measured=frozenset(whole(row[0]) for row in told["shown"]),
        doubtful=doubtful,
    )
