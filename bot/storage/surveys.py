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
from bot.storage.database import Database, among, ids
from bot.storage.subjects import maybe

ALL_ROWS = 2**62
"""More than there are."""
# The arguments of all parts, which `survey` gives in this order:
# $1 and $2 the window's start and end, $3 the guild, $4 its group, $5 whether all groups are meant,
# $6 whether private ones are shown, $7 what a set of metrics with stars looks like, $8 the last
# noon of the window, $9 the metrics that make a repository changed, $10 those that it is ranked by,
# $11 the one that is drawn, $12 the least change that is listed, and how many are wanted of
# $13 rows, $14 lines of the chart, $15 names of who is gone.
WATCHED = "SELECT w.subject_id FROM watches w WHERE w.guild_id = $3 AND (w.watch_group = $4 OR $5)"
STARRY = "c.metric_set_id IN (SELECT m.id FROM metric_sets m WHERE ',' || m.metrics || ',' LIKE $7)"
TIMED = "c.metric_set_id IN (SELECT m.id FROM metric_sets m WHERE m.daily = 0)"
# Of a span that began by the window's end, as `Span.newest_sample` has it.
NEWEST = f"""
CASE WHEN c.until <= $2 THEN c.until WHEN {TIMED} THEN $2
 WHEN c.since < $8 THEN $8 ELSE c.since END
"""
# Sure is, while it is not gone, whose stars were sampled before the window and in it: without a new
# value it is unchanged, with one it changed by the difference, and no stars of it are rebuilt.
GONE, SURE, DOUBTFUL = range(3)
PORTFOLIO = f"""
SELECT s.id, max({NEWEST}) AS newest,
 CASE WHEN s.gone_at <= $2 OR (s.forbidden_at <= $2 AND NOT $6) THEN {GONE}
 WHEN min(CASE WHEN {STARRY} THEN c.since END) <= $1
  AND max(CASE WHEN {STARRY} THEN {NEWEST} END) > $1 THEN {SURE} ELSE {DOUBTFUL} END AS standing
FROM subjects s LEFT JOIN coverage c ON c.subject_id = s.id AND c.since <= $2
WHERE (s.visibility = '{Visibility.PUBLIC}' OR $6) AND s.id IN ({WATCHED}) GROUP BY s.id
"""
# Each number that changed after the window's start, of whom is sure: its value at the window's end
# and at its start, or the oldest one where it was first sampled later. One seek each.
VALUES = """
SELECT o.value FROM observations o
WHERE o.subject_id = l.subject_id AND o.metric_id = l.metric_id
"""
STEPS = f"""
SELECT l.subject_id, CASE WHEN {among("m.key", 10)} THEN 1 ELSE 0 END AS decides,
 CASE WHEN m.key = $11 THEN 1 ELSE 0 END AS is_drawn,
 CASE WHEN l.changed_at <= $2 THEN l.value
  ELSE ({VALUES} AND o.at <= $2 ORDER BY o.at DESC LIMIT 1) END AS later,
 coalesce(({VALUES} AND o.at <= $1 ORDER BY o.at DESC LIMIT 1), ({VALUES} ORDER BY o.at LIMIT 1))
  AS earlier
FROM portfolio p JOIN latest l ON l.subject_id = p.id JOIN metrics m ON m.id = l.metric_id
WHERE p.standing = {SURE} AND l.changed_at > $1 AND {among("m.key", 9)}
"""
# What `bot/core/rank.py` decides by, as far as it takes to find whom it puts first.
CHANGE = "t.later - t.earlier"
GROWTH = f"""
CASE WHEN t.earlier >= {PERCENT_FROM}
 THEN CAST({CHANGE} AS DOUBLE PRECISION) / t.earlier * 100 END
"""
# A row a repository that changed. Gains and losses are NULL where only others than the deciding
# numbers changed: it has no place in the ranking.
MOVED = f"""
SELECT t.subject_id, max(CASE WHEN t.decides = 1 THEN {{score}} END) AS gain,
 sum(CASE WHEN t.decides = 1 AND t.later > t.earlier THEN {{score}} END) AS gains,
 -min(CASE WHEN t.decides = 1 THEN {{score}} END) AS loss,
 -sum(CASE WHEN t.decides = 1 THEN {{score}} END) AS losses,
 max(CASE WHEN t.decides = 1 THEN abs({CHANGE}) END) AS largest, max(t.is_drawn) AS is_drawn
FROM steps t WHERE t.later <> t.earlier GROUP BY t.subject_id
"""
LISTED = """
SELECT v.subject_id AS id, lower(s.full_name) AS name, v.is_drawn, v.largest,
 CASE WHEN v.gain > 0 THEN 0 ELSE 1 END AS losing,
 CASE WHEN v.gain > 0 THEN v.gain ELSE v.loss END AS most,
 CASE WHEN v.gain > 0 THEN v.gains ELSE v.losses END AS total
FROM moved v JOIN subjects s ON s.id = v.subject_id WHERE v.gain IS NOT NULL
"""
# `{size}` is what a minimum speaks of: the change itself, also where growth in percent decides.
LARGE_ENOUGH = "i.{size} >= $12"
FIRST = "ORDER BY i.losing, i.most DESC, i.total DESC, i.name, i.id"
SURVEY = f"""
WITH portfolio AS MATERIALIZED ({PORTFOLIO}), steps AS MATERIALIZED ({STEPS}),
 moved AS MATERIALIZED ({MOVED}), listed AS MATERIALIZED ({LISTED})
SELECT 'sure', count(*) FROM portfolio p WHERE p.standing = {SURE}
UNION ALL SELECT 'gone', count(*) FROM portfolio p WHERE p.standing = {GONE}
UNION ALL SELECT 'sampled_at', max(p.newest) FROM portfolio p
UNION ALL SELECT 'changed', count(*) FROM moved
UNION ALL SELECT 'ranked', count(*) FROM listed
UNION ALL SELECT 'listed', count(*) FROM listed i WHERE {LARGE_ENOUGH}
UNION ALL SELECT 'leading', f.id
 FROM (SELECT i.id FROM listed i WHERE {LARGE_ENOUGH} {FIRST} LIMIT $13) f
UNION ALL SELECT 'leading', f.id
 FROM (SELECT i.id FROM listed i WHERE {LARGE_ENOUGH} AND i.is_drawn = 1 {FIRST} LIMIT $14) f
UNION ALL SELECT 'departed', f.id
 FROM (SELECT p.id FROM portfolio p JOIN subjects s ON s.id = p.id WHERE p.standing = {GONE}
  ORDER BY lower(s.full_name), p.id LIMIT $15) f
UNION ALL SELECT 'doubtful', p.id FROM portfolio p WHERE p.standing = {DOUBTFUL}
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
    )  # fmt: skip
    told: dict[str, list[int | None]] = defaultdict(list)
    for kind, number in rows:
        told[str(kind)].append(maybe(number))
    return _survey_of(told)


def _survey_of(told: Mapping[str, Sequence[int | None]]) -> Survey:
    number = {kind: numbers[0] or 0 for kind, numbers in told.items()}
    sure, gone, changed = (number.get(kind, 0) for kind in ("sure", "gone", "changed"))
    return Survey(
        replace(NOBODY, watched=sure + gone, changed=changed, unchanged=sure - changed, gone=gone),
        ranked=number["ranked"],
        listed=number["listed"],
        sampled_at=told["sampled_at"][0],
        measured=frozenset(id_ for id_ in (*told["leading"], *told["departed"]) if id_),
        doubtful=frozenset(id_ for id_ in told["doubtful"] if id_),
    )
