-- A group's name is kept as the program reads it: `group_name` is the program's own rule, which lowers
-- every letter and leaves single blanks. 0007 lowered A to Z only, and passed over the follows.

-- A warning that names the old spelling is told once more where its cause is still there.
DELETE FROM told WHERE EXISTS (
    SELECT 1 FROM digests d WHERE d.guild_id = told.guild_id
    AND d.watch_group <> group_name(d.watch_group)
    AND told.warning LIKE '%' || d.watch_group || '%');
DELETE FROM told WHERE EXISTS (
    SELECT 1 FROM follows f WHERE f.guild_id = told.guild_id
    AND f.watch_group <> group_name(f.watch_group)
    AND told.warning LIKE 'follow ' || f.watch_group || ' %');

-- Also those that a look at a follow under the old spelling brought anew since 0007.
INSERT INTO watches (guild_id, watch_group, subject_id)
    SELECT DISTINCT guild_id, group_name(watch_group), subject_id FROM watches
    WHERE watch_group <> group_name(watch_group)
    ON CONFLICT DO NOTHING;
DELETE FROM watches WHERE watch_group <> group_name(watch_group);

-- Of two that are the same now the one under the right name is kept, or else one of them.
DELETE FROM follows WHERE watch_group <> group_name(watch_group) AND EXISTS (
    SELECT 1 FROM follows f WHERE f.guild_id = follows.guild_id
    AND lower(f.owner) = lower(follows.owner)
    AND group_name(f.watch_group) = group_name(follows.watch_group)
    AND (f.watch_group = group_name(f.watch_group) OR f.watch_group < follows.watch_group));
UPDATE follows SET watch_group = group_name(watch_group)
    WHERE watch_group <> group_name(watch_group);

DELETE FROM digests WHERE watch_group <> group_name(watch_group) AND EXISTS (
    SELECT 1 FROM digests d WHERE d.guild_id = digests.guild_id
    AND group_name(d.watch_group) = group_name(digests.watch_group)
    AND (d.watch_group = group_name(d.watch_group) OR d.watch_group < digests.watch_group));
UPDATE digests SET watch_group = group_name(watch_group)
    WHERE watch_group <> group_name(watch_group);

DELETE FROM outbox WHERE watch_group <> group_name(watch_group) AND EXISTS (
    SELECT 1 FROM outbox o WHERE o.guild_id = outbox.guild_id AND o.due_at = outbox.due_at
    AND group_name(o.watch_group) = group_name(outbox.watch_group)
    AND (o.watch_group = group_name(o.watch_group) OR o.watch_group < outbox.watch_group));
UPDATE outbox SET watch_group = group_name(watch_group)
    WHERE watch_group <> group_name(watch_group);

-- An id may be given again: what a clean-up left of a repository would be taken for the next one's.
DELETE FROM observations WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM latest WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM coverage WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM run_errors WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM subject_names WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM events WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM traffic WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM traffic_access WHERE subject_id NOT IN (SELECT id FROM subjects);
DELETE FROM traffic_popular WHERE subject_id NOT IN (SELECT id FROM subjects);

-- Stars were asked for before this repository had its first name: another's. They are read again.
DELETE FROM star_histories WHERE subject_id NOT IN (SELECT id FROM subjects)
    OR asked_at < (SELECT min(n.since) FROM subject_names n
        WHERE n.subject_id = star_histories.subject_id);
DELETE FROM stars_retained WHERE subject_id NOT IN (SELECT subject_id FROM star_histories);
